"""The examples of docs/ and the README are taken from their pages and run."""

import datetime as dt
import doctest
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from lakehouse.demo.mrhealth import Plan, write
from tools.docs import NAMED, blocks

ROOT = Path(__file__).parents[2]
DOMAINS = Path("lakehouse/domains")
DAY = dt.date(2026, 1, 5)
ADD_A_TABLE, ADD_A_DOMAIN = ROOT / "docs" / "add-a-table.md", ROOT / "docs" / "add-a-domain.md"
CHANGE_A_CONTRACT = ROOT / "docs" / "change-a-contract.md"
SOURCES, TABLE, TEST = "mrhealth/sources.py", "gold/basket_size.py", "test_basket_size.py"
COUNT = re.compile(r"\*\*(\d+) file, (\d+) lines\.\*\*")

LOAD = """
import sys
import lakehouse.domains
lakehouse.domains.__path__.insert(0, sys.argv[1])
"""
MAIN = "import sys; from lakehouse.cli import main; main()"
COMMAND = LOAD + "from lakehouse.cli import main; main(sys.argv[2:])"
PYTEST = LOAD + "import pytest; sys.exit(pytest.main(sys.argv[2:]))"


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A folder of domains that come before those of the package: a copy of Mr. Health."""
    folder = tmp_path / "domains"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / DOMAINS / "mrhealth", folder / "mrhealth", ignore=ignored)
    return folder


def files_of(page: Path) -> dict[str, str]:
    """Code of the page by the file that its first line names."""
    named = ((NAMED.match(block.text), block.text) for block in blocks(page))
    return {found[1]: text[found.end() :] for found, text in named if found}


def code_of(page: Path, end: str) -> str:
    """Code of the one file of the page whose path ends so."""
    (code,) = (code for name, code in files_of(page).items() if name.endswith(end))
    return code


def texts_of(page: Path) -> list[str]:
    return [block.text for block in blocks(page) if block.language == "text"]


def commands_of(page: Path) -> list[str]:
    shown = [block.text for block in blocks(page) if block.language == "sh"]
    return [line for text in shown for line in text.splitlines()]


def put(overlay: Path, files: dict[str, str]) -> None:
    """Write modules into the overlay, or append to those that exist."""
    for name, code in files.items():
        place = overlay / Path(name).relative_to(DOMAINS)
        place.parent.mkdir(parents=True, exist_ok=True)
        before = place.read_text("utf-8") if place.exists() else ""
        place.write_text(before + code, "utf-8")
        package = place.parent / "__init__.py"
        if not package.exists():
            package.write_text('"""A layer."""\n', "utf-8")


def ran(program: str, overlay: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program with the overlay in place, on its own lake."""
    place = overlay.parent
    (place / "landing").mkdir(exist_ok=True)
    environment = os.environ | {
        "LAKEHOUSE_ROOT": str(place / "lake"),
        "LAKEHOUSE_LANDING": str(place / "landing"),
        "DAGSTER_HOME": str(place / "home"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(overlay), *arguments],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def lakehouse(overlay: Path, line: str) -> str:
    """Output of a command of a page."""
    name, *arguments = shlex.split(line)
    assert name == "lakehouse"
    done = ran(COMMAND, overlay, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_tells_how_many_files_and_lines_a_table_takes() -> None:
    counts = [tuple(map(int, found)) for found in COUNT.findall(ADD_A_TABLE.read_text("utf-8"))]
    code = [code_of(ADD_A_TABLE, SOURCES), code_of(ADD_A_TABLE, TABLE)]
    assert counts == [(1, sum(map(bool, text.splitlines()))) for text in code]


def test_the_landed_dataset_of_the_page_is_one_declaration_that_loads_its_file(
    overlay: Path,
) -> None:
    put(overlay, {f"{DOMAINS}/{SOURCES}": code_of(ADD_A_TABLE, SOURCES)})
    file, *_ = texts_of(ADD_A_TABLE)
    (overlay.parent / "AVALIACAO.csv").write_text(file, "utf-8")
    land, ingest, sql, *_ = commands_of(ADD_A_TABLE)
    lakehouse(overlay, land)
    lakehouse(overlay, ingest)
    rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert rows == ["_line,Nota,Comentario", "2,5,Tudo ótimo", "3,2,"]


def test_the_gold_table_of_the_page_is_computed_and_read_by_the_commands_of_the_page(
    overlay: Path,
) -> None:
    put(overlay, {f"{DOMAINS}/mrhealth/{TABLE}": code_of(ADD_A_TABLE, TABLE)})
    write(Plan(units=2, first=DAY, days=1, errors=0), overlay.parent / "landing")
    lakehouse(overlay, "lakehouse ingest")
    materialize, sql, *_ = commands_of(ADD_A_TABLE)[3:]
    lakehouse(overlay, materialize)
    header, *rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert header == "day,pieces,orders,revenue"
    assert rows
    assert all(row.startswith(f"{DAY},") for row in rows)


def test_the_test_of_the_page_passes(overlay: Path) -> None:
    put(overlay, {f"{DOMAINS}/mrhealth/{TABLE}": code_of(ADD_A_TABLE, TABLE)})
    place = overlay.parent / TEST
    place.write_text(code_of(ADD_A_TABLE, TEST), "utf-8")
    done = ran(
        PYTEST, overlay, "-q", "-p", "no:cacheprovider", "--rootdir", str(place.parent), str(place)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_broken_contract_stops_the_import_with_the_message_of_the_page(overlay: Path) -> None:
    code = code_of(ADD_A_TABLE, TABLE)
    broken = code.replace("pieces: int = pa.Field(gt=0, ", "pieces: str = pa.Field(")
    assert broken != code
    put(overlay, {f"{DOMAINS}/mrhealth/{TABLE}": broken})
    done = ran(LOAD + "import lakehouse.definitions", overlay)
    assert done.returncode != 0
    *_, message = texts_of(ADD_A_TABLE)
    assert done.stderr.strip().endswith(message.strip())


def test_the_domain_of_the_page_is_one_folder_that_loads_its_file_and_reconciles(
    overlay: Path,
) -> None:
    files = files_of(ADD_A_DOMAIN)
    assert {Path(name).parts[:3] for name in files} == {(*DOMAINS.parts, "stock")}
    put(overlay, files)
    (file,) = texts_of(ADD_A_DOMAIN)
    (overlay.parent / "counts.csv").write_text(file, "utf-8")
    land, ingest, sql, listing, *_ = commands_of(ADD_A_DOMAIN)
    lakehouse(overlay, land)
    assert (overlay.parent / f"landing/stock/{DAY}/shop_007/counts.csv").exists()
    lakehouse(overlay, ingest)
    rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert rows == ["day,product,shops,pieces", "2026-01-05,301,1,12"]
    assert "bad_pieces" in lakehouse(overlay, listing)
    lakehouse(overlay, "lakehouse reconcile --domain stock")


def test_the_change_of_the_page_is_listed_tried_and_applied(overlay: Path) -> None:
    put(overlay, files_of(ADD_A_DOMAIN))
    landing = overlay.parent / "landing" / "stock"
    for day, pieces in (("2026-01-05", (12, 900)), ("2026-01-06", (0, 7))):
        place = landing / day / "shop_007" / "counts.csv"
        place.parent.mkdir(parents=True)
        lines = [f"7,{product},{day},{count}" for product, count in enumerate(pieces, start=301)]
        place.write_text("\n".join(["shop,product,counted_on,pieces", *lines]) + "\n", "utf-8")
    lakehouse(overlay, "lakehouse ingest --domain stock")
    show, attempt, apply, sql = commands_of(CHANGE_A_CONTRACT)
    assert "nothing to do" in lakehouse(overlay, show)

    for name, code in files_of(CHANGE_A_CONTRACT).items():
        (overlay / Path(name).relative_to(DOMAINS)).write_text(code, "utf-8")
    gold = overlay / "stock" / "gold" / "stock_day.py"
    gold.write_text(gold.read_text("utf-8").replace("counts.pieces.sum()", "counts.quantity.sum()"))
    listed = json.loads(lakehouse(overlay, f"{show} --format json"))
    assert {(row["table"], row["action"], row["days"]) for row in listed} == {
        ("bronze.stock_counts", "nothing to do", 0),
        ("bronze.stock_products", "nothing to do", 0),
        ("silver.stock_counts", "rebuild", 2),
        ("gold.stock_stock_day", "rebuild", 2),
    }
    (silver,) = (row for row in listed if row["table"] == "silver.stock_counts")
    for change in ("column pieces renamed to quantity", "column empty added", "rule added"):
        assert change in silver["what"]
    status = json.loads(lakehouse(overlay, "lakehouse status --domain stock --format json"))
    facts = {(row["about"], row["what"]): row for row in status}
    assert facts["silver.stock_counts", "days of older contract"]["number"] == 2

    (remark,) = texts_of(CHANGE_A_CONTRACT)
    done = ran(COMMAND, overlay, *shlex.split(attempt)[1:])
    assert (done.returncode, remark.strip() in done.stderr) == (0, True), done.stderr
    lakehouse(overlay, apply)
    rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert rows[1:] == ["2026-01-05,7,12,false", "2026-01-06,7,0,true", "2026-01-06,7,7,false"]
    assert "rebuild" not in lakehouse(overlay, show)
    lakehouse(overlay, "lakehouse reconcile --domain stock")


@pytest.fixture
def headquarters(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name the variable that the page exports; its database has two products."""
    name = f"headquarters_{secrets.token_hex(4)}"
    address = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    execute(postgres, f"create database {name}")
    execute(
        address,
        "create table products (id int primary key, name text)",
        "insert into products values (301, 'Café'), (302, 'Chá')",
    )
    export, *_ = [line for line in commands_of(ADD_A_DOMAIN) if line.startswith("export ")]
    variable = export.removeprefix("export ").partition("=")[0]
    monkeypatch.setenv(variable, address)
    yield variable
    execute(postgres, f"drop database {name} with (force)")


def execute(dsn: str, *statements: str) -> None:
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.mark.postgres
def test_the_domain_of_the_page_extracts_from_the_database_of_its_own_setting(
    overlay: Path, headquarters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(overlay, files_of(ADD_A_DOMAIN))
    *_, doctor, extract, ingest, sql = commands_of(ADD_A_DOMAIN)
    monkeypatch.setenv("LAKEHOUSE_STOCK_DNS", "misspelled")
    rows = json.loads(lakehouse(overlay, f"{doctor} --format json"))
    (database,) = (row for row in rows if row["what"] == "PostgreSQL of stock")
    assert database["verdict"] == "ok"
    assert database["found"].startswith("connected")
    (warning,) = (row for row in rows if row["verdict"] == "warn" and row["what"] == "settings")
    assert warning["hint"] == f"did you mean {headquarters}?"
    address = os.environ[headquarters]
    assert address not in json.dumps(rows)

    lakehouse(overlay, extract)
    lakehouse(overlay, ingest)
    rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert rows == ["id,name,operation", "301,Café,snapshot", "302,Chá,snapshot"]
    program = LOAD + (
        "import lakehouse.definitions as code\n"
        "assert code.defs.get_sensor_def('stock_extraction').job_name == 'stock_extraction'\n"
    )
    done = ran(program, overlay)
    assert done.returncode == 0, done.stderr
    execute(address, "drop table products")
    doctored = ran(COMMAND, overlay, "doctor")
    assert doctored.returncode == 1
    assert 'table public.products: relation "public.products" does not exist' in doctored.stdout


def test_the_commands_of_the_readme_print_the_shown_output(tmp_path: Path) -> None:
    shown = [block.text for block in blocks(ROOT / "README.md") if block.language == "console"]
    commands: list[str] = []
    expected: list[str] = []
    for line in "".join(shown).splitlines(keepends=True):
        if line.startswith("$ "):
            commands.append(line.removeprefix("$ "))
            expected.append("")
        else:
            expected[-1] += line
    mark = "=====\n"
    python = f"{shlex.quote(sys.executable)} -W ignore"
    script = f"lakehouse() {{ {python} -c '{MAIN}' \"$@\"; }}\nexec 2>&1\n"
    script += "".join(f"{command}printf {shlex.quote(mark)}\n" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    checker = doctest.OutputChecker()
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    *printed, rest = done.stdout.split(mark)
    assert not rest
    for command, shown_text, text in zip(commands, expected, printed, strict=True):
        assert checker.check_output(shown_text, text, options), (
            f"{command}printed\n{text}\nnot\n{shown_text}"
        )

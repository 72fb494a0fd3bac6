"""The worked examples of docs/ are taken from their pages and run."""

import datetime as dt
import doctest
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.demo.mrhealth import Plan, write
from tools.docs import NAMED, blocks

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 1, 5)
ADD_A_TABLE, ADD_A_SYSTEM = ROOT / "docs" / "add-a-table.md", ROOT / "docs" / "add-a-system.md"
TABLE, TEST = "gold/basket_size.py", "test_basket_size.py"

LOAD = """
import sys
import lakehouse.domains
lakehouse.domains.__path__.append(sys.argv[1])
import lakehouse.domains.mrhealth.gold as gold
gold.__path__.append(sys.argv[1] + "/mrhealth/gold")
"""
MAIN = "import sys; from lakehouse.cli import main; main()"
COMMAND = LOAD + "from lakehouse.cli import main; main(sys.argv[2:])"
PYTEST = LOAD + "import pytest; sys.exit(pytest.main(sys.argv[2:]))"


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A folder of domains beside those of the package."""
    folder = tmp_path / "domains"
    (folder / "mrhealth" / "gold").mkdir(parents=True)
    return folder


def files_of(page: Path) -> dict[str, str]:
    """Code of the page by the file that its first line names."""
    named = ((NAMED.match(block.text), block.text) for block in blocks(page))
    return {found[1]: text[found.end() :] for found, text in named if found}


def texts_of(page: Path) -> list[str]:
    return [block.text for block in blocks(page) if block.language == "text"]


def commands_of(page: Path) -> list[str]:
    shown = [block.text for block in blocks(page) if block.language == "sh"]
    return [line for text in shown for line in text.splitlines()]


def put(overlay: Path, files: dict[str, str]) -> None:
    """Write domain modules into the overlay; each folder of a new system is a package."""
    for name, code in files.items():
        place = overlay / Path(name).relative_to("lakehouse/domains")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(code, "utf-8")
        package = place.parent / "__init__.py"
        if "mrhealth" not in place.parts and not package.exists():
            package.write_text('"""A layer."""\n', "utf-8")


def ran(program: str, overlay: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program with the overlay in place, on a lake of its own."""
    place = overlay.parent
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


def lakehouse(overlay: Path, line: str, *, code: int = 0) -> str:
    """What a command of a page prints."""
    name, *arguments = shlex.split(line)
    assert name == "lakehouse"
    done = ran(COMMAND, overlay, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_table_of_the_page_is_made_and_asked_by_the_commands_of_the_page(overlay: Path) -> None:
    files = files_of(ADD_A_TABLE)
    put(overlay, {name: code for name, code in files.items() if name.endswith(TABLE)})
    write(Plan(units=2, first=DAY, days=1, dirt=0), overlay.parent / "landing")
    lakehouse(overlay, "lakehouse ingest")
    materialize, sql, *_ = commands_of(ADD_A_TABLE)
    lakehouse(overlay, materialize)
    header, *rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert header == "day,pieces,orders,revenue"
    assert rows
    assert all(row.startswith(f"{DAY},") for row in rows)


def test_the_test_of_the_page_passes(overlay: Path) -> None:
    files = files_of(ADD_A_TABLE)
    put(overlay, {name: code for name, code in files.items() if name.endswith(TABLE)})
    place = overlay.parent / TEST
    place.write_text(next(code for name, code in files.items() if name.endswith(TEST)), "utf-8")
    done = ran(
        PYTEST, overlay, "-q", "-p", "no:cacheprovider", "--rootdir", str(place.parent), str(place)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_contract_that_disagrees_stops_the_load_with_the_words_of_the_page(overlay: Path) -> None:
    (code,) = (code for name, code in files_of(ADD_A_TABLE).items() if name.endswith(TABLE))
    broken = code.replace("pieces: int = pa.Field(gt=0, ", "pieces: str = pa.Field(")
    assert broken != code
    put(overlay, {f"lakehouse/domains/mrhealth/{TABLE}": broken})
    done = ran(LOAD + "import lakehouse.definitions", overlay)
    assert done.returncode != 0
    (said,) = texts_of(ADD_A_TABLE)
    assert done.stderr.strip().endswith(said.strip())


def test_the_system_of_the_page_takes_in_its_file_and_balances(overlay: Path) -> None:
    put(overlay, files_of(ADD_A_SYSTEM))
    (file,) = texts_of(ADD_A_SYSTEM)
    (overlay.parent / "counts.csv").write_text(file, "utf-8")
    land, ingest, sql, listing = commands_of(ADD_A_SYSTEM)
    lakehouse(overlay, land)
    lakehouse(overlay, ingest)
    rows = lakehouse(overlay, f"{sql} --format csv").splitlines()
    assert rows == ["day,product,shops,pieces", "2026-01-05,301,1,12"]
    assert "bad_pieces" in lakehouse(overlay, listing)
    lakehouse(overlay, "lakehouse reconcile --domain stock")


def test_the_walk_of_the_readme_prints_what_it_shows(tmp_path: Path) -> None:
    shown = [block.text for block in blocks(ROOT / "README.md") if block.language == "console"]
    asked: list[str] = []
    expected: list[str] = []
    for line in "".join(shown).splitlines(keepends=True):
        if line.startswith("$ "):
            asked.append(line.removeprefix("$ "))
            expected.append("")
        else:
            expected[-1] += line
    mark = "=====\n"
    python = f"{shlex.quote(sys.executable)} -W ignore"
    script = f"lakehouse() {{ {python} -c '{MAIN}' \"$@\"; }}\nexec 2>&1\n"
    script += "".join(f"{command}printf {shlex.quote(mark)}\n" for command in asked)
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    same = doctest.OutputChecker()
    how = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    *printed, rest = done.stdout.split(mark)
    assert not rest
    for command, wanted, said in zip(asked, expected, printed, strict=True):
        assert same.check_output(wanted, said, how), f"{command}printed\n{said}\nnot\n{wanted}"

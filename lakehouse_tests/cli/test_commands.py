"""Commands by their words: what they reject, what they print, what they import."""

import datetime as dt
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import Result

from lakehouse.cli import COMMANDS, main
from lakehouse.cli.demo_folders import MARKER
from lakehouse.cli.output import aligned, print_rows
from lakehouse_tests.cli.conftest import Call
from tools.docs import faults_of_command

HEAVY = "{'dagster', 'ibis', 'pandera'}"


def commands(
    group: click.Group, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


@pytest.mark.parametrize("words", ["--help", "sql 'select 1'", "doctor", "land mrhealth sample"])
def test_everyday_commands_load_no_orchestrator_and_no_contract_library(
    words: str, folder: Path
) -> None:
    sample = folder / "sample/mrhealth/2026-01-05/unidade_001"
    sample.mkdir(parents=True)
    (sample / "PEDIDO.csv").write_text("Id_Unidade\n")
    program = (
        "import shlex, sys\nfrom lakehouse.cli import main\n"
        f"try: main(shlex.split({words!r}))\nexcept SystemExit as end: assert not end.code, end\n"
        f"sys.exit(', '.join({HEAVY} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_every_command_has_help_with_an_example_that_could_be_run() -> None:
    shown = 0
    for words, command in commands(main):
        text = command.help or ""
        if isinstance(command, click.Group):
            continue
        examples = [
            line.split("lakehouse ", 1)[1].split(" > ")[0]
            for line in text.splitlines()
            if line.startswith("  lakehouse ")
        ]
        assert examples, f"{words} shows no example"
        for example in examples:
            assert list(faults_of_command(main, shlex.split(example))) == [], example
            shown += 1
    assert shown > len(COMMANDS)


def test_every_option_says_what_it_does() -> None:
    silent = [
        (words, parameter.name)
        for words, command in commands(main)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("statsu", "did you mean status?"),
        ("materialize --from 2026-01-05 --to 2026-01-04", "--from 2026-01-05 is after"),
        ("reconciliation --from 5.1.2026", "write YYYY-MM-DD"),
        ("ingest --domain mrhealht", "did you mean mrhealth?"),
        ("history orders", "write silver.mrhealth_orders"),
        ("history ../../etc/passwd", "names no table"),
        ("sql from.x --format parquet", "--output result.parquet"),
        (
            "materialize --table gold.mrhealth_unit_dya --from 2026-01-05 --to 2026-01-05",
            "unit_day",
        ),
        ("materialize --domain mrhealth --from 1999-01-01 --to 1999-01-02", "not within"),
        ("rollback gold.mrhealth_unit_day --to 1 --day 2026-01-05 --from 2026-01-05", "exclude"),
        ("generate mrhealth out --units 0", "units must be"),
        ("quarantine replay mrhealth --with pyproject", "does not exist"),
    ],
)
def test_a_wrong_call_is_rejected_with_the_hint(words: str, said: str, call: Call) -> None:
    assert said in call(*words.split(), code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sql 'from gold.mrhealth_unit_dya'", "did you mean gold.mrhealth_unit_day?"),
        ("sql 'selec 1'", "syntax error"),
        ("sql 'drop schema gold'", "SQL only reads"),
        ("history gold.mrhealth_unit_day", "no table gold.mrhealth_unit_day"),
        ("raw cat mrhealth/2026-01-05/PEDIDO.csv", "no file"),
        ("raw cat 0123456789abcdef", "no landed file"),
        ("quarantine export patch.csv", "nothing is rejected"),
    ],
)
def test_what_is_not_there_is_one_line_without_a_traceback(
    words: str, said: str, call: Call
) -> None:
    result = call(*shlex.split(words), code=1)
    assert said in result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_an_unforeseen_error_is_one_line_and_debug_shows_where(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_PORT", "three")
    assert call("sql", "select 1", code=1).stderr.startswith("error: LAKEHOUSE_PORT is 'three'")
    result = call("--debug", "sql", "select 1", code=1)
    assert type(result.exception).__name__ == "SettingsError"


def test_rows_are_printed_for_people_and_for_programs() -> None:
    columns = ("unit", "revenue", "reasons", "at")
    rows = [
        ("Recife", Decimal("1200.50"), ["a", "b"], dt.date(2026, 1, 5)),
        ("São\nPaulo", None, [], None),
    ]
    assert aligned(columns, rows) == [
        "unit        revenue  reasons  at        ",
        "----------  -------  -------  ----------",
        "Recife      1200.50  a, b     2026-01-05",
        "São\\nPaulo                              ",
    ]
    printed = io.StringIO()
    assert print_rows(columns, rows, "json", printed) == 2
    assert json.loads(printed.getvalue())[0] == {
        "unit": "Recife",
        "revenue": "1200.50",
        "reasons": ["a", "b"],
        "at": "2026-01-05",
    }
    printed = io.StringIO()
    print_rows(columns, rows, "csv", printed)
    assert printed.getvalue().splitlines()[1] == 'Recife,1200.50,"[""a"", ""b""]",2026-01-05'
    printed = io.StringIO()
    assert print_rows(columns, [], "json", printed) == 0
    assert json.loads(printed.getvalue()) == []


def test_sql_gives_the_format_that_was_asked_for(call: Call, folder: Path) -> None:
    answer = call("sql", "select 1 as n, 2.50::decimal(9,2) as price", "--format", "json")
    assert json.loads(answer.stdout) == [{"n": 1, "price": "2.50"}]
    call("sql", "from range(3) t(n)", "--output", "n.parquet")
    assert [path.name for path in folder.glob("n*")] == ["n.parquet"]
    import pyarrow.parquet as pq

    assert pq.read_table(folder / "n.parquet")["n"].to_pylist() == [0, 1, 2]


def test_sql_that_fails_half_way_leaves_no_file(call: Call, folder: Path) -> None:
    failing = "select case when n < 20000 then n else error('late') end from range(30000) t(n)"
    call("sql", failing, "--output", "n.csv", code=1)
    assert not list(folder.glob("*n.csv*"))


def landed(folder: Path) -> list[str]:
    root = folder / "landing"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_file_lands_where_day_and_unit_say_with_its_time(call: Call, folder: Path) -> None:
    (folder / "PEDIDO.csv").write_bytes(b"Id_Unidade\r\n")
    os.utime(folder / "PEDIDO.csv", ns=(10**18, 10**18 + 5000))
    call("land", "mrhealth", "PEDIDO.csv", "--day", "2026-01-05", "--unit", "7")
    place = folder / "landing/mrhealth/2026-01-05/unidade_007/PEDIDO.csv"
    assert landed(folder) == ["mrhealth/2026-01-05/unidade_007/PEDIDO.csv"]
    assert place.read_bytes() == b"Id_Unidade\r\n"
    assert place.stat().st_mtime_ns == 10**18 + 5000


def test_a_folder_lands_below_the_day_that_it_lies_in(call: Call, folder: Path) -> None:
    unit = folder / "from/mrhealth/2026-01-05/unidade_003"
    (unit / "reenvio").mkdir(parents=True)
    for name in ("PEDIDO.csv", "reenvio/pedido.csv.gz", ".hidden"):
        (unit / name).write_text("x\n")
    call("land", "mrhealth", str(unit))
    assert landed(folder) == [
        "mrhealth/2026-01-05/unidade_003/PEDIDO.csv",
        "mrhealth/2026-01-05/unidade_003/reenvio/pedido.csv.gz",
    ]


def test_names_that_would_be_rejected_stay_out_and_fail_the_command(
    call: Call, folder: Path
) -> None:
    (folder / "in").mkdir()
    (folder / "in/PEDIDO.csv").write_text("x\n")
    (folder / "in/notes.txt").write_text("x\n")
    (folder / "in/ITEM_PEDIDO.csv").symlink_to("/etc/hostname")
    result = call("land", "mrhealth", "in", "--day", "2026-01-05", "--unit", "7", code=1)
    assert "notes.txt was left out: the name matches no dataset of mrhealth" in result.stderr
    assert "ITEM_PEDIDO.csv was left out: it is a link" in result.stderr
    assert landed(folder) == ["mrhealth/2026-01-05/unidade_007/PEDIDO.csv"]


def test_other_content_under_the_same_name_lands_only_when_said(call: Call, folder: Path) -> None:
    (folder / "PEDIDO.csv").write_text("one\n")
    words = ("land", "mrhealth", "PEDIDO.csv", "--day", "2026-01-05", "--unit", "7")
    call(*words)
    assert "1 already there" in call(*words).stderr
    (folder / "PEDIDO.csv").write_text("two\n")
    call(*words, code=1)
    place = folder / "landing/mrhealth/2026-01-05/unidade_007/PEDIDO.csv"
    assert place.read_text() == "one\n"
    call(*words, "--replace")
    assert place.read_text() == "two\n"


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def demo_of_nothing(call: Call, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr("lakehouse.cli.runs.ingest_all", lambda *given: [])
    return call(
        "demo", "--domain", "mrhealth", "--units", "2", "--days", "1", "--first", "2026-01-05"
    )


@pytest.mark.parametrize("place", ["lake", "landing"])
def test_the_demo_leaves_folders_alone_that_it_did_not_make(
    place: str, call: Call, folder: Path
) -> None:
    (folder / place / "mrhealth").mkdir(parents=True)
    (folder / place / "mrhealth/mine.csv").write_text("mine")
    before = files_below(folder)
    assert (
        "no demo made"
        in call("demo", "--domain", "mrhealth", "--units", "2", "--days", "1", code=1).stderr
    )
    assert files_below(folder) == before


def test_the_demo_begins_anew_where_only_a_demo_was(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_of_nothing(call, monkeypatch)
    first = files_below(folder)
    stale = folder / "lake/gold/mrhealth/stale.parquet"
    stale.parent.mkdir(parents=True)
    stale.write_text("of the demo before")
    demo_of_nothing(call, monkeypatch)
    assert files_below(folder) == first


def test_records_of_dagster_that_no_demo_made_stay(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "dagster").mkdir()
    (folder / "dagster/runs.db").write_text("mine")
    for _ in range(2):
        demo_of_nothing(call, monkeypatch)
        assert [path.name for path in (folder / "dagster").iterdir()] == ["runs.db"]


@pytest.mark.parametrize(
    "mine",
    [
        "landing/mrhealth/2026-01-05/unidade_001/mine.csv",
        f"lake/raw/mrhealth/objects/ab/{'ab' * 32}",
    ],
)
def test_the_demo_keeps_what_was_added_to_an_earlier_demo(
    mine: str, call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_of_nothing(call, monkeypatch)
    (folder / mine).parent.mkdir(parents=True, exist_ok=True)
    (folder / mine).write_text("mine")
    before = files_below(folder)
    call("demo", "--domain", "mrhealth", "--units", "2", "--days", "1", code=1)
    assert files_below(folder) == before
    assert (folder / "landing" / MARKER).exists()


def test_the_demo_needs_a_local_disk(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://somebody/lake")
    assert "--into data/demo" in call("demo", code=1).stderr


def test_the_doctor_finds_what_is_wrong_and_keeps_secrets(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lake").write_text("a file where a folder should be")
    secret = "hunter2"  # pragma: allowlist secret
    dsn = f"postgresql://somebody:{secret}@127.0.0.1:1/nothing"
    monkeypatch.setenv("LAKEHOUSE_MRHEALTH_DSN", dsn)
    monkeypatch.setenv("LAKEHOUSE_LANDIG", "data")
    result = call("doctor", "--format", "json", code=1)
    found = {row["what"]: row for row in json.loads(result.stdout) if row["verdict"] != "ok"}
    assert found["lake"]["verdict"] == "fail"
    assert found["lake"]["hint"]
    assert found["PostgreSQL of mrhealth"]["verdict"] == "fail"
    assert found["settings"]["hint"] == "did you mean LAKEHOUSE_LANDING?"
    assert secret not in result.output


def test_the_doctor_leaves_nothing_behind(call: Call, folder: Path) -> None:
    (folder / "lake").mkdir()
    (folder / "landing").mkdir()
    call("doctor")
    assert sorted(path.name for path in folder.rglob("*")) == ["lake", "landing"]

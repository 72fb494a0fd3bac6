"""Commands of the command line: what they reject, print and import."""

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
def test_common_commands_import_neither_dagster_nor_ibis_nor_pandera(
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


def test_the_help_of_every_command_shows_valid_examples() -> None:
    shown = 0
    for words, command in commands(main):
        if isinstance(command, click.Group):
            continue
        text = command.epilog or ""
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


def test_the_help_starts_with_one_short_sentence() -> None:
    for words, command in commands(main):
        first = (command.help or "").removeprefix("\b\n").split("\n\n")[0]
        assert first.endswith("."), f"{words}: {first}"
        assert ". " not in first, f"{words}: {first}"
        assert len(first) <= 60, f"{words}: {first} is cut off in the list of commands"


def test_every_option_is_described() -> None:
    undescribed = [
        (words, parameter.name)
        for words, command in commands(main)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert undescribed == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("statsu", "did you mean status?"),
        ("materialize --from 2026-01-05 --to 2026-01-04", "--from 2026-01-05 is after"),
        ("reconcile --from 5.1.2026", "write YYYY-MM-DD"),
        ("ingest --domain mrhealht", "did you mean mrhealth?"),
        ("history orders", "write <layer>.<domain>_<table>"),
        ("history ../../etc/passwd", "is not a table name"),
        ("sql from.x --format parquet", "--output result.parquet"),
        (
            "materialize --table gold.mrhealth_unit_dya --from 2026-01-05 --to 2026-01-05",
            "unit_day",
        ),
        ("materialize --domain mrhealth --from 1999-01-01 --to 1999-01-02", "outside"),
        (
            "rollback gold.mrhealth_unit_day --to 1 --day 2026-01-05 --from 2026-01-05",
            "cannot be combined",
        ),
        ("generate mrhealth out --units 0", "units must be"),
        ("generate cards out --units 2", "--units is not an option of cards; use --seed, --scale"),
        ("quarantine replay mrhealth --with pyproject", "does not exist"),
    ],
)
def test_a_wrong_command_line_is_rejected_with_a_hint(words: str, message: str, call: Call) -> None:
    assert message in call(*words.split(), code=2).stderr


@pytest.mark.parametrize(
    ("command", "option"),
    [("reconcile", "--system"), ("conservation", "--domain"), ("conservation", "--system")],
)
def test_earlier_names_of_a_command_and_an_option_still_work(
    command: str, option: str, call: Call
) -> None:
    earlier = call(command, option, "mrhealth", "--format", "csv")
    assert earlier.stdout == call("reconcile", "--domain", "mrhealth", "--format", "csv").stdout


def test_the_help_shows_only_the_current_names(call: Call) -> None:
    for words in ("reconcile", "ingest", "status"):
        text = call(words, "--help").stdout
        assert "--domain" in text
        assert "--system" not in text
    assert "conservation" not in call("--help").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sql 'from gold.mrhealth_unit_dya'", "did you mean gold.mrhealth_unit_day?"),
        ("sql 'from ops.conservation'", "ops.conservation is now ops.reconciliation"),
        ("sql 'selec 1'", "syntax error"),
        ("sql 'drop schema gold'", "only SELECT"),
        ("history gold.mrhealth_unit_day", "table gold.mrhealth_unit_day does not exist"),
        ("raw cat mrhealth/2026-01-05/PEDIDO.csv", "no file was delivered"),
        ("raw cat 0123456789abcdef", "no delivered file"),
        ("quarantine export patch.csv", "nothing in quarantine"),
        ("legacy seed", "LAKEHOUSE_SALES_DSN is not set"),
        ("extract cards --status", "domain 'cards' declares no legacy database"),
        ("warehouse ddl cards", "domain 'cards' declares no warehouse"),
        ("warehouse drop bikes --yes", "set LAKEHOUSE_BIKES_WAREHOUSE_DSN or pass --dsn"),
    ],
)
def test_an_error_is_one_line_without_a_traceback(words: str, message: str, call: Call) -> None:
    result = call(*shlex.split(words), code=1)
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_an_unexpected_error_is_one_line_and_debug_raises_it(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_PORT", "three")
    assert call("sql", "select 1", code=1).stderr.startswith("error: LAKEHOUSE_PORT is 'three'")
    result = call("--debug", "sql", "select 1", code=1)
    assert type(result.exception).__name__ == "SettingsError"


def test_rows_are_printed_as_table_json_and_csv() -> None:
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


def test_sql_writes_the_requested_format(call: Call, folder: Path) -> None:
    answer = call("sql", "select 1 as n, 2.50::decimal(9,2) as price", "--format", "json")
    assert json.loads(answer.stdout) == [{"n": 1, "price": "2.50"}]
    call("sql", "from range(3) t(n)", "--output", "n.parquet")
    assert [path.name for path in folder.glob("n*")] == ["n.parquet"]
    import pyarrow.parquet as pq

    assert pq.read_table(folder / "n.parquet")["n"].to_pylist() == [0, 1, 2]


def test_a_failing_query_leaves_no_file(call: Call, folder: Path) -> None:
    failing = "select case when n < 20000 then n else error('late') end from range(30000) t(n)"
    call("sql", failing, "--output", "n.csv", code=1)
    assert not list(folder.glob("*n.csv*"))


def landed_files(folder: Path) -> list[str]:
    root = folder / "landing"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_land_places_a_file_by_day_and_unit_and_keeps_its_modification_time(
    call: Call, folder: Path
) -> None:
    (folder / "PEDIDO.csv").write_bytes(b"Id_Unidade\r\n")
    os.utime(folder / "PEDIDO.csv", ns=(10**18, 10**18 + 5000))
    call("land", "mrhealth", "PEDIDO.csv", "--day", "2026-01-05", "--unit", "7")
    place = folder / "landing/mrhealth/2026-01-05/unidade_007/PEDIDO.csv"
    assert landed_files(folder) == ["mrhealth/2026-01-05/unidade_007/PEDIDO.csv"]
    assert place.read_bytes() == b"Id_Unidade\r\n"
    assert place.stat().st_mtime_ns == 10**18 + 5000


def test_land_takes_day_and_unit_from_the_folders(call: Call, folder: Path) -> None:
    unit = folder / "from/mrhealth/2026-01-05/unidade_003"
    (unit / "reenvio").mkdir(parents=True)
    for name in ("PEDIDO.csv", "reenvio/pedido.csv.gz", ".hidden"):
        (unit / name).write_text("x\n")
    call("land", "mrhealth", str(unit))
    assert landed_files(folder) == [
        "mrhealth/2026-01-05/unidade_003/PEDIDO.csv",
        "mrhealth/2026-01-05/unidade_003/reenvio/pedido.csv.gz",
    ]


@pytest.mark.parametrize(
    ("path", "landed"),
    [
        ("in/2026-01-05/unidade_007", "2026-01-05/unidade_007"),
        ("in/2026-01-05/unidade_007/PEDIDO.csv", "2026-01-05/unidade_007"),
        ("in/2026/01/05/7", "2026/01/05/7"),
        ("in/7/20260105/again", "7/20260105/again"),
        ("in/loja 7", "loja 7"),
        ("in", ""),
    ],
)
def test_land_takes_day_and_unit_from_the_folders_above_the_file(
    call: Call, folder: Path, path: str, landed: str
) -> None:
    place = folder / path.removesuffix("/PEDIDO.csv")
    place.mkdir(parents=True)
    (place / "PEDIDO.csv").write_text("x\n")
    call("land", "mrhealth", path)
    (found,) = (folder / "landing").rglob("PEDIDO.csv")
    assert found.parent == folder / "landing/mrhealth" / landed


def test_land_does_not_copy_a_file_whose_folder_is_not_understood(call: Call, folder: Path) -> None:
    (folder / "in/2026-01-05/centro").mkdir(parents=True)
    (folder / "in/2026-01-05/centro/PEDIDO.csv").write_text("x\n")
    result = call("land", "mrhealth", "in", code=1)
    assert "folder 'centro' is not a unit of this domain" in result.stderr


def test_land_does_not_copy_unrecognized_files_and_fails(call: Call, folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in/PEDIDO.csv").write_text("x\n")
    (folder / "in/notes.txt").write_text("x\n")
    (folder / "in/ITEM_PEDIDO.csv").symlink_to("/etc/hostname")
    result = call("land", "mrhealth", "in", "--day", "2026-01-05", "--unit", "7", code=1)
    assert (
        "notes.txt was not copied: no dataset of mrhealth has files of this name" in result.stderr
    )
    assert "ITEM_PEDIDO.csv was not copied: it is a symbolic link" in result.stderr
    assert landed_files(folder) == ["mrhealth/2026-01-05/unidade_007/PEDIDO.csv"]


def test_land_overwrites_other_content_only_with_replace(call: Call, folder: Path) -> None:
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


def generate_demo(call: Call, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr("lakehouse.cli.runs.ingest_all", lambda *given: [])
    return call(
        "demo", "--domain", "mrhealth", "--units", "2", "--days", "1", "--first", "2026-01-05"
    )


@pytest.mark.parametrize("place", ["lake", "landing"])
def test_the_demo_rejects_folders_with_other_data(place: str, call: Call, folder: Path) -> None:
    (folder / place / "mrhealth").mkdir(parents=True)
    (folder / place / "mrhealth/mine.csv").write_text("mine")
    before = files_below(folder)
    assert (
        "no demo made"
        in call("demo", "--domain", "mrhealth", "--units", "2", "--days", "1", code=1).stderr
    )
    assert files_below(folder) == before


def test_the_demo_replaces_the_previous_demo(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_demo(call, monkeypatch)
    first = files_below(folder)
    stale = folder / "lake/gold/mrhealth/stale.parquet"
    stale.parent.mkdir(parents=True)
    stale.write_text("of the demo before")
    generate_demo(call, monkeypatch)
    assert files_below(folder) == first


def test_the_demo_replaces_its_records_of_dagster_and_keeps_what_follows_from_the_code(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_demo(call, monkeypatch)
    home = folder / "dagster"
    (home / "code").mkdir(exist_ok=True)
    (home / "code/fact").write_text("kept")
    for _ in range(2):
        (home / "runs.db").write_text("of the demo before")
        generate_demo(call, monkeypatch)
        assert not (home / "runs.db").exists()
        assert (home / "code/fact").read_text() == "kept"


def test_the_demo_keeps_other_records_of_dagster(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "dagster").mkdir()
    (folder / "dagster/runs.db").write_text("mine")
    for _ in range(2):
        generate_demo(call, monkeypatch)
        assert [path.name for path in (folder / "dagster").iterdir()] == ["runs.db"]


@pytest.mark.parametrize(
    "mine",
    [
        "landing/mrhealth/2026-01-05/unidade_001/mine.csv",
        f"lake/raw/mrhealth/objects/ab/{'ab' * 32}",
    ],
)
def test_the_demo_rejects_folders_with_data_added_to_a_previous_demo(
    mine: str, call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_demo(call, monkeypatch)
    (folder / mine).parent.mkdir(parents=True, exist_ok=True)
    (folder / mine).write_text("mine")
    before = files_below(folder)
    call("demo", "--domain", "mrhealth", "--units", "2", "--days", "1", code=1)
    assert files_below(folder) == before
    assert (folder / "landing" / MARKER).exists()


def test_the_demo_rejects_a_lake_on_s3(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://somebody/lake")
    assert "--into data/demo" in call("demo", code=1).stderr


def test_the_doctor_reports_problems_and_hides_secrets(
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


def test_the_doctor_leaves_no_files_behind(call: Call, folder: Path) -> None:
    (folder / "lake").mkdir()
    call("doctor")
    assert sorted(path.name for path in folder.rglob("*")) == ["lake", "landing"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("LAKEHOUSE_LANDING", "none", "none does not exist\nhint: create the folder, or correct"),
        ("LAKEHOUSE_LANDING", "file", "file is not a folder\nhint: create the folder, or correct"),
        ("LAKEHOUSE_LANDING", "s3:/x", "LAKEHOUSE_LANDING is 's3:/x': it is not written as an S3"),
        ("LAKEHOUSE_ROOT", "file", "file is not a folder\nhint: correct LAKEHOUSE_ROOT"),
        ("LAKEHOUSE_ROOT", "file/lake", "file is not a folder\nhint: correct LAKEHOUSE_ROOT"),
        ("DAGSTER_HOME", "file", "file is not a folder\nhint: correct DAGSTER_HOME"),
        ("DAGSTER_HOME", "a%20b", "contains %\nhint: set DAGSTER_HOME to another folder"),
    ],
)
def test_ingest_ends_with_an_error_if_a_folder_cannot_be_used(
    call: Call,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    message: str,
) -> None:
    (folder / "file").write_text("x")
    monkeypatch.setenv(variable, value)
    result = call("ingest", "--domain", "people", code=1)
    assert message in result.stderr


def test_control_files_of_a_sender_land_and_are_ignored(call: Call, folder: Path) -> None:
    (folder / "in").mkdir()
    name = "tb_faturas_20241201_20241202000000"
    for ending in (".csv", ".ctl", ".csv.ctl"):
        (folder / f"in/{name}{ending}").write_text("")
    call("land", "cards", "in", "--day", "2024-12-02")
    assert len(list((folder / "landing").rglob("*.ctl"))) == 2
    (folder / "landing/cards/2024-12-02" / f"{name}.csv").unlink()
    assert "nothing to do" in call("ingest", "--domain", "cards").stderr

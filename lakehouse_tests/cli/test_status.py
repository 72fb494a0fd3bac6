"""`lakehouse status` shows what a person must look at first."""

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.log import stage_log
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.stored_rows import stage_ops_table
from lakehouse.settings import Settings
from lakehouse_tests.platform.quality.toys import NOW, checked, day


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Return an empty lake beside a landing zone of three domains."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for folder in ("mrhealth", "people", "sales"):
        (tmp_path / "landing" / folder).mkdir(parents=True)
    return Lake(str(tmp_path / "lake"))


def shown(*words: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(main, ["status", "--format", "csv", *words])
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_held_file_is_no_problem_once_a_complete_version_of_it_was_loaded(lake: Lake) -> None:
    held = Delivery(
        day=day(30),
        unit=1,
        file=f"mrhealth/{day(30)}/unidade_001/PEDIDO.csv",
        digest="a" * 64,
        size=10,
        landed_at=NOW,
        status=Status.HELD,
        reason="truncated",
    )
    complete = replace(
        held,
        digest="b" * 64,
        landed_at=NOW + dt.timedelta(hours=1),
        status=Status.LOADED,
        reason=None,
    )
    waiting = replace(held, unit=2, file=f"mrhealth/{day(30)}/unidade_002/PEDIDO.csv")
    rows = {day(30): DELIVERIES.to_arrow([held, complete, waiting])}
    stage_ops_table(lake, TableId("raw", "mrhealth", "orders"), DELIVERIES, rows).commit(note={})

    files = {
        row["what"]: (row["number"], row["detail"])
        for row in shown("--domain", "mrhealth")
        if row["about"] == "orders" and row["what"].startswith("files")
    }
    assert files == {
        "files held": ("1", "truncated: 1"),
        "files loaded": ("1", ""),
        "files replaced": ("1", "held: 1"),
    }


def test_failing_checks_of_the_newest_days_come_first(lake: Lake) -> None:
    settings = Settings.from_env()
    warned = [checked(30, CheckStatus.WARN), checked(31, CheckStatus.PASS)]
    failed = [checked(30, CheckStatus.FAIL), checked(31, CheckStatus.PASS)]
    for domain, found in (("people", warned), ("sales", failed)):
        staged = stage_log(found, lake, domain, run_id="run", now=NOW, settings=settings)
        staged.commit(note={"run_id": "run"})

    rows = shown()
    first = rows[0]
    assert (first["domain"], first["about"], first["what"]) == ("sales", "checks", "days failing")
    assert (first["number"], first["first"]) == ("1", str(day(30)))
    assert first["detail"] == "gold.toys_sales.seen"
    warnings = [row for row in rows if row["what"] == "checks warning"]
    assert [(row["domain"], row["detail"]) for row in warnings] == [
        ("people", "gold.toys_sales.seen")
    ]

"""`lakehouse status` shows what a person must look at first."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.log import stage_log
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.platform.quality.toys import NOW, checked, day


def test_failing_checks_of_the_newest_days_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for folder in ("people", "sales"):
        (tmp_path / "landing" / folder).mkdir(parents=True)
    settings = Settings.from_env()
    warned = [checked(30, CheckStatus.WARN), checked(31, CheckStatus.PASS)]
    failed = [checked(30, CheckStatus.FAIL), checked(31, CheckStatus.PASS)]
    for domain, found in (("people", warned), ("sales", failed)):
        staged = stage_log(
            found, Lake(settings.root), domain, run_id="run", now=NOW, settings=settings
        )
        staged.commit(note={"run_id": "run"})

    done = CliRunner().invoke(main, ["status", "--format", "csv"])

    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    first = rows[0]
    assert (first["domain"], first["about"], first["what"]) == ("sales", "checks", "days failing")
    assert (first["number"], first["first"]) == ("1", str(day(30)))
    assert first["detail"] == "gold.toys_sales.seen"
    warnings = [row for row in rows if row["what"] == "checks warning"]
    assert [(row["domain"], row["detail"]) for row in warnings] == [
        ("people", "gold.toys_sales.seen")
    ]

"""Commands that open Dagster work with either runtime."""

from pathlib import Path

import pytest

from lakehouse_tests.cli.conftest import Call
from lakehouse_tests.domains.people.files import HEADER, person, row


def test_ingest_and_prune_work_with_the_stock_runtime_and_report_a_change(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    day = folder / "landing" / "people" / "2024-04-22"
    day.mkdir(parents=True)
    (day / "a.csv").write_text(f"{HEADER}\n{row(person(1))}\n")
    monkeypatch.setenv("LAKEHOUSE_RUNTIME", "stock")
    call("ingest", "--domain", "people")
    assert "1" in call("sql", "select count(*) n from silver.people_people_all").stdout.split()
    kept = call("prune", "--older-than", "0")
    assert kept.stdout == "", "the stock storage would lose the materializations of the run"
    monkeypatch.setenv("LAKEHOUSE_RUNTIME", "local")
    changed = call("prune", "--older-than", "0")
    assert changed.stderr.count("warning: ") == 1
    assert "history/runs" in changed.stderr
    assert len(changed.stdout.split()) == 2, "the run of the days and that of the as-of tables"

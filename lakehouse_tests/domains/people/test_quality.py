"""The quality checks of people give the results that their descriptions state."""

import datetime as dt
from pathlib import Path

import ibis

from lakehouse.domains.people.quality import CHECKS
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.people.files import HEADER, person, row

DAY = dt.date(2024, 4, 22)


def test_rejected_rows_and_undeclared_columns_warn_and_files_are_reconciled(tmp_path: Path):
    people = Business("people", tmp_path)
    people.land(f"{DAY}/a.csv", f"{HEADER},City\n{row(person(1))},Sabará\n{row('no id')},Sabará\n")
    people.ingest()
    now = dt.datetime(2024, 4, 23, tzinfo=dt.UTC)
    checked = evaluate(CHECKS, [DAY], people.lake, people.settings, now=now)
    assert {each.check.name: each.assessment.status.value for each in checked} == {
        "one_row_per_person": "pass",
        "rejections": "warn",
        "books": "pass",
        "schema_drift": "warn",
    }
    details = {each.check.name: each.assessment.details for each in checked}
    assert details["rejections"] == "bad_user_id: 1"
    assert "City" in details["schema_drift"]


def test_a_repeated_person_is_counted_and_never_named():
    rows = [(DAY, "abc"), (DAY, "abc"), (DAY, "ABC"), (DAY + dt.timedelta(days=1), "abc")]
    persons = ibis.memtable(rows, schema={"day": "date", "user_id": "string"})
    (check,) = [check for check in CHECKS if check.name == "one_row_per_person"]
    assert check.measure(persons).to_pyarrow().to_pylist() == [{"day": DAY, "found": 1}]

"""The questions to the tables of people are answered as their descriptions say."""

import datetime as dt
from pathlib import Path

import ibis

from lakehouse.domains.people.quality import CHECKS, repeated_persons
from lakehouse.platform.quality.checks import evaluate
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.people.files import HEADER, person, row

DAY = dt.date(2024, 4, 22)


def test_rejected_rows_and_undeclared_columns_are_warned_of_and_the_books_balance(tmp_path: Path):
    people = Business("people", tmp_path)
    people.land(f"{DAY}/a.csv", f"{HEADER},City\n{row(person(1))},Sabará\n{row('no id')},Sabará\n")
    people.ingest()
    now = dt.datetime(2024, 4, 23, tzinfo=dt.UTC)
    findings = evaluate(CHECKS, [DAY], people.lake, people.settings, now=now)
    assert {each.check.name: each.verdict.result.value for each in findings} == {
        "one_row_per_person": "pass",
        "rejections": "warn",
        "books": "pass",
        "schema_drift": "warn",
    }
    details = {each.check.name: each.verdict.details for each in findings}
    assert details["rejections"] == "bad_user_id: 1"
    assert "City" in details["schema_drift"]


def test_a_person_who_occurs_again_is_counted_and_not_named():
    rows = [(DAY, "abc"), (DAY, "abc"), (DAY, "ABC"), (DAY + dt.timedelta(days=1), "abc")]
    persons = ibis.memtable(rows, schema={"day": "date", "user_id": "string"})
    assert repeated_persons(persons).to_pyarrow().to_pylist() == [{"day": DAY, "found": 1}]

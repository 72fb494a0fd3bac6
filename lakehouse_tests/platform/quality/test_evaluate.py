"""A check measures all days with one query over the files it needs, and assesses each day alone."""

import datetime as dt
from pathlib import Path

import pyarrow as pa

from lakehouse.platform.quality.checks import CheckedDay, CheckInput
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.platform.quality.toys import NOW, SALES, SCHEMA, SHOPS, check_of, day, write


def values(checked: list[CheckedDay]) -> list[tuple[dt.date, str, str]]:
    return [(each.day, each.assessment.actual, each.assessment.expected) for each in checked]


def test_each_requested_day_gets_one_result(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(1): 4, day(2): 1, day(4): 2})
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA))
    found = evaluate([check], [day(2), day(3), day(4)], lake, settings, now=NOW)
    assert values(found) == [(day(2), "1", "[]"), (day(3), "None", "[]"), (day(4), "2", "[]")]


def test_a_table_that_does_not_exist_has_no_measured_values(lake: Lake, settings: Settings) -> None:
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA))
    assert values(evaluate([check], [day(1)], lake, settings, now=NOW)) == [(day(1), "None", "[]")]


def test_previous_days_are_the_processed_ones_including_empty_days(
    lake: Lake, settings: Settings
) -> None:
    write(lake, SALES, {day(1): 9, day(2): 5, day(4): 0, day(5): 3})
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA), previous_days=3)
    found = evaluate([check], [day(4), day(5)], lake, settings, now=NOW)
    assert values(found) == [(day(4), "None", "[9, 5]"), (day(5), "3", "[5, 0]")]


def test_only_the_files_of_the_needed_days_are_read(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(n): n for n in range(1, 9)})
    for file in lake.table(SALES).snapshot().files:
        if file.day < day(5) or file.day > day(7):
            Path(file.parts[0].url).unlink()
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA), previous_days=2)
    found = evaluate([check], [day(7)], lake, settings, now=NOW)
    assert values(found) == [(day(7), "7", "[5, 6]")]


def test_an_as_of_input_reads_the_newest_day_with_rows_up_to_each_day(
    lake: Lake, settings: Settings
) -> None:
    write(lake, SHOPS, {day(2): 3, day(4): 0, day(5): 7})
    check = check_of(CheckInput(id=SHOPS, columns=lambda: SCHEMA, as_of=True))
    found = evaluate([check], [day(n) for n in range(1, 7)], lake, settings, now=NOW)
    assert [f.assessment.actual for f in found] == ["3", "3", "3", "3", "7", "7"]


def test_given_rows_replace_the_stored_ones(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(1): 4})
    rows = pa.table({"shop": [1, 2], "day": [day(1), day(1)]})
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA))
    found = evaluate([check], [day(1)], lake, settings, now=NOW, given={SALES: rows})
    assert values(found) == [(day(1), "2", "[]")]

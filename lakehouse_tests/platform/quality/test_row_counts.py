"""A table must have as many rows as the files of the day contain."""

from datetime import UTC, date, datetime

import pytest

from lakehouse.platform.quality.checks import CheckStatus, DayFacts
from lakehouse.platform.quality.row_counts import assess_row_counts


@pytest.mark.parametrize(
    ("measured", "status"),
    [
        ({}, CheckStatus.FAIL),
        ({"rows": 0}, CheckStatus.FAIL),
        ({"rows": 5}, CheckStatus.PASS),
        ({"rows": 5, "landed": 5, "kept": 5}, CheckStatus.PASS),
        ({"rows": 5, "landed": 6, "kept": 5, "repeated": 1}, CheckStatus.PASS),
        ({"rows": 5, "landed": 6, "kept": 5, "rejected": 1}, CheckStatus.WARN),
        ({"rows": 5, "landed": 6, "kept": 5}, CheckStatus.FAIL),
        ({"rows": 5, "landed": 6, "kept": 5, "waiting": 1}, CheckStatus.WARN),
        ({"landed": 6, "waiting": 1}, CheckStatus.WARN),
        ({"rows": 5, "loaded": 1}, CheckStatus.FAIL),
        ({"rows": 5, "not_loaded": 1}, CheckStatus.FAIL),
    ],
)
def test_a_table_passes_when_it_has_the_rows_of_its_files(
    measured: dict[str, int], status: CheckStatus
):
    now = datetime(2014, 10, 2, tzinfo=UTC)
    day = DayFacts(day=date(2014, 10, 1), measured=measured, now=now, deadline_hours=30)
    assert assess_row_counts(day).status is status

"""A commit that loses a race is repeated a limited number of times."""

import datetime as dt
from collections.abc import Callable

import pytest

from lakehouse.platform.ingestion.conflicts import ATTEMPTS, retry_conflicts
from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.table_id import TableId


def losing(times: int) -> tuple[Callable[[], int], list[int]]:
    """A commit that loses this many times, and the list of its attempts."""
    attempts: list[int] = []

    def commit() -> int:
        attempts.append(len(attempts))
        if len(attempts) <= times:
            raise DayConflict(TableId("raw", "mrhealth", "orders"), dt.date(2026, 1, 5))
        return len(attempts)

    return commit, attempts


@pytest.mark.parametrize("times", [0, 1, ATTEMPTS - 1])
def test_a_commit_is_repeated_until_it_does_not_conflict(times: int):
    commit, attempts = losing(times)
    assert retry_conflicts(commit) == times + 1
    assert len(attempts) == times + 1


def test_a_commit_that_conflicts_every_time_raises_the_conflict():
    commit, attempts = losing(ATTEMPTS)
    with pytest.raises(DayConflict, match="run again"):
        retry_conflicts(commit)
    assert len(attempts) == ATTEMPTS

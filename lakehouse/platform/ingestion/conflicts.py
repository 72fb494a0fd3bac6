"""Repeat a commit that lost a race against another run."""

from collections.abc import Callable
from typing import TypeVar

from lakehouse.platform.storage.errors import DayConflict

ATTEMPTS = 5

T = TypeVar("T")


def retry_conflicts(commit: Callable[[], T]) -> T:
    """Call `commit` until no other run changes the same days meanwhile, at most `ATTEMPTS` times.

    Raises:
        DayConflict: other runs changed the same days during every attempt.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return commit()
        except DayConflict:
            continue
    return commit()

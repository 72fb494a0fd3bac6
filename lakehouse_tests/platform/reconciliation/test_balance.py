"""A file balances when each line and each row is accounted for exactly once."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.reconciliation.balance import balance_file
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.ops_tables import Balance, FileBalance

MON, TUE = dt.date(2026, 1, 5), dt.date(2026, 1, 6)
LOADED = Delivery(
    day=MON,
    unit=7,
    file="cafe/2026-01-05/orders.csv",
    digest="ab",
    size=100,
    landed_at=dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC),
    physical_lines=12,
    header_lines=1,
    continuation_lines=1,
    record_rows=9,
    unparsable_lines=1,
)
OUTCOMES = {"silver": 6, "quarantine": 1, "duplicate": 1, "superseded": 1}


def balanced(delivery: Delivery = LOADED, **given: Any) -> FileBalance:
    known: dict[str, Any] = {
        "bronze_rows": 9,
        "outcomes": OUTCOMES,
        "waiting_days": (),
        "must_wait": False,
        "inputs": "abc",
    }
    return balance_file(delivery, "orders", **known | given)


def test_a_file_whose_lines_and_rows_are_all_accounted_for_is_balanced():
    found = balanced()
    assert (found.balance, found.difference, found.waiting_days) == (Balance.BALANCED, 0, None)
    assert found.physical_lines == (
        found.header_lines
        + found.continuation_lines
        + found.unparsable_lines
        + found.excluded_lines
        + found.bronze_rows
    )
    assert found.bronze_rows == (
        found.silver_rows + found.quarantined_rows + found.duplicate_rows + found.superseded_rows
    )


@pytest.mark.parametrize("status", [Status.REJECTED, Status.HELD, Status.DUPLICATE], ids=str)
def test_every_line_of_a_file_that_is_not_loaded_is_an_excluded_line(status: Status):
    found = balanced(replace(LOADED, status=status), bronze_rows=0, outcomes={})
    assert (found.balance, found.excluded_lines) == (Balance.BALANCED, 12)
    assert found.header_lines == found.continuation_lines == found.unparsable_lines == 0


@pytest.mark.parametrize(
    ("bronze_rows", "outcomes", "difference"),
    [
        (8, OUTCOMES | {"silver": 5}, 1),
        (9, OUTCOMES | {"silver": 5}, 1),
        (9, OUTCOMES | {"silver": 7}, -1),
    ],
    ids=["a line is missing in bronze", "a row has no outcome", "a row has two outcomes"],
)
def test_a_missing_or_surplus_row_is_unbalanced(
    bronze_rows: int, outcomes: Mapping[str, int], difference: int
):
    found = balanced(bronze_rows=bronze_rows, outcomes=outcomes)
    assert (found.balance, found.difference) == (Balance.UNBALANCED, difference)


def test_rows_without_an_outcome_wait_while_there_are_days_to_rebuild():
    found = balanced(outcomes=OUTCOMES | {"silver": 5}, waiting_days=(MON, TUE))
    assert (found.balance, found.waiting) == (Balance.WAITING, 1)
    assert found.waiting_days == "2026-01-05,2026-01-06"


def test_missing_lines_never_wait():
    found = balanced(bronze_rows=8, outcomes=OUTCOMES | {"silver": 5}, waiting_days=(TUE,))
    assert found.balance is Balance.UNBALANCED


def test_a_file_that_must_wait_waits_although_its_numbers_agree():
    found = balanced(waiting_days=(TUE,), must_wait=True)
    assert (found.balance, found.difference) == (Balance.WAITING, 0)


def test_rows_of_a_superseded_file_in_silver_are_unbalanced():
    found = balanced(replace(LOADED, status=Status.SUPERSEDED))
    assert (found.balance, found.difference) == (Balance.UNBALANCED, 8)
    ended = balanced(replace(LOADED, status=Status.SUPERSEDED), outcomes={"superseded": 9})
    assert ended.balance is Balance.BALANCED


@given(
    rows=st.integers(0, 9),
    outcomes=st.dictionaries(st.sampled_from(sorted(OUTCOMES)), st.integers(0, 9)),
    waits=st.booleans(),
)
def test_a_balanced_file_has_no_difference_and_a_waiting_one_names_days(
    rows: int, outcomes: dict[str, int], waits: bool
):
    found = balanced(bronze_rows=rows, outcomes=outcomes, waiting_days=(TUE,) if waits else ())
    assert found.balance is not Balance.BALANCED or found.difference == 0
    assert (found.balance is Balance.WAITING) == bool(found.waiting) == bool(found.waiting_days)

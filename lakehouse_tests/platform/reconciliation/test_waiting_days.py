"""A delivered file waits for the business days outside of the run that depend on it."""

import datetime as dt
from dataclasses import replace

import pytest

from lakehouse.domains.mrhealth.sources import ORDERS, PRODUCTS
from lakehouse.platform.reconciliation.waiting_days import DependentDays, waiting_of
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source

MON, TUE, WED = (dt.date(2026, 1, day) for day in (5, 6, 7))
FILE = Delivery(
    day=TUE,
    unit=1,
    file="orders.csv",
    digest="ab",
    size=1,
    landed_at=dt.datetime(2026, 1, 6, 12, tzinfo=dt.UTC),
)
WITHOUT_KEY = replace(ORDERS, key=(), affects={})


def waits(
    days: DependentDays, source: Source = WITHOUT_KEY, status: Status = Status.LOADED
) -> tuple[tuple[dt.date, ...], bool]:
    found = waiting_of(replace(FILE, status=status), source, days, {TUE})
    return found.days, found.must_wait


def test_days_of_the_run_itself_are_not_waited_for():
    assert waits(DependentDays(touched={TUE}, reached={TUE}, changed=True)) == ((), False)


def test_rows_of_other_days_may_wait_for_them():
    assert waits(DependentDays(touched={MON, TUE, WED}, changed=True)) == ((MON, WED), False)


def test_a_file_that_still_waits_for_other_days_does_not_wait_for_days_that_were_rebuilt():
    days = DependentDays(waited_for={MON}, touched={MON, TUE, WED})
    assert waits(days) == ((MON,), False)


def test_days_that_share_a_key_must_be_rebuilt():
    days = DependentDays(touched={TUE}, reached={WED}, changed=True)
    assert waits(days, replace(ORDERS, key=("Id_Pedido",))) == ((WED,), True)
    assert waits(days, WITHOUT_KEY) == ((), False)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.LOADED, ((WED,), True)), (Status.SUPERSEDED, ((), False))],
    ids=["loaded", "superseded"],
)
def test_only_the_current_snapshot_must_be_shown_by_later_days(
    status: Status, expected: tuple[tuple[dt.date, ...], bool]
):
    snapshot = replace(PRODUCTS, key=(), affects={})
    assert waits(DependentDays(outdated={WED}), snapshot, status) == expected

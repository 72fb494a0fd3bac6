"""A finding says which row differs, in which columns, and what to do."""

import datetime as dt

import pytest

from lakehouse.platform.reconciliation.findings import HINTS, AuditCheck, difference, finding
from lakehouse.platform.storage.table_id import TableId

ROW = {"file": "a.csv", "line": 2, "status": "loaded", "reasons": ["x"]}


@pytest.mark.parametrize(
    ("expected", "found", "texts"),
    [
        (
            [ROW],
            [ROW | {"status": "held"}],
            (
                "row (file='a.csv', line=2) with status='loaded'",
                "status='held'; 1 of 1 rows differ",
            ),
        ),
        ([ROW], [], ("1 rows, one of them (file='a.csv', line=2)", "0 rows without it")),
        (
            [ROW],
            [ROW, ROW],
            ("1 rows", "2 rows, one of them (file='a.csv', line=2); 1 of 2 rows differ"),
        ),
        (
            [ROW, ROW | {"line": 3}],
            [ROW | {"line": 3}, ROW],
            ("2 rows", "the same rows in another order"),
        ),
    ],
    ids=["another value", "a missing row", "a surplus row", "another order"],
)
def test_the_first_difference_is_named(
    expected: list[dict[str, object]], found: list[dict[str, object]], texts: tuple[str, str]
):
    assert difference(expected, found) == texts


def test_a_finding_ends_with_its_hint():
    text = str(
        finding(
            TableId("gold", "cafe", "sales"),
            dt.date(2026, 1, 5),
            AuditCheck.ROW_COUNT,
            "3 rows",
            "2 rows",
        )
    )
    assert text == (
        "gold.cafe_sales, 2026-01-05, row count: expected 3 rows, found 2 rows."
        f" hint: {HINTS[AuditCheck.ROW_COUNT]}"
    )


def test_every_check_has_a_hint():
    assert set(HINTS) == set(AuditCheck)

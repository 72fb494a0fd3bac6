"""Expressions that tables of every domain share."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import hypothesis
import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.platform.tables import expressions


def value(expression: Any) -> Any:
    return ibis.get_backend().to_pyarrow(expression).as_py()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.50"),
        ("1234,56", "1234.56"),
        (" -7 ", "-7.00"),
        ("0.005", None),
        ("1.234,56", None),
        ("1e3", None),
        ("", None),
        (".5", None),
        ("NaN", None),
        ("9" * 12 + ".99", "9" * 12 + ".99"),
        ("9" * 13, None),
        (None, None),
    ],
)
def test_an_amount_is_parsed_exactly_or_becomes_null(text, number):
    expected = None if number is None else Decimal(number)
    assert value(expressions.parse_decimal(ibis.literal(text, "string"))) == expected


@pytest.mark.parametrize(
    ("mark", "text", "number"),
    [
        (",", "1,431", "1.43100"),
        (",", "1.431", None),
        (",", "1431", "1431"),
        (".", "1.431", "1.43100"),
        (".", "1,431", None),
    ],
)
def test_with_one_decimal_mark_the_other_mark_gives_null(mark, text, number):
    expected = None if number is None else Decimal(number)
    assert value(expressions.parse_decimal(ibis.literal(text), 19, 4, mark=mark)) == expected


@settings(deadline=None, max_examples=50)
@given(st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=2))
def test_every_amount_that_fits_is_parsed_to_the_same_amount(amount):
    assert value(expressions.parse_decimal(ibis.literal(f"{amount:f}"))) == amount


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        (" -1 ", -1),
        ("12.7", None),
        ("1_0", None),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
    ],
)
def test_integers_are_parsed_and_never_rounded(text, number):
    assert value(expressions.parse_int(ibis.literal(text))) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", dt.date(2026, 1, 31)),
        ("2026-01-31 23:59:59", dt.date(2026, 1, 31)),
        ("31/01/2026", dt.date(2026, 1, 31)),
        ("2026-01-31 99:99", None),
        ("2026-01-31 24:00", None),
        ("2026-01-31T23:59:60", None),
        ("2026-01-31 ", dt.date(2026, 1, 31)),
        ("\u00a02026-01-31\ufeff", dt.date(2026, 1, 31)),
        ("2026-02-30", None),
        ("01/31/2026", None),
        ("2026-1-5", None),
        ("20260131", None),
        ("", None),
    ],
)
def test_dates_are_parsed_in_iso_and_in_brazilian_form(text, day):
    assert value(expressions.parse_date(ibis.literal(text))) == day


@settings(deadline=None, max_examples=50)
@given(cents=st.integers(0, 10**14), orders=st.integers(1, 10**6))
def test_a_rate_of_money_is_rounded_half_up_exactly(cents, orders):
    amount = Decimal(cents) / 100
    given_amount = ibis.literal(amount, type="decimal(18, 2)")
    exact = (amount / orders).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert value(expressions.rate(given_amount, ibis.literal(orders, "int64"), 2)) == exact


@settings(deadline=None, max_examples=50)
@given(part=st.integers(0, 10**7), total=st.integers(1, 10**7))
def test_a_rate_of_counts_is_rounded_half_up_exactly(part, total):
    exact = (Decimal(part) / total).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert (
        value(expressions.rate(ibis.literal(part, "int64"), ibis.literal(total, "int64"))) == exact
    )


@settings(deadline=None, max_examples=100)
@given(part=st.integers(0, 10**16 - 1), total=st.integers(1, 9 * 10**15))
def test_a_rate_of_large_amounts_neither_overflows_nor_loses_a_digit(part, total):
    hypothesis.assume(part // total < 10**9)
    exact = (Decimal(part) / total).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert (
        value(expressions.rate(ibis.literal(part, "int64"), ibis.literal(total, "int64"))) == exact
    )


def test_a_rate_with_a_total_of_zero_is_null():
    assert value(expressions.rate(ibis.literal(0), ibis.literal(0))) is None


def test_a_sum_over_no_rows_is_zero():
    rows = ibis.memtable({"x": [Decimal("1.00")]}, schema={"x": "decimal(14, 2)"})
    assert value(expressions.sum_where(rows.x, rows.x > 5)) == Decimal("0.00")


def test_newest_by_keeps_the_newest_row_of_each_key():
    rows = ibis.memtable([{"k": 1, "at": 1}, {"k": 1, "at": 3}, {"k": 2, "at": 2}])
    newest = expressions.newest_by(rows, "k", at="at").order_by("k")
    assert newest.to_pyarrow().to_pylist() == [{"k": 1, "at": 3}, {"k": 2, "at": 2}]


def test_ranks_count_from_one_and_the_last_column_breaks_ties():
    rows = ibis.memtable([{"k": 2, "n": 5}, {"k": 1, "n": 5}, {"k": 3, "n": 9}])
    placed = rows.mutate(at=expressions.rank_by(ibis.desc("n"), "k")).order_by("at")
    assert placed.k.to_pyarrow().to_pylist() == [3, 1, 2]
    assert placed["at"].to_pyarrow().to_pylist() == [1, 2, 3]


def test_rejected_returns_the_names_of_the_true_conditions():
    reasons = expressions.rejected(
        a=ibis.literal(True), b=ibis.null("boolean"), c=ibis.literal(True)
    )
    assert value(reasons) == "a,c,"

"""The checks that domains declare find repeated keys, other values, nulls and unequal totals."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.quality.checks import (
    Assessment,
    CheckStatus,
    DayFacts,
    QualityCheck,
    rows_of,
)
from lakehouse.platform.quality.common_checks import (
    Totals,
    accepted_values,
    equal_totals,
    has_rows,
    no_rows,
    not_null,
    unique,
)
from lakehouse_tests.platform.cafe import tips, visits

DAY = dt.date(2024, 5, 1)
NOW = dt.datetime(2024, 5, 2, tzinfo=dt.UTC)
PASS, WARN, FAIL = CheckStatus.PASS, CheckStatus.WARN, CheckStatus.FAIL
DESCRIPTION = "Shows rows."

Rows = Sequence[Mapping[str, Any]]


def assessed(check: QualityCheck, *tables: Rows) -> Assessment:
    """Assess DAY over tables of these rows."""
    relations = []
    for each, rows in zip(check.inputs, tables, strict=True):
        schema = arrow_schema(each.schema)
        full = [{n: row.get(n) for n in schema.names} | {"day": DAY} for row in rows]
        relations.append(ibis.memtable(pa.Table.from_pylist(full, schema)))
    found = check.measure(*relations).to_pyarrow().to_pylist()
    measured = found[0] if found else {}
    return check.assess(DayFacts(day=DAY, measured=measured, now=NOW, deadline_hours=30))


def visit(number: int, spent: int | None = 10) -> Mapping[str, Any]:
    return {"number": number, "spent": spent}


@pytest.mark.parametrize(("lists_keys", "details"), [(True, "1, 3"), (False, "")])
def test_repeated_keys_fail_and_are_listed_unless_they_identify_persons(lists_keys, details):
    check = unique(visits, "number", lists_keys=lists_keys, description=DESCRIPTION)
    assert check.blocking
    assert assessed(check, [visit(1), visit(2)]).status is PASS
    found = assessed(check, [visit(3), visit(1), visit(2), visit(1), visit(3)])
    assert (found.status, found.actual, found.details) == (FAIL, "2 repeated keys", details)


def test_a_value_that_is_not_accepted_fails_with_the_key_of_its_row():
    check = accepted_values(
        visits,
        "spent",
        (10, 20),
        key=("number",),
        name="prices",
        noun="prices",
        description=DESCRIPTION,
    )
    assert assessed(check, [visit(1, 10), visit(2, 20)]).status is PASS
    assert assessed(check, [visit(1, 10), visit(2, 30)]).details == "2"


def test_a_null_fails_with_the_key_of_its_row():
    check = not_null(visits, "spent", key=("number",), description=DESCRIPTION)
    assert assessed(check, [visit(1)]).status is PASS
    found = assessed(check, [visit(1), visit(7, None)])
    assert (found.status, found.details) == (FAIL, "7")


@pytest.mark.parametrize(("otherwise", "blocking"), [(WARN, False), (FAIL, True)])
def test_unwanted_rows_block_a_run_only_when_they_fail(otherwise, blocking):
    check = no_rows(
        visits,
        lambda rows: rows.filter(rows.spent > 99),
        key=("number", "spent"),
        name="expensive",
        category="validity",
        noun="expensive visits",
        otherwise=otherwise,
        description=DESCRIPTION,
    )
    assert check.blocking is blocking
    found = assessed(check, [visit(1), visit(2, 100)])
    assert (found.status, found.expected, found.actual, found.details) == (
        otherwise,
        "0 expensive visits",
        "1 expensive visits",
        "2-100",
    )


def test_a_day_without_rows_gets_the_declared_status():
    assert assessed(has_rows(visits, "visits", WARN), []).status is WARN
    assert assessed(has_rows(visits, "visits", FAIL), [visit(1)]).status is PASS


@pytest.mark.parametrize(
    ("tip", "status", "details"),
    [(10, PASS, ""), (14, WARN, "tips R$ 14"), (15, FAIL, "tips R$ 15"), (None, FAIL, "tips R$ 0")],
)
def test_totals_that_differ_by_less_than_the_limit_warn(tip, status, details):
    check = equal_totals(
        visits,
        Totals(label="visits", rows=rows_of(visits), columns={"money": "spent"}),
        Totals(label="tips", rows=rows_of(tips), columns={"money": "tip"}),
        text="R$ {money}",
        description=DESCRIPTION,
        warns_below=Decimal(5),
    )
    found = assessed(check, [visit(1, 10)], [{"number": 1, "tip": tip}])
    assert (found.status, found.expected, found.details) == (status, "R$ 10", details)

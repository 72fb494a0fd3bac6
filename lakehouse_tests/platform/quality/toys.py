"""A check of toy sales, its result on a day, and a lake to evaluate it on."""

import datetime as dt
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.quality.checks import (
    Assessment,
    CheckedDay,
    CheckInput,
    CheckStatus,
    DayFacts,
    QualityCheck,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId

SALES, SHOPS = TableId("gold", "toys", "sales"), TableId("silver", "toys", "shops")
COLUMNS = pa.schema([("shop", pa.int64())])
SCHEMA = ibis.schema({"shop": "int64", "day": "date"})
NOW = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
MAY = dt.date(2024, 5, 1)


def day(number: int) -> dt.date:
    return MAY + dt.timedelta(days=number - 1)


def rows_by_day(table: ir.Table) -> ir.Table:
    return table.group_by("day").agg(rows=table.count())


def shown(seen: DayFacts) -> Assessment:
    """Pass, and show the measured values."""
    previous = [each.get("rows", 0) for each in seen.previous]
    return Assessment(
        status=CheckStatus.PASS, expected=f"{previous}", actual=f"{seen.measured.get('rows')}"
    )


def check_of(*inputs: CheckInput, previous_days: int = 0, name: str = "seen") -> QualityCheck:
    return QualityCheck(
        name=name,
        category="test",
        table=SALES,
        description="Shows the measured values.",
        inputs=inputs,
        measure=rows_by_day,
        assess=shown,
        previous_days=previous_days,
    )


def write(lake: Lake, table: TableId, days: Mapping[dt.date, int]) -> None:
    made = {d: pa.table({"shop": list(range(n))}, schema=COLUMNS) for d, n in days.items()}
    lake.table(table).write(made, schema=COLUMNS)


def checked(n: int, status: CheckStatus, *, name: str = "seen", details: str = "") -> CheckedDay:
    assessment = Assessment(status=status, expected="0", actual=str(n), details=details)
    check = check_of(CheckInput(id=SALES, columns=lambda: SCHEMA), name=name)
    return CheckedDay(check=check, day=day(n), assessment=assessment, seconds=0.25)

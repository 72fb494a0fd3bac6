"""Fees by gate and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal
from lakehouse.domains.tolls.silver.passages import passages as known_passages

from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class GateDay(TableModel, key=("day", "gate")):
    """One gate on one day."""

    day: dt.date = pa.Field(description="Day of the passages")
    gate: int = pa.Field(description="Gate that was passed")
    fees: Decimal(18, 2) = pa.Field(le=1000, description="Sum of the fees in R$, at most 1000")


@gold(contract=GateDay, reads=[known_passages])
def gate_day(passages: ir.Table) -> ir.Table:
    """Fees by gate and day."""
    return passages.group_by("day", "gate").agg(fees=passages.fee.sum().cast("decimal(18, 2)"))

"""Passages that can be trusted."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal
from lakehouse.domains.tolls.sources import PASSAGES

from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    parse_date,
    parse_decimal,
    parse_int,
    provenance_of,
    rejected,
)


class Passages(TableModel, key=("day", "gate", "number")):
    """One passage."""

    day: dt.date = pa.Field(description="Day of the passage")
    gate: int = pa.Field(description="Gate that was passed")
    number: int = pa.Field(description="Number of the passage at its gate")
    fee: Decimal(14, 2) = pa.Field(ge=0, description="Fee in R$")


@silver(contract=Passages, reads=[PASSAGES.bronze])
def passages(landed: ir.Table) -> ir.Table:
    """Passages that can be trusted."""
    passed_on = parse_date(landed.passed_on)
    return landed.select(
        **provenance_of(landed, day=landed.day),
        _reasons=rejected(bad_date=passed_on.isnull()),
        day=passed_on.fill_null(landed.day),
        gate=parse_int(landed.gate),
        number=parse_int(landed.number),
        fee=parse_decimal(landed.fee),
    )

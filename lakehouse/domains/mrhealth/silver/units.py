"""Units of the chain as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import UNITS
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import parse_int, provenance_of, trimmed
from lakehouse.platform.tables.table import TableOptions


class Units(pa.DataFrameModel):
    """One unit on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    unit_id: int = pa.Field(description="Unit number")
    unit_name: str = pa.Field(description="Unit name")
    state_id: int = pa.Field(description="State the unit lies in")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that was valid")
    snapshot_version: str = pa.Field(description="First digits of the snapshot's SHA-256")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id"]


@silver(contract=Units, reads=[UNITS.bronze], options=TableOptions(snapshot=True))
def units(landed: ir.Table) -> ir.Table:
    """Units of the chain as of each day.

    The newest snapshot up to the day is valid, or the earliest one when none is that old.
    """
    return landed.select(
        **provenance_of(landed, day=landed.day),
        day=landed.day,
        unit_id=parse_int(landed.Id_Unidade),
        unit_name=trimmed(landed.Nome_Unidade),
        state_id=parse_int(landed.Id_Estado),
        snapshot_day=landed.day,
        snapshot_version=landed["_digest"].substr(0, 16),
    )

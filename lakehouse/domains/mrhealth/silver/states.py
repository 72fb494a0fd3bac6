"""States of the three countries as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import STATES
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import parse_int, provenance_of, trimmed
from lakehouse.platform.tables.table import TableOptions


class States(pa.DataFrameModel):
    """One state on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    state_id: int = pa.Field(description="State number")
    country_id: str = pa.Field(description="Country code, two letters")
    state_name: str = pa.Field(description="State name")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that was valid")
    snapshot_version: str = pa.Field(description="First digits of the snapshot's SHA-256")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "state_id"]


@silver(contract=States, reads=[STATES.bronze], options=TableOptions(snapshot=True))
def states(landed: ir.Table) -> ir.Table:
    """States of the three countries as of each day.

    The newest snapshot up to the day is valid, or the earliest one when none is that old.
    """
    return landed.select(
        **provenance_of(landed, day=landed.day),
        day=landed.day,
        state_id=parse_int(landed.Id_Estado),
        country_id=trimmed(landed.Id_Pais).upper(),
        state_name=trimmed(landed.Nome_Estado),
        snapshot_day=landed.day,
        snapshot_version=landed["_digest"].substr(0, 16),
    )

"""Countries of the chain as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import COUNTRIES
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of, trimmed
from lakehouse.platform.tables.table import TableOptions


class Countries(pa.DataFrameModel):
    """One country on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    country_id: str = pa.Field(description="Country code, two letters")
    country_name: str = pa.Field(description="Country name, Portuguese")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that was valid")
    snapshot_version: str = pa.Field(description="First digits of the snapshot's SHA-256")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "country_id"]


@silver(contract=Countries, reads=[COUNTRIES.bronze], options=TableOptions(snapshot=True))
def countries(landed: ir.Table) -> ir.Table:
    """Countries of the chain as of each day.

    The newest snapshot up to the day is valid, or the earliest one when none is that old.
    """
    return landed.select(
        **provenance_of(landed, day=landed.day),
        day=landed.day,
        country_id=trimmed(landed.Id_Pais).upper(),
        country_name=trimmed(landed.Nome_Pais),
        snapshot_day=landed.day,
        snapshot_version=landed["_digest"].substr(0, 16),
    )

"""Countries of the chain as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.sources import COUNTRIES
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of
from lakehouse.platform.tables.table import TableOptions
from lakehouse.platform.tables.text import name


class Countries(TableModel, key=("day", "country_id")):
    """One country on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    country_id: str = pa.Field(description="Code of the country, two letters")
    country_name: str = pa.Field(description="Name of the country in Portuguese")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that is valid on this day")
    snapshot_version: str = pa.Field(
        description="First 16 digits of the SHA-256 of the snapshot's file"
    )


@silver(
    contract=Countries,
    reads=[COUNTRIES.bronze],
    options=TableOptions(snapshot=True, later_rows=True),
)
def countries(rows: ir.Table) -> ir.Table:
    """Countries of the chain as of each day.

    The newest snapshot up to the day is valid; when all snapshots are later, the earliest one is.
    A country that no snapshot up to the day has is taken from the earliest later one that has it.
    """
    return rows.select(
        **provenance_of(rows, day=rows.day),
        **rules.reference_problems(
            numbers={}, countries={"Id_Pais": rows.Id_Pais}, names={"Nome_Pais": rows.Nome_Pais}
        ),
        day=rows.day,
        country_id=rules.country(rows.Id_Pais),
        country_name=name(rows.Nome_Pais),
        snapshot_day=rows.day,
        snapshot_version=rows["_digest"].substr(0, 16),
    )

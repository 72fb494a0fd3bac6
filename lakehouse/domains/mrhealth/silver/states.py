"""States of the three countries as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.sources import STATES
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of
from lakehouse.platform.tables.table import TableOptions
from lakehouse.platform.tables.text import name


class States(TableModel, key=("day", "state_id")):
    """One state on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    state_id: int = pa.Field(description="Number of the state")
    country_id: str = pa.Field(description="Code of the country, two letters")
    state_name: str = pa.Field(description="Name of the state")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that is valid on this day")
    snapshot_version: str = pa.Field(
        description="First 16 digits of the SHA-256 of the snapshot's file"
    )


@silver(
    contract=States, reads=[STATES.bronze], options=TableOptions(snapshot=True, later_rows=True)
)
def states(rows: ir.Table) -> ir.Table:
    """States of the three countries as of each day.

    The newest snapshot up to the day is valid; when all snapshots are later, the earliest one is.
    A state that no snapshot up to the day has is taken from the earliest later one that has it.
    """
    return rows.select(
        **provenance_of(rows, day=rows.day),
        **rules.reference_problems(
            numbers={"Id_Estado": rows.Id_Estado},
            countries={"Id_Pais": rows.Id_Pais},
            names={"Nome_Estado": rows.Nome_Estado},
        ),
        day=rows.day,
        state_id=rules.number(rows.Id_Estado),
        country_id=rules.country(rows.Id_Pais),
        state_name=name(rows.Nome_Estado),
        snapshot_day=rows.day,
        snapshot_version=rows["_digest"].substr(0, 16),
    )

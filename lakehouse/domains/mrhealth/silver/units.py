"""Units of the chain as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.sources import ORDERS, UNITS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of
from lakehouse.platform.tables.table import TableOptions, named_by
from lakehouse.platform.tables.text import name


class Units(TableModel, key=("day", "unit_id")):
    """One unit on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(description="Name of the unit")
    state_id: int = pa.Field(description="Number of the state in which the unit is located")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot from which the row is")
    snapshot_version: str = pa.Field(
        description="First 16 digits of the SHA-256 of the snapshot's file"
    )


@silver(
    contract=Units,
    reads=[UNITS.bronze, named_by(ORDERS.bronze, "Id_Unidade")],
    options=TableOptions(snapshot=True),
)
def units(rows: ir.Table) -> ir.Table:
    """Units of the chain as of each day.

    The newest snapshot up to the day is valid; when all snapshots are later, the earliest one is.
    A unit that orders of the day name, and that no snapshot up to the day has, is taken from the
    earliest later snapshot that has it.
    """
    return rows.select(
        **provenance_of(rows, day=rows.day),
        **rules.reference_problems(
            numbers={"Id_Unidade": rows.Id_Unidade, "Id_Estado": rows.Id_Estado},
            names={"Nome_Unidade": rows.Nome_Unidade},
        ),
        day=rows.day,
        unit_id=rules.number(rows.Id_Unidade),
        unit_name=name(rows.Nome_Unidade),
        state_id=rules.number(rows.Id_Estado),
        snapshot_day=rows.day,
        snapshot_version=rows["_digest"].substr(0, 16),
    )

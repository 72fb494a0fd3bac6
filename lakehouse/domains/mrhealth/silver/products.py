"""Products of the headquarters as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS, PRODUCTS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of
from lakehouse.platform.tables.table import TableOptions, named_by
from lakehouse.platform.tables.text import name


class Products(TableModel, key=("day", "product_id")):
    """One product on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product in Portuguese")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot from which the row is")
    snapshot_version: str = pa.Field(
        description="First 16 digits of the SHA-256 of the snapshot's file"
    )


@silver(
    contract=Products,
    reads=[PRODUCTS.bronze, named_by(ORDER_ITEMS.bronze, "Id_Produto", dated_by=ORDERS.bronze)],
    options=TableOptions(snapshot=True),
)
def products(rows: ir.Table) -> ir.Table:
    """Products of the headquarters as of each day.

    The newest snapshot up to the day is valid; when all snapshots are later, the earliest one is.
    A product that items of the day name, and that no snapshot up to the day has, is taken from the
    earliest later snapshot that has it.
    """
    return rows.select(
        **provenance_of(rows, day=rows.day),
        **rules.reference_problems(
            numbers={"Id_Produto": rows.Id_Produto}, names={"Nome_Produto": rows.Nome_Produto}
        ),
        day=rows.day,
        product_id=rules.number(rows.Id_Produto),
        product_name=name(rows.Nome_Produto),
        snapshot_day=rows.day,
        snapshot_version=rows["_digest"].substr(0, 16),
    )

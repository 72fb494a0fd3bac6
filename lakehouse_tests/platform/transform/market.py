"""A small market: pieces sold by shop and item, and their sums by shop."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
import pyarrow as arrow

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.table import Table, TableOptions

DAY = dt.date(2024, 1, 1)


class Sold(pa.DataFrameModel):
    """Something sold in a shop."""

    day: dt.date = pa.Field(description="Day")
    shop: int = pa.Field(description="Shop")
    item: str = pa.Field(description="Item")
    pieces: int = pa.Field(description="Pieces")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "shop", "item"]


class Shops(pa.DataFrameModel):
    """A shop on a day."""

    day: dt.date = pa.Field(description="Day")
    shop: int = pa.Field(description="Shop")
    pieces: int = pa.Field(ge=0, description="Pieces")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "shop"]


def summed(sold: ir.Table) -> ir.Table:
    """Pieces by shop."""
    return sold.group_by("day", "shop").agg(pieces=sold.pieces.sum())


SOLD = Table(id=TableId("silver", "market", "sold"), model=Sold, description="What was sold.")
SHOPS = declare_table(
    summed,
    table=TableId("gold", "market", "shops"),
    contract=Shops,
    reads=[SOLD],
    options=TableOptions(sliced_by="shop"),
)


def stock(lake: Lake, shops: list[int], pieces: int = 1, days: int = 1) -> None:
    """Store two items per shop and day, with 3 pieces of each times ``pieces``."""
    schema = arrow_schema(SOLD.contract.schema)
    rows = {}
    for day in (DAY + dt.timedelta(n) for n in range(days)):
        sold = [
            {"day": day, "shop": shop, "item": item, "pieces": pieces * len(item)}
            for shop in shops
            for item in ("pen", "ink")
        ]
        rows[day] = arrow.Table.from_pylist(sold, schema=schema)
    lake.table(SOLD.id).write(rows, schema=schema.remove(0))

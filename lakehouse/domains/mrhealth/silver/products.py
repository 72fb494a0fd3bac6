"""Products of the headquarters as of each day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import PRODUCTS
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import parse_int, provenance_of, trimmed
from lakehouse.platform.tables.table import TableOptions


class Products(pa.DataFrameModel):
    """One product on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    product_id: int = pa.Field(description="Product number")
    product_name: str = pa.Field(description="Product name, Portuguese")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that was valid")
    snapshot_version: str = pa.Field(description="First digits of the snapshot's SHA-256")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "product_id"]


@silver(contract=Products, reads=[PRODUCTS.bronze], options=TableOptions(snapshot=True))
def products(landed: ir.Table) -> ir.Table:
    """Products of the headquarters as of each day.

    The newest snapshot up to the day is valid, or the earliest one when none is that old.
    """
    return landed.select(
        **provenance_of(landed, day=landed.day),
        day=landed.day,
        product_id=parse_int(landed.Id_Produto),
        product_name=trimmed(landed.Nome_Produto),
        snapshot_day=landed.day,
        snapshot_version=landed["_digest"].substr(0, 16),
    )

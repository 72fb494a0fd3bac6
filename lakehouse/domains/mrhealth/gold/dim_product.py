"""Products as of each day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.platform.tables.declare import gold


class DimProduct(pa.DataFrameModel):
    """One product as it was on one day."""

    day: dt.date = pa.Field(description="Day on which this was so")
    product_id: int = pa.Field(description="Product number")
    product_name: str = pa.Field(description="Product name, Portuguese")
    valid_from: dt.date = pa.Field(description="Day of the snapshot that says so")
    valid_to: dt.date = pa.Field(nullable=True, description="Null: nothing newer was known")
    is_current: bool = pa.Field(description="True: the newest version known on that day")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "product_id"]


@gold(contract=DimProduct, reads=[known_products])
def dim_product(products: ir.Table) -> ir.Table:
    """Products as of each day; `dim_product_history` joins equal days into versions."""
    return products.select(
        "day",
        "product_id",
        "product_name",
        valid_from=products.snapshot_day,
        valid_to=ibis.null("date"),
        is_current=ibis.literal(True),
    )

"""Products as of each day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.silver.products import products as known_products
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class DimProduct(TableModel, key=("day", "product_id")):
    """One product on one day."""

    day: dt.date = pa.Field(description="Day on which the row is valid")
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product in Portuguese")
    valid_from: dt.date = pa.Field(description="Day of the snapshot with these values")
    valid_to: dt.date = pa.Field(
        nullable=True, description="Always null: no newer version was known on that day"
    )
    is_current: bool = pa.Field(description="Always true: the newest version known on that day")


@gold(contract=DimProduct, reads=[known_products])
def dim_product(products: ir.Table) -> ir.Table:
    """Products as of each day; `dim_product_history` merges equal days into versions."""
    return products.select(
        "day",
        "product_id",
        "product_name",
        valid_from=products.snapshot_day,
        valid_to=ibis.null("date"),
        is_current=ibis.literal(True),
    )

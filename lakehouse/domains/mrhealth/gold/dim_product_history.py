"""Versions of each product with their validity (slowly changing dimension, type 2)."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimProductHistory(TableModel, key=("product_id", "valid_from")):
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product in Portuguese")
    valid_from: dt.date = pa.Field(description="First processed day with these values")
    valid_to: dt.date = pa.Field(
        nullable=True,
        description=(
            "Day before the first processed day without these values; null while they are valid"
        ),
    )
    is_current: bool = pa.Field(
        description="True when the version is valid on the newest processed day"
    )


@gold_as_of(contract=DimProductHistory, reads=[products_by_day])
def dim_product_history(products: ir.Table) -> ir.Table:
    """Versions of each product: one row per period of consecutive days with the same values.

    The version of a product ends when the product leaves the product table; a new version starts
    when it returns.
    """
    days = products.select("day").distinct()
    days = days.mutate(n=ibis.row_number().over(order_by="day"))
    placed = products.join(days, "day")  # many products to one day
    same = ibis.window(group_by=[placed.product_id, placed.product_name], order_by=placed.day)
    seen = ibis.row_number().over(same)
    stretches = placed.mutate(stretch=placed.n - seen)
    versions = stretches.group_by("product_id", "product_name", "stretch").agg(
        valid_from=stretches.day.min(), following=stretches.n.max() + 1
    )
    after = days.select(end_day=days.day, following=days.n)
    ended = versions.left_join(after, "following")  # many versions to the day after their last
    return ended.select(
        "product_id",
        "product_name",
        "valid_from",
        valid_to=(ended.end_day - ibis.interval(days=1)).cast("date"),
        is_current=ended.end_day.isnull(),
    ).order_by("product_id", "valid_from")

"""Products in versions, each with the time it was valid (a slowly changing dimension of type 2)."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.platform.tables.declare import view


class DimProductHistory(pa.DataFrameModel):
    product_id: int = pa.Field(description="Product number")
    product_name: str = pa.Field(description="Product name, Portuguese")
    valid_from: dt.date = pa.Field(description="First processed day on which this was so")
    valid_to: dt.date = pa.Field(
        nullable=True,
        description="Day before the first processed one on which it no longer was so; null if none",
    )
    is_current: bool = pa.Field(description="True for a version of the newest processed day")

    class Config:
        """One row per key."""

        strict = True
        unique = ["product_id", "valid_from"]


@view(contract=DimProductHistory, reads=[products_by_day])
def dim_product_history(products: ir.Table) -> ir.Table:
    """Versions of each product: one row for each stretch of days with the same values.

    A product that leaves the product table ends, and begins anew when it comes back.
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

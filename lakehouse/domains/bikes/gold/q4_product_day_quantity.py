"""Question 4: number of pieces by product and order time."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q4ProductDayQuantity(TableModel, key=("product_id", "order_date")):
    product_id: int = pa.Field(description="Number of the product")
    name: str = pa.Field(description="Name of the product in English")
    order_date: Timestamp(scale=6) = pa.Field(description="Time when the orders were placed")
    order_qty: int = pa.Field(gt=0, description="Number of pieces ordered")


@gold_as_of(contract=Q4ProductDayQuantity, reads=[fact_order_lines, dim_product])
def q4_product_day_quantity(lines: ir.Table, products: ir.Table) -> ir.Table:
    """Number of pieces by product and order time, highest first; unknown orders are left out."""
    placed = lines.filter(lines.order_date.notnull())
    named = placed.inner_join(products.select("product_id", "name"), "product_id")  # one product
    return (
        named.group_by("product_id", "name", "order_date")
        .agg(order_qty=named.order_qty.sum())
        .order_by(ibis.desc("order_qty"), "product_id", "order_date")
    )

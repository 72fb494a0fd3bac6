"""Lines with the order, customer and product they belong to."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.platform.table import view


class OrderLines(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the line")
    sales_order_id: int = pa.Field(description="Order number")
    sales_order_detail_id: int = pa.Field(description="Line number")
    order_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="When the order was placed; null when the order is not known"
    )
    customer_id: int = pa.Field(
        nullable=True, description="Customer of the order; null when the order is not known"
    )
    online_order_flag: bool = pa.Field(nullable=True, description="Whether it was placed online")
    territory_id: int = pa.Field(nullable=True, description="Sales territory")
    product_id: int = pa.Field(description="Product number")
    product_name: str = pa.Field(
        nullable=True, description="Product name; null when the product is not known"
    )
    days_to_manufacture: int = pa.Field(nullable=True, description="Days to make the product")
    special_offer_id: int = pa.Field(description="Offer number; 1 is no discount")
    order_qty: int = pa.Field(description="Pieces")
    line_total: Decimal(38, 6) = pa.Field(description="Amount of the line in US$")

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id", "sales_order_detail_id"]


@view(contract=OrderLines, reads=[fact_order_lines, fact_orders, dim_product])
def order_lines(lines: ir.Table, orders: ir.Table, products: ir.Table) -> ir.Table:
    """Every line once, with what is known of its order and its product, whenever they came."""
    placed = orders.select(
        "sales_order_id", "order_date", "customer_id", "online_order_flag", "territory_id"
    )
    named = products.select("product_id", "days_to_manufacture", product_name=products.name)
    joined = lines.left_join(placed, "sales_order_id")  # many lines to one order
    joined = joined.drop("sales_order_id_right").left_join(named, "product_id")  # to one product
    return joined.select(*OrderLines.to_schema().columns)

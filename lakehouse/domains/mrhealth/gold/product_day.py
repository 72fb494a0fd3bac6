"""Sales of each product by day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.dim_product import dim_product as known_products
from lakehouse.domains.mrhealth.gold.fact_order_items import fact_order_items as items_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class ProductDay(TableModel, key=("day", "product_id")):
    """One product on one day with orders for it."""

    day: dt.date = pa.Field(description="Date of the orders")
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product as of the day")
    orders: int = pa.Field(gt=0, description="Number of orders of any status with the product")
    quantity: int = pa.Field(gt=0, description="Number of pieces in orders of any status")
    line_revenue: Decimal(18, 2) = pa.Field(
        description="Sum of quantity × unit price in BRL over orders of any status"
    )
    units_selling: int = pa.Field(gt=0, description="Number of units with an order for the product")


@gold(contract=ProductDay, reads=[items_fact, known_products])
def product_day(items: ir.Table, products: ir.Table) -> ir.Table:
    """Sales of each product by day, over orders of every status."""
    order = items.unit_id.cast("string") + "/" + items.order_id
    sums = items.group_by("day", "product_id").agg(
        orders=order.nunique(),
        quantity=items.quantity.sum().cast("int64"),
        line_revenue=items.line_total.sum().cast("decimal(18, 2)"),
        units_selling=items.unit_id.nunique(),
    )
    named = sums.join(products, ["day", "product_id"])  # one sum to one product of the day
    return named.select(
        "day",
        "product_id",
        "product_name",
        "orders",
        "quantity",
        "line_revenue",
        "units_selling",
    )

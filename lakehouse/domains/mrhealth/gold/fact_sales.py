"""Another name of the fact of orders."""

import ibis.expr.types as ir

from lakehouse.domains.mrhealth.gold.fact_orders import FactOrders
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.platform.tables.declare import view


@view(contract=FactOrders, reads=[orders_fact])
def fact_sales(orders: ir.Table) -> ir.Table:
    """The same rows as `fact_orders`, for readers who know it by this name."""
    return orders.select(*orders.columns)

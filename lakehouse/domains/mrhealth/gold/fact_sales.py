"""Second name of `fact_orders`."""

import ibis.expr.types as ir

from lakehouse.domains.mrhealth.gold.fact_orders import FactOrders
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.platform.tables.declare import gold


@gold(contract=FactOrders, reads=[orders_fact])
def fact_sales(orders: ir.Table) -> ir.Table:
    """Same rows as `fact_orders`, under the name that some readers expect."""
    return orders.select(*orders.columns)

"""Question 3, second reading: number of orders by full name; persons with one name are merged."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.q3_customer_orders import q3_customer_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q3CustomerOrdersByName(TableModel, key=("customer_name",)):
    customer_name: str = pa.Field(
        metadata={"personal": "name"}, description="First, middle and last name of the customer"
    )
    orders: int = pa.Field(gt=0, description="Number of orders of all customers with the name")
    customers: int = pa.Field(gt=0, description="Number of customers with the name")


@gold_as_of(contract=Q3CustomerOrdersByName, reads=[q3_customer_orders])
def q3_customer_orders_by_name(customers: ir.Table) -> ir.Table:
    """Number of orders by full name, highest first, then by name."""
    return (
        customers.group_by("customer_name")
        .agg(orders=customers.orders.sum(), customers=customers.count())
        .order_by(ibis.desc("orders"), "customer_name")
    )

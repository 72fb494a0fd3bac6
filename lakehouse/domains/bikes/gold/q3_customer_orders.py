"""Question 3: number of orders of each customer who is a person."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.dim_customer import dim_customer
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q3CustomerOrders(TableModel, key=("customer_id",)):
    person_id: int = pa.Field(description="Number of the person")
    customer_id: int = pa.Field(description="Number of the customer")
    customer_name: str = pa.Field(
        metadata={"personal": "name"}, description="First, middle and last name of the customer"
    )
    orders: int = pa.Field(gt=0, description="Number of orders")


@gold_as_of(contract=Q3CustomerOrders, reads=[fact_orders, dim_customer])
def q3_customer_orders(orders: ir.Table, customers: ir.Table) -> ir.Table:
    """Number of orders by customer, highest first; persons with the same name are separate rows.

    Customers without a known person have no name and are left out.
    """
    named = customers.filter(customers.full_name.notnull())
    placed = orders.inner_join(named, "customer_id")  # many orders to one customer
    return (
        placed.group_by("person_id", "customer_id", customer_name=placed.full_name)
        .agg(orders=placed.count())
        .order_by(ibis.desc("orders"), "person_id", "customer_id")
    )

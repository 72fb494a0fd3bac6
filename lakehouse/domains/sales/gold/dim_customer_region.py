"""Customers by region of their sales."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimCustomerRegion(TableModel, key=("customer_id", "region")):
    """One customer in one region."""

    customer_key: int = pa.Field(description="Key of the customer, as in dim_customer")
    customer_id: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the customer"
    )
    region: str = pa.Field(isin=rules.REGIONS, description="Region of the customer's sales")
    sales: int = pa.Field(gt=0, description="Number of the customer's sales in the region")


@gold_as_of(contract=DimCustomerRegion, reads=[sales_fact])
def dim_customer_region(sales: ir.Table) -> ir.Table:
    """Pairs of customer and region with sales; the previous system called this dim_customer.

    A join with sales by customer alone repeats the sales of customers with several regions. Join by
    customer and region, or use `dim_customer`.
    """
    return (
        sales.group_by("customer_key", "customer_id", "region")
        .agg(sales=sales.count())
        .order_by("customer_id", "region")
    )

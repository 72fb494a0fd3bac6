"""Customers with sales."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.dim_customer_region import (
    dim_customer_region as customers_by_region,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimCustomer(TableModel, key=("customer_id",)):
    """One customer."""

    customer_key: int = pa.Field(description="Key of the customer, derived from customer_id alone")
    customer_id: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the customer"
    )
    customer_name: str = pa.Field(
        metadata={"personal": "name"}, description="Name of the customer: Cliente and customer_id"
    )
    region: str = pa.Field(
        isin=rules.REGIONS, description="Region with most of the customer's sales; ties by name"
    )


@gold_as_of(contract=DimCustomer, reads=[customers_by_region])
def dim_customer(regions: ir.Table) -> ir.Table:
    """Customers with sales, one row each; the region of a single sale is in fact_sales."""
    most_first = ibis.window(
        group_by="customer_id", order_by=[ibis.desc(regions.sales), regions.region]
    )
    ranked = regions.mutate(rank=ibis.row_number().over(most_first))
    home = ranked.filter(ranked["rank"] == 0)
    return home.select(
        "customer_key",
        "customer_id",
        customer_name=rules.labelled("Cliente", home.customer_id),
        region=home.region,
    ).order_by("customer_id")

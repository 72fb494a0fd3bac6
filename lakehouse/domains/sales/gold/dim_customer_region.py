"""Customers and the regions they bought in."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.declare import view


class DimCustomerRegion(pa.DataFrameModel):
    """One customer in one region."""

    customer_key: int = pa.Field(description="Key of dim_customer")
    customer_id: int = pa.Field(metadata={"personal": "identifier"}, description="Customer number")
    region: str = pa.Field(isin=rules.REGIONS, description="Region the customer bought in")
    sales: int = pa.Field(gt=0, description="Sales to the customer there")

    class Config:
        """One row per key."""

        strict = True
        unique = ["customer_id", "region"]


@view(contract=DimCustomerRegion, reads=[sales_fact])
def dim_customer_region(sales: ir.Table) -> ir.Table:
    """Every pair of customer and region with a sale; what the original called dim_customer.

    Joined to sales by customer alone it repeats the sales of customers with several regions; join
    by customer and region, or use `dim_customer`.
    """
    return (
        sales.group_by("customer_key", "customer_id", "region")
        .agg(sales=sales.count())
        .order_by("customer_id", "region")
    )

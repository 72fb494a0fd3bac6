"""Sellers who sold."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.declare import view


class DimSeller(pa.DataFrameModel):
    """One seller."""

    seller_key: int = pa.Field(description="Key, from the seller's number alone")
    seller_id: int = pa.Field(description="Seller number")
    seller_name: str = pa.Field(description="Name, Vendedor and the number")

    class Config:
        """One row per key."""

        strict = True
        unique = ["seller_id"]


@view(contract=DimSeller, reads=[sales_fact])
def dim_seller(sales: ir.Table) -> ir.Table:
    """Every seller with a sale."""
    sellers = sales.select("seller_key", "seller_id").distinct()
    return sellers.mutate(seller_name=rules.labelled("Vendedor", sellers.seller_id)).order_by(
        "seller_id"
    )

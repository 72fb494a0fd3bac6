"""Sellers with sales."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimSeller(TableModel, key=("seller_id",)):
    """One seller."""

    seller_key: int = pa.Field(description="Key of the seller, derived from seller_id alone")
    seller_id: int = pa.Field(description="Number of the seller")
    seller_name: str = pa.Field(description="Name of the seller: Vendedor and seller_id")


@gold_as_of(contract=DimSeller, reads=[sales_fact])
def dim_seller(sales: ir.Table) -> ir.Table:
    """Sellers with sales, one row each."""
    sellers = sales.select("seller_key", "seller_id").distinct()
    return sellers.mutate(seller_name=rules.labelled("Vendedor", sellers.seller_id)).order_by(
        "seller_id"
    )

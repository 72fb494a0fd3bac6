"""Products with sales."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimProduct(TableModel, key=("product_id",)):
    """One product."""

    product_key: int = pa.Field(description="Key of the product, derived from product_id alone")
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product: Produto and product_id")


@gold_as_of(contract=DimProduct, reads=[sales_fact])
def dim_product(sales: ir.Table) -> ir.Table:
    """Products with sales, one row each."""
    products = sales.select("product_key", "product_id").distinct()
    return products.mutate(product_name=rules.labelled("Produto", products.product_id)).order_by(
        "product_id"
    )

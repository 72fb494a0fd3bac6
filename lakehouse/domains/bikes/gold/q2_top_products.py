"""Question 2: the three products with the most pieces ordered."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import rank_by


class Q2TopProducts(TableModel, key=("place",)):
    place: int = pa.Field(
        ge=1, le=rules.TOP, description="Rank by pieces ordered, 1 is the highest"
    )
    product_id: int = pa.Field(description="Number of the product")
    name: str = pa.Field(description="Name of the product in English")
    days_to_manufacture: int = pa.Field(description="Number of days to manufacture the product")
    order_qty: int = pa.Field(gt=0, description="Number of pieces ordered")


@gold_as_of(contract=Q2TopProducts, reads=[fact_order_lines, special_offer_products, dim_product])
def q2_top_products(lines: ir.Table, offers: ir.Table, products: ir.Table) -> ir.Table:
    """The three products with the most pieces ordered; ties by product number."""
    sold = rules.ordered_products(lines, offers, products)
    placed = sold.mutate(place=rank_by(ibis.desc("order_qty"), "product_id"))
    top = placed.filter(placed.place <= rules.TOP)
    return top.select(*Q2TopProducts.to_schema().columns).order_by("place")

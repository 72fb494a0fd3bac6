"""Question 2, second reading: the top three products for each number of days to manufacture."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q2TopProductsByDaysToManufacture(TableModel, key=("days_to_manufacture", "place")):
    days_to_manufacture: int = pa.Field(description="Number of days to manufacture the product")
    place: int = pa.Field(
        ge=1, le=rules.TOP, description="Rank by pieces ordered, 1 is the highest"
    )
    product_id: int = pa.Field(description="Number of the product")
    name: str = pa.Field(description="Name of the product in English")
    order_qty: int = pa.Field(gt=0, description="Number of pieces ordered")


@gold_as_of(
    contract=Q2TopProductsByDaysToManufacture,
    reads=[fact_order_lines, special_offer_products, dim_product],
)
def q2_top_products_by_days_to_manufacture(
    lines: ir.Table, offers: ir.Table, products: ir.Table
) -> ir.Table:
    """The top three products for each number of days to manufacture; ties by product number."""
    sold = rules.ordered_products(lines, offers, products)
    most_first = ibis.window(
        group_by="days_to_manufacture", order_by=[ibis.desc("order_qty"), "product_id"]
    )
    placed = sold.mutate(place=ibis.row_number().over(most_first) + 1)
    top = placed.filter(placed.place <= rules.TOP)
    columns = Q2TopProductsByDaysToManufacture.to_schema().columns
    return top.select(*columns).order_by("days_to_manufacture", "place")

"""Sales of each product over all days."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as sales_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import newest_by, rank_by, rate


class AggProductPerformance(TableModel, key=("product_id",)):
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product in Portuguese, the newest known")
    orders: int = pa.Field(ge=0, description="Number of orders of any status with the product")
    lines: int = pa.Field(ge=0, description="Number of order lines of any status")
    quantity: int = pa.Field(ge=0, description="Number of pieces in orders of any status")
    line_revenue: Decimal(18, 2) = pa.Field(
        description="Sum of quantity × unit price in BRL over orders of any status"
    )
    completed_line_revenue: Decimal(18, 2) = pa.Field(
        description="Sum of quantity × unit price in BRL over finished orders"
    )
    average_price: Decimal(18, 2) = pa.Field(
        nullable=True, description="line_revenue ÷ quantity in BRL; null when never ordered"
    )
    units_selling: int = pa.Field(ge=0, description="Number of units with an order for the product")
    unit_penetration_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="units_selling ÷ number of known units, 0 to 1; null without units",
    )
    revenue_rank: int = pa.Field(
        ge=1, description="Rank by line_revenue, 1 is the highest; ties by product_id"
    )
    volume_rank: int = pa.Field(
        ge=1, description="Rank by quantity, 1 is the highest; ties by product_id"
    )


@gold_as_of(contract=AggProductPerformance, reads=[sales_by_day, products_by_day, units_by_day])
def agg_product_performance(sales: ir.Table, products: ir.Table, units: ir.Table) -> ir.Table:
    """Sales of each product over all days; a product that was never ordered has zeros.

    Line revenue excludes delivery fees and includes orders of every status, so it differs from the
    revenue of the other tables; `completed_line_revenue` includes finished orders only.
    """
    by_product = sales.group_by("product_id").agg(
        orders=sales.orders.sum(),
        lines=sales.lines.sum(),
        quantity=sales.quantity.sum(),
        line_revenue=sales.line_revenue.sum().cast("decimal(18, 2)"),
        completed_line_revenue=sales.completed_line_revenue.sum().cast("decimal(18, 2)"),
        units_selling=sales.unit_id.nunique(),
    )
    known = newest_by(products, "product_id", at="day")
    spine = known.left_join(by_product, "product_id")  # one product to one sum
    chain = spine.cross_join(units.agg(known_units=units.unit_id.nunique()))  # to the one count
    counts = {
        name: chain[name].fill_null(0).cast("int64")
        for name in ("orders", "lines", "quantity", "units_selling")
    }
    money = {
        name: chain[name].fill_null(0).cast("decimal(18, 2)")
        for name in ("line_revenue", "completed_line_revenue")
    }
    measured = chain.select(
        "product_id",
        "product_name",
        **counts,
        **money,
        average_price=rate(chain.line_revenue, chain.quantity, 2),
        unit_penetration_pct=rate(chain.units_selling.fill_null(0), chain.known_units),
    )
    return measured.mutate(
        revenue_rank=rank_by(ibis.desc("line_revenue"), "product_id"),
        volume_rank=rank_by(ibis.desc("quantity"), "product_id"),
    ).order_by("product_id")

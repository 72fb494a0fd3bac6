"""What each unit should order of each product, with every term that leads to the order."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.demand_forecast import demand_forecast as forecasts
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.stock_on_hand import stock_on_hand as stock_by_unit
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.domains.mrhealth.purchase import MODULES
from lakehouse.domains.mrhealth.purchase.inputs import inputs_of
from lakehouse.domains.mrhealth.purchase.tables import recommended_rows
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class PurchaseRecommendation(TableModel, key=("unit_id", "product_id")):
    """One product in one unit, ordered after the sales of the day."""

    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(description="Name of the unit")
    product_id: int = pa.Field(description="Number of the product")
    product_name: str = pa.Field(description="Name of the product in Portuguese")
    abc_class: str = pa.Field(
        isin=("A", "B", "C"),
        description="A: products with the first 80 % of the unit's revenue of 91 days; B: up to"
        " 95 %; C: the others",
    )
    xyz_class: str = pa.Field(
        isin=("X", "Y", "Z"),
        description="Coefficient of variation of the daily pieces of 91 days: X up to 0.5, Y up to"
        " 1.0, Z above",
    )
    service_rate: Decimal(18, 4) = pa.Field(
        description="Wanted probability that the stock suffices on a day, by class, 0 to 1"
    )
    lead_days: Decimal(18, 2) = pa.Field(description="Mean number of days from order to receipt")
    lead_days_variance: Decimal(18, 4) = pa.Field(
        description="Variance of the number of days from order to receipt, in days²"
    )
    lead_measured: bool = pa.Field(
        description="True when lead_days are those of at least five receipts; else they are agreed"
    )
    daily_demand: Decimal(18, 2) = pa.Field(
        ge=0, description="Expected number of pieces a day, mean of the next seven days"
    )
    covered_days: Decimal(18, 2) = pa.Field(
        description="Number of days that this order must cover: lead_days, at least 1"
    )
    demand: Decimal(18, 2) = pa.Field(
        ge=0, description="Expected number of pieces of the covered days"
    )
    demand_deviation: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Standard deviation of demand in number of pieces, from the quantiles of the"
        " forecast and the variance of the delivery time",
    )
    safety_factor: Decimal(18, 4) = pa.Field(
        description="Number of standard deviations: normal quantile of service_rate"
    )
    safety_stock: Decimal(18, 2) = pa.Field(
        description="Number of pieces: safety_factor × demand_deviation"
    )
    reorder_point: Decimal(18, 2) = pa.Field(
        description="Number of pieces in stock and on order below which is ordered: demand +"
        " safety_stock"
    )
    lot: int = pa.Field(gt=0, description="Number of pieces of a lot; orders are whole lots")
    lot_allowance: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Number of pieces for what rounding to the nearest lot costs in service:"
        " safety_factor × lot² ÷ (24 × demand_deviation), at most half a lot",
    )
    target: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Number of pieces to have in stock and on order: demand + safety_stock +"
        " lot_allowance",
    )
    shelf_days: int = pa.Field(gt=0, description="Number of days on which a received piece is good")
    shelf_limit: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Expected number of pieces of lead_days + shelf_days: more would expire; a"
        " target above it is limited to it",
    )
    stock_known: bool = pa.Field(
        description="False without a count or initial stock: on_hand is 0 then, and what the unit"
        " has must be taken off the order"
    )
    on_hand: int = pa.Field(ge=0, description="Number of pieces in stock; 0 when unknown")
    on_order: int = pa.Field(ge=0, description="Number of pieces ordered and not received")
    order_lots: int = pa.Field(
        ge=0,
        description="Number of lots nearest to (target − on_hand − on_order) ÷ lot, halves up; with"
        " shelf_limit instead of a higher target, and then rounded down; at least 0",
    )
    order_pieces: int = pa.Field(ge=0, description="Recommended number of pieces: order_lots × lot")
    days_of_cover: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Number of days: (on_hand + on_order) ÷ daily_demand; null with unknown stock"
        " or without demand",
    )
    unit_price: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Mean price of a piece over 91 days in BRL; null when nothing was sold or the"
        " price is zero",
    )
    unit_cost: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Cost of a piece in BRL: that of the newest movement, else 35 % of unit_price;"
        " null when neither is known",
    )
    order_value: Decimal(18, 2) = pa.Field(
        nullable=True, description="order_pieces × unit_cost in BRL; null without a cost"
    )
    expected_lost: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Expected number of pieces that guests want on the covered days and do not get,"
        " after the order",
    )
    lost_sales_value: Decimal(18, 2) = pa.Field(
        nullable=True, description="expected_lost × unit_price in BRL; null without a price"
    )
    expected_expired: Decimal(18, 2) = pa.Field(
        ge=0, description="Expected number of pieces of the order that expire unsold"
    )
    waste_value: Decimal(18, 2) = pa.Field(
        nullable=True, description="expected_expired × unit_cost in BRL; null without a cost"
    )
    explanation: str = pa.Field(description="The arithmetic of the order, in Portuguese")


@gold_as_of(
    contract=PurchaseRecommendation,
    reads=[forecasts, stock_by_unit, products_sold, sales_by_day, products_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def purchase_recommendation(
    forecast: ir.Table, stock: ir.Table, sold: ir.Table, sales: ir.Table, menu: ir.Table
) -> PythonRows:
    """Pieces that each unit should order of each product after the sales of the day.

    The order covers the days until the next one can arrive, with the service level of the product's
    class. Without stock movements the stock is unknown and the order covers the demand alone.
    """
    return PythonRows(
        inputs=inputs_of(forecast, stock, sold, sales, menu), compute=recommended_rows
    )

"""Stock movements of each product by unit and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import stock_rules
from lakehouse.domains.mrhealth.silver.stock_movements import stock_movements as movements_of_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class StockMovements(TableModel, key=("day", "unit_id", "product_id")):
    """One product in one unit on one day with a movement of its stock."""

    day: dt.date = pa.Field(description="Date of the movements")
    unit_id: int = pa.Field(description="Number of the unit")
    product_id: int = pa.Field(description="Number of the product")
    initial: int = pa.Field(
        nullable=True,
        ge=0,
        description="Number of pieces before the day's sales, when stock keeping began; else null",
    )
    ordered: int = pa.Field(ge=0, description="Number of pieces ordered from suppliers")
    received: int = pa.Field(ge=0, description="Number of pieces received")
    wasted: int = pa.Field(ge=0, description="Number of pieces thrown away")
    counted: int = pa.Field(
        nullable=True,
        ge=0,
        description="Number of pieces counted after the day's sales; null without a count",
    )
    received_value: Decimal(18, 2) = pa.Field(
        description="Cost of the received pieces in BRL; pieces without a cost count as 0"
    )
    unit_cost: Decimal(14, 2) = pa.Field(
        nullable=True,
        description="Highest cost of one piece in BRL among the movements; null when none has one",
    )


@gold(contract=StockMovements, reads=[movements_of_day])
def stock_movements(movements: ir.Table) -> ir.Table:
    """Stock movements of each product by unit and day, without sales.

    Several counts of one day are counts of several places and are added up; so are initial stocks.
    """

    def pieces(kind: str) -> ir.IntegerScalar:
        return movements.quantity.sum(where=movements.kind == kind).cast("int64")

    value = movements.unit_cost.fill_null(0) * movements.quantity
    received = movements.kind == stock_rules.RECEIVED
    summed = movements.group_by("day", "unit_id", "product_id").agg(
        initial=pieces(stock_rules.INITIAL),
        ordered=pieces(stock_rules.ORDERED).fill_null(0),
        received=pieces(stock_rules.RECEIVED).fill_null(0),
        wasted=pieces(stock_rules.WASTED).fill_null(0),
        counted=pieces(stock_rules.COUNTED),
        received_value=value.sum(where=received).cast("decimal(38, 2)").fill_null(0),
        unit_cost=movements.unit_cost.max(),
    )
    return summed.mutate(received_value=summed.received_value.cast("decimal(18, 2)"))

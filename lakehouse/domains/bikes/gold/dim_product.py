"""Current products."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.silver.products import products
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimProduct(TableModel, key=("product_id",)):
    product_id: int = pa.Field(description="Number of the product")
    name: str = pa.Field(description="Name of the product in English")
    product_number: str = pa.Field(description="Code of the product")
    color: str = pa.Field(nullable=True, description="Color of the product; null when it has none")
    size: str = pa.Field(
        nullable=True, description="Size as a number or letters; null when the product has none"
    )
    weight: Decimal(8, 2) = pa.Field(
        nullable=True, description="Weight in the unit of the weight; null when unknown"
    )
    days_to_manufacture: int = pa.Field(description="Number of days to manufacture the product")
    product_line: str = pa.Field(
        nullable=True,
        description="Product line: R road, M mountain, T touring, S other; null when in none",
    )
    product_subcategory_id: int = pa.Field(
        nullable=True, description="Number of the subcategory; null when it has none"
    )
    product_model_id: int = pa.Field(
        nullable=True, description="Number of the model; null when it has none"
    )
    make_flag: bool = pa.Field(
        description="True when the product is made in house, false when it is bought"
    )
    finished_goods_flag: bool = pa.Field(description="True when the product can be sold")
    standard_cost: Decimal(19, 4) = pa.Field(description="Cost of one piece in USD")
    list_price: Decimal(19, 4) = pa.Field(description="List price of one piece in USD")
    sell_start_date: Timestamp(scale=6) = pa.Field(description="First day of sale")
    sell_end_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Last day of sale; null while the product is sold"
    )
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot with this row")


@gold_as_of(contract=DimProduct, reads=[products])
def dim_product(known: ir.Table) -> ir.Table:
    """Products of the newest snapshot, one row each."""
    current = rules.newest(known)
    return current.mutate(snapshot_day=current.day).select(*DimProduct.to_schema().columns)

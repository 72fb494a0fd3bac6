"""Products as they are now."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.silver.products import products
from lakehouse.platform.tables.declare import view


class DimProduct(pa.DataFrameModel):
    product_id: int = pa.Field(description="Product number")
    name: str = pa.Field(description="Product name, English")
    product_number: str = pa.Field(description="Product code")
    color: str = pa.Field(nullable=True, description="Colour")
    size: str = pa.Field(nullable=True, description="Size, a number or letters")
    weight: Decimal(8, 2) = pa.Field(nullable=True, description="Weight in its unit")
    days_to_manufacture: int = pa.Field(description="Days to make it")
    product_line: str = pa.Field(
        nullable=True, description="R road, M mountain, T touring, S other"
    )
    product_subcategory_id: int = pa.Field(nullable=True, description="Subcategory number")
    product_model_id: int = pa.Field(nullable=True, description="Model number")
    make_flag: bool = pa.Field(description="Whether it is made in house")
    finished_goods_flag: bool = pa.Field(description="Whether it can be sold")
    standard_cost: Decimal(19, 4) = pa.Field(description="Cost in US$")
    list_price: Decimal(19, 4) = pa.Field(description="Price in US$")
    sell_start_date: Timestamp(scale=6) = pa.Field(description="First day of sale")
    sell_end_date: Timestamp(scale=6) = pa.Field(nullable=True, description="Last day of sale")
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot that says so")

    class Config:
        """One row per key."""

        strict = True
        unique = ["product_id"]


@view(contract=DimProduct, reads=[products])
def dim_product(known: ir.Table) -> ir.Table:
    """One row per product of the newest snapshot."""
    current = rules.newest(known)
    return current.mutate(snapshot_day=current.day).select(*DimProduct.to_schema().columns)

"""Products: what is sold, and what it is made of."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import PRODUCTS
from lakehouse.platform.tables.declare import silver


class Products(pa.DataFrameModel):
    """One product on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot that says so")
    product_id: int = pa.Field(description="Product number")
    name: str = pa.Field(description="Product name, English")
    product_number: str = pa.Field(description="Product code")
    make_flag: bool = pa.Field(description="Whether it is made in house")
    finished_goods_flag: bool = pa.Field(description="Whether it can be sold")
    color: str = pa.Field(nullable=True, description="Colour")
    safety_stock_level: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Least pieces in stock"
    )
    reorder_point: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Pieces at which it is ordered again"
    )
    standard_cost: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Cost in US$"
    )
    list_price: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Price in US$"
    )
    size: str = pa.Field(nullable=True, description="Size, a number or letters")
    size_unit_measure_code: str = pa.Field(
        nullable=True, description="Unit of the size, such as CM"
    )
    weight_unit_measure_code: str = pa.Field(
        nullable=True, description="Unit of the weight: G or LB"
    )
    weight: Decimal(8, 2) = pa.Field(nullable=True, description="Weight in its unit")
    days_to_manufacture: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Days to make it"
    )
    product_line: str = pa.Field(
        nullable=True, description="R road, M mountain, T touring, S other"
    )
    product_class: str = pa.Field(
        alias="class", nullable=True, description="H high, M medium, L low"
    )
    style: str = pa.Field(nullable=True, description="W women, M men, U universal")
    product_subcategory_id: int = pa.Field(nullable=True, description="Subcategory number")
    product_model_id: int = pa.Field(nullable=True, description="Model number")
    sell_start_date: Timestamp(scale=6) = pa.Field(description="First day of sale")
    sell_end_date: Timestamp(scale=6) = pa.Field(nullable=True, description="Last day of sale")
    discontinued_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="When it was given up"
    )
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(description="When the row was last changed")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "product_id"]


@silver(contract=Products, reads=[PRODUCTS.bronze])
def products(landed: ir.Table) -> ir.Table:
    """Products as of each delivery; the newest day is the current one."""
    return rules.typed(landed, Products, PRODUCTS)

"""Products that the shop sells, and the parts of which they are made."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import PRODUCTS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class Products(TableModel, key=("day", "product_id")):
    """One product on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot with this row")
    product_id: int = pa.Field(description="Number of the product")
    name: str = pa.Field(description="Name of the product in English")
    product_number: str = pa.Field(description="Code of the product")
    make_flag: bool = pa.Field(
        description="True when the product is made in house, false when it is bought"
    )
    finished_goods_flag: bool = pa.Field(description="True when the product can be sold")
    color: str = pa.Field(nullable=True, description="Color of the product; null when it has none")
    safety_stock_level: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Minimum stock in pieces"
    )
    reorder_point: int = pa.Field(
        ge=0,
        metadata={"reason": "bad_integer"},
        description="Stock in pieces at which the product is reordered",
    )
    standard_cost: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Cost of one piece in USD"
    )
    list_price: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="List price of one piece in USD"
    )
    size: str = pa.Field(
        nullable=True, description="Size as a number or letters; null when the product has none"
    )
    size_unit_measure_code: str = pa.Field(
        nullable=True, description="Unit of the size such as CM; null without a size"
    )
    weight_unit_measure_code: str = pa.Field(
        nullable=True, description="Unit of the weight, G or LB; null without a weight"
    )
    weight: Decimal(8, 2) = pa.Field(
        nullable=True, description="Weight in the unit of the weight; null when unknown"
    )
    days_to_manufacture: int = pa.Field(
        ge=0,
        metadata={"reason": "bad_integer"},
        description="Number of days to manufacture the product",
    )
    product_line: str = pa.Field(
        nullable=True,
        description="Product line: R road, M mountain, T touring, S other; null when in none",
    )
    product_class: str = pa.Field(
        alias="class",
        nullable=True,
        description="Class: H high, M medium, L low; null when it has none",
    )
    style: str = pa.Field(
        nullable=True, description="Style: W women, M men, U universal; null when it has none"
    )
    product_subcategory_id: int = pa.Field(
        nullable=True, description="Number of the subcategory; null when it has none"
    )
    product_model_id: int = pa.Field(
        nullable=True, description="Number of the model; null when it has none"
    )
    sell_start_date: Timestamp(scale=6) = pa.Field(description="First day of sale")
    sell_end_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Last day of sale; null while the product is sold"
    )
    discontinued_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Time when the product was discontinued; null until then"
    )
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the row in the shop's database"
    )


@silver(contract=Products, reads=[PRODUCTS.bronze])
def products(rows: ir.Table) -> ir.Table:
    """Products as of each snapshot; the newest day is the current one."""
    return rules.typed(rows, Products, PRODUCTS)

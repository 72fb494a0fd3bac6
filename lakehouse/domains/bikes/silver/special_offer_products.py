"""Products of special offers."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import SPECIAL_OFFER_PRODUCTS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class SpecialOfferProducts(TableModel, key=("day", "special_offer_id", "product_id")):
    """One product in one special offer on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot with this row")
    special_offer_id: int = pa.Field(description="Number of the special offer; 1 means no discount")
    product_id: int = pa.Field(description="Number of the product")
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the row in the shop's database"
    )


@silver(contract=SpecialOfferProducts, reads=[SPECIAL_OFFER_PRODUCTS.bronze])
def special_offer_products(rows: ir.Table) -> ir.Table:
    """Products of special offers as of each snapshot; the newest day is the current one."""
    return rules.typed(rows, SpecialOfferProducts, SPECIAL_OFFER_PRODUCTS)

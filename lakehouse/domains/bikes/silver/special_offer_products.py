"""Offers and their products: which product is sold under which offer."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import SPECIAL_OFFER_PRODUCTS
from lakehouse.platform.tables.declare import silver


class SpecialOfferProducts(pa.DataFrameModel):
    """One product in one offer on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot that says so")
    special_offer_id: int = pa.Field(description="Offer number; 1 is no discount")
    product_id: int = pa.Field(description="Product number")
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(description="When the row was last changed")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "special_offer_id", "product_id"]


@silver(contract=SpecialOfferProducts, reads=[SPECIAL_OFFER_PRODUCTS.bronze])
def special_offer_products(landed: ir.Table) -> ir.Table:
    """Offers and their products as of each delivery; the newest day is the current one."""
    return rules.typed(landed, SpecialOfferProducts, SPECIAL_OFFER_PRODUCTS)

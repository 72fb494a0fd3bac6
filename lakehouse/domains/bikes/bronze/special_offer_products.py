"""Offers and their products as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import SPECIAL_OFFER_PRODUCTS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class SpecialOfferProducts(Landed):
    """Offers and their products as the shop wrote them, one row per record."""

    SpecialOfferID: str = pa.Field(nullable=True, description="Offer number")
    ProductID: str = pa.Field(nullable=True, description="Product number")
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the row was last changed")


special_offer_products = landed(
    module=__name__, source=SPECIAL_OFFER_PRODUCTS, contract=SpecialOfferProducts
)

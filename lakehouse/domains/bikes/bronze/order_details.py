"""Lines of orders as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import ORDER_DETAILS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class OrderDetails(Landed):
    """Lines of orders as the shop wrote them, one row per record."""

    SalesOrderID: str = pa.Field(nullable=True, description="Order number")
    SalesOrderDetailID: str = pa.Field(nullable=True, description="Line number")
    CarrierTrackingNumber: str = pa.Field(nullable=True, description="The carrier's number")
    OrderQty: str = pa.Field(nullable=True, description="Pieces")
    ProductID: str = pa.Field(nullable=True, description="Product number")
    SpecialOfferID: str = pa.Field(nullable=True, description="Offer number")
    UnitPrice: str = pa.Field(nullable=True, description="Price of one piece in US$, decimal comma")
    UnitPriceDiscount: str = pa.Field(
        nullable=True, description="Discount as a share of the price, decimal comma"
    )
    LineTotal: str = pa.Field(nullable=True, description="Amount of the line in US$, decimal point")
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the line was last changed")


order_details = landed(module=__name__, source=ORDER_DETAILS, contract=OrderDetails)

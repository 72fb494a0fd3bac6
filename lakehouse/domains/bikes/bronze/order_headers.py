"""Orders as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import ORDER_HEADERS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class OrderHeaders(Landed):
    """Orders as the shop wrote them, one row per record."""

    SalesOrderID: str = pa.Field(nullable=True, description="Order number")
    RevisionNumber: str = pa.Field(nullable=True, description="Revision of the order")
    OrderDate: str = pa.Field(nullable=True, description="When it was placed")
    DueDate: str = pa.Field(nullable=True, description="When it is due")
    ShipDate: str = pa.Field(nullable=True, description="When it was shipped")
    Status: str = pa.Field(nullable=True, description="1 to 6")
    OnlineOrderFlag: str = pa.Field(nullable=True, description="1 when placed online")
    SalesOrderNumber: str = pa.Field(nullable=True, description="Order number for people")
    PurchaseOrderNumber: str = pa.Field(nullable=True, description="The customer's own number")
    AccountNumber: str = pa.Field(nullable=True, description="Account")
    CustomerID: str = pa.Field(nullable=True, description="Customer number")
    SalesPersonID: str = pa.Field(nullable=True, description="Salesperson's number")
    TerritoryID: str = pa.Field(nullable=True, description="Sales territory")
    BillToAddressID: str = pa.Field(nullable=True, description="Address of the bill")
    ShipToAddressID: str = pa.Field(nullable=True, description="Address of the delivery")
    ShipMethodID: str = pa.Field(nullable=True, description="Way of shipping")
    CreditCardID: str = pa.Field(nullable=True, description="Number of the stored card")
    CreditCardApprovalCode: str = pa.Field(nullable=True, description="The bank's approval")
    CurrencyRateID: str = pa.Field(nullable=True, description="Rate used")
    SubTotal: str = pa.Field(nullable=True, description="Sum of the lines in US$, decimal comma")
    TaxAmt: str = pa.Field(nullable=True, description="Tax in US$, decimal comma")
    Freight: str = pa.Field(nullable=True, description="Freight in US$, decimal comma")
    TotalDue: str = pa.Field(nullable=True, description="To be paid in US$, decimal comma")
    Comment: str = pa.Field(nullable=True, description="Comment")
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the row was last changed")


order_headers = landed(module=__name__, source=ORDER_HEADERS, contract=OrderHeaders)

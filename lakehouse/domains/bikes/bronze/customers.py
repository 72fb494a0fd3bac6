"""Customers as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import CUSTOMERS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Customers(Landed):
    """Customers as the shop wrote them, one row per record."""

    CustomerID: str = pa.Field(nullable=True, description="Customer number")
    PersonID: str = pa.Field(nullable=True, description="Person number")
    StoreID: str = pa.Field(nullable=True, description="Store number")
    TerritoryID: str = pa.Field(nullable=True, description="Sales territory")
    AccountNumber: str = pa.Field(nullable=True, description="Account")
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the row was last changed")


customers = landed(module=__name__, source=CUSTOMERS, contract=Customers)

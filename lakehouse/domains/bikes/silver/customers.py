"""Customers: persons, stores, or persons who buy for a store."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import CUSTOMERS
from lakehouse.platform.tables.declare import silver


class Customers(pa.DataFrameModel):
    """One customer on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot that says so")
    customer_id: int = pa.Field(description="Customer number")
    person_id: int = pa.Field(
        nullable=True, description="Person who buys; null for a store without one"
    )
    store_id: int = pa.Field(
        nullable=True, description="Store that buys; null for a person on their own"
    )
    territory_id: int = pa.Field(nullable=True, description="Sales territory")
    account_number: str = pa.Field(description="Account, AW and eight digits")
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(description="When the row was last changed")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "customer_id"]


@silver(contract=Customers, reads=[CUSTOMERS.bronze])
def customers(landed: ir.Table) -> ir.Table:
    """Customers as of each delivery; the newest day is the current one."""
    return rules.typed(landed, Customers, CUSTOMERS)

"""Customers of the shop: persons, stores, or persons who buy for a store."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import CUSTOMERS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class Customers(TableModel, key=("day", "customer_id")):
    """One customer on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot with this row")
    customer_id: int = pa.Field(description="Number of the customer")
    person_id: int = pa.Field(
        nullable=True,
        description="Number of the person who buys; null for a store without a contact",
    )
    store_id: int = pa.Field(
        nullable=True,
        description="Number of the store that buys; null when a person buys for themselves",
    )
    territory_id: int = pa.Field(
        nullable=True, description="Number of the sales territory; null when unknown"
    )
    account_number: str = pa.Field(
        description="Account number of the customer: AW and eight digits"
    )
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the row in the shop's database"
    )


@silver(contract=Customers, reads=[CUSTOMERS.bronze])
def customers(rows: ir.Table) -> ir.Table:
    """Customers as of each snapshot; the newest day is the current one."""
    return rules.typed(rows, Customers, CUSTOMERS)

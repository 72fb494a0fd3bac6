"""Customers as they are now, with the person's name when there is one."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.platform.tables.declare import view


class DimCustomer(pa.DataFrameModel):
    customer_id: int = pa.Field(description="Customer number")
    person_id: int = pa.Field(
        nullable=True, description="Person who buys; null for a store without one"
    )
    store_id: int = pa.Field(nullable=True, description="Store that buys; null for a person")
    territory_id: int = pa.Field(nullable=True, description="Sales territory")
    account_number: str = pa.Field(description="Account, AW and eight digits")
    full_name: str = pa.Field(
        nullable=True,
        metadata={"personal": "name"},
        description="First, middle and last name; null when there is no person, or none known",
    )
    person_type: str = pa.Field(nullable=True, description="IN customer, SC store contact, …")
    person_is_missing: bool = pa.Field(
        description="The customer names a person whom the snapshot of persons lacks"
    )
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot of customers")

    class Config:
        """One row per key."""

        strict = True
        unique = ["customer_id"]


@view(contract=DimCustomer, reads=[customers, persons])
def dim_customer(known: ir.Table, people: ir.Table) -> ir.Table:
    """One row per customer of the newest snapshot; a missing person loses no customer."""
    current = rules.newest(known)
    current = current.mutate(snapshot_day=current.day).drop("day", "rowguid", "modified_date")
    newest = rules.newest(people)
    named = newest.select(
        "person_type", person_id=newest.business_entity_id, full_name=rules.full_name(newest)
    )
    joined = current.left_join(named, "person_id")  # many customers to one person
    missing = joined.person_id.notnull() & joined.full_name.isnull()
    return joined.mutate(person_is_missing=missing).select(*DimCustomer.to_schema().columns)

"""Current customers with the name of the person, if there is one."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class DimCustomer(TableModel, key=("customer_id",)):
    customer_id: int = pa.Field(description="Number of the customer")
    person_id: int = pa.Field(
        nullable=True,
        description="Number of the person who buys; null for a store without a contact",
    )
    store_id: int = pa.Field(
        nullable=True, description="Number of the store that buys; null for a person"
    )
    territory_id: int = pa.Field(
        nullable=True, description="Number of the sales territory; null when unknown"
    )
    account_number: str = pa.Field(
        description="Account number of the customer: AW and eight digits"
    )
    full_name: str = pa.Field(
        nullable=True,
        metadata={"personal": "name"},
        description=(
            "First, middle and last name; null when there is no person or the name is unknown"
        ),
    )
    person_type: str = pa.Field(
        nullable=True,
        description=(
            "Type of person, for example IN customer or SC store contact; null without a person"
        ),
    )
    person_is_missing: bool = pa.Field(
        description="True when the customer's person is missing in the snapshot of persons"
    )
    snapshot_day: dt.date = pa.Field(description="Day of the snapshot of customers")


@gold_as_of(contract=DimCustomer, reads=[customers, persons])
def dim_customer(known: ir.Table, people: ir.Table) -> ir.Table:
    """Customers of the newest snapshot, also when their person is missing."""
    current = rules.newest(known)
    current = current.mutate(snapshot_day=current.day).drop("day", "rowguid", "modified_date")
    newest = rules.newest(people)
    named = newest.select(
        "person_type", person_id=newest.business_entity_id, full_name=rules.full_name(newest)
    )
    joined = current.left_join(named, "person_id")  # many customers to one person
    missing = joined.person_id.notnull() & joined.full_name.isnull()
    return joined.mutate(person_is_missing=missing).select(*DimCustomer.to_schema().columns)

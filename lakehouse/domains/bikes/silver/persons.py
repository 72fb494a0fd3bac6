"""Persons of the shop: customers, vendors, staff and contacts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import PERSONS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class Persons(TableModel, key=("day", "business_entity_id")):
    """One person on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot with this row")
    business_entity_id: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the person"
    )
    person_type: str = pa.Field(
        isin=rules.PERSON_TYPES,
        description=(
            "Type of person: IN customer, SC store contact, GC contact, EM staff,"
            " VC vendor, SP seller"
        ),
    )
    name_style: bool = pa.Field(description="True when the family name comes first")
    title: str = pa.Field(
        metadata={"personal": "name"},
        nullable=True,
        description="Courtesy title such as Ms.; null when unknown",
    )
    first_name: str = pa.Field(metadata={"personal": "name"}, description="First name")
    middle_name: str = pa.Field(
        metadata={"personal": "name"},
        nullable=True,
        description="Middle name or initial; null when there is none",
    )
    last_name: str = pa.Field(metadata={"personal": "name"}, description="Last name")
    suffix: str = pa.Field(
        metadata={"personal": "name"},
        nullable=True,
        description="Suffix of the name such as Jr.; null when there is none",
    )
    email_promotion: int = pa.Field(
        ge=0,
        le=2,
        metadata={"reason": "bad_integer"},
        description="Consent to e-mail promotions: 0 none, 1 of the shop, 2 also of its partners",
    )
    additional_contact_info: str = pa.Field(
        nullable=True,
        str_length={"max_value": rules.LONGEST},
        metadata={"personal": "contact", "reason": "too_long"},
        description="Additional contact data as XML, in full length; null when there is none",
    )
    demographics: str = pa.Field(
        nullable=True,
        str_length={"max_value": rules.LONGEST},
        metadata={"personal": "demographics", "reason": "too_long"},
        description="Answers to a survey as XML, in full length; null when there are none",
    )
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the row in the shop's database"
    )


@silver(contract=Persons, reads=[PERSONS.bronze])
def persons(rows: ir.Table) -> ir.Table:
    """Persons as of each snapshot; the newest day is the current one."""
    return rules.typed(rows, Persons, PERSONS)

"""Persons: people of the shop, its customers, vendors and contacts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import PERSONS
from lakehouse.platform.tables.declare import silver


class Persons(pa.DataFrameModel):
    """One person on one day."""

    day: dt.date = pa.Field(description="Day of the snapshot that says so")
    business_entity_id: int = pa.Field(
        metadata={"personal": "identifier"}, description="Person number"
    )
    person_type: str = pa.Field(
        isin=rules.PERSON_TYPES,
        description="IN customer, SC store contact, GC contact, EM staff, VC vendor, SP seller",
    )
    name_style: bool = pa.Field(description="Whether the family name comes first")
    title: str = pa.Field(
        metadata={"personal": "name"}, nullable=True, description="Courtesy title, such as Ms."
    )
    first_name: str = pa.Field(metadata={"personal": "name"}, description="First name")
    middle_name: str = pa.Field(
        metadata={"personal": "name"}, nullable=True, description="Middle name or initial"
    )
    last_name: str = pa.Field(metadata={"personal": "name"}, description="Last name")
    suffix: str = pa.Field(
        metadata={"personal": "name"}, nullable=True, description="Suffix of the name, such as Jr."
    )
    email_promotion: int = pa.Field(
        ge=0,
        le=2,
        metadata={"reason": "bad_integer"},
        description="0 wants no promotion, 1 the shop's, 2 its partners' as well",
    )
    additional_contact_info: str = pa.Field(
        nullable=True,
        str_length={"max_value": rules.LONGEST},
        metadata={"personal": "contact", "reason": "too_long"},
        description="Further contacts, XML, as long as it came",
    )
    demographics: str = pa.Field(
        nullable=True,
        str_length={"max_value": rules.LONGEST},
        metadata={"personal": "demographics", "reason": "too_long"},
        description="Answers to a survey, XML, as long as it came",
    )
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(description="When the row was last changed")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "business_entity_id"]


@silver(contract=Persons, reads=[PERSONS.bronze])
def persons(landed: ir.Table) -> ir.Table:
    """Persons as of each delivery; the newest day is the current one."""
    return rules.typed(landed, Persons, PERSONS)

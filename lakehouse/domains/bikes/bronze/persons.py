"""Persons as the shop wrote them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.bikes.sources import PERSONS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Persons(Landed):
    """Persons as the shop wrote them, one row per record."""

    BusinessEntityID: str = pa.Field(
        nullable=True, metadata={"personal": "identifier"}, description="Person number"
    )
    PersonType: str = pa.Field(nullable=True, description="IN, SC, GC, EM, VC or SP")
    NameStyle: str = pa.Field(nullable=True, description="1 when the family name comes first")
    Title: str = pa.Field(
        nullable=True, metadata={"personal": "name"}, description="Courtesy title"
    )
    FirstName: str = pa.Field(
        nullable=True, metadata={"personal": "name"}, description="First name"
    )
    MiddleName: str = pa.Field(
        nullable=True, metadata={"personal": "name"}, description="Middle name or initial"
    )
    LastName: str = pa.Field(nullable=True, metadata={"personal": "name"}, description="Last name")
    Suffix: str = pa.Field(
        nullable=True, metadata={"personal": "name"}, description="Suffix of the name"
    )
    EmailPromotion: str = pa.Field(nullable=True, description="0, 1 or 2")
    AdditionalContactInfo: str = pa.Field(
        nullable=True, metadata={"personal": "contact"}, description="Further contacts, XML"
    )
    Demographics: str = pa.Field(
        nullable=True, metadata={"personal": "demographics"}, description="Answers to a survey, XML"
    )
    rowguid: str = pa.Field(nullable=True, description="Identity of the row")
    ModifiedDate: str = pa.Field(nullable=True, description="When the row was last changed")


persons = landed(module=__name__, source=PERSONS, contract=Persons)

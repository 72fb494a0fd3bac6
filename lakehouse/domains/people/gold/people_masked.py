"""People with masked personal data."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.people.gold.people_without_duplicates import people_without_duplicates
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold

HIDDEN = "***"


class PeopleMasked(TableModel, key=("person",)):
    day: dt.date = pa.Field(description="Day of the delivery with the person's newest row")
    person: str = pa.Field(
        metadata={"personal": "masked"},
        description="Pseudonym of the user id: equal for the same person",
    )
    first_name: str = pa.Field(
        metadata={"personal": "masked"}, description="First letter of the first name"
    )
    last_name: str = pa.Field(
        metadata={"personal": "masked"}, description="First letter of the last name"
    )
    email: str = pa.Field(
        metadata={"personal": "masked"}, description="First letter and domain of the e-mail address"
    )
    phone: str = pa.Field(
        nullable=True,
        metadata={"personal": "masked"},
        description="Last two characters of a phone number of more than four; null without one",
    )
    birth_year: int = pa.Field(description="Year of birth")


@gold(contract=PeopleMasked, reads=[people_without_duplicates])
def people_masked(people: ir.Table) -> ir.Table:
    """People for readers who must not identify them: personal data is left out or masked."""
    return people.select(
        "day",
        person=people.user_id.hexdigest("sha256").substr(0, 16),
        first_name=people.first_name.substr(0, 1) + HIDDEN,
        last_name=people.last_name.substr(0, 1) + HIDDEN,
        email=people.email.substr(0, 1) + HIDDEN + people.email.re_extract("@[^@]+$", 0),
        phone=ibis.cases(
            (people.phone.length() > 4, HIDDEN + people.phone.right(2)),
            (people.phone.notnull(), HIDDEN),
        ),
        birth_year=people.date_of_birth.year(),
    )

"""People as the files name them, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class People(Landed):
    """People as the files name them, one row per record of a landed file."""

    place: str = pa.Field(alias="Index", nullable=True, description="Number of the row in its file")
    user_id: str = pa.Field(
        alias="User Id",
        nullable=True,
        metadata={"personal": "identifier"},
        description="Identifies a person: 15 hexadecimal digits, upper and lower case differ",
    )
    first_name: str = pa.Field(
        alias="First Name", nullable=True, metadata={"personal": "name"}, description="First name"
    )
    last_name: str = pa.Field(
        alias="Last Name", nullable=True, metadata={"personal": "name"}, description="Last name"
    )
    sex: str = pa.Field(
        alias="Sex", nullable=True, metadata={"personal": "sex"}, description="Male or Female"
    )
    email: str = pa.Field(
        alias="Email",
        nullable=True,
        metadata={"personal": "email"},
        description="E-mail address; several persons may share one",
    )
    phone: str = pa.Field(
        alias="Phone",
        nullable=True,
        metadata={"personal": "phone"},
        description="Phone number in any form, extension included",
    )
    date_of_birth: str = pa.Field(
        alias="Date of birth",
        nullable=True,
        metadata={"personal": "birth_date"},
        description="Date of birth, YYYY-MM-DD",
    )
    job_title: str = pa.Field(
        alias="Job Title",
        nullable=True,
        metadata={"personal": "occupation"},
        description="Occupation, quoted where it has commas",
    )


people = landed(module=__name__, source=PEOPLE, contract=People)

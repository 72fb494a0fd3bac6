"""All valid rows of all people files, copies included."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.people import rules
from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import parse_int, provenance_of, rejected, trimmed


class PeopleAll(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the delivery")
    index: int = pa.Field(description="Number of the row as its file counts it")
    user_id: str = pa.Field(
        metadata={"personal": "identifier"},
        description="Identifies a person: 15 hexadecimal digits, upper and lower case differ",
    )
    first_name: str = pa.Field(metadata={"personal": "name"}, description="First name")
    last_name: str = pa.Field(metadata={"personal": "name"}, description="Last name")
    sex: str = pa.Field(
        isin=rules.SEXES, metadata={"personal": "sex"}, description="Female or Male"
    )
    email: str = pa.Field(
        metadata={"personal": "email"}, description="E-mail address; several may share one"
    )
    phone: str = pa.Field(
        nullable=True, metadata={"personal": "phone"}, description="Phone number as written"
    )
    date_of_birth: dt.date = pa.Field(
        metadata={"personal": "birth_date", "reason": "bad_date"}, description="Date of birth"
    )
    job_title: str = pa.Field(
        nullable=True, metadata={"personal": "occupation"}, description="Occupation"
    )
    file: str = pa.Field(description="Path of the file in the landing zone")
    row: int = pa.Field(description="Line of the file where the record starts")
    delivered_at: Timestamp(scale=6) = pa.Field(
        description="When the file was last modified where it landed, UTC"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "file", "row"]


@silver(contract=PeopleAll, reads=[PEOPLE.bronze])
def people_all(landed: ir.Table) -> ir.Table:
    """All valid rows of all files: a person occurs once in each file that names them."""
    user_id = rules.user_id(landed["User Id"])
    sex = rules.sex(landed["Sex"])
    email = rules.email(landed["Email"])
    born = rules.birth_date(landed["Date of birth"], landed.day)
    index = parse_int(landed["Index"])
    return landed.select(
        **provenance_of(landed, day=landed.day),
        _reasons=rejected(
            missing_required=trimmed(landed["Index"]).isnull()
            | trimmed(landed["User Id"]).isnull()
            | trimmed(landed["First Name"]).isnull()
            | trimmed(landed["Last Name"]).isnull()
            | trimmed(landed["Sex"]).isnull()
            | trimmed(landed["Email"]).isnull()
            | trimmed(landed["Date of birth"]).isnull(),
            bad_index=trimmed(landed["Index"]).notnull() & index.isnull(),
            bad_user_id=trimmed(landed["User Id"]).notnull() & user_id.isnull(),
            bad_sex=trimmed(landed["Sex"]).notnull() & sex.isnull(),
            bad_email=trimmed(landed["Email"]).notnull() & email.isnull(),
            bad_date=trimmed(landed["Date of birth"]).notnull() & born.isnull(),
        ),
        day=landed.day,
        index=index,
        user_id=user_id,
        first_name=trimmed(landed["First Name"]),
        last_name=trimmed(landed["Last Name"]),
        sex=sex,
        email=email,
        phone=trimmed(landed["Phone"]),
        date_of_birth=born,
        job_title=trimmed(landed["Job Title"]),
        file=landed["_file"],
        row=landed["_line"],
        delivered_at=landed["_delivered_at"],
    )

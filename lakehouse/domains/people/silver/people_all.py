"""Valid rows of all people files, duplicates included."""

import datetime as dt
from functools import reduce
from operator import or_

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.domains.people import rules
from lakehouse.domains.people.sources import PEOPLE
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import (
    absent,
    explained,
    found,
    provenance_of,
    rejected,
)
from lakehouse.platform.tables.text import name, trimmed

REQUIRED = ("Index", "User Id", "First Name", "Last Name", "Sex", "Email", "Date of birth")
"""Columns without which a row is rejected."""


class PeopleAll(TableModel, key=("day", "file", "row")):
    day: dt.date = pa.Field(description="Day of the delivery")
    index: int = pa.Field(description="Number of the row in its file, as written there")
    user_id: str = pa.Field(
        metadata={"personal": "identifier"},
        description="Identifier of the person: 15 hexadecimal digits, case-sensitive",
    )
    first_name: str = pa.Field(metadata={"personal": "name"}, description="First name")
    last_name: str = pa.Field(metadata={"personal": "name"}, description="Last name")
    sex: str = pa.Field(
        isin=rules.SEXES, metadata={"personal": "sex"}, description="Sex: Female or Male"
    )
    email: str = pa.Field(
        metadata={"personal": "email"}, description="E-mail address; several persons may share one"
    )
    phone: str = pa.Field(
        nullable=True,
        metadata={"personal": "phone"},
        description="Phone number as written; null when there is none",
    )
    date_of_birth: dt.date = pa.Field(
        metadata={"personal": "birth_date", "reason": "bad_date"}, description="Date of birth"
    )
    job_title: str = pa.Field(
        nullable=True,
        metadata={"personal": "occupation"},
        description="Occupation as written; null when there is none",
    )
    file: str = pa.Field(description="Path of the file in the landing zone")
    row: int = pa.Field(
        description="Number of the line in the file where the record starts, from 1"
    )
    delivered_at: Timestamp(scale=6) = pa.Field(
        description="Time in UTC when the file was last modified in the landing zone"
    )


@silver(contract=PeopleAll, reads=[PEOPLE.bronze])
def people_all(rows: ir.Table) -> ir.Table:
    """Valid rows of all files; a person has one row for each mention in a file."""
    user_id = rules.user_id(rows["User Id"])
    sex = rules.sex(rows["Sex"])
    email = rules.email(rows["Email"])
    born = rules.birth_date(rows["Date of birth"], rows.day)
    index = rules.index(rows["Index"])
    damaged = identifiers.is_damaged(rows["User Id"])
    bad_index = trimmed(rows["Index"]).notnull() & index.isnull()
    bad_user_id = trimmed(rows["User Id"]).notnull() & user_id.isnull() & ~damaged
    bad_sex = trimmed(rows["Sex"]).notnull() & sex.isnull()
    bad_email = trimmed(rows["Email"]).notnull() & email.isnull()
    bad_date = trimmed(rows["Date of birth"]).notnull() & born.isnull()
    return rows.select(
        **provenance_of(rows, day=rows.day),
        _reasons=rejected(
            missing_required=reduce(or_, (trimmed(rows[name]).isnull() for name in REQUIRED)),
            bad_index=bad_index,
            damaged_id=damaged,
            bad_user_id=bad_user_id,
            bad_sex=bad_sex,
            bad_email=bad_email,
            bad_date=bad_date,
        ),
        _detail=explained(
            *absent(rows, *REQUIRED),
            (bad_index, found("Index", rows["Index"]), "a whole number of at most 15 digits"),
            (damaged, found("User Id", rows["User Id"]), identifiers.EXPECTED),
            (bad_user_id, found("User Id", rows["User Id"]), rules.USER_ID),
            (bad_sex, found("Sex", rows["Sex"]), " or ".join(rules.SEXES)),
            (bad_email, found("Email", rows["Email"]), "an address like ana@example.org"),
            (bad_date, found("Date of birth", rows["Date of birth"]), rules.BIRTH_DATE),
        ),
        day=rows.day,
        index=index,
        user_id=user_id,
        first_name=name(rows["First Name"]),
        last_name=name(rows["Last Name"]),
        sex=sex,
        email=email,
        phone=trimmed(rows["Phone"]),
        date_of_birth=born,
        job_title=trimmed(rows["Job Title"]),
        file=rows["_file"],
        row=rows["_line"],
        delivered_at=rows["_delivered_at"],
    )

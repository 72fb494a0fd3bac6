"""The dataset of People: any number of CSV files under any name, each its own delivery."""

from lakehouse.domains.people import SPEC
from lakehouse.platform.tables.source import Column, Source

PEOPLE = Source(
    domain=SPEC.name,
    dataset="people",
    description="People as the files name them, one row per record of a file.",
    files=r".*\.csv",
    example="people.csv",
    columns={
        "Index": "Number of the row in its file, as written there",
        "User Id": Column(
            "Identifier of the person: 15 hexadecimal digits, case-sensitive",
            personal="identifier",
        ),
        "First Name": Column("First name", personal="name"),
        "Last Name": Column("Last name", personal="name"),
        "Sex": Column("Male or Female", personal="sex"),
        "Email": Column("E-mail address; several persons may share one", personal="email"),
        "Phone": Column("Phone number in any form, extension included", personal="phone"),
        "Date of birth": Column("Date of birth, YYYY-MM-DD", personal="birth_date"),
        "Job Title": Column("Occupation; may contain commas", personal="occupation"),
    },
    per_file=True,
    counts_copies=True,
    affects={"people": ("User Id",)},
)

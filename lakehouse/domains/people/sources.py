"""What lands: any number of people files under any name, each a delivery of its own."""

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

PEOPLE = Source(
    dataset="people",
    files=r".*\.csv",
    format=CsvFormat(
        columns=(
            "Index",
            "User Id",
            "First Name",
            "Last Name",
            "Sex",
            "Email",
            "Phone",
            "Date of birth",
            "Job Title",
        ),
    ),
    per_file=True,
    counts_copies=True,
    affects={"people": ("User Id",)},
)

SOURCES = (PEOPLE,)

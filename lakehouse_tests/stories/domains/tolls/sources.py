"""What lands: one file a day from each gate."""

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

PASSAGES = Source(
    dataset="passages",
    files=r"passages\.csv",
    format=CsvFormat(columns=("gate", "number", "passed_on", "fee")),
    business_day="passed_on",
)

SOURCES = (PASSAGES,)

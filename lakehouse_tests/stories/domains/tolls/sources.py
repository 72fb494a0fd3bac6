"""What lands: one file a day from each gate."""

from lakehouse.platform.csvfile import CsvFormat
from lakehouse.platform.source import Source

PASSAGES = Source(
    subject="passages",
    files=r"passages\.csv",
    format=CsvFormat(columns=("gate", "number", "passed_on", "fee")),
    business_day="passed_on",
)

SOURCES = (PASSAGES,)

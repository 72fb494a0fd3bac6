"""The dataset of Tolls: one file per gate and day."""

from lakehouse.domains.tolls import SPEC

from lakehouse.platform.tables.source import Source

PASSAGES = Source(
    domain=SPEC.name,
    dataset="passages",
    description="Passages as the gates wrote them, one row per record.",
    files=r"passages\.csv",
    columns={
        "gate": "Number of the gate",
        "number": "Number of the passage at its gate",
        "passed_on": "Date of the passage",
        "fee": "Fee in BRL",
    },
    business_day="passed_on",
)

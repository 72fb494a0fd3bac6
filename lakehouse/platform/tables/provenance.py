"""What every landed row carries, so that any figure can be traced to a line of a file."""

import datetime as dt

import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp


class Landed(pa.DataFrameModel):
    """Columns that every bronze row has, so that any figure can be traced to a line of a file."""

    file: str = pa.Field(alias="_file", description="Path of the landed file in the landing zone")
    line: int = pa.Field(alias="_line", description="Line of the file where the record starts")
    digest: str = pa.Field(alias="_digest", description="SHA-256 of the landed bytes")
    delivered_at: Timestamp(scale=6) = pa.Field(
        alias="_delivered_at", description="When the file was last modified where it landed, UTC"
    )
    unit: int = pa.Field(
        alias="_unit", nullable=True, description="Unit named by the path; null when it names none"
    )
    business_day: dt.date = pa.Field(
        alias="_business_day",
        nullable=True,
        description="Business day the row touches; null when it follows another table's rows",
    )
    superseded: bool = pa.Field(
        alias="_superseded", description="A newer version of the same delivery replaced this row"
    )
    rescued: str = pa.Field(
        alias="_rescued", nullable=True, description="Values of columns nobody declared, as JSON"
    )
    day: dt.date = pa.Field(description="Day of the delivery, as its path names it")


PROVENANCE = (
    "_file",
    "_line",
    "_digest",
    "_delivered_at",
    "_day",
)

"""The columns of every bronze row that trace it to a line of a received file."""

import datetime as dt

from ibis.expr.datatypes import Timestamp

from lakehouse.platform.tables.without_pyspark import pandera_ibis as pa


class Provenance(pa.DataFrameModel):
    """Columns of every bronze table, before the columns of its source."""

    file: str = pa.Field(alias="_file", description="Path of the received file in the landing zone")
    line: int = pa.Field(
        alias="_line", description="Number of the line in the file where the record starts, from 1"
    )
    digest: str = pa.Field(alias="_digest", description="SHA-256 of the received bytes")
    delivered_at: Timestamp(scale=6) = pa.Field(
        alias="_delivered_at",
        description=(
            "Time in UTC when the file was last modified in the landing zone; not in the future,"
            " and not before the version of its delivery that it replaces"
        ),
    )
    unit: int = pa.Field(
        alias="_unit",
        nullable=True,
        description="Number of the unit in the file's path; null when the path has none",
    )
    business_day: dt.date = pa.Field(
        alias="_business_day",
        nullable=True,
        description=(
            "Day that the row is about; the day of the delivery when the row's own date is"
            " missing or impossible; null when the source has no such column"
        ),
    )
    superseded: bool = pa.Field(
        alias="_superseded",
        description="True when a newer version of the same delivery replaced this row",
    )
    rescued: str = pa.Field(
        alias="_rescued",
        nullable=True,
        description="Values of undeclared columns as a JSON object; null when there are none",
    )
    day: dt.date = pa.Field(description="Day of the delivery, from the path of the file")


PROVENANCE_COLUMNS = (
    "_file",
    "_line",
    "_digest",
    "_delivered_at",
    "_day",
)
"""Columns that a silver expression keeps for every bronze row; `_day` is the bronze row's day."""

"""What lands: the files of a subject, how they are recognised and read, and what every landed row carries."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

from lakehouse.platform.csvfile import CsvFormat


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


@dataclass(frozen=True, kw_only=True)
class Source:
    """One subject that a system's units deliver as CSV files.

    Args:
        subject: the bronze table the rows go to.
        files: pattern of the file name (compared without case, without ``.gz``).
        format: columns and dialect.
        business_day: bronze column that names the day a row is about, ISO or ``dd/mm/yyyy``.
        self_identifying: the rows say themselves whose and of which day they are, so the same
            bytes in another place are a repetition. Where they do not (items without a unit), the
            same bytes from another unit are another delivery.
        snapshot: a delivery is the whole table as of its day; else it is that day's rows.
        required_per_unit: each active unit owes one of these a day.
    """

    subject: str
    files: str
    format: CsvFormat
    business_day: str | None = None
    self_identifying: bool = True
    snapshot: bool = False
    required_per_unit: bool = False
    query: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, name: str) -> bool:
        """Whether a file of this name (no folder) belongs to the subject."""
        plain = name.lower().removesuffix(".gz")
        return re.fullmatch(self.files, plain) is not None

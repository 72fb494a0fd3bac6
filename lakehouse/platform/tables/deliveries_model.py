"""The contract of the raw tables, which record the received files, and one row of them.

Which status a file gets is decided in `lakehouse.platform.ingestion`.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import pandera.ibis as pa
from ibis.expr.datatypes import Timestamp

Order = tuple[dt.datetime, str, str]
"""Moment of landing, path, digest."""


class Status(StrEnum):
    """What became of a landed file."""

    LOADED = "loaded"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    HELD = "held"


STATUSES = tuple(status.value for status in Status)


class Deliveries(pa.DataFrameModel):
    """Landed files of one dataset and what became of each."""

    day: dt.date = pa.Field(description="Day of the delivery, as its path names it")
    unit: int = pa.Field(nullable=True, description="Unit named by the path; null when none is")
    file: str = pa.Field(description="Path in the landing zone")
    digest: str = pa.Field(description="SHA-256 of the landed bytes; empty when never read")
    size: int = pa.Field(ge=0, description="Landed bytes")
    landed_at: Timestamp(scale=6) = pa.Field(description="Last modification where it landed, UTC")
    version: int = pa.Field(description="Place among the delivery's versions, from 1; 0 for none")
    status: str = pa.Field(
        isin=STATUSES, description="loaded, superseded, duplicate, rejected, held"
    )
    reason: str = pa.Field(nullable=True, description="Code of why the file is not loaded")
    detail: str = pa.Field(nullable=True, description="What was found, expected, and the hint")
    physical_lines: int = pa.Field(ge=0, description="Lines of the file")
    header_lines: int = pa.Field(ge=0, description="Lines of its header")
    continuation_lines: int = pa.Field(ge=0, description="Lines inside a record, after its first")
    record_rows: int = pa.Field(ge=0, description="Rows that were read from it")
    unparsable_lines: int = pa.Field(ge=0, description="Lines that are no record, in quarantine")
    encoding: str = pa.Field(nullable=True, description="Encoding it was read in")
    delimiter: str = pa.Field(nullable=True, description="Delimiter it was read with")
    drift: str = pa.Field(nullable=True, description="Differences from the declared columns")

    class Config:
        """One row per file and modification."""

        strict = True
        unique = ["file", "landed_at", "digest"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One row of the deliveries table; the meaning of each field is the contract's."""

    day: dt.date
    unit: int | None
    file: str
    digest: str
    size: int
    landed_at: dt.datetime
    version: int = 0
    status: Status = Status.LOADED
    reason: str | None = None
    detail: str | None = None
    physical_lines: int = 0
    header_lines: int = 0
    continuation_lines: int = 0
    record_rows: int = 0
    unparsable_lines: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    drift: str | None = None

    @property
    def order(self) -> Order:
        """Newer versions come later; ties in time are broken by name."""
        return (self.landed_at, self.file, self.digest)

    @property
    def readable(self) -> bool:
        """Whether the file was a good one, so that it is a version of its delivery."""
        return self.status not in (Status.REJECTED, Status.HELD)

    @property
    def has_rows(self) -> bool:
        """Whether its rows are in bronze: those of the current and of older versions."""
        return self.status in (Status.LOADED, Status.SUPERSEDED)

"""The deliveries table: one row for each received file and what happened to it.

Each dataset has its own, as its raw table. Which status a file gets is decided in
`lakehouse.platform.ingestion`.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from enum import StrEnum

from lakehouse.platform.tables.ops_model import OpsTable, column, ops_row

Order = tuple[dt.datetime, str, str]
"""Moment that orders versions, path, digest."""
FileKey = tuple[str, dt.datetime, str]
"""Path, moment that orders versions, digest: one file as it was seen at a path."""
UNREADABLE = "unreadable"
"""Reason of a file that could not be read for a cause outside of its content; it is retried."""


class Status(StrEnum):
    """What happened to a landed file."""

    LOADED = "loaded"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    HELD = "held"

    @classmethod
    def _missing_(cls, value: object) -> "Status | None":
        """Read the value ``refused``, which lakes before version 0.2 store, as ``rejected``."""
        return cls.REJECTED if value == "refused" else None


@ops_row
class Delivery:
    """One landed file of a dataset and what happened to it."""

    day: dt.date = column("Day of the delivery, from the path of the file")
    unit: int | None = column("Unit that sent the file, from its path; null when the path has none")
    file: str = column("Path in the landing zone")
    digest: str = column("SHA-256 of the landed bytes; empty when the file was never read")
    size: int = column("Size of the landed file in bytes", ge=0)
    landed_at: dt.datetime = column("Last modification of the file in the landing zone, UTC")
    version: int = column(
        "Number of the file among the versions of its delivery, from 1; 0 when it is not a version",
        default=0,
    )
    status: Status = column(
        "loaded, superseded by a newer version, duplicate of another file, rejected, or held"
        " because it may be incomplete",
        default=Status.LOADED,
    )
    reason: str | None = column("Reason code when the file is not loaded, else null", default=None)
    detail: str | None = column(
        "Expected and found content and the hint when the file is not loaded, else null",
        default=None,
    )
    physical_lines: int = column("Lines of the file", default=0, ge=0)
    header_lines: int = column("Lines of the header", default=0, ge=0)
    continuation_lines: int = column(
        "Lines that continue a record which started on an earlier line", default=0, ge=0
    )
    record_rows: int = column("Rows read from the file", default=0, ge=0)
    unparsable_lines: int = column(
        "Lines that are not a valid record; they are in quarantine", default=0, ge=0
    )
    encoding: str | None = column("Encoding of the file; null when it was not read", default=None)
    delimiter: str | None = column(
        "Delimiter between the values; null when the file was not read", default=None
    )
    drift: str | None = column(
        "Differences between the file's columns and the declared ones; null when there are none",
        default=None,
    )
    delivered_at: dt.datetime | None = column(
        "Moment that orders the versions of a delivery, UTC: the modification time, but not in the"
        " future, and after every file of the unit and day that was ingested before; null in days"
        " written before version 0.3, where it is the modification time",
        default=None,
    )

    @property
    def moment(self) -> dt.datetime:
        """Moment that orders the versions of a delivery."""
        return self.delivered_at or self.landed_at

    @property
    def order(self) -> Order:
        """Sort key of versions: a newer one is greater; path and digest break ties in time."""
        return (self.moment, self.file, self.digest)

    @property
    def key(self) -> FileKey:
        """Identify the file as it was seen at its path."""
        return (self.file, self.moment, self.digest)

    @property
    def unread(self) -> bool:
        """Whether the file could not be read and is tried again by each ingestion."""
        return self.reason == UNREADABLE and not self.digest

    @property
    def readable(self) -> bool:
        """Whether the file could be read, so that it is a version of its delivery."""
        return self.status not in (Status.REJECTED, Status.HELD)

    @property
    def has_rows(self) -> bool:
        """Whether its rows are in bronze; true for the current and for older versions."""
        return self.status in (Status.LOADED, Status.SUPERSEDED)


DELIVERIES = OpsTable(
    name="deliveries",
    row=Delivery,
    key=("file", "landed_at", "digest", "delivered_at"),
    view_columns=("domain", "table"),
)
"""Stored as the raw table of each dataset."""


def delivery_fingerprint(versions: Iterable[str | None]) -> str:
    """Return a short digest of the data versions of a day's deliveries, one for each dataset.

    A balance keeps the fingerprint of the deliveries that it was computed from, so a day whose
    deliveries have another one is not finished.
    """
    return hashlib.sha256("|".join(v or "-" for v in versions).encode()).hexdigest()[:16]

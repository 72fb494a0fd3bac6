"""What an ingestion needs from its caller: where files come from, where they go, who is erased."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from lakehouse.platform.ingestion.keep_files import Redact
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.snapshots import SnapshotReader
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings


class ErasedPersons(Protocol):
    """The persons of a domain who were erased on request; implemented by ``privacy``."""

    def redaction(self, bronze: Table, *, limit: int) -> Redact:
        """Return what removes these persons from the files of a dataset.

        It can be sent to other processes. It returns the same bytes if none of the persons is in a
        file, and raises `ReadRejected` if they cannot be removed without damage to other records.

        Args:
            bronze: the bronze table of the dataset.
            limit: largest allowed size of a file when decompressed, in bytes.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Where the files of a domain come from and where they go.

    Args:
        spec: the domain.
        landing: its landing zone.
        lake: the lake.
        settings: limits and the lake's time zone.
        now: time of the run, aware; decides which files are in the future or may still grow.
        erased: loads the persons erased so far. It is called again after each conflict, because an
            erasure may have caused the conflict.
        snapshots: reads reference tables from a database; None if the domain has no database.
    """

    spec: DomainSpec
    landing: LandingZone
    lake: Lake
    settings: Settings
    now: dt.datetime
    erased: Callable[[], ErasedPersons]
    snapshots: SnapshotReader | None = None

    def listing(self, days: Iterable[dt.date] | None) -> Listing:
        """Return the listing of these days, or of all days, without growing files."""
        quiet = dt.timedelta(seconds=self.settings.quiet_seconds)
        return self.landing.listing(days=days, now=self.now, quiet=quiet)

    @property
    def file_limit(self) -> int:
        """Largest file that is read, decompressed, in bytes."""
        return self.settings.max_file_mb * 1024 * 1024

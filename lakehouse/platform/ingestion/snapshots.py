"""What ingestion needs of a database whose reference tables are ingested as daily snapshots.

The reader for PostgreSQL is in ``connectors.postgres.snapshots``.
"""

from typing import Protocol

from lakehouse.platform.tables.source import Source


class SnapshotError(Exception):
    """A reference table could not be read; the message names the table and ends with a hint."""


class SnapshotReader(Protocol):
    """Reads a reference table of a source database."""

    def capture(self, source: Source) -> bytes:
        """Return the table as a CSV file with the source's columns, in a fixed order.

        Raises:
            SnapshotError: the database cannot be read or the table is empty.
        """
        ...

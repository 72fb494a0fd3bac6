"""Reference tables of a PostgreSQL database, taken as daily snapshots."""

import csv
import io
from dataclasses import dataclass, field

from lakehouse.platform.tables.source import Source

CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 60_000


class SnapshotError(Exception):
    """A reference table could not be read; the message says from where and what to do."""


@dataclass(frozen=True)
class Snapshots:
    """Reads reference tables; the address is a secret and is never shown."""

    dsn: str = field(repr=False)

    def capture(self, source: Source) -> bytes:
        """The table as a CSV file in the source's own columns, in a fixed order.

        Raises:
            SnapshotError: the database does not answer, or has no such table or columns.
        """
        import psycopg2

        from lakehouse.platform.connectors.postgres.connection import words

        if source.query is None:
            raise SnapshotError(f"{source.dataset} has no query; it lands as files only")
        try:
            connection = psycopg2.connect(
                self.dsn,
                connect_timeout=CONNECT_SECONDS,
                options=f"-c statement_timeout={STATEMENT_MILLISECONDS}"
                " -c default_transaction_read_only=on",
            )
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(source.query)
                    rows = cursor.fetchall()
            finally:
                connection.close()
        except psycopg2.Error as error:
            raise SnapshotError(
                f"reference table {source.dataset!r} cannot be read from PostgreSQL"
                f" ({type(error).__name__}: {words(error, self.dsn)}); check the DSN, and that the"
                f" query runs: {source.query}"
            ) from None
        if not rows:
            raise SnapshotError(
                f"reference table {source.dataset!r} is empty in PostgreSQL; the earlier snapshot"
                " stays valid"
            )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(source.format.columns)
        writer.writerows(rows)
        return text.getvalue().encode()

"""Read reference tables of a PostgreSQL database as daily snapshots."""

import csv
import io
from dataclasses import dataclass, field

from lakehouse.platform.connectors.postgres.connection import error_text
from lakehouse.platform.connectors.postgres.draft import needs_quotes
from lakehouse.platform.engines.postgres_address import verified
from lakehouse.platform.ingestion.snapshots import SnapshotError
from lakehouse.platform.tables.source import Source

CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 60_000


@dataclass(frozen=True)
class PostgresSnapshots:
    """Reads reference tables; the address contains a password and is never shown."""

    dsn: str = field(repr=False)

    def capture(self, source: Source) -> bytes:
        """Return the table as a CSV file with the source's columns, in a fixed order.

        Raises:
            SnapshotError: the database does not answer, has no such table or columns, or the table
                is empty.
        """
        import psycopg2

        if source.query is None:
            raise SnapshotError(
                f"dataset {source.dataset!r} is delivered as files only; hint: declare a query"
            )
        try:
            connection = psycopg2.connect(
                verified(self.dsn),
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
                f" ({type(error).__name__}: {error_text(error, self.dsn)}); hint: check the DSN,"
                f" and that this query runs: {source.query}"
            ) from None
        if not rows:
            raise SnapshotError(
                f"reference table {source.dataset!r} is empty in PostgreSQL; the earlier snapshot"
                " stays valid; hint: check the table in the database"
            )
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(source.format.columns)
        quoting_writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in rows:
            (quoting_writer if needs_quotes(row) else writer).writerow(row)
        return text.getvalue().encode()

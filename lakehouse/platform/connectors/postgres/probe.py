"""Try the PostgreSQL addresses of a domain without reading a row; used by `lakehouse doctor`."""

from collections.abc import Iterator, Mapping
from contextlib import closing

import psycopg2
from psycopg2.extensions import make_dsn

from lakehouse.platform.connectors.postgres.connection import error_text
from lakehouse.platform.connectors.postgres.declaration import Extraction, extraction_of
from lakehouse.platform.connectors.postgres.session import database_of
from lakehouse.platform.engines.postgres_address import verified
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.tables.registry import load_sources

CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 10_000


def problems(domain: str, dsn: str, *, reads: bool) -> Iterator[str]:
    """Yield what is wrong with an address: no connection, or a query that cannot run.

    Args:
        domain: name of the domain that declares the address.
        dsn: the address; no problem shows its secret parts.
        reads: whether the domain reads reference tables or extracts a table there.
    """
    extraction = extraction_of(domain) if reads else None
    queries = dict(_queries(domain, extraction)) if reads else {}
    try:
        if extraction is not None:
            dsn = make_dsn(dsn, dbname=database_of(dsn, extraction))
        connection = psycopg2.connect(
            verified(dsn),
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS}"
            " -c default_transaction_read_only=on",
        )
    except psycopg2.Error as error:
        yield error_text(error, dsn)
        return
    with closing(connection):
        connection.autocommit = True
        yield from _failing(connection, dsn, queries)


def _queries(domain: str, extraction: Extraction | None) -> Iterator[tuple[str, str]]:
    """Yield name and SQL of every read that the domain declares."""
    for source in load_sources(domain):
        if source.query is not None:
            yield f"query of {source.dataset}", source.query.rstrip().removesuffix(";")
    if extraction is not None:
        columns = ", ".join(map(quoted, extraction.columns))
        table = f"{quoted(extraction.namespace)}.{quoted(extraction.table)}"
        yield f"table {extraction.name}", f"select {columns} from {table}"  # noqa: S608  quoted


def _failing(
    connection: psycopg2.extensions.connection, dsn: str, queries: Mapping[str, str]
) -> Iterator[str]:
    with connection.cursor() as cursor:
        for name, query in queries.items():
            try:
                cursor.execute(f"select * from ({query}) as probed limit 0")  # noqa: S608  declared
            except psycopg2.Error as error:
                yield f"{name}: {error_text(error, dsn)}"

"""Which SQL may run: exactly one statement that reads."""

import re

import duckdb

_EXPLAIN = re.compile(r"\s*explain\b(?:\s*\([^)]*\)|\s+analyze\b)?", re.IGNORECASE)
_PIVOT_STEPS = {duckdb.StatementType.CREATE, duckdb.StatementType.SELECT}


class CatalogError(Exception):
    """SQL that is rejected, or a name that cannot be defined; the message says why."""


def reading_statements(connection: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    """Return the steps of one statement that reads; run them in this order.

    The text is parsed by the connection that runs it: parsing alone may open files, and only that
    connection is locked. A ``PIVOT`` has two steps or more, every other statement one.

    Raises:
        CatalogError: the text is another statement, or not exactly one.
        duckdb.Error: the text is not SQL, or names a file that the connection cannot open.
    """
    statements = connection.extract_statements(sql)
    if _is_pivot(statements):
        return statements
    if len(statements) != 1:
        raise CatalogError(f"expected one SQL statement, found {len(statements)}")
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        reading_statements(connection, _EXPLAIN.sub("", statements[0].query, count=1))
    elif kind != duckdb.StatementType.SELECT:
        raise CatalogError(
            f"{kind.name} is rejected: only SELECT is allowed; hint: `lakehouse materialize`"
            " changes tables, `lakehouse sql --output` writes results"
        )
    return statements


def _is_pivot(statements: list[duckdb.Statement]) -> bool:
    """Return whether these are the steps of one ``PIVOT``: lists of its columns, then the rows.

    DuckDB makes these steps itself and gives them no text; a statement that was written has one.
    """
    kinds = [each.type for each in statements]
    return (
        len(statements) > 1
        and not any(each.query.strip() for each in statements)
        and set(kinds) == _PIVOT_STEPS
        and kinds.index(duckdb.StatementType.SELECT) == len(kinds) - 1
    )

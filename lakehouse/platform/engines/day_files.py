"""SQL of DuckDB that reads the files of days; each row's day comes from the folder in its table.

A file of a table is ``<table>/day=YYYY-MM-DD/<name>``; `storage.snapshot` has compared the folder
with the table's log. The folders above the table are never data, whatever they are called.
DuckDB's Hive partitioning takes every ``key=value`` folder of a path for a column, so it is used
only where no folder above the table has the name of a column.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lakehouse.platform.engines.older_days import DUCKDB, Expected, columns_of_group
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.made_with import by_definition
from lakehouse.platform.storage.table_id import DAY

if TYPE_CHECKING:
    import duckdb

FILE_COLUMN = "__lakehouse_file"
"""Column in which DuckDB puts the path of a row's file; no table has a column of this name."""

_DAY_FILE = re.compile(rf"/{DAY}=(\d{{4}}-\d\d-\d\d)/[^/]+\Z")
_WILDCARD = re.compile(r"[*?\[]")
_PLAIN_KEY = re.compile(r"(\w+)=[\w.-]+", re.ASCII)


def rows_of_files(urls: Sequence[str], columns: Iterable[str]) -> str:
    """Return SQL for the rows of files of one table, with the column ``day``.

    Args:
        urls: paths or s3:// URLs.
        columns: the columns that are read; the SQL may return others as well.

    Raises:
        StorageError: a path is not that of a day's file, or the files are of different tables.
    """
    listed = ", ".join("'" + without_wildcards(url).replace("'", "''") + "'" for url in urls)
    start = day_position(urls)
    if _has_key_of({DAY, *columns}, urls[0][:start].rpartition("/")[0]):
        # Cut at a fixed place, which DuckDB computes once per vector of rows.
        day = f'CAST(substr("{FILE_COLUMN}", {start + 1}, 10) AS DATE) AS "{DAY}"'
        return (
            f'(SELECT * EXCLUDE ("{FILE_COLUMN}"), {day} FROM read_parquet([{listed}],'  # noqa: S608
            f" hive_partitioning = false, filename = '{FILE_COLUMN}', union_by_name = true))"
        )
    rows = (
        f"read_parquet([{listed}], hive_partitioning = true,"
        f" hive_types = {{'{DAY}': DATE}}, union_by_name = true)"
    )
    if len(urls) == 1:  # DuckDB 1.5 fails to compute max(day) over a single file
        day = f'CAST(date_trunc(\'day\', "{DAY}") AS DATE) AS "{DAY}"'
        return f"(SELECT * REPLACE ({day}) FROM {rows})"  # noqa: S608  our names
    return rows


def rows_of_days(
    connection: "duckdb.DuckDBPyConnection", urls: Sequence[str], expected: Expected
) -> str:
    """Return SQL for the rows of files of one table with the expected columns.

    Files that other definitions made than the current one are read group by group; see
    `older_days`.

    Raises:
        StorageError: a path is not that of a day's file, or the files are of different tables.
    """
    groups = by_definition(urls)
    if len(groups) == 1 and _is_as_expected(connection, urls, next(iter(groups)), expected):
        return rows_of_files(urls, expected.types)
    parts = []
    for version, files in groups.items():
        present = _columns_of(connection, files[:1] if version else [files[0], files[-1]])
        columns = ", ".join(columns_of_group(files, present, expected, DUCKDB))
        parts.append(f"SELECT {columns} FROM {rows_of_files(files, expected.types)}")  # noqa: S608
    return f"({' UNION ALL '.join(parts)})"


def _is_as_expected(
    connection: "duckdb.DuckDBPyConnection", urls: Sequence[str], version: str, expected: Expected
) -> bool:
    """Return whether files of one definition have the expected columns in their types."""
    if version and version == expected.version:
        return True
    if version and expected.version:
        return False
    present = _columns_of(connection, urls[:1])
    return all(present.get(name) == kind for name, kind in expected.types.items())


def _columns_of(connection: "duckdb.DuckDBPyConnection", urls: Sequence[str]) -> dict[str, str]:
    """Return name and SQL type of each column in files."""
    rows = rows_of_files(urls, ())
    described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()  # noqa: S608
    return {name: kind for name, kind, *_ in described}


def day_position(urls: Sequence[str]) -> int:
    """Return where the day begins in every path, counted in characters from 0."""
    starts = set()
    for url in urls:
        found = _DAY_FILE.search(url)
        if found is None:
            raise StorageError(f"{url} is not in a folder {DAY}=YYYY-MM-DD of a table")
        starts.add(url[: found.start(1)])
    if len(starts) != 1:
        raise StorageError(f"files of {len(starts)} tables are read as one table")
    return len(starts.pop())


def _has_key_of(columns: Iterable[str], folder: str) -> bool:
    """Return whether a folder of a path may be taken for the value of one of these columns."""
    names = {column.lower() for column in columns}
    for part in folder.split("/"):
        if "=" in part:
            key = _PLAIN_KEY.fullmatch(part)
            if key is None or key[1].lower() in names:
                return True
    return False


def without_wildcards(url: str) -> str:
    """Return a path in which the characters that DuckDB takes for wildcards mean themselves."""
    return _WILDCARD.sub(lambda found: f"[{found[0]}]", url)

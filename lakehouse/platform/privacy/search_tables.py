"""Rows of tables with a person: of the current version, and of files that only old ones show."""

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.privacy.erase_corrections import is_trail, owned_corrections
from lakehouse.platform.privacy.findings import FindingKind, PersonFinding
from lakehouse.platform.privacy.personal_columns import (
    rejected_columns,
    stored_personal_columns,
)
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.parquet import decode
from lakehouse.platform.storage.table_id import DAY, TableId

QUARANTINE = "quarantine"
PATH_COLUMNS = frozenset({"file", "_file", "source_file"})
"""Columns that hold paths of the landing zone."""
DATA_FILE = re.compile(r"day=(\d{4}-\d\d-\d\d)/[^/]+\.parquet")
UnparsableLines = Collection[tuple[str, int]]
"""Digest and number of unparsable lines that belong to the person."""


def current_rows(
    scope: SearchScope, table: TableId, lines: UnparsableLines
) -> Iterator[PersonFinding]:
    """Yield the rows with the person in the current version of a table.

    Files are read with their own columns, which may be those of an older contract.
    """
    for file in scope.lake.table(table).snapshot().files:
        for part in file.parts if file.rows else ():
            rows = read_data_file(scope.lake, f"{table.path}/{part.path}")
            yield from _find(scope, table, file.day, rows, lines)


def outdated_files(
    scope: SearchScope, table: TableId, lines: UnparsableLines
) -> Iterator[tuple[dt.date, int, str]]:
    """Yield day, number of rows and path of each old file with the person."""
    current = set(scope.lake.table(table).snapshot().paths)
    for path, day in data_files(scope.lake, table):
        if path not in current:
            rows = read_data_file(scope.lake, f"{table.path}/{path}")
            count = sum(each.rows for each in _find(scope, table, day, rows, lines))
            if count:
                yield day, count, path


def data_files(lake: Lake, table: TableId) -> Iterator[tuple[str, dt.date]]:
    """Yield the path within the table, and the day, of every data file of any version."""
    for entry in lake.store.entries(table.path):
        path = entry.path[len(table.path) + 1 :]
        if found := DATA_FILE.fullmatch(path):
            yield path, dt.date.fromisoformat(found[1])


def read_data_file(lake: Lake, path: str) -> pa.Table:
    """Return the rows of one Parquet file of the lake."""
    return decode(lake.store.read(path))


def _find(
    scope: SearchScope, table: TableId, day: dt.date, rows: pa.Table, lines: UnparsableLines
) -> Iterator[PersonFinding]:
    if DAY in rows.column_names:
        rows = rows.drop_columns([DAY])
    paths = [name for name in rows.column_names if name in PATH_COLUMNS]
    is_quarantine = table.companion == QUARANTINE
    if is_quarantine:
        own = _owned_rejections(scope, table, rows, lines)
    elif is_trail(table):
        own = pa.chunked_array([pa.array(owned_corrections(scope, rows), pa.bool_())])
    else:
        columns = stored_personal_columns(scope.lake, table, rows.column_names)
        own = scope.person.owned_rows(rows, columns)
    texts = rows.drop_columns([*paths, *(["values"] if is_quarantine else [])])
    mentioning = pc.and_(scope.person.mentioning_rows(texts), pc.invert(own))
    yield from _findings(scope, table, day, rows.filter(own), FindingKind.RECORD)
    yield from _findings(scope, table, day, rows.filter(mentioning), FindingKind.MENTION)
    if table.layer == "raw" and paths:
        named = scope.person.mentioning_rows(rows.select(paths))
        yield from _findings(scope, table, day, rows.filter(named), FindingKind.NAME)


def _owned_rejections(
    scope: SearchScope, table: TableId, rows: pa.Table, lines: UnparsableLines
) -> pa.ChunkedArray:
    """Return True for rows of a quarantine that are theirs.

    A rejected row is recognized by its values; an unparsable line by its text or its number.
    """
    if table.layer == "bronze":
        places = zip(rows["digest"].to_pylist(), rows["line"].to_pylist(), strict=True)
        texts = rows["values"].to_pylist()
        own = [
            place in lines or scope.person.is_mentioned(text)
            for place, text in zip(places, texts, strict=True)
        ]
    else:
        columns = rejected_columns(scope.domain, replace(table, companion=None))
        own = [scope.person.owns_rejected_row(text, columns) for text in rows["values"].to_pylist()]
    return pa.chunked_array([pa.array(own, pa.bool_())])


def _findings(
    scope: SearchScope, table: TableId, day: dt.date, rows: pa.Table, kind: FindingKind
) -> Iterator[PersonFinding]:
    """Yield a finding for each row with provenance, otherwise one for all rows."""
    for file, line in (("_file", "_line"), ("file", "line"), ("file", "row")):
        if file in rows.column_names and line in rows.column_names:
            for row in rows.select([file, line]).to_pylist():
                yield PersonFinding(
                    domain=scope.name,
                    table=table.name,
                    day=day,
                    file=scope.safe_path(row[file]),
                    line=row[line],
                    what=kind,
                )
            return
    if rows.num_rows:
        yield PersonFinding(
            domain=scope.name, table=table.name, day=day, rows=rows.num_rows, what=kind
        )

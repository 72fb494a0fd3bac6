"""The proof of a chart, a table or another view: its SQL, and every file that the SQL reads.

A reader who loads the named files as the named tables and runs the SQL on them gets the rows of the
view: `day` is in the path of a file, and an ops table also has the columns `domain`, `layer` and
`table`, which are in the entry of the stored table. Tables without a file, such as publications and
what the contracts say, are in the proof with all their rows. The proof also counts what never
became a row: rejected rows, files that were not loaded, and deliveries that did not come.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lakehouse.dashboard.declare import Column, Page, Query, Totals, View
from lakehouse.dashboard.filters import Selection, text_literal
from lakehouse.dashboard.snapshots import DataError, Row, Snapshot
from lakehouse.dashboard.table_catalogue import SCHEMAS
from lakehouse.platform.serving.sql_catalog import names_in, stored_parts
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import TableId

DERIVED = ("publications", *SCHEMAS)
"""Tables of a snapshot that no file holds."""
MOST_ROWS = 2_000
"""Rows of the answer that a proof repeats; it always says how many there are."""
NOT_LOADED = """
SELECT 'quarantine' AS kind, domain, reasons[1] AS reason, count(*) AS rows FROM ops.quarantine
WHERE domain IN ({domains}) AND {period} GROUP BY ALL
UNION ALL
SELECT 'file', domain, coalesce(reason, status), count(*) FROM ops.deliveries
WHERE domain IN ({domains}) AND {period} AND status IN ('rejected', 'held') GROUP BY ALL
"""
MISSING: Mapping[str, str] = {
    "mrhealth": """
SELECT 'missing', 'mrhealth', 'no_delivery', count(*) FROM gold.mrhealth_unit_day
WHERE {period} AND NOT delivered HAVING count(*) > 0
"""
}
"""Domain → query of the deliveries that did not come."""


def provable(page: Page) -> dict[str, View]:
    """Return the views of a page that have a query, by their ids."""
    return {v.id: v for v in page.views if isinstance(getattr(v, "query", None), Query)}


def column_of(view: View, name: str) -> Column | None:
    """Return a figure of `Totals` by the name of its column; None for the whole view."""
    columns = view.columns if isinstance(view, Totals) else ()
    return next((column for column in columns if column.name == name), None)


def view_proof(
    page: Page, view: View, selection: Selection, snapshot: Snapshot, column: Column | None = None
) -> dict[str, Any]:
    """Return the proof of a view for a selection, as JSON can hold it.

    Args:
        page: the page that shows the view.
        view: a view with a query.
        selection: period and filters.
        snapshot: the versions that are shown.
        column: the figure of `Totals` that is asked for.

    Raises:
        DataError: a query failed.
    """
    query: Query = view.query  # type: ignore[attr-defined]  # `provable` has views with a query
    sql = selection.sql(query)
    columns, stream = snapshot.stream(sql)
    rows: list[list[Any]] = []
    count, value = 0, None
    for row in stream:
        if count < MOST_ROWS:
            rows.append([plain(each) for each in row.values()])
        if count == 0 and column is not None:
            value = plain(row[column.name])
        count += 1
    tables, files = _read(sql, snapshot)
    label = column.label if column else view.title
    given = _given(sql, {file["stored_as"] for file in files}, tables, snapshot)
    return {
        "figure": ".".join([page.name, view.id, *([column.name] if column else [])]),
        "label": label._asdict(),
        "value": value,
        "unit": column.kind if column else None,
        "conditions": _conditions(query, selection),
        "sql": selection.shown_sql(query),
        "rows": count,
        "columns": columns,
        "result": rows,
        "tables": tables,
        "files": files,
        "given": given,
        "not_included": not_included(tables, query, selection, snapshot),
    }


def plain(value: Any) -> Any:
    """Return a value of a row as JSON holds it, without loss: numbers and days as text."""
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return format(value, "f")
        case dt.date() | dt.datetime():
            return value.isoformat()
        case list():
            return [plain(each) for each in value]
        case _:
            return str(value)


def _conditions(query: Query, selection: Selection) -> dict[str, Any]:
    """Return the filters that the query knows with their values."""
    shown: dict[str, Any] = {}
    if selection.first and selection.last:
        shown |= {"de": selection.first.isoformat(), "ate": selection.last.isoformat()}
    for name, values in selection.values.items():
        if values and name in query.columns:
            shown[name] = [selection.written(name, value) for value in values]
    if selection.search and "{search}" in query.sql:
        shown["busca"] = selection.search
    return shown


def _read(sql: str, snapshot: Snapshot) -> tuple[list[Row], list[Row]]:
    """Return the tables that a query reads, and their files."""
    tables: list[Row] = []
    files: list[Row] = []
    for name in sorted(names_in(sql) or ()):
        for table in _stored(name, snapshot):
            found = snapshot.shown.snapshot(table)
            shown = list(found.files)[-1:] if found.as_of else list(found.files)
            published = snapshot.published(table.domain)
            tables.append(
                {
                    "table": name,
                    "stored_as": table.name,
                    "layer": table.layer,
                    "domain": table.domain,
                    "dataset": table.table,
                    "version": found.version,
                    "publication": published.number if published else None,
                    "published_at": published.at.isoformat() if published else None,
                    "days": len({file.day for file in shown}),
                    "rows": sum(file.rows for file in shown),
                }
            )
            files += [row for file in shown for row in _files(table, file)]
    return tables, files


def _given(sql: str, stored: set[str], tables: list[Row], snapshot: Snapshot) -> list[Row]:
    """Return the tables that a query reads and of which no file is stored, with all their rows."""
    with_files = {row["table"] for row in tables if row["stored_as"] in stored}
    names = [name for name in DERIVED if re.search(rf"\b{name}\b", sql)]
    names += sorted((names_in(sql) or set()) - with_files)
    found = []
    for name in names:
        types = snapshot.rows(f"SELECT column_name, column_type FROM (DESCRIBE {name})")  # noqa: S608
        rows = snapshot.rows(f"SELECT * FROM {name}")  # noqa: S608  a name of the declaration
        found.append(
            {
                "table": name,
                "columns": {each["column_name"]: each["column_type"] for each in types},
                "rows": [[plain(value) for value in row.values()] for row in rows],
            }
        )
    return found


def _stored(name: str, snapshot: Snapshot) -> Iterator[TableId]:
    """Yield the stored tables that a name of SQL shows: of an ops table one for each domain."""
    layer, _, table = name.partition(".")
    if layer == "ops":
        yield from stored_parts(snapshot.lake, table)
    else:
        yield TableId.from_name(name)


def _files(table: TableId, file: DayFiles) -> Iterator[Row]:
    for part in file.parts:
        yield {
            "stored_as": table.name,
            "path": f"{table.path}/{part.path}",
            "day": file.day.isoformat(),
            "rows": part.rows,
            "bytes": part.size,
            "sha256_starts_with": part.digest,
        }


def not_included(
    tables: list[Row], query: Query, selection: Selection, snapshot: Snapshot
) -> list[Row] | None:
    """Return what of the tables' domains is not in any table; None when it is unknown."""
    domains = sorted({row["domain"] for row in tables if not row["table"].startswith("ops.")})
    if not domains:
        return None
    period = "true"
    if "periodo" in query.columns and selection.first and selection.last:
        period = f"day BETWEEN DATE '{selection.first}' AND DATE '{selection.last}'"
    parts = [NOT_LOADED, *(MISSING[domain] for domain in domains if domain in MISSING)]
    sql = "UNION ALL".join(parts)
    listed = ", ".join(map(text_literal, domains))
    sql = sql.replace("{domains}", listed).replace("{period}", period)
    try:
        return snapshot.rows(f"SELECT * FROM ({sql}) ORDER BY kind, rows DESC, domain, reason")  # noqa: S608  declared
    except DataError:
        return None

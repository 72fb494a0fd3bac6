"""The proof of a figure: everything that is needed to compute it again without this program.

A proof names the formula, the conditions, the SQL, and each Parquet file with its path below the
root of the lake. It also counts what is not in the figure: rejected rows and missing deliveries,
and what they would add.
"""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lakehouse.dashboard.declare import Measure, Query, Term
from lakehouse.dashboard.figures import figure_sql, value_of
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import DataError, Snapshot
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.formulas import neutralized

NO_FILES: tuple[int, list[DayFiles]] = (-1, [])
UNITS = {"brl": "BRL", "percent": "share, 0 to 1", "count": "number"}


def proof(
    measure: Measure, selection: Selection, snapshot: Snapshot, *, gaps: bool = True
) -> dict[str, Any]:
    """Return the proof of a measure for a selection, as JSON can hold it.

    Args:
        measure: the figure.
        selection: period and filters.
        snapshot: the versions that are shown.
        gaps: whether to look for rejected rows and missing deliveries.

    Raises:
        DataError: a query failed.
    """
    table = TableId.from_name(measure.source.table)
    published = snapshot.published(table.domain)
    sql = figure_sql(measure, selection)
    if selection.first is None or selection.last is None:
        row: Mapping[str, Any] = {"numerator": None, "denominator": None, "rows": 0}
        version, files = NO_FILES
    else:
        (row,) = snapshot.rows(sql)
        version, files = snapshot.files(table.name, selection.first, selection.last)
    terms = {measure.term: _decimal(row["numerator"])}
    if measure.per is not None:
        terms[measure.per] = _decimal(row["denominator"])
    value = value_of(measure, terms) if row["rows"] else None
    return {
        "figure": measure.id,
        "label": measure.label._asdict(),
        "meaning": measure.meaning._asdict(),
        "value": _text(value),
        "unit": UNITS.get(measure.kind, measure.kind),
        "formula": {"numerator": _term(measure.term), "denominator": _term(measure.per)},
        "numerator": _text(terms[measure.term]),
        "denominator": _text(terms[measure.per]) if measure.per else None,
        "conditions": _conditions(measure, selection),
        "sql": sql,
        "table": table.name,
        "version": version,
        "publication": published.number if published else None,
        "published_at": published.at.isoformat() if published else None,
        "days": len({file.day for file in files}),
        "rows": row["rows"],
        "files": [
            {
                "path": f"{table.path}/{part.path}",
                "day": file.day.isoformat(),
                "rows": part.rows,
                "bytes": part.size,
                "sha256_starts_with": part.digest,
            }
            for file in files
            for part in file.parts
        ],
        "not_included": _gaps(measure, selection, snapshot) if gaps else None,
    }


def proof_csv(found: Mapping[str, Any]) -> str:
    """Return a proof as CSV with the columns ``part, name, value``."""
    to = io.StringIO()
    writer = csv.writer(to, lineterminator="\r\n")
    writer.writerow(["part", "name", "value"])
    for part, content in found.items():
        entries = content if isinstance(content, list) else [content]
        for number, entry in enumerate(entries, start=1):
            pairs = entry.items() if isinstance(entry, dict) else [("", entry)]
            for name, value in pairs:
                place = f"{number}.{name}" if isinstance(content, list) else name
                writer.writerow([part, place, "" if value is None else neutralized(str(value))])
    return to.getvalue()


def _term(term: Term | None) -> dict[str, Any] | None:
    if term is None:
        return None
    if term.column is None:
        return {"operation": "count rows"}
    if term.equals is None:
        return {"operation": "sum", "column": term.column}
    return {"operation": "count rows with value", "column": term.column, "value": term.equals}


def _conditions(measure: Measure, selection: Selection) -> list[dict[str, Any]]:
    columns = measure.source.columns
    first, last = selection.first, selection.last
    return [
        {
            "column": columns["periodo"],
            "from": first.isoformat() if first else None,
            "to": last.isoformat() if last else None,
        },
        *(
            {"column": columns[name], "in": list(values)}
            for name, values in selection.values.items()
            if values and name in columns
        ),
    ]


def _gaps(
    measure: Measure, selection: Selection, snapshot: Snapshot
) -> list[dict[str, Any]] | None:
    """Return the rejected rows and missing deliveries by reason; None when they are unknown."""
    source = measure.source
    if source.gaps is None:
        return None
    try:
        rows = snapshot.rows(selection.sql(Query(sql=source.gaps, columns=source.columns)))
    except DataError:
        return None
    column = measure.term.column if measure.per is None and measure.term.equals is None else None
    return [
        {
            "kind": row["kind"],
            "reason": row["reason"],
            "rows": row["rows"],
            "would_add": _text(row.get(column)) if column else None,
        }
        for row in rows
    ]


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _text(value: object) -> str | None:
    return None if value is None else format(_decimal(value), "f")

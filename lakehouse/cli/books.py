"""What the lake's books say of a domain, read as plain rows for the screen."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse.cli.options import within

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId

BALANCE = (
    "physical_lines",
    "header_lines",
    "continuation_lines",
    "unparsable_lines",
    "excluded_lines",
    "bronze_rows",
    "silver_rows",
    "quarantined_rows",
    "duplicate_rows",
    "superseded_rows",
    "difference",
)
"""Columns that are added up in a balance."""


def rows_of(
    lake: "Lake",
    table: "TableId",
    columns: Sequence[str],
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> list[dict[str, Any]]:
    """Rows of a stored table between two days; none when it does not exist yet."""
    stored = lake.table(table)
    shown = stored.snapshot()
    if shown.schema is None:
        return []
    days = [file.day for file in shown.files if file.rows and within(file.day, first, last)]
    found: list[dict[str, Any]] = stored.read(days, snapshot=shown, columns=columns).to_pylist()
    return found


def deliveries(
    lake: "Lake", domain_name: str, first: dt.date | None = None, last: dt.date | None = None
) -> list[dict[str, Any]]:
    """What became of each landed file of a domain, files of no dataset among them."""
    columns = ("day", "unit", "file", "size", "status", "reason", "detail")
    return [
        {"table": table.table, **row}
        for table in lake.tables("raw", domain_name)
        for row in rows_of(lake, table, columns, first, last)
    ]


def balances(
    lake: "Lake", domain_name: str, first: dt.date | None = None, last: dt.date | None = None
) -> list[dict[str, Any]]:
    """The balance of each landed file of a domain."""
    from lakehouse.platform.storage.table_id import TableId

    columns = ("day", "table", "unit", "file", "status", *BALANCE, "balance", "waiting_days")
    return rows_of(lake, TableId("ops", domain_name, "reconciliation"), columns, first, last)


def summed(balances: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Balances added up by table, and all together: table, files, then the columns of `BALANCE`."""
    totals: dict[str, Counter[str]] = {}
    for row in balances:
        for name in (row["table"], "total"):
            total = totals.setdefault(name, Counter())
            total["files"] += 1
            total.update({column: row[column] for column in BALANCE})
    names = sorted(totals, key=lambda name: (name == "total", name))
    return [(name, totals[name]["files"], *(totals[name][c] for c in BALANCE)) for name in names]


HEADINGS = (
    "table",
    "files",
    "lines",
    "header",
    "continued",
    "unparsable",
    "withheld",
    "bronze",
    "silver",
    "quarantine",
    "duplicate",
    "superseded",
    "difference",
)
"""What `summed` gives, in words that fit on a screen."""

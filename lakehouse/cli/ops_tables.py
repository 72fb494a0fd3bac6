"""Read the deliveries and the reconciliation of a domain as plain rows for the screen."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId

COUNTS = {
    "physical_lines": "lines",
    "header_lines": "header",
    "continuation_lines": "continued",
    "unparsable_lines": "unparsable",
    "excluded_lines": "excluded",
    "bronze_rows": "bronze",
    "silver_rows": "silver",
    "quarantined_rows": "quarantine",
    "duplicate_rows": "duplicate",
    "superseded_rows": "superseded",
    "difference": "difference",
}
"""Count of a reconciled delivery → its heading in the sums."""
DELIVERY = ("day", "unit", "file", "size", "status", "reason", "detail")
"""Columns that describe a delivered file."""
TOTAL = "total"
TOTALS = ("domain", "table", "files", *COUNTS.values())
"""Headings of `totals`."""


def rows_of(lake: "Lake", table: "TableId", columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return columns of all rows of a stored table; an empty list when it does not exist."""
    from lakehouse.platform.tables.upgrade import current_rows, readable_table

    stored = readable_table(lake, table)
    snapshot = stored.snapshot()
    if snapshot.schema is None:
        return []
    days = [file.day for file in snapshot.files if file.rows]
    found = current_rows(stored.read(days, snapshot=snapshot, columns=columns))
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def deliveries(
    lake: "Lake", domain_name: str, columns: Sequence[str] = DELIVERY
) -> list[dict[str, Any]]:
    """Return every delivered file of a domain with its table, unrecognized files included."""
    from lakehouse.platform.tables.upgrade import current_id, readable_tables

    return [
        {"table": table.table, **row}
        for table in map(current_id, readable_tables(lake, "raw", domain_name))
        for row in rows_of(lake, table, columns)
    ]


def balances(lake: "Lake", domain_name: str) -> list[dict[str, Any]]:
    """Return the reconciliation of every delivered file of a domain."""
    from lakehouse.platform.storage.table_id import TableId

    columns = ("day", "table", "unit", "file", "status", *COUNTS, "balance", "waiting_days")
    return rows_of(lake, TableId("ops", domain_name, "reconciliation"), columns)


def totals(balances: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Add up reconciled deliveries; one row per domain and table under `TOTALS`, then the totals.

    Each domain has a total, and several domains together have one.
    """
    sums: dict[tuple[str, str], Counter[str]] = {}
    for row in balances:
        domain = row["domain"]
        for key in ((domain, row["table"]), (domain, TOTAL), (TOTAL, "")):
            counts = sums.setdefault(key, Counter())
            counts["files"] += 1
            counts.update({column: row[column] for column in COUNTS})
    if len({domain for domain, _ in sums}) < 3:
        sums.pop((TOTAL, ""), None)
    order = sorted(sums, key=lambda key: (key[0] == TOTAL, key[0], key[1] == TOTAL, key[1]))
    return [(*key, sums[key]["files"], *(sums[key][c] for c in COUNTS)) for key in order]

"""Report the stored reconciliation: the balance of each delivered file, and sums over them.

Nothing is computed or proven again here; see `audit`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.errors import TableDamaged
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import Balance
from lakehouse.platform.tables.upgrade import current_id, readable_table, readable_tables

LINES = (
    "physical_lines",
    "header_lines",
    "continuation_lines",
    "unparsable_lines",
    "excluded_lines",
)
ROWS = ("bronze_rows", "silver_rows", "quarantined_rows", "duplicate_rows", "superseded_rows")


@dataclass(frozen=True, kw_only=True)
class Report:
    """The stored reconciliation of some delivery days."""

    files: tuple[dict[str, Any], ...]
    """For each delivered file its row of ``ops.reconciliation``, with its ``domain``."""
    totals: Mapping[str, int]
    """Sums of `LINES` and `ROWS`; ``difference`` is the sum of absolute differences, so that a
    missing row and a surplus one do not cancel out, without files that wait."""
    balances: Mapping[str, int]
    """Number of files by balance."""

    @property
    def balanced(self) -> bool:
        """Return whether no file is unbalanced; files may wait for other days."""
        return not self.balances[Balance.UNBALANCED]


def read_report(
    lake: Lake, domain: str | None = None, days: Collection[dt.date] | None = None
) -> Report:
    """Return the stored balances and the sums over them; those of a damaged table are left out.

    Args:
        lake: where the tables are.
        domain: only this domain; None for all.
        days: only these delivery days; None for all.
    """
    files: list[dict[str, Any]] = []
    for table in map(current_id, readable_tables(lake, "ops", domain)):
        if table == reconciliation_of(table.domain):
            try:
                rows = readable_table(lake, table).read(None if days is None else sorted(days))
            except TableDamaged:
                continue
            files += [{"domain": table.domain, **row} for row in rows.to_pylist()]
    totals = {name: sum(row[name] for row in files) for name in (*LINES, *ROWS)}
    totals["difference"] = sum(
        abs(row["difference"]) for row in files if row["balance"] != Balance.WAITING
    )
    numbers = Counter(row["balance"] for row in files)
    return Report(
        files=tuple(files),
        totals=totals,
        balances={balance.value: numbers[balance.value] for balance in Balance},
    )

"""What an audit reports: a table and day where something differs, and what to do about it."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.table_id import TableId

UNREADABLE = (pa.ArrowException, OSError, StorageError, duckdb.Error)
"""Errors of reading a damaged table."""
UNEXPECTED_VALUES = (AssertionError, AttributeError, KeyError, TypeError, ValueError)
"""Errors of working with values that no version of the platform writes."""
IDENTITY = ("table", "file", "_file", "digest", "_digest", "line", "_line")
"""Columns that tell a person which row is meant."""


class AuditCheck(StrEnum):
    """What an audit compares."""

    KEPT_BYTES = "kept bytes"
    TABLE_FILE = "table file"
    DELIVERIES = "deliveries"
    BRONZE_ROWS = "bronze rows"
    UNPARSABLE_LINES = "unparsable lines"
    ROW_OUTCOMES = "row outcomes"
    ROW_COUNT = "row count"
    BALANCE = "balance"
    RECOMPUTED_DAY = "recomputed day"
    INDEPENDENT = "independent reading"
    ROW_ACCOUNTS = "row accounts"
    CONTROL_TOTAL = "control total"


_COMPUTE_AGAIN = "run `lakehouse materialize` for the table and the day"
_READ_AGAIN = (
    "run `lakehouse materialize` for the domain and the day: it reads the kept files again"
)
HINTS: Mapping[AuditCheck, str] = {
    AuditCheck.KEPT_BYTES: "restore the object from a backup, or have the file sent again",
    AuditCheck.TABLE_FILE: "run `lakehouse rollback` for the table, or materialize the day again;"
    " the other checks of the day were skipped",
    AuditCheck.DELIVERIES: "run `lakehouse rollback` for the raw table to its last correct version;"
    f" if only 'detail' differs, {_READ_AGAIN}",
    AuditCheck.BRONZE_ROWS: _READ_AGAIN,
    AuditCheck.UNPARSABLE_LINES: _READ_AGAIN,
    AuditCheck.ROW_OUTCOMES: "run `lakehouse materialize` for the silver table and the day",
    AuditCheck.ROW_COUNT: _COMPUTE_AGAIN,
    AuditCheck.BALANCE: "run `lakehouse materialize` for the domain and the day; if the finding"
    " remains, roll back the table that changed",
    AuditCheck.INDEPENDENT: f"compare the file with its rows by eye; then {_READ_AGAIN}. If the"
    " finding remains, the platform reads the file wrongly: report it with the file",
    AuditCheck.ROW_ACCOUNTS: f"{_COMPUTE_AGAIN}. If the finding remains, the platform gives rows"
    " the wrong outcome: report it with the row",
    AuditCheck.CONTROL_TOTAL: f"{_COMPUTE_AGAIN}. If the finding remains, the expression of the"
    " table and its control total in the domain's control_totals.py differ: one of them is wrong",
    AuditCheck.RECOMPUTED_DAY: f"{_COMPUTE_AGAIN}; `lakehouse history` shows which run wrote it",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFinding:
    """One difference between what is stored and what follows from the delivered files."""

    table: str
    """SQL name of the table."""
    day: dt.date | None
    """None when every day of the table is concerned."""
    check: AuditCheck
    expected: str
    found: str

    @property
    def hint(self) -> str:
        """Return the next command."""
        return HINTS[self.check]

    def __str__(self) -> str:
        return (
            f"{self.table}, {self.day or 'all days'}, {self.check}: expected {self.expected},"
            f" found {self.found}. hint: {self.hint}"
        )


def finding(
    table: TableId, day: dt.date | None, check: AuditCheck, expected: object, found: object
) -> AuditFinding:
    """Return a finding about one day of a table, or about all of them."""
    return AuditFinding(
        table=table.name, day=day, check=check, expected=str(expected), found=str(found)
    )


def difference(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> tuple[str, str]:
    """Describe how two lists of rows differ, by the first row that differs.

    Returns:
        What was expected and what was found. Of a row with another value only the columns that
        differ are named.

    >>> difference([{"file": "a", "rows": 1}], [{"file": "a", "rows": 2}])
    ("row (file='a') with rows=1", 'rows=2; 1 of 1 rows differ')
    """
    missing = _count(expected) - _count(found)
    surplus = _count(found) - _count(expected)
    if not missing and not surplus:
        return f"{len(expected)} rows", "the same rows in another order"
    differ = f"{max(missing.total(), surplus.total())} of {len(found)} rows differ"
    if not missing:
        row = dict(min(surplus, key=str))
        return f"{len(expected)} rows", f"{len(found)} rows, one of them {_place(row)}; {differ}"
    row = dict(min(missing, key=str))
    other = next((dict(each) for each in surplus if _place(dict(each)) == _place(row)), None)
    if other is None:
        return f"{len(expected)} rows, one of them {_place(row)}", f"{len(found)} rows without it"
    changed = [name for name in row if row[name] != other.get(name)]
    return f"row {_place(row)} with {_text(row, changed)}", f"{_text(other, changed)}; {differ}"


def _count(rows: Sequence[Mapping[str, Any]]) -> Counter[tuple[tuple[str, Any], ...]]:
    return Counter(tuple((name, _hashable(row[name])) for name in sorted(row)) for row in rows)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _place(row: Mapping[str, Any]) -> str:
    """Return the identity of a row for a message, with the first digits of a digest."""
    names = [name for name in IDENTITY if name in row] or sorted(row)
    short = {n: str(row[n])[:16] if n.endswith("digest") else row[n] for n in names}
    return f"({_text(short, names)})"


def _text(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return ", ".join(f"{name}={row.get(name)!r}" for name in names)

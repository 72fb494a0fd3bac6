"""Compare rows that the platform itself makes with their contract, without an engine.

Raw, bronze and ops tables have simple rules, and a run writes many of them with few rows. Opening
an engine for each would take longer than all comparisons. Tables that expressions compute are
compared by `transform.validate`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staged_tables import StagedTable, StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_model import OpsTable, Row

if TYPE_CHECKING:
    from lakehouse.platform.tables.contract import Contract

ATTEMPTS = 20
"""Attempts to add a row while others add rows on the same day."""

_BROKEN: Mapping[str, Callable[[pa.ChunkedArray, Mapping[str, Any]], pa.ChunkedArray]] = {
    "greater_than_or_equal_to": lambda column, s: pc.less(column, s["min_value"]),
    "isin": lambda column, s: pc.invert(pc.is_in(column, pa.array(list(s["allowed_values"])))),
}


def stage_ops_table(
    lake: Lake,
    table: TableId,
    declared: OpsTable[Any],
    days: Mapping[dt.date, pa.Table],
    *,
    based_on: Snapshot | None = None,
) -> StagedTables:
    """Write the files of complete days of an ops table; nothing is visible before the commit."""
    from lakehouse.platform.tables.contract import contract_of

    contract = contract_of(declared.model)
    staged = StagedTable(
        table=table,
        schema=declared.stored,
        staged=lake.table(table).stage_many(days.items(), declared.stored),
        problems={day: broken_rules(contract, rows) for day, rows in days.items()},
        based_on=based_on,
    )
    return StagedTables(lake, [staged])


def add_row(
    lake: Lake, table: TableId, declared: OpsTable[Any], row: Any, *, note: Mapping[str, str]
) -> None:
    """Add a row to its day of an ops table; rows that others add at the same moment are kept.

    Nothing is added when the day has a row with the same key.

    Raises:
        DayConflict: others changed the day during every attempt.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _add_once(lake, table, declared, row, note)
            break
        except DayConflict:
            if attempt == ATTEMPTS:
                raise


def _add_once(
    lake: Lake, table: TableId, declared: OpsTable[Any], row: Any, note: Mapping[str, str]
) -> None:
    stored = lake.table(table)
    before = stored.snapshot()
    rows = declared.to_arrow([row]).drop(["day"])
    if row.day in before.by_day:
        earlier = stored.read([row.day], snapshot=before).select(rows.column_names)
        if declared.key and _has_key(earlier, rows, declared.key):
            return
        rows = pa.concat_tables([earlier.cast(rows.schema), rows])
    staged = stage_ops_table(lake, table, declared, {row.day: rows}, based_on=before)
    staged.commit(note=note)


def _has_key(earlier: pa.Table, row: pa.Table, key: Sequence[str]) -> bool:
    names = [name for name in key if name != "day"]
    (wanted,) = row.select(names).to_pylist()
    return wanted in earlier.select(names).to_pylist()


def rows_of(lake: Lake, table: TableId, declared: OpsTable[Row]) -> list[Row]:
    """Return all rows of an ops table; none when it does not exist."""
    stored = lake.table(table)
    snapshot = stored.snapshot()
    days = [file.day for file in snapshot.files if file.rows]
    return declared.from_arrow(stored.read(days, snapshot=snapshot)) if days else []


@dataclass(frozen=True, kw_only=True)
class StoredRules:
    """The columns, key and rules of a contract, in a form that can be sent to other processes.

    Args:
        columns: names of the columns, without ``day``.
        key: columns that identify a row; empty when none do.
        rules: column, check and what the check compares with.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    rules: tuple[tuple[str, str, Mapping[str, Any]], ...]

    def broken(self, rows: pa.Table) -> str:
        """Return how rows of one day break the contract; empty text when they satisfy it.

        A column ``day`` may be missing, because it is the partition. Every rule has a form here,
        see `require_comparable`.
        """
        expected, names = set(self.columns), set(rows.column_names) - {"day"}
        found = [f"column {name!r} is missing" for name in sorted(expected - names)]
        found += [f"column {name!r} is not in the contract" for name in sorted(names - expected)]
        return "; ".join([*found, *filter(None, [in_words(self.count(rows))])])

    def count(self, rows: pa.Table) -> Counter[str]:
        """Return how many rows break what; a key that is repeated in other rows is not noticed."""
        found = Counter[str]()
        for column, check, compared in self.rules:
            if column in rows.column_names:
                what = f"rows break {check} on {column!r}"
                found[what] += _number_broken(rows.column(column), check, compared)
        key = [name for name in self.key if name != "day"]
        if key and rows.num_rows > 1 and set(key) <= set(rows.column_names):
            repeated = rows.num_rows - rows.group_by(key).aggregate([]).num_rows
            found[f"rows repeat a key ({', '.join(self.key)})"] += repeated
        return found


def rules_of(contract: "Contract") -> StoredRules:
    """Return what rows that are stored by day are compared with."""
    return StoredRules(
        columns=tuple(name for name in contract.schema.names if name != "day"),
        key=contract.key,
        rules=tuple((rule.column, rule.check, rule.statistics) for rule in contract.rules),
    )


def in_words(broken: Mapping[str, int]) -> str:
    """Return what `StoredRules.count` found as a text for people; empty when nothing is broken."""
    return "; ".join(f"{number} {what}" for what, number in broken.items() if number)


def broken_rules(contract: "Contract", rows: pa.Table) -> str:
    """Return how rows of one day break their contract; see `StoredRules.broken`."""
    return rules_of(contract).broken(rows)


def require_comparable(contract: "Contract") -> None:
    """Check that `broken_rules` can compare every rule of a contract.

    Raises:
        ContractError: a rule has no form without an engine.
    """
    from lakehouse.platform.tables.contract import ContractError

    for rule in contract.rules:
        if rule.check not in ("not_null", *_BROKEN):
            raise ContractError(
                f"{contract.name}.{rule.column}: {rule.check!r} has no form without an engine;"
                f" hint: use one of {', '.join(('not_null', *_BROKEN))}"
            )


def _number_broken(column: pa.ChunkedArray, check: str, compared: Mapping[str, Any]) -> int:
    if check == "not_null":
        return int(column.null_count)
    present = column.drop_null()
    return int(pc.sum(_BROKEN[check](present, compared)).as_py() or 0)

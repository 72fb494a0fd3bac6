"""Compare rows that the platform itself makes with their contract, without an engine.

Raw, bronze and ops tables have simple rules, and a run writes many of them with few rows. Opening
an engine for each would take longer than all comparisons. Tables that expressions compute are
compared by `transform.validate`.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
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
    from lakehouse.platform.tables.contract import Contract, Rule

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


def broken_rules(contract: "Contract", rows: pa.Table) -> str:
    """Return how rows of one day break their contract; empty text when they satisfy it.

    A column ``day`` may be missing, because it is the partition. Every rule has a form here, see
    `require_comparable`.
    """
    expected = {name for name in contract.schema.names if name != "day"}
    names = set(rows.column_names) - {"day"}
    found = [f"column {name!r} is missing" for name in sorted(expected - names)]
    found += [f"column {name!r} is not in the contract" for name in sorted(names - expected)]
    for rule in contract.rules:
        if rule.column in rows.column_names and (number := _number_broken(rule, rows)):
            found.append(f"{number} rows break {rule.check} on {rule.column!r}")
    key = [name for name in contract.key if name != "day"]
    if key and rows.num_rows > 1 and set(key) <= names:
        repeated = rows.num_rows - rows.group_by(key).aggregate([]).num_rows
        if repeated:
            found.append(f"{repeated} rows repeat a key ({', '.join(contract.key)})")
    return "; ".join(found)


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


def _number_broken(rule: "Rule", rows: pa.Table) -> int:
    column = rows.column(rule.column)
    if rule.check == "not_null":
        return int(column.null_count)
    present = column.drop_null()
    return int(pc.sum(_BROKEN[rule.check](present, rule.statistics)).as_py() or 0)

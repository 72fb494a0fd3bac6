"""Compute an expression over delivered rows, also when the engine fails on some of them.

A domain rejects the values that it knows to be wrong. This module is the safety net below those
rules: if a value makes the engine fail (an overflow, a cast), the rows that cause the failure are
found by halving and set aside, and the expression is computed over all other rows.
"""

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines.session import Session, named_relation
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import RowsLost, require_every_row, typed_rows

COMPUTATION_FAILED = "computation_failed"
"""Reason code of a row that makes the engine fail."""
LONGEST_DETAIL = 300

_PLACE = ("day", "_file", "_digest", "_line")
_COMPUTED, _NUMBERED, _PART, _FAILED = "candidates", "numbered", "part", "failed_rows"


def computed_rows(session: Session, table: Table) -> ir.Table:
    """Compute the rows of a table that takes delivered rows; see `typed_rows` for their columns.

    A row on which the engine fails is returned without values, with the reason code
    `COMPUTATION_FAILED` and the message of the engine.

    Raises:
        RowsLost: the expression returned fewer or more rows than it received.
        Exception: the engine failed for a reason other than single rows.
    """
    read = table.reads[0]
    delivered = named_relation(read.name, read.table.contract.schema)
    try:
        return _compute(session, table, delivered, _COMPUTED)
    except (RowsLost, StorageError):
        raise
    except Exception as error:
        failed = _failing_rows(session, table, delivered)
        if not failed:
            raise
        try:
            return _without(session, table, failed)
        except (RowsLost, StorageError):
            raise
        except Exception:  # noqa: BLE001  the first error names the cause
            raise error from None


def _compute(session: Session, table: Table, delivered: ir.Table, name: str) -> ir.Table:
    """Compute the expression over a relation with delivered rows; every row must be computed."""
    rows = session.keep(name, typed_rows(table, delivered))
    require_every_row(session, table, delivered, rows)
    return rows


def _failing_rows(session: Session, table: Table, delivered: ir.Table) -> dict[int, str]:
    """Return the numbers of the rows on which the engine fails, with its message.

    The number of a row is its place in the column ``_number`` of the relation `_NUMBERED`.
    """
    in_order = ibis.window(order_by=list(_PLACE))
    numbered = session.keep(
        _NUMBERED, delivered.mutate(_number=ibis.row_number().over(in_order).cast("int64"))
    )

    def problem(first: int, after: int) -> str | None:
        place = numbered["_number"]
        part = numbered.filter((place >= first) & (place < after)).drop("_number")
        try:
            _compute(session, table, session.keep(_PART, part), f"{_PART}_computed")
        except (RowsLost, StorageError):
            raise
        except Exception as error:  # noqa: BLE001  each engine has its own classes of errors
            return _first_line(error)
        return None

    if problem(0, 0) is not None:
        return {}
    return _halved(problem, 0, session.value(numbered.count()))


def _halved(problem: Callable[[int, int], str | None], first: int, after: int) -> dict[int, str]:
    """Return the numbers from `first` up to `after` that have a problem, each with its message."""
    found: dict[int, str] = {}
    pending = [(first, after)]
    while pending:
        low, high = pending.pop()
        if low >= high or (message := problem(low, high)) is None:
            continue
        if high - low == 1:
            found[low] = message
            continue
        middle = (low + high) // 2
        pending += [(low, middle), (middle, high)]
    return found


def _without(session: Session, table: Table, failed: dict[int, str]) -> ir.Table:
    """Compute all rows but the failed ones, and add these as rejected rows without values."""
    columns = {"_number": pa.array(failed, pa.int64()), "_problem": pa.array(failed.values())}
    session.arrow(_FAILED, pa.table(columns))
    problems = ibis.table({"_number": "int64", "_problem": "string"}, name=_FAILED)
    read = table.reads[0]
    schema = {**read.table.contract.schema.fields, "_number": "int64"}
    numbered = named_relation(_NUMBERED, ibis.schema(schema))
    valid = numbered.anti_join(problems, "_number").drop("_number")
    computed = _compute(session, table, session.keep(_PART, valid), f"{_PART}_computed")
    rejected = numbered.join(problems, "_number")  # one row to one problem
    values: dict[str, ir.Value] = {
        name: ibis.null(kind) for name, kind in table.contract.schema.items()
    }
    places = {name: kind for name, kind in computed.schema().items() if name not in values}
    values |= {name: rejected[name] for name in places if name in rejected.columns}
    rejected = rejected.select(
        **values
        | {
            "day": rejected["_business_day"].fill_null(rejected.day),
            "_day": rejected.day,
            "_reasons": ibis.literal(f"{COMPUTATION_FAILED},"),
            "_detail": rejected["_problem"],
            "_version": ibis.literal(""),
            "_replaced": ibis.literal(False),
        }
    )
    both = ibis.union(computed, rejected.select(*computed.columns), distinct=False)
    return session.keep(_COMPUTED, both)


def _first_line(error: Exception) -> str:
    """Return the first line of an engine's message, shortened."""
    lines: Sequence[str] = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:LONGEST_DETAIL]

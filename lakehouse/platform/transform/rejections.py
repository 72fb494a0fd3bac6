"""Rows for quarantine: rejected rows with their reasons and the values as they were delivered."""

import json
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines.session import Session
from lakehouse.platform.tables.contract import split_reasons
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.classify import ClassifiedRows
from lakehouse.platform.transform.outcomes import REJECTED

_PLACE = ("_day", "_file", "_digest", "_line")
"""Columns that identify a delivered row."""
_ORIGINAL = "original_"


def quarantine_rows(session: Session, table: Table, rows: ClassifiedRows) -> pa.Table:
    """Return the rejected rows, sorted by day and place in the file."""
    original = _original_values(rows.delivered)
    joined = _reasons(table, rows).inner_join(
        original, list(_PLACE)
    )  # one reason row per delivered row
    found = session.table(joined.order_by("day", *_PLACE)).to_pylist()
    return pa.Table.from_pylist(
        [
            {
                "day": row["day"],
                "delivery_day": row["_day"],
                "file": row["_file"],
                "line": row["_line"],
                "digest": row["_digest"],
                "reasons": split_reasons(row["codes"]),
                "detail": row["_detail"],
                "values": _values_as_json(row),
                "contract_version": table.contract.version,
            }
            for row in found
        ],
        schema=QUARANTINE.schema,
    )


def _reasons(table: Table, rows: ClassifiedRows) -> ir.Table:
    """Return place, reason codes and detail of each rejected row.

    Reasons that the expression gave come first; without them the broken rules of the contract.
    """
    rejected = rows.rejected
    codes = ibis.ifelse(
        rejected["_reasons"] == "", table.contract.reasons(rejected), rejected["_reasons"]
    )
    reasons = rejected.select("day", *_PLACE, "_detail", codes=codes)
    if rows.losing is None:
        return reasons
    contradicting = rows.losing.filter(rows.losing["_outcome"] == REJECTED)
    return ibis.union(
        reasons,
        contradicting.select(
            "day",
            *_PLACE,
            _detail=ibis.literal("another row of the file has the same key and other values"),
            codes=ibis.literal("duplicate_key"),
        ),
    )


def _original_values(delivered: ir.Table) -> ir.Table:
    """Return place and delivered values of each row; names of values get a prefix."""
    names = [n for n in delivered.columns if not n.startswith("_") and n != "day"]
    return delivered.select(
        "_file",
        "_digest",
        "_line",
        _day=delivered.day,
        **{f"{_ORIGINAL}{name}": delivered[name] for name in [*names, "_rescued"]},
    )


def _values_as_json(row: Mapping[str, object]) -> str:
    """Return the delivered values as JSON by column, including columns that are not declared."""
    values = {k.removeprefix(_ORIGINAL): v for k, v in row.items() if k.startswith(_ORIGINAL)}
    rescued = values.pop("_rescued", None)
    if rescued:
        values |= json.loads(str(rescued))
    return json.dumps(values, ensure_ascii=False)

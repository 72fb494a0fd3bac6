"""Turn rejected rows into rows of quarantine, in the process that writes them.

Executors of a cluster import this module, so it imports neither Ibis nor Pandera.
"""

import json
from collections.abc import Mapping

import pyarrow as pa

from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.reason_codes import split_reasons

ORIGINAL = "original_"
"""Prefix of the columns with values as they were delivered."""


AT_ONCE = 2_048
"""Rows that are Python objects at once; they need some kilobytes each."""


def quarantine_rows(rejected: pa.RecordBatch, *, version: str) -> pa.Table:
    """Return rejected rows as quarantine stores them.

    Args:
        rejected: place, ``codes``, ``_detail`` and delivered values of each row.
        version: of the contract that rejected the rows.
    """
    starts = range(0, max(rejected.num_rows, 1), AT_ONCE)
    return pa.concat_tables(_stored(rejected.slice(n, AT_ONCE), version) for n in starts)


def _stored(rejected: pa.RecordBatch, version: str) -> pa.Table:
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
                "contract_version": version,
            }
            for row in rejected.to_pylist()
        ],
        schema=QUARANTINE.schema,
    )


def _values_as_json(row: Mapping[str, object]) -> str:
    """Return the delivered values as JSON by column, including columns that are not declared."""
    values = {k.removeprefix(ORIGINAL): v for k, v in row.items() if k.startswith(ORIGINAL)}
    rescued = values.pop("_rescued", None)
    if rescued:
        values |= json.loads(str(rescued))
    return json.dumps(values, ensure_ascii=False)

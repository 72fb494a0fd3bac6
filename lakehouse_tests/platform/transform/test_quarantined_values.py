"""Rejected rows become rows of quarantine in bounded memory."""

import datetime as dt
import tracemalloc

import pyarrow as pa

from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.transform.quarantined_values import AT_ONCE, ORIGINAL, quarantine_rows

DAY = dt.date(2026, 1, 5)


def rejected(count: int) -> pa.RecordBatch:
    values = {f"{ORIGINAL}value_{n}": [f"text {n}"] * count for n in range(20)}
    columns = {
        "day": [DAY] * count,
        "_day": [DAY] * count,
        "_file": ["orders.csv"] * count,
        "_line": range(2, count + 2),
        "_digest": ["0" * 64] * count,
        "codes": ["bad_date,"] * count,
        "_detail": [None] * count,
        **values,
        f"{ORIGINAL}_rescued": ['{"more": "1"}'] * count,
    }
    return pa.RecordBatch.from_pydict(columns)


def test_few_rows_of_a_large_batch_are_python_objects_at_once():
    batch = rejected(12_000)
    tracemalloc.start()
    try:
        rows = quarantine_rows(batch, version="1")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows["line"].to_pylist() == list(range(2, 12_002))
    assert peak < 14 << 20


def test_a_batch_gives_the_rows_of_its_parts():
    batch = rejected(AT_ONCE + 1)
    parts = [batch.slice(0, AT_ONCE), batch.slice(AT_ONCE)]
    rows = quarantine_rows(batch, version="1")
    assert rows.num_rows == AT_ONCE + 1
    assert rows == pa.concat_tables(quarantine_rows(part, version="1") for part in parts)
    assert rows["values"][0].as_py().endswith('"more": "1"}')
    assert quarantine_rows(batch.slice(0, 0), version="1") == QUARANTINE.schema.empty_table()

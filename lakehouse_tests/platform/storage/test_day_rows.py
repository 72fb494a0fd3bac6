"""Rows sorted by day are cut into days."""

import datetime as dt
from collections.abc import Iterator
from typing import cast

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.platform.storage import day_rows
from lakehouse.platform.storage.day_rows import cut_by_day

SCHEMA = pa.schema([("day", pa.date32()), ("n", pa.int64())])
DAYS = [dt.date(2024, 1, day) for day in range(1, 8)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    days=st.lists(st.sampled_from(DAYS), max_size=30).map(sorted),
    wanted=st.sets(st.sampled_from(DAYS)) | st.none(),
    size=st.integers(1, 7),
    held=st.integers(1, 100),
)
def test_each_day_has_its_rows_however_they_are_batched(days, wanted, size, held):
    rows = pa.table({"day": days, "n": range(len(days))}, schema=SCHEMA)
    batches = rows.to_batches(max_chunksize=size)
    expected = sorted(set(days) if wanted is None else wanted)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day_rows, "HELD_BYTES", held)
        for day, part in cut_by_day(
            batches, sorted(wanted or ()) if wanted is not None else None, SCHEMA
        ):
            whole = part if isinstance(part, pa.Table) else pa.concat_tables(part)
            found.append((day, whole["n"].to_pylist()))
    assert found == [(day, [n for n, each in enumerate(days) if each == day]) for day in expected]


def test_rows_of_a_large_day_are_read_while_they_are_written():
    """One wide row may be as large as many narrow ones, so bytes are counted and not rows."""
    schema = pa.schema([("day", pa.date32()), ("text", pa.string())])
    taken = []

    def batches():
        for n in range(100):
            taken.append(n)
            yield pa.table({"day": DAYS[:1] * 4, "text": ["x" * (1 << 18)] * 4}, schema)

    _, rows = next(cut_by_day(batches(), None, schema))
    assert len(taken) < 40
    assert sum(part.num_rows for part in cast("Iterator[pa.Table]", rows)) == 400

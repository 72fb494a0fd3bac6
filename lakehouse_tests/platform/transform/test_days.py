"""Rows sorted by day are cut into days."""

import datetime as dt

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.platform.transform.days import cut_by_day

SCHEMA = pa.schema([("day", pa.date32()), ("n", pa.int64())])
DAYS = [dt.date(2024, 1, day) for day in range(1, 8)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    days=st.lists(st.sampled_from(DAYS), max_size=30).map(sorted),
    wanted=st.sets(st.sampled_from(DAYS)),
    size=st.integers(1, 7),
)
def test_each_day_has_its_rows_however_they_are_batched(days, wanted, size):
    rows = pa.table({"day": days, "n": range(len(days))}, schema=SCHEMA)
    cut = dict(cut_by_day(rows.to_batches(max_chunksize=size), sorted(wanted), SCHEMA))
    assert list(cut) == sorted(wanted)
    for day, found in cut.items():
        assert found["n"].to_pylist() == [n for n, each in enumerate(days) if each == day]

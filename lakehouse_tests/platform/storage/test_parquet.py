"""Types, bytes, row groups and statistics of the files of days."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse_tests.platform.storage.orders import (
    EIGHT,
    MON,
    ORDERS,
    SCHEMA,
    TUE,
    put,
    rows_of,
)

TYPED = {
    "flag": (pa.bool_(), True),
    "small": (pa.int8(), -3),
    "real": (pa.float64(), 0.1),
    "money": (pa.decimal128(19, 4), Decimal("12345678901.2345")),
    "on": (pa.date32(), dt.date(2024, 2, 29)),
    "at": (pa.timestamp("us"), EIGHT.replace(microsecond=123456)),
    "utc": (pa.timestamp("us", "UTC"), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
    "text": (pa.string(), 'çã "quoted" 🚲'),
    "raw": (pa.binary(), b"\0\xff"),
    "tags": (pa.list_(pa.string()), ["a", None]),
    "place": (pa.struct([("city", pa.string())]), {"city": "Ipê"}),
}


def test_every_type_is_read_as_it_was_written(orders: LakeTable):
    schema = pa.schema([(name, kind) for name, (kind, _) in TYPED.items()])
    row = {name: value for name, (_, value) in TYPED.items()}
    empty = dict.fromkeys(TYPED)
    orders.write({MON: pa.Table.from_pylist([row, empty], schema=schema)}, schema=schema)
    assert orders.read().to_pylist() == [row | {"day": MON}, empty | {"day": MON}]
    bounded = dict(orders.snapshot().files[0].bounds)
    kept = ("flag", "small", "money", "on", "at", "utc", "text")
    assert bounded == {name: (row[name], row[name]) for name in kept}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("ns"), EIGHT.replace(microsecond=1)),
        (pa.dictionary(pa.int8(), pa.string()), "a"),
        (pa.large_string(), "b"),
        (pa.uint16(), 7),
    ],
    ids=["nanoseconds", "dictionary", "large string", "unsigned integer"],
)
def test_types_unknown_to_delta_are_stored_as_the_nearest_type(on_disk: LakeTable, kind, value):
    schema = pa.schema([("x", kind)])
    on_disk.write({MON: pa.table({"x": pa.array([value], kind)})}, schema=schema)
    assert on_disk.read()["x"].to_pylist() == [value]
    protocol = json.loads(
        on_disk.store.read(f"{ORDERS.path}/_delta_log/{0:020}.json").splitlines()[1]
    )
    assert set(protocol["protocol"].get("readerFeatures", [])) <= {"timestampNtz"}


def test_the_column_day_is_not_stored_inside_the_file(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1).append_column("day", pa.array([TUE]))})
    assert pq.read_schema(on_disk.snapshot().urls()[0]).names == ["id", "unit"]
    assert on_disk.read()["day"].to_pylist() == [MON]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, 20_000), max_size=6), day=st.sampled_from([MON, TUE]))
def test_the_same_rows_give_the_same_bytes_however_they_are_cut_into_batches(
    tmp_path: Path, cuts, day
):
    table = Lake(str(tmp_path)).table(ORDERS)
    rows = pa.table({"id": range(20_000), "unit": [f"unit {n % 77}" for n in range(20_000)]})
    places = sorted({0, *cuts, 20_000})

    def batches() -> Iterator[pa.RecordBatch]:
        for start, end in pairwise(places):
            yield from rows.slice(start, end - start).to_batches()

    at_once, cut = table.stage(day, rows, SCHEMA), table.stage(day, batches(), SCHEMA)
    assert cut.rows == 20_000
    assert (cut.data_version, cut.size, cut.files[0].stats) == (
        at_once.data_version,
        at_once.size,
        at_once.files[0].stats,
    )
    assert cut.files[0].path != at_once.files[0].path


def test_a_long_day_is_written_in_several_row_groups(on_disk: LakeTable):
    staged = on_disk.stage(MON, rows_of(*range(300_000)).to_batches(max_chunksize=70_001), SCHEMA)
    written = pq.read_metadata(f"{on_disk.url}/{staged.files[0].path}")
    assert [written.row_group(n).num_rows for n in range(3)] == [131_072, 131_072, 37_856]
    on_disk.commit([staged], schema=SCHEMA)
    assert on_disk.snapshot().files[0].bounds["id"] == (0, 299_999)
    assert on_disk.read()["id"].to_pylist() == list(range(300_000))


def test_bounds_that_are_not_exact_are_left_out(on_disk: LakeTable):
    schema = pa.schema(
        [("long", pa.string()), ("money", pa.decimal128(38, 2)), ("real", pa.float64())]
    )
    row = {"long": "x" * 33, "money": Decimal("12345678901234567890.12"), "real": float("nan")}
    on_disk.write({MON: pa.Table.from_pylist([row], schema=schema)}, schema=schema)
    assert dict(on_disk.snapshot().files[0].bounds) == {}


ENDS_WHILE_READING = """
import io, os
import pyarrow as pa, pyarrow.parquet as pq
from lakehouse.platform.storage.parquet import decode

data = io.BytesIO()
pq.write_table(pa.table({name: ["x"] * 1000 for name in "abcd"}), data)
threads = set(os.listdir("/proc/self/task"))
rows = decode(data.getvalue(), ["d", "missing", "a"])
assert rows.column_names == ["d", "a"] and rows.num_rows == 1000, rows
print(len(set(os.listdir("/proc/self/task")) - threads))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_a_file_in_memory_is_read_without_threads_that_could_outlive_the_interpreter() -> None:
    # A thread of Arrow that frees Python's memory while Python ends aborts the process.
    started = subprocess.run(
        [sys.executable, "-c", ENDS_WHILE_READING], capture_output=True, text=True, check=True
    )
    assert started.stdout == "0\n"

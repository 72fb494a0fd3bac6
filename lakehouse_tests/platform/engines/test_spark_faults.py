"""A cluster of two workers: a lake on S3, a killed executor, and errors that name their cause."""

import datetime as dt
import functools
import os
import signal
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import Session, session
from lakehouse.platform.engines.spark import SparkSession
from lakehouse.platform.engines.spark_files import Convert
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests import servers
from lakehouse_tests.platform.engines.spark import executor_of

pytestmark = pytest.mark.server
MONDAY, TUESDAY = dt.date(2026, 1, 5), dt.date(2026, 1, 6)
SCHEMA = ibis.schema({"day": "date", "name": "string", "n": "int64"})
GIVEN = ibis.table(SCHEMA, name="given")
ORDERED = GIVEN.order_by("day", "n")
NAMES, COPY = TableId("silver", "shop", "names"), TableId("gold", "shop", "names")
TINY = 12 / (1 << 20)
"""MiB, so that a section has 32 rows."""


def rows(count: int) -> pa.Table:
    days = [MONDAY] * count + [TUESDAY]
    numbers = [*(n * 7919 % count for n in range(count)), 1]
    return pa.table(
        {"day": days, "name": [f"name {n}" for n in numbers], "n": numbers}, SCHEMA.to_pyarrow()
    )


def stage(opened: Session, table: LakeTable, convert: Convert | None = None) -> None:
    """Write and commit the rows that are called given."""
    schema = SCHEMA.to_pyarrow()
    staged = opened.stage_days(ORDERED, [MONDAY, TUESDAY], table, schema, convert=convert)
    table.commit(staged, schema=schema)


def written_by_duckdb(lake: Lake) -> LakeTable:
    table = lake.table(NAMES)
    with session(Settings(root=lake.root)) as opened:
        opened.arrow("given", rows(100))
        stage(opened, table)
    return table


def kill_executor_once(batch: pa.RecordBatch, *, marker: Path) -> pa.Table:
    """Kill the executor of this task after it has written a part, but only once."""
    if 40 in batch["n"].to_pylist():
        try:
            marker.touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(executor_of(os.getpid()), signal.SIGKILL)
    return pa.Table.from_batches([batch])


def test_a_killed_executor_costs_a_retry_and_no_row(cluster: Settings, tmp_path: Path):
    lake = Lake(str(tmp_path / "lake"), TINY)
    expected = written_by_duckdb(lake).snapshot().files
    table = lake.table(COPY)
    marker = tmp_path / "killed"
    with session(replace(cluster, root=lake.root)) as opened:
        opened.arrow("given", rows(100))
        stage(opened, table, functools.partial(kill_executor_once, marker=marker))
    assert marker.exists()
    found = table.snapshot().files
    assert [file.data_version for file in found] == [file.data_version for file in expected]
    assert len(found[0].parts) > 3
    assert table.read()["n"].to_pylist() == [*range(100), 1]


@pytest.mark.parametrize("damage", ["other bytes", "does not exist"])
def test_damage_that_an_executor_finds_is_named(cluster: Settings, tmp_path: Path, damage: str):
    lake = Lake(str(tmp_path / "lake"))
    table, copy = written_by_duckdb(lake), lake.table(COPY)
    file = Path(table.snapshot().by_day[TUESDAY].parts[0].url)
    if damage == "other bytes":
        file.write_bytes(bytes(file.stat().st_size))
    else:
        file.unlink()

    def use(read: Callable[[Session], object]) -> None:
        with session(replace(cluster, root=lake.root)) as opened:
            opened.files("given", table.snapshot().urls(), SCHEMA)
            read(opened)

    for read in (lambda opened: opened.table(ORDERED), lambda opened: stage(opened, copy)):
        with pytest.raises(TableDamaged, match=f"{file.name}.*{damage}.*hint:") as raised:
            use(read)
        assert (raised.value.table, raised.value.day) == (NAMES, TUESDAY)


def reject(batch: pa.RecordBatch) -> pa.Table:
    raise OSError(28, "No space left on device", "/data/spill")


def other_columns(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch]).select(["day", "n"])


def test_an_error_in_a_task_keeps_its_meaning(cluster: Settings, tmp_path: Path):
    lake = Lake(str(tmp_path / "lake"))
    with session(replace(cluster, root=lake.root)) as opened:
        opened.arrow("given", rows(1))
        with pytest.raises(StorageError, match=r"a disk is full \(/data/spill\). hint: free"):
            stage(opened, lake.table(COPY), reject)
        with pytest.raises(StorageError, match=r"^gold\.shop_names: .* see \['name'\]$"):
            stage(opened, lake.table(COPY), other_columns)
        assert not lake.table(COPY).exists()


@pytest.mark.s3
def test_executors_read_and_write_a_lake_on_s3(cluster: Settings, s3: servers.S3Server):
    lake = Lake(f"s3://{s3.bucket}/{uuid.uuid4().hex}", TINY)
    table = written_by_duckdb(lake)
    with session(replace(cluster, root=lake.root)) as opened:
        opened.files("given", table.snapshot().urls(), SCHEMA, "n < 90")
        stage(opened, lake.table(COPY))
        assert isinstance(opened, SparkSession)
        plan = opened.spark.table("given")._jdf.queryExecution().optimizedPlan()
        assert plan.stats().sizeInBytes() > 1 << 40  # not known, so it is not taken for small
        wider = ibis.schema({**SCHEMA, "note": "string"})
        opened.files("wider", table.snapshot().urls([TUESDAY]), wider)
        found = opened.table(ibis.table(wider, name="wider")).to_pylist()
        assert found == [{"day": TUESDAY, "name": "name 1", "n": 1, "note": None}]
    assert lake.table(COPY).read()["n"].to_pylist() == [*range(90), 1]
    assert len(lake.table(COPY).snapshot().by_day[MONDAY].parts) > 2

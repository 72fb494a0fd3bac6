"""A cluster that loses its executors or its driver: no row is lost or doubled.

What a run could not commit, the next one writes, and `vacuum` deletes the files that it left.
"""

import datetime as dt
import functools
import os
import signal
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import Session, session
from lakehouse.platform.engines.spark_causes import DriverLost
from lakehouse.platform.engines.spark_files import Convert
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests.platform.engines.spark import cluster_environment, executors

pytestmark = pytest.mark.server
DAYS = [dt.date(2026, 1, day) for day in range(5, 7)]
SCHEMA = ibis.schema({"day": "date", "n": "int64", "name": "string"})
GIVEN = ibis.table(SCHEMA, name="given")
ORDERED = GIVEN.order_by("day", "n")
NAMES, COPY = TableId("silver", "shop", "names"), TableId("gold", "shop", "names")
TINY = 16_384 / (1 << 20)
"""MiB, so that a day has several files."""
ROWS = 2_000
NO_TIME = dt.timedelta()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), TINY)


def rows(count: int = ROWS) -> pa.Table:
    """Return rows of all days in another order than that of their numbers."""
    numbers = [n * 7919 % count for n in range(count)]
    names = [uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex * 4 for n in numbers]
    each = pa.table({"n": numbers, "name": names})
    parts = [each.add_column(0, "day", pa.array([day] * count, pa.date32())) for day in DAYS]
    return pa.concat_tables(parts).cast(SCHEMA.to_pyarrow())


def written_by_duckdb(lake: Lake) -> LakeTable:
    table = lake.table(NAMES)
    with session(Settings(root=lake.root)) as opened:
        opened.arrow("given", rows())
        stage(opened, table)
    return table


def stage(
    opened: Session,
    table: LakeTable,
    before_commit: Callable[[], object] = bool,
    convert: Convert | None = None,
) -> None:
    schema = SCHEMA.to_pyarrow()
    staged = opened.stage_days(ORDERED, DAYS, table, schema, convert=convert)
    before_commit()
    table.commit(staged, schema=schema)


def copy(settings: Settings, lake: Lake, before_commit: Callable[[], object] = bool) -> None:
    """Copy the table on the cluster."""
    with session(replace(settings, root=lake.root)) as opened:
        opened.files("given", lake.table(NAMES).snapshot().urls(), SCHEMA)
        stage(opened, lake.table(COPY), before_commit)


def assert_copied(lake: Lake) -> None:
    """The copy has the versions of the original, and `vacuum` leaves the files that it shows."""
    found, expected = (lake.table(each).snapshot() for each in (COPY, NAMES))
    assert [each.data_version for each in found.files] == [
        each.data_version for each in expected.files
    ]
    lake.table(COPY).vacuum(retention=NO_TIME, dry_run=False)
    left = {entry.path for entry in lake.store.entries(COPY.path) if "/day=" in entry.path}
    assert left == {f"{COPY.path}/{path}" for path in found.paths}


def kill_executors() -> None:
    for process in executors(os.getpid()):
        os.kill(process, signal.SIGKILL)


def test_executors_that_are_lost_before_the_commit_are_not_missed(cluster: Settings, lake: Lake):
    written_by_duckdb(lake)
    copy(cluster, lake, kill_executors)
    assert_copied(lake)


def kill_after_a_part(batch: pa.RecordBatch, *, driver: int) -> pa.Table:
    """Kill the driver when this task has written a part of a day."""
    if ROWS - 1 in batch["n"].to_pylist():
        os.kill(driver, signal.SIGKILL)
    return pa.Table.from_batches([batch])


def test_a_driver_lost_while_executors_write_is_named_and_the_next_session_has_another(
    cluster: Settings, lake: Lake, spark_home: Path, monkeypatch: pytest.MonkeyPatch
):
    from pyspark import SparkContext

    for name, value in cluster_environment(spark_home).items():
        monkeypatch.setenv(name, value)
    java: Any = SparkContext._gateway
    kill = functools.partial(kill_after_a_part, driver=java.proc.pid)

    def lose_the_driver() -> None:
        with session(replace(cluster, root=lake.root)) as opened:
            opened.files("given", lake.table(NAMES).snapshot().urls(), SCHEMA)
            stage(opened, lake.table(COPY), convert=kill)

    written_by_duckdb(lake)
    with pytest.raises(DriverLost, match=r"driver of Spark.*hint: run again"):
        lose_the_driver()
    assert not lake.table(COPY).exists()
    assert [*lake.store.entries(COPY.path)]
    copy(cluster, lake)
    assert_copied(lake)

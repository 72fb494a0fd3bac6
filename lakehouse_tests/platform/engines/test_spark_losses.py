"""A cluster that loses its executors or its driver: no row is lost or doubled.

What a run could not commit, the next one writes, and `vacuum` deletes the files that it left.
"""

import datetime as dt
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import Session, session
from lakehouse.platform.engines.spark_causes import DriverLost
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests.platform.engines.spark import executors, spark_cluster

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


@pytest.fixture(scope="module")
def cluster() -> Iterator[Settings]:
    with spark_cluster(Settings()) as settings:
        yield settings


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


def stage(opened: Session, table: LakeTable, before_commit: Callable[[], object] = bool) -> None:
    schema = SCHEMA.to_pyarrow()
    staged = opened.stage_days(ORDERED, DAYS, table, schema)
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


def test_a_lost_java_process_is_named_and_the_next_session_has_another(
    cluster: Settings, lake: Lake
):
    from pyspark import SparkContext

    def kill_driver() -> None:
        gateway: Any = SparkContext._gateway
        os.kill(gateway.proc.pid, signal.SIGKILL)
        gateway.proc.wait()

    def lose_the_driver() -> None:
        with session(replace(cluster, root=lake.root)) as opened:
            opened.files("given", lake.table(NAMES).snapshot().urls(), SCHEMA)
            kill_driver()
            stage(opened, lake.table(COPY))

    written_by_duckdb(lake)
    with pytest.raises(DriverLost, match=r"driver of Spark.*hint: run again"):
        lose_the_driver()
    assert not lake.table(COPY).exists()
    copy(cluster, lake)
    assert_copied(lake)

"""Staging writes files where the caller decides, and commits nothing."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

from lakehouse.platform.engines.session import engine_settings
from lakehouse.platform.orchestration.computed_assets import result
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.settings import Settings
from lakehouse_tests.platform.transform.market import DAY, SHOPS, stock


def test_days_are_staged_into_the_target_and_the_lake_is_only_read(tmp_path: Path):
    lake, target = Lake(str(tmp_path / "lake")), Lake(str(tmp_path / "target"))
    stock(lake, [1, 2], days=2)
    before = {entry.path for entry in lake.store.entries()}
    days = [DAY, DAY + dt.timedelta(days=1)]
    done = stage_days(SHOPS, days, lake, Settings(root=lake.root, threads=1), target=target)
    assert [(each.day, each.rows) for each in done.staged] == [(day, 2) for day in days]
    assert {entry.path for entry in lake.store.entries()} == before
    assert {entry.path for entry in target.store.entries()} == {
        f"{SHOPS.id.path}/{each.files[0].path}" for each in done.staged
    }


def test_staged_days_are_not_visible_before_their_commit(tmp_path: Path):
    lake = Lake(str(tmp_path / "lake"))
    stock(lake, [1, 2])
    done = stage_days(SHOPS, [DAY], lake, Settings(root=lake.root, threads=1))
    assert not lake.table(SHOPS.id).exists()
    lake.table(SHOPS.id).commit(done.staged, schema=done.schema)
    assert [row["shop"] for row in lake.table(SHOPS.id).read([DAY]).to_pylist()] == [1, 2]


def test_an_embedded_table_is_computed_without_the_cluster(tmp_path: Path):
    lake = Lake(str(tmp_path / "lake"))
    stock(lake, [1, 2])
    small = replace(SHOPS, options=replace(SHOPS.options, embedded=True))
    done = stage_days(small, [DAY], lake, unreachable(lake, spark_min_rows=0))
    assert [(each.day, each.rows) for each in done.staged] == [(DAY, 2)]
    assert re.fullmatch(r"duckdb [0-9.]+", engine_of(done))


def test_a_table_with_fewer_upstream_rows_than_the_limit_is_computed_without_the_cluster(
    tmp_path: Path,
):
    lake = Lake(str(tmp_path / "lake"))
    stock(lake, [1, 2], days=3)
    days = [DAY, DAY + dt.timedelta(days=1)]
    done = stage_days(SHOPS, days, lake, unreachable(lake, spark_min_rows=9))
    assert [each.rows for each in done.staged] == [2, 2]
    assert re.fullmatch(r"duckdb [0-9.]+ \(8 rows\)", engine_of(done))


def test_from_the_limit_on_a_table_is_computed_on_the_cluster():
    settings = Settings(engine="spark", spark_min_rows=5)
    engines = {rows: engine_settings(settings, embedded=False, rows=rows).engine for rows in (4, 5)}
    assert engines == {4: "duckdb", 5: "spark"}
    assert engine_settings(settings, embedded=False).engine == "spark"
    every = replace(settings, spark_min_rows=0)
    assert engine_settings(every, embedded=False, rows=0).engine == "spark"
    assert engine_settings(every, embedded=True, rows=9).engine == "duckdb"


def unreachable(lake: Lake, *, spark_min_rows: int) -> Settings:
    """Return settings of a cluster that does not answer."""
    return Settings(
        root=lake.root,
        threads=1,
        engine="spark",
        spark_master="spark://127.0.0.1:1",
        spark_min_rows=spark_min_rows,
    )


def engine_of(done: StagedDays) -> str:
    metadata = result(done, [DAY]).metadata or {}
    return str(metadata["lakehouse/engine"])

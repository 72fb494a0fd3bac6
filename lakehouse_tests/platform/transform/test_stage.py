"""Staging writes files where the caller decides, and commits nothing."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from lakehouse.platform.orchestration.computed_assets import result
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform.stage import stage_days
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
    unreachable = Settings(
        root=lake.root, threads=1, engine="spark", spark_master="spark://127.0.0.1:1"
    )
    done = stage_days(small, [DAY], lake, unreachable)
    assert [(each.day, each.rows) for each in done.staged] == [(DAY, 2)]
    metadata = result(done, [DAY], unreachable).metadata or {}
    assert str(metadata["lakehouse/engine"]).startswith("duckdb ")

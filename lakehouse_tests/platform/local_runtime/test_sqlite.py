"""A process opens a Dagster instance again without opening its files and reading its migrations."""

import gc
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

from lakehouse.platform.local_runtime import sqlite
from lakehouse.platform.local_runtime.instance import prepare_instance


def opened_engines(home: Path) -> set[object]:
    """Open the instance of a home, use its storages, close it; return the engines of its files."""
    with prepare_instance(home, "local") as instance:
        instance.get_run_records(limit=1)
        instance.all_instigator_state()
        parts: tuple[Any, ...] = (
            instance.run_storage,
            instance.event_log_storage,
            instance.schedule_storage,
        )
        return {part._engine for part in parts}


def test_an_instance_that_is_opened_again_uses_the_same_connections(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise AssertionError("the migrations of Dagster were read again")

    for module in (sqlite_run_storage, sqlite_schedule_storage):
        monkeypatch.setattr(module, "check_alembic_revision", fail)
    opened: list[object] = []
    monkeypatch.setattr(sqlite, "pooled_engine", opened.append)
    for _ in range(3):
        with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
            assert again.get_run_records(limit=1) == []
            assert again.all_instigator_state() == []
    assert not opened
    assert instance.get_run_records(limit=1) == []  # still usable after the others were closed


def test_a_home_that_was_deleted_and_made_again_is_another_one(tmp_path: Path):
    home = tmp_path / "home"
    before = opened_engines(home)
    (tmp_path / "other").mkdir()
    shutil.move(home, tmp_path / "other" / "home")
    after = opened_engines(home)
    assert len(before) == len(after) == 3
    assert not before & after


def test_only_the_connections_of_one_unused_home_stay_open(tmp_path: Path):
    opened_engines(tmp_path / "first")
    gc.collect()
    newest = opened_engines(tmp_path / "second")
    gc.collect()
    unused = {each.engine for each in sqlite._engines.values() if not each.users}
    assert unused == newest

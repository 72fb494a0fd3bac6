"""The storage of the local runtime holds the same records as Dagster's stock storage."""

import multiprocessing
import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.run_storage import Storage
from lakehouse_tests.platform.local_runtime.days import (
    DAYS,
    KEY,
    broken_table,
    days_table,
    run_over,
)

FORK = multiprocessing.get_context("fork")


def stored(instance: dg.DagsterInstance, run_id: str) -> list[tuple[object, ...]]:
    """Return the asset events of a run, without times, ids and places in the code."""
    events = (
        entry.get_dagster_event() for entry in instance.all_logs(run_id) if entry.is_dagster_event
    )
    return sorted(
        (
            event.event_type_value,
            event.step_key,
            event.partition,
            event.message,
            repr(getattr(event.event_specific_data, "partitions_subset", None)),
        )
        for event in events
        if event.event_type_value.startswith("ASSET_")
    )


def test_the_records_equal_those_of_the_stock_storage(instance: dg.DagsterInstance, tmp_path: Path):
    ours = run_over(instance, days_table)
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path / "stock")) as stock:
        theirs = run_over(stock, days_table)
        assert stored(instance, ours.run_id) == stored(stock, theirs.run_id)
        for each, result in ((instance, ours), (stock, theirs)):
            assert result.success
            assert each.get_materialized_partitions(KEY) == set(DAYS)
        records = [
            [
                (r.partition_key, r.event_log_entry.tags)
                for r in each.fetch_materializations(KEY, limit=10).records
            ]
            for each in (instance, stock)
        ]
        differing = {"dagster/code_version"}  # the id of the run when the asset has no version
        mine, other = (
            [
                (day, {k: v for k, v in (tags or {}).items() if k not in differing})
                for day, tags in each
            ]
            for each in records
        )
        assert mine == other


def test_the_days_of_a_failed_run_are_recorded_as_attempted(instance: dg.DagsterInstance):
    failed = run_over(instance, broken_table)
    attempts = instance.event_log_storage
    waiting = attempts.get_latest_asset_partition_materialization_attempts_without_materializations
    assert {day: run for day, (run, _) in waiting(KEY).items()} == dict.fromkeys(
        DAYS, failed.run_id
    )
    run_over(instance, days_table)
    assert waiting(KEY) == {}


def test_events_of_a_batch_are_stored_together_or_not_at_all(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    run = run_over(instance, days_table).run_id
    events = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    log = instance.event_log_storage
    assert len(events) == len(DAYS)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(log, "_store_asset_event_tags", fail)
    with pytest.raises(OSError, match="disk full"):
        log.store_event_batch(events)
    again = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert again == events


def test_a_home_that_many_processes_open_at_once_is_created_once(tmp_path: Path):
    children = [FORK.Process(target=Storage, args=(str(tmp_path),)) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 6
    with sqlite3.connect(tmp_path / "history" / "event_log.db") as db:
        assert db.execute("select count(*) from alembic_version").fetchone() == (1,)


def run_and_die(home: Path) -> None:
    run_over(prepare_instance(home, "local"), days_table)
    os.kill(os.getpid(), signal.SIGKILL)


def test_stored_records_survive_a_killed_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    killed = FORK.Process(target=run_and_die, args=(tmp_path,))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    with prepare_instance(tmp_path, "local") as instance:
        assert [run.is_success for run in instance.get_runs()] == [True]
        assert instance.get_materialized_partitions(KEY) == set(DAYS)


def test_threads_and_a_forked_child_write_at_the_same_time(instance: dg.DagsterInstance):
    run = run_over(instance, days_table).run_id
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    events = instance.all_logs(run, of_type=kind)
    log = instance.event_log_storage
    child = FORK.Process(target=log.store_event_batch, args=(events,))
    child.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: log.store_event_batch(events), range(20)))
    child.join(60)
    assert child.exitcode == 0
    assert len(instance.all_logs(run, of_type=kind)) == 22 * len(DAYS)


def test_a_run_is_retried_after_its_process_died_but_not_after_a_table_failed(
    instance: dg.DagsterInstance,
):
    from dagster._daemon.auto_run_reexecution.auto_run_reexecution import should_retry

    failed = instance.get_run_by_id(run_over(instance, broken_table).run_id)
    assert failed is not None
    assert not should_retry(failed, instance)
    lost = instance.create_run_for_job(
        dg.define_asset_job("j", [KEY]).resolve(
            asset_graph=dg.Definitions([days_table]).resolve_asset_graph()
        )
    )
    instance.report_run_failed(lost, "its process is gone")
    again = instance.get_run_by_id(lost.run_id)
    assert again is not None
    assert should_retry(again, instance)

"""Every table has checks for each partition, is stored by the I/O manager, and a run shows it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.policy import IO_MANAGER
from lakehouse.platform.orchestration.run_tags import Work, job_name, range_tags
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.stored_rows import StoredRules
from lakehouse_tests.platform.cafe import DOMAIN, VISITS, Cafe

RECORD = asset_key(TableId("ops", "cafe", "months"))
"""The record of reference dates: its step writes only some of the partitions of a run."""
FIRST, SECOND = dt.date(2024, 3, 1), dt.date(2024, 3, 2)


@pytest.fixture
def cafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cafe:
    cafe = Cafe(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_ROOT", cafe.settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", cafe.settings.landing)
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,10")
    cafe.send("2024-03-02", "visits_2.csv", "2,2024-03-02,20")
    return cafe


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def definitions(cafe: Cafe) -> dg.Definitions:
    return dg.Definitions.merge(shared_definitions(), definitions_of(DOMAIN, cafe.settings))


def arrivals(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job_name("cafe", Work.ARRIVALS)).execute_in_process(
        instance=instance, tags=range_tags(FIRST, SECOND), raise_on_error=False
    )


def test_every_table_is_stored_by_the_io_manager(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys() - {RECORD}:
        assets = graph.get(key).assets_def
        assert assets.get_io_manager_key_for_asset_key(key) == IO_MANAGER, key


def test_every_table_has_partitioned_checks_of_its_contract(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys() - {RECORD}:
        partitions = graph.get(key).partitions_def
        contract = graph.get(dg.AssetCheckKey(key, "contract"))
        assert contract.partitions_def == partitions, key
    visits = asset_key(VISITS.bronze.id)
    pandera = graph.get(dg.AssetCheckKey(visits, "pandera"))
    assert pandera.partitions_def == graph.get(visits).partitions_def


def test_a_run_over_two_days_leaves_a_result_for_each_table_and_day(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    assert arrivals(definitions, instance).success
    graph = definitions.resolve_asset_graph()
    run = {
        key
        for key in graph.get_all_asset_keys() - {RECORD}
        if instance.get_materialized_partitions(key)
    }
    assert len(run) >= 9
    assert asset_key(TableId("ops", "cafe", "reconciliation")) in run
    for key in run:
        check = dg.AssetCheckKey(key, "contract")
        found = instance.event_log_storage.get_asset_check_partition_info([check])
        states = {each.partition_key: each.latest_execution_status.value for each in found}
        assert states == {str(FIRST): "SUCCEEDED", str(SECOND): "SUCCEEDED"}, key
        assert all(each.is_current for each in found), key


def test_raw_and_bronze_are_committed_by_the_run_and_a_broken_row_fails_its_check(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(_: StoredRules, rows: pa.Table) -> Counter[str]:
        return Counter({"rows break a rule": 1} if "_line" in rows.column_names else {})

    monkeypatch.setattr(StoredRules, "count", count)
    result = arrivals(definitions, instance)
    failed = {
        (event.asset_key.path[0], event.partition)
        for event in result.get_asset_check_evaluations()
        if not event.passed
    }
    assert failed == {("bronze", str(FIRST)), ("bronze", str(SECOND))}
    metadata = instance.get_latest_materialization_event(asset_key(VISITS.bronze.id))
    assert metadata is not None
    assert metadata.asset_materialization is not None
    assert metadata.asset_materialization.metadata["lakehouse/changed_days"].value == 2


def test_a_step_starts_over_when_another_run_changed_its_days(
    cafe: Cafe,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another writer commits the deliveries after they were read, once."""
    from lakehouse.platform.orchestration import landed_assets

    stage = vars(landed_assets)["stage_ingestion"]
    calls = []

    def disturbed(bronze, *given, **options):
        done = stage(bronze, *given, **options)
        calls.append(bronze.id.table)
        if calls.count(bronze.id.table) == 1:
            stage(bronze, *given, **options).staged.commit(note={})
        return done

    monkeypatch.setattr(landed_assets, "stage_ingestion", disturbed)
    result = arrivals(definitions, instance)
    assert result.success
    assert len([name for name in calls if name == "visits"]) == 2
    rows = Lake(cafe.settings.root).table(VISITS.bronze.id).read()
    assert sorted(rows["number"].to_pylist()) == ["1", "2"]

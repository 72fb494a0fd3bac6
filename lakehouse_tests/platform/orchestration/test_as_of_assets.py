"""As-of tables as assets: partitions, what a run of the domain makes, and what a backfill makes."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from lakehouse.platform.orchestration import as_of_assets, publishing
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.run_tags import Work, job_name, range_tags
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import ShownVersions, publish, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse_tests.platform.cafe import (
    DOMAIN,
    Cafe,
    month_totals,
    spenders,
    spent,
    visit_days,
)

FIRST, SECOND = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
RECORD = TableId("ops", "cafe", "as_of_days")


@pytest.fixture
def cafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cafe:
    cafe = Cafe(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_ROOT", cafe.settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", cafe.settings.landing)
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,10")
    cafe.process()
    cafe.send("2024-03-02", "visits_2.csv", "2,2024-03-02,20")
    cafe.driver.run(Work.ARRIVALS, [SECOND])
    return cafe


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(
    cafe: Cafe,
    instance: dg.DagsterInstance,
    days: tuple[dt.date, dt.date],
    tables: Sequence[Table] | None = None,
    chosen: Sequence[dt.date] = (),
    work: Work = Work.AS_OF,
) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions.merge(shared_definitions(), definitions_of(DOMAIN, cafe.settings))
    return definitions.resolve_job_def(job_name("cafe", work)).execute_in_process(
        instance=instance,
        tags=range_tags(*days, chosen),
        raise_on_error=False,
        asset_selection=[asset_key(table.id) for table in tables] if tables else None,
    )


def test_a_run_of_reference_dates_makes_the_chosen_days_of_its_range(
    cafe: Cafe, instance: dg.DagsterInstance
) -> None:
    chosen = [FIRST, dt.date(2024, 3, 11), dt.date(2024, 4, 1)]
    span = (chosen[0], chosen[-1])
    assert run(cafe, instance, span, chosen=chosen, work=Work.REFERENCE_DATES).success
    assert set(stored(cafe, month_totals.id)) == set(chosen)
    record = TableId("ops", "cafe", "months")
    assert set(stored(cafe, record)) == set(chosen)
    for table in (month_totals.id, record):
        partitions = {day.isoformat() for day in chosen}
        assert instance.get_materialized_partitions(asset_key(table)) == partitions


def test_a_backfill_of_reference_dates_makes_every_day_that_it_asks_for(
    cafe: Cafe, instance: dg.DagsterInstance
) -> None:
    days = (dt.date(2024, 3, 10), dt.date(2024, 3, 12))
    assert run(cafe, instance, days, [month_totals], work=Work.REFERENCE_DATES).success
    made = {"2024-03-10", "2024-03-11", "2024-03-12"}
    assert instance.get_materialized_partitions(asset_key(month_totals.id)) == made
    assert {day.isoformat() for day in stored(cafe, month_totals.id)} > made


def stored(cafe: Cafe, table: TableId) -> list[dt.date]:
    return list(Lake(cafe.settings.root).table(table).snapshot().days)


def test_every_table_is_an_asset_with_day_partitions(cafe: Cafe) -> None:
    definitions = dg.Definitions.merge(shared_definitions(), definitions_of(DOMAIN, cafe.settings))
    graph = definitions.resolve_asset_graph()
    for table in DOMAIN.tables:
        node = graph.get(asset_key(table.id))
        assert isinstance(node.partitions_def, dg.DailyPartitionsDefinition), table.id
        assert node.is_materializable, table.id


def test_a_run_of_the_domain_makes_the_day_and_its_partitions_are_materialized(
    cafe: Cafe, instance: dg.DagsterInstance
) -> None:
    assert run(cafe, instance, (SECOND, SECOND)).success
    for table in (spenders, spent):
        assert instance.get_materialized_partitions(asset_key(table.id)) == {"2024-03-02"}
    assert cafe.rows("gold.cafe_spent", "day", "spent") == [(FIRST, 10), (SECOND, 30)]
    assert stored(cafe, RECORD) == [FIRST, SECOND]


def test_a_backfill_makes_the_days_that_it_asks_for(
    cafe: Cafe, instance: dg.DagsterInstance
) -> None:
    assert run(cafe, instance, (FIRST, SECOND), [spenders]).success
    assert stored(cafe, spenders.id) == [FIRST, SECOND]
    assert stored(cafe, spent.id) == [FIRST]


def test_a_table_made_on_request_is_made_only_when_it_is_named(
    cafe: Cafe, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = replace(spent, options=replace(spent.options, on_request=True))
    tables = tuple(rare if table is spent else table for table in DOMAIN.tables)
    monkeypatch.setattr(f"{__name__}.DOMAIN", replace(DOMAIN, tables=tables))
    assert run(cafe, instance, (SECOND, SECOND)).success
    assert stored(cafe, spent.id) == [FIRST]
    assert run(cafe, instance, (SECOND, SECOND), [rare]).success
    assert stored(cafe, spent.id) == [FIRST, SECOND]


def test_a_table_that_breaks_its_contract_stops_those_that_read_it_and_no_other(
    cafe: Cafe, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(spent, id=TableId("gold", "cafe", "zero_spent"), reads=spenders.reads)
    other = replace(other, transform=spenders.transform, model=spenders.model)
    monkeypatch.setattr(f"{__name__}.DOMAIN", replace(DOMAIN, tables=(*DOMAIN.tables, other)))

    def staged(table: Table, days: Sequence[dt.date], *more: Any) -> StagedDays:
        if table is spenders:
            return StagedDays(table=table, schema=None, failed_days={SECOND: "broken"})
        return stage_days(table, days, *more)

    monkeypatch.setattr(as_of_assets, "stage_days", staged)
    result = run(cafe, instance, (SECOND, SECOND))
    assert not result.success
    message = str(result.filter_events(lambda event: event.is_step_failure)[0].step_failure_data)
    assert "gold.cafe_spenders: 1 of 1 days break the contract" in message
    assert "gold.cafe_spent: not computed, it reads gold.cafe_spenders" in message
    assert stored(cafe, spenders.id) == stored(cafe, spent.id) == [FIRST]
    assert stored(cafe, other.id) == [SECOND]
    assert stored(cafe, RECORD) == [FIRST]


@pytest.mark.parametrize("fault", ["breaks its contract", "overflows"])
def test_a_failing_table_keeps_its_published_version_and_the_others_are_published(
    cafe: Cafe, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(publishing, "domain_names", lambda: ("cafe",))
    monkeypatch.setattr(publishing, "load_domain", lambda _: DOMAIN)
    lake = Lake(cafe.settings.root)
    before = publish(lake, "cafe")
    cafe.send("2024-03-02", "visits_3.csv", "3,2024-03-02,30")
    cafe.driver.run(Work.ARRIVALS, [SECOND])

    def staged(table: Table, days: Sequence[dt.date], *more: Any) -> StagedDays:
        if table is not spent:
            return stage_days(table, days, *more)
        if fault == "overflows":
            raise duckdb.OutOfRangeException("Overflow in addition of DECIMAL(18)")
        return StagedDays(table=table, schema=None, failed_days={SECOND: "broken"})

    monkeypatch.setattr(as_of_assets, "stage_days", staged)
    assert not run(cafe, instance, (SECOND, SECOND)).success
    after = read_published(lake, "cafe")
    assert after is not None
    assert after.number == before.number + 1
    assert after.note["kept"] == "gold.cafe_spent"
    assert after.tables[spent.id] == before.tables[spent.id]
    shown = ShownVersions(lake)
    assert shown.snapshot(spenders.id).days == (FIRST, SECOND)
    assert shown.snapshot(spent.id).days == (FIRST,)
    assert shown.snapshot(visit_days.id).version == lake.table(visit_days.id).snapshot().version


def test_day_tables_are_not_made_by_the_job_of_as_of_tables(
    cafe: Cafe, instance: dg.DagsterInstance
) -> None:
    run(cafe, instance, (SECOND, SECOND))
    assert not instance.get_materialized_partitions(asset_key(visit_days.id))

"""Files are delivered once, twice, corrected, late, out of order, incomplete and empty."""

import datetime as dt
import hashlib
import os
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.locks import worker_of
from lakehouse.platform.local_runtime.workers import worker_path
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.quarantine.export import export_rejections
from lakehouse.platform.quarantine.replay import replay_patch
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.domains.bikes import files as bikes
from lakehouse_tests.stories.conftest import BOTH_RUNTIMES, Make
from lakehouse_tests.stories.world import (
    FRI,
    MON,
    TUE,
    WED,
    World,
    changed_days,
    items,
    night,
    orders,
)

pytestmark = pytest.mark.as_of(False)

BUSINESS = ("silver.", "gold.")
ORDERS = TableId("silver", "mrhealth", "orders")
DATES = dg.AssetKey(["gold", "mrhealth", "dim_date"])
GOLD = ("gold.mrhealth_fact_orders", "gold.mrhealth_unit_day", "gold.mrhealth_product_day")
UNCHANGED = (
    "bronze.mrhealth_orders",
    "bronze.mrhealth_order_items",
    "silver.mrhealth_orders",
    "silver.mrhealth_orders__quarantine",
    "silver.mrhealth_order_items",
    *GOLD,
)


def business(tables: dict[str, dict[dt.date, str]]) -> dict[str, dict[dt.date, str]]:
    return {name: days for name, days in tables.items() if name.startswith(BUSINESS)}


def test_a_delivered_day_reaches_gold_and_reconciles_line_by_line(anywhere: World):
    files = night(MON, 1, "10.00", "20.50")
    anywhere.land_reference()
    anywhere.land_all(files)
    runs = anywhere.ingest()
    assert [(run.work, run.succeeded) for run in runs][:1] == [("mrhealth_arrivals", True)]
    assert anywhere.revenue() == {(MON, 1): "30.50"}
    sold = anywhere.rows("gold.mrhealth_product_day", "product_name", "orders", "quantity")
    assert sold == [("Suco", 2, 2)]
    units = anywhere.rows("gold.mrhealth_unit_day", "unit_name", "delivered", days=[MON])
    assert units == [("Centro", True), ("Praia", False)]
    assert anywhere.balance() == {"balanced": 6}
    for content in files.values():
        digest = hashlib.sha256(content.encode()).hexdigest()
        assert anywhere.lake.store.read(object_path("mrhealth", digest)) == content.encode()
    assert anywhere.ingest() == []


def test_repeated_files_are_recorded_as_duplicates_and_change_nothing(anywhere: World):
    files = night(MON, 1, "10.00")
    path, content = next(iter(files.items()))
    anywhere.land_reference()
    anywhere.land_all(files)
    anywhere.ingest()
    before = anywhere.files()
    anywhere.land(path, content)
    anywhere.land(f"mrhealth/{MON}/unidade_001/reenvio/pedido.CSV", content)
    anywhere.ingest()
    assert anywhere.statuses() == {"loaded": 1, "duplicate": 2}
    after = anywhere.files()
    for name in UNCHANGED:
        assert after[name][MON] == before[name][MON], name
    assert anywhere.revenue() == {(MON, 1): "10.00"}
    assert anywhere.balance() == {"balanced": 8}
    assert anywhere.ingest() == []


def test_the_same_bytes_of_another_unit_or_day_are_a_delivery_of_its_own(world: World):
    path, content = next(iter(night(MON, 1, "10.00").items()))
    world.land_reference()
    world.land(path, content)
    world.land(f"mrhealth/{MON}/unidade_002/PEDIDO.csv", content)
    world.land(f"mrhealth/{FRI}/unidade_001/PEDIDO.csv", content)
    header_only = orders()
    for unit in (1, 2):
        world.land(f"mrhealth/{TUE}/unidade_00{unit}/PEDIDO.csv", header_only)
    world.ingest()
    assert world.statuses() == {"loaded": 5}
    assert world.revenue() == {(MON, 1): "10.00"}
    assert set(world.balance()) == {"balanced"}
    delivered = world.rows("gold.mrhealth_unit_day", "unit_name", "delivered", days=[TUE])
    assert delivered == [("Centro", True), ("Praia", True)]


def test_a_corrected_file_replaces_the_rows_of_the_previous_version(anywhere: World):
    anywhere.land_reference()
    anywhere.land_all(night(MON, 1, "10.00", "20.00") | night(MON, 2, "5.00"))
    anywhere.land_all(night(TUE, 1, "7.00"))
    anywhere.ingest()
    before = anywhere.files()
    folder = f"mrhealth/{MON}/unidade_001"
    anywhere.land(f"{folder}/PEDIDO.csv", orders((1, 1, MON, "11.00"), (1, 3, MON, "30.00")))
    anywhere.land(f"{folder}/reenvio/ITEM_PEDIDO.csv", items((1, 1, 10, 1, "10.00")))
    anywhere.ingest()
    assert anywhere.rows("silver.mrhealth_orders", "day", "unit_id", "order_id") == [
        (MON, 1, "1"),
        (MON, 1, "3"),
        (MON, 2, "1"),
        (TUE, 1, "1"),
    ]
    assert anywhere.revenue() == {(MON, 1): "41.00", (MON, 2): "5.00", (TUE, 1): "7.00"}
    assert anywhere.statuses() == {"loaded": 3, "superseded": 1}
    assert changed_days(before, anywhere.files()) == {MON}
    lines = ("status", "bronze_rows", "silver_rows", "superseded_rows", "difference", "unit")
    files = anywhere.rows("ops.mrhealth_reconciliation", "table", *lines, days=[MON])
    assert files == [
        ("order_items", "loaded", 1, 1, 0, 0, 1),
        ("order_items", "loaded", 1, 1, 0, 0, 2),
        ("order_items", "superseded", 2, 0, 2, 0, 1),
        ("orders", "loaded", 1, 1, 0, 0, 2),
        ("orders", "loaded", 2, 2, 0, 0, 1),
        ("orders", "superseded", 2, 0, 2, 0, 1),
    ]


def test_a_file_400_days_late_changes_its_day_only(world: World):
    late = FRI - dt.timedelta(days=400)
    world.land_reference(late - dt.timedelta(days=1))
    world.land_all(night(late, 1, "9.00") | night(MON, 1, "10.00") | night(FRI, 1, "12.00"))
    world.ingest()
    before = world.files()
    world.land_all(night(late, 2, "1.00"))
    runs = world.ingest()
    assert [(run.first, run.last) for run in runs] == [(late, late)]
    assert changed_days(before, world.files()) == {late}
    assert world.revenue()[late, 2] == "1.00"
    assert set(world.balance()) == {"balanced"}


def test_days_delivered_out_of_order_give_the_same_tables_as_days_in_order(make_world: Make):
    nights = {day: night(day, 1, f"{day.day}.00") for day in (MON, TUE, WED)}
    nights[WED][f"mrhealth/{WED}/unidade_002/PEDIDO.csv"] = orders((2, 9, TUE, "2.00"))
    delivered = {path: content for files in nights.values() for path, content in files.items()}
    start = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)
    moments = {path: start + dt.timedelta(minutes=n) for n, path in enumerate(delivered)}

    at_once = make_world()
    at_once.land_reference()
    for path, content in delivered.items():
        at_once.land(path, content, at=moments[path])
    at_once.ingest()
    assert at_once.revenue() == {
        (MON, 1): "4.00",
        (TUE, 1): "5.00",
        (TUE, 2): "2.00",
        (WED, 1): "6.00",
    }

    one_by_one = make_world()
    one_by_one.land_reference()
    for day in (WED, MON, TUE):
        for path, content in nights[day].items():
            one_by_one.land(path, content, at=moments[path])
        one_by_one.ingest()
    for name, days in business(at_once.versions()).items():
        versions = one_by_one.versions()[name]
        assert {day: versions[day] for day in (MON, TUE, WED)} == {
            day: days[day] for day in (MON, TUE, WED)
        }, name
    assert one_by_one.balance() == at_once.balance() == {"balanced": 11}


@pytest.mark.as_of(True)
def test_an_order_of_the_day_before_is_added_to_its_day_by_a_follow_up_run(world: World):
    world.land_reference()
    world.land_all(night(MON, 1, "10.00"))
    world.ingest()
    folder = f"mrhealth/{TUE}/unidade_001"
    world.land(f"{folder}/PEDIDO.csv", orders((1, 8, MON, "3.00"), (1, 9, TUE, "4.00")))
    world.land(f"{folder}/ITEM_PEDIDO.csv", items((8, 1, 10, 1, "2.00"), (9, 1, 11, 1, "3.00")))
    runs = local_runs.ingest(world.domain, world.settings, world.instance)
    first = next(runs)
    assert (first.work, first.first, first.last) == ("mrhealth_arrivals", TUE, TUE)
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 1): "4.00"}
    assert world.balance()["waiting"] == 2
    assert set(world.rows("ops.mrhealth_reconciliation", "waiting_days", days=[TUE])) == {str(MON)}
    follow_up, as_of = runs
    assert (follow_up.work, follow_up.first, follow_up.last) == ("mrhealth_refresh", MON, MON)
    assert (as_of.work, as_of.first, as_of.last) == ("mrhealth_as_of", TUE, TUE)
    assert world.revenue() == {(MON, 1): "13.00", (TUE, 1): "4.00"}
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []


@pytest.mark.as_of(False)
def test_checks_that_waited_for_the_days_of_rows_are_evaluated_again_with_them(make_world: Make):
    world = make_world(domain="bikes")
    delivered = {
        "order_details": "2014-10-01",
        "order_headers": "2014-10-02",
        "products": "2014-10-04",
    }
    for dataset, day in delivered.items():
        world.land(f"bikes/{bikes.path(dataset, day)}", bikes.file(dataset, bikes.row(dataset)))

    def row_counts() -> set[str]:
        found = world.rows("ops.bikes_data_quality_log", "check_id", "day", "result")
        names = {f"silver.bikes_{table}.row_counts" for table in ("order_details", "order_headers")}
        return {result for check, day, result in found if check in names and day.year == 2014}

    runs = local_runs.ingest(world.domain, world.settings, world.instance)
    next(runs)
    assert row_counts() == {"warn", "fail"}
    assert [run.succeeded for run in runs] == [True]
    assert row_counts() == {"pass"}


def test_a_file_with_a_header_only_is_a_delivery_without_sales(world: World):
    world.land_reference()
    world.land_all(night(MON, 1) | night(MON, 2))
    world.ingest()
    shown = world.rows("gold.mrhealth_unit_day", "unit_id", "orders", "delivered", days=[MON])
    assert shown == [(1, 0, True), (2, 0, True)]
    assert set(world.balance()) == {"balanced"}
    empty = [f for f in world.lake.table(ORDERS).snapshot().files if f.day == MON]
    assert [file.rows for file in empty] == [0]


def test_items_without_orders_stay_in_quarantine_until_the_orders_arrive(world: World):
    (order_path, order_file), (item_path, item_file) = night(MON, 1, "10.00").items()
    world.land_reference()
    world.land(item_path, item_file)
    world.ingest()
    assert world.rejections("order_items") == ["orphan_item"]
    assert set(world.balance()) == {"balanced"}
    world.land(order_path, order_file)
    world.ingest()
    assert world.rejections("order_items") == []
    assert world.rows("gold.mrhealth_fact_order_items", "order_id", "quantity") == [("1", 1)]
    assert set(world.balance()) == {"balanced"}


def test_items_without_a_unit_are_assigned_only_when_their_order_is_unambiguous(anywhere: World):
    anywhere.land_reference()
    taken = dt.datetime(2024, 3, 7, 12, tzinfo=dt.UTC)
    sold = orders((1, 201, MON, "10.00"), (2, 201, MON, "20.00"), (2, 202, TUE, "5.00", "Pendente"))
    anywhere.land("mrhealth/PEDIDO.csv", sold, at=taken)
    lines = items((201, 1, 10, 1, "9.00"), (202, 1, 11, 2, "2.00"), (999, 1, 10, 1, "1.00"))
    anywhere.land("mrhealth/ITEM_PEDIDO.csv", lines, at=taken)
    anywhere.ingest()
    assert anywhere.revenue() == {(MON, 1): "10.00", (MON, 2): "20.00"}
    assert sorted(anywhere.rejections("order_items")) == ["ambiguous_parent", "orphan_item"]
    attached = anywhere.rows("silver.mrhealth_order_items", "day", "unit_id", "order_id")
    assert attached == [(TUE, 2, "202")]
    assert set(anywhere.balance()) == {"balanced"}


def test_a_rejected_file_is_recorded_and_its_corrected_version_is_loaded(world: World):
    world.land_reference()
    path = f"mrhealth/{MON}/unidade_001/PEDIDO.csv"
    world.land(path, "these,are,other,columns\n1,2,3,4\n")
    world.ingest()
    assert world.statuses() == {"rejected": 1}
    assert world.revenue() == {}
    (detail,) = world.rows("raw.mrhealth_orders", "detail")
    assert "Id_Unidade" in detail
    world.land(path, orders((1, 1, MON, "10.00")))
    world.ingest()
    assert world.statuses() == {"rejected": 1, "loaded": 1}
    assert world.revenue() == {(MON, 1): "10.00"}
    assert set(world.balance()) == {"balanced"}


@BOTH_RUNTIMES
def test_the_run_monitoring_finds_the_process_of_a_local_run(
    make_world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", "")
    world = make_world()
    with prepare_instance(tmp_path / "home") as instance:
        processes = set()

        def on_step(_: local_runs.StepResult) -> None:
            (run,) = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            processes.add(worker_of(worker_path(instance, run.run_id)))

        result = local_runs.materialize(
            world.domain, instance, first=MON, last=MON, tables=[DATES], on_step=on_step
        )
        assert result.succeeded
        assert processes == {os.getpid()}
        (finished,) = instance.get_runs()
        assert worker_of(worker_path(instance, finished.run_id)) is None


def test_a_corrected_row_is_replayed_as_if_it_had_been_correct_from_the_start(
    make_world: Make, tmp_path: Path
):
    folder = f"mrhealth/{MON}/unidade_001"
    right = orders((1, 1, MON, "10.00"), (1, 2, MON, "20.00"))
    lines = items((1, 1, 10, 1, "9.00"), (2, 1, 11, 1, "19.00"))
    clean = make_world()
    clean.land_reference()
    clean.land_all({f"{folder}/PEDIDO.csv": right, f"{folder}/ITEM_PEDIDO.csv": lines})
    clean.ingest()

    world = make_world()
    world.land_reference()
    world.land(f"{folder}/PEDIDO.csv", right.replace("20.00", "2o.oo"))
    world.land(f"{folder}/ITEM_PEDIDO.csv", lines)
    world.ingest()
    assert (world.rejections(), world.rejections("order_items")) == (
        ["bad_amount"],
        ["orphan_item"],
    )
    assert world.revenue() == {(MON, 1): "10.00"}
    patch = tmp_path / "patch.csv"
    assert export_rejections(world.lake, patch, Selection(table="orders")) == {patch: 1}
    patch.write_text(patch.read_text().replace("2o.oo", "20.00"))
    landing = landing_zone_of(world.domain, world.settings)
    done = replay_patch(world.lake, landing, world.settings, patch)
    assert [landed.edits for landed in done.landed] == [1]
    world.ingest()
    assert world.rejections() == world.rejections("order_items") == []
    for name in ("silver.mrhealth_orders", "silver.mrhealth_order_items", *GOLD):
        assert world.versions()[name][MON] == clean.versions()[name][MON], name
    assert world.statuses() == {"loaded": 1, "superseded": 1}
    assert set(world.balance()) == {"balanced"}

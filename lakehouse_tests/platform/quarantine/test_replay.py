"""Corrected files land as new versions of their deliveries and repair the lake."""

import datetime as dt
import json
import uuid
from pathlib import Path

import pytest

from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.export import export_rejections
from lakehouse.platform.quarantine.listing import RejectionKind, count_rejections, list_rejections
from lakehouse.platform.quarantine.replay import (
    Replay,
    days_to_rebuild,
    release_file,
    replace_file,
    replay_patch,
)
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse_tests.platform.quarantine.rejected_lake import (
    MONDAY,
    NIGHT,
    NOW,
    RIGHT_ITEMS,
    RIGHT_ORDERS,
    WRONG_ORDERS,
    edited,
    lake_of,
)
from lakehouse_tests.platform.small_lake import SmallLake
from lakehouse_tests.servers import S3Server


def replayed(small: SmallLake, patch: Path) -> Replay:
    return replay_patch(small.lake, small.landing, small.settings, patch, now=NOW)


def test_a_corrected_lake_has_the_same_bytes_as_a_lake_without_errors(
    wrong: SmallLake, tmp_path: Path, right: dict[tuple[str, dt.date], str]
) -> None:
    folder = tmp_path / "patch"
    assert (
        sum(export_rejections(wrong.lake, folder, Selection(table="orders"), "csv").values()) == 1
    )
    (exported,) = export_rejections(
        wrong.lake, folder, Selection(table="order_items"), "json"
    ).items()
    assert exported == (folder / "mrhealth_order_items.json", 3)
    edited(folder / "mrhealth_orders.csv", lambda row: row.update(Vlr_Pedido="12.00"))
    rows = json.loads(exported[0].read_text(encoding="utf-8"))
    for row in rows:
        if row["_text"]:
            row["_text"] = "10;2;2;1;5,00;"
        if row["Id_Produto"] == "99":
            row["Id_Produto"] = "1"
    exported[0].write_text(json.dumps(rows), encoding="utf-8")
    before = wrong.paths()
    done = replayed(wrong, folder)
    again = {landed.path: (wrong.folder / "landing" / landed.path) for landed in done.landed}
    assert {path: place.read_bytes() for path, place in again.items()} == {
        f"mrhealth/{MONDAY}/unidade_001/replay/PEDIDO.csv": RIGHT_ORDERS.encode(),
        f"mrhealth/{MONDAY}/unidade_001/replay/ITEM_PEDIDO.csv": RIGHT_ITEMS.encode("latin-1"),
    }
    assert (done.delivery_days, done.business_days) == (
        (MONDAY,),
        (dt.date(2026, 10, 4), MONDAY),
    )
    assert replayed(wrong, folder).landed == done.landed, (
        "a second replay before the run lands nothing new"
    )
    wrong.arrive(done.days)

    assert wrong.versions("silver", "gold") == right
    touched = {day for place, day in before if wrong.paths()[place, day] != before[place, day]}
    assert touched == {dt.date(2026, 10, 4), MONDAY}
    balances = wrong.rows("ops.mrhealth_reconciliation")
    assert {row["balance"] for row in balances} == {"balanced"}
    old = [row for row in balances if row["status"] == Status.SUPERSEDED]
    assert [row["superseded_rows"] for row in old] == [3, 3]
    assert {row["difference"] for row in balances} == {0}
    assert not count_rejections(wrong.lake)
    assert [r.kind for r in list_rejections(wrong.lake, replaced=True)] == [RejectionKind.LINE]
    finished = replayed(wrong, folder)
    assert not finished.landed, "the same patch again changes nothing"
    assert len(finished.unchanged) == 2


def test_only_a_row_marked_for_deletion_is_removed(wrong: SmallLake, tmp_path: Path) -> None:
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(_delete="yes"))
    (landed,) = replayed(wrong, patch).landed
    lines = WRONG_ORDERS.encode().splitlines(keepends=True)
    made = (wrong.folder / "landing" / landed.path).read_bytes()
    assert made == b"".join(line for line in lines if b"twelve" not in line)


def test_the_days_to_rebuild_are_those_of_the_selected_rows_and_nothing_is_written(
    wrong: SmallLake,
) -> None:
    before = sorted((wrong.folder / "landing").rglob("*"))
    replay = days_to_rebuild(wrong.lake, Selection(reason="unknown_product"))
    assert (replay.delivery_days, replay.business_days) == ((MONDAY,), (dt.date(2026, 10, 4),))
    assert replay.days == (dt.date(2026, 10, 4), MONDAY)
    assert sorted((wrong.folder / "landing").rglob("*")) == before


def test_a_patch_of_a_file_that_was_sent_again_is_rejected(
    wrong: SmallLake, tmp_path: Path
) -> None:
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(Vlr_Pedido="1.00"))
    sent = RIGHT_ORDERS.replace("30.00", "31.00")
    wrong.land(f"{MONDAY}/unidade_001/reenvio/PEDIDO.csv", sent, NIGHT + dt.timedelta(hours=1))
    with pytest.raises(
        ReplayError, match=r"reenvio/PEDIDO.csv is in the landing zone and was not ingested yet"
    ):
        replayed(wrong, patch)
    wrong.ingest([MONDAY])
    with pytest.raises(ReplayError, match=r"was replaced by .*reenvio/PEDIDO.csv"):
        replayed(wrong, patch)


def test_a_correction_equal_to_an_older_version_makes_it_current_again(
    wrong: SmallLake, tmp_path: Path
) -> None:
    name = f"{MONDAY}/unidade_001/PEDIDO.csv"
    delivered = wrong.folder / "landing" / "mrhealth" / name
    wrong_orders = delivered.read_bytes().decode()
    wrong.land(name, RIGHT_ORDERS, NIGHT)
    wrong.ingest([MONDAY])
    wrong.land(name, wrong_orders, NIGHT)
    wrong.ingest([MONDAY])
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(Vlr_Pedido="12.00"))
    replayed(wrong, patch)
    wrong.ingest([MONDAY])
    loaded = [row for row in wrong.rows("raw.mrhealth_orders") if row["status"] == "loaded"]
    assert f"mrhealth/{MONDAY}/unidade_001/replay/PEDIDO.csv" in {row["file"] for row in loaded}


def test_rejected_and_held_files_are_replaced_and_released(
    tmp_path: Path, right: dict[tuple[str, dt.date], str]
) -> None:
    rejected = RIGHT_ORDERS.replace(",Status\r\n", ",State\r\n")
    layers = ("bronze", "silver")
    small = lake_of(tmp_path, rejected, RIGHT_ITEMS.removesuffix("\n"), layers)
    orders, items = (
        f"mrhealth/{MONDAY}/unidade_001/{name}.csv" for name in ("PEDIDO", "ITEM_PEDIDO")
    )
    found = {r.file: r.reasons for r in list_rejections(small.lake) if r.kind is RejectionKind.FILE}
    assert found == {orders: ("schema",), items: ("truncated",)}
    reports = list((tmp_path / "lake/raw/mrhealth/objects").rglob("*_error.json"))
    by_file = {each["source_file"]: each for each in (json.loads(p.read_text()) for p in reports)}
    assert by_file.keys() == {orders, items}
    assert "Status" in by_file[orders]["error"]
    assert by_file[orders]["timestamp"] == NIGHT.isoformat()

    common = (small.lake, small.landing, small.settings)
    with pytest.raises(ReplayError, match="is rejected, not held"):
        release_file(*common, orders, now=NOW)
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(rejected, encoding="utf-8")
    with pytest.raises(ReplayError, match=r"the new content is rejected as well: .*'Status'"):
        replace_file(*common, orders, fixed, now=NOW)
    fixed.write_bytes(RIGHT_ORDERS.encode())
    days = {
        *replace_file(*common, orders, fixed, now=NOW).delivery_days,
        *release_file(*common, items, now=NOW).delivery_days,
    }
    small.arrive(days, layers)
    silver = {place: v for place, v in right.items() if place[0].startswith("silver")}
    assert small.versions("silver") == silver
    assert not count_rejections(small.lake)


@pytest.mark.s3
def test_on_s3_a_corrected_file_is_newer_than_a_file_of_the_same_second(
    s3: S3Server, tmp_path: Path
) -> None:
    root = f"s3://{s3.bucket}/{uuid.uuid4().hex}"
    small = SmallLake(folder=tmp_path, now=NOW, landing_root=root)
    file = f"mrhealth/{MONDAY}/unidade_001/zz/PEDIDO.csv"
    small.landing.store.write(file, RIGHT_ORDERS.replace("Status", "State").encode())
    small.ingest([MONDAY])
    fixed = tmp_path / "fixed.csv"
    for number, text in enumerate((WRONG_ORDERS, RIGHT_ORDERS), start=1):
        fixed.write_bytes(text.encode())
        done = replace_file(small.lake, small.landing, small.settings, file, fixed, now=NOW)
        file = done.landed[0].path
        small.ingest([MONDAY])
        versions = small.rows("raw.mrhealth_orders")
        loaded = [row for row in versions if row["status"] == Status.LOADED]
        assert [(row["file"], row["version"]) for row in loaded] == [(file, number)]
        assert loaded[0]["digest"] == done.landed[0].digest

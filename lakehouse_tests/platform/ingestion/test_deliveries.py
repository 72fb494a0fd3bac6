"""Deliveries are read from the raw table of their dataset."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.platform.ingestion.deliveries import (
    DeliveredFiles,
    raw_table,
    read_deliveries,
    with_first_days,
)
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse_tests.platform.ingestion.landed import AT, FIFTH, SOURCES, source

DELIVERY = Delivery(
    day=FIFTH,
    unit=7,
    file="mrhealth/2021-01-05/unidade_007/PEDIDO.csv",
    digest="0" * 64,
    size=3,
    landed_at=AT,
    version=1,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def store(lake: Lake, rows: pa.Table, *days: dt.date) -> None:
    table = lake.table(raw_table("mrhealth", "orders"))
    table.write(dict.fromkeys(days, rows), schema=DELIVERIES.stored)


def listed(delivery: Delivery, dataset: str = "orders", *, dated: bool = True) -> RecognizedFile:
    return RecognizedFile(
        path=delivery.file,
        dataset=dataset,
        day=delivery.day,
        unit=delivery.unit,
        size=delivery.size,
        modified_at=delivery.landed_at,
        etag=None,
        dated=dated,
    )


def test_a_dataset_without_any_delivery_has_no_rows(lake: Lake):
    assert read_deliveries(lake, "mrhealth", "orders") == []
    assert not DeliveredFiles(lake, "mrhealth").has_any(SOURCES)
    assert not DeliveredFiles(lake, "mrhealth").has(listed(DELIVERY))


def test_deliveries_are_read_by_day_as_they_were_written(lake: Lake):
    store(lake, DELIVERIES.to_arrow([DELIVERY]), FIFTH, dt.date(2021, 1, 6))
    assert read_deliveries(lake, "mrhealth", "orders", [FIFTH]) == [DELIVERY]
    assert [d.day.day for d in read_deliveries(lake, "mrhealth", "orders")] == [5, 6]
    assert read_deliveries(lake, "mrhealth", "orders", []) == []


def test_the_status_of_rejected_files_in_older_lakes_is_read_as_rejected(lake: Lake):
    rows = DELIVERIES.to_arrow([replace(DELIVERY, status=Status.REJECTED, reason="schema")])
    at = rows.schema.get_field_index("status")
    store(lake, rows.set_column(at, "status", pa.array(["refused"])), FIFTH)
    (delivery,) = read_deliveries(lake, "mrhealth", "orders")
    assert (delivery.status, delivery.readable) == (Status.REJECTED, False)


def test_an_unknown_status_is_an_error():
    with pytest.raises(ValueError, match="'lost' is not a valid Status"):
        Status("lost")


@pytest.mark.parametrize(
    "changed",
    [
        {"file": "mrhealth/2021-01-05/unidade_008/PEDIDO.csv"},
        {"size": 4},
        {"landed_at": AT + dt.timedelta(microseconds=1)},
        {"day": dt.date(2021, 1, 6)},
    ],
    ids=["other path", "other size", "other modification time", "other day"],
)
def test_a_file_is_known_only_as_it_was_listed(lake: Lake, changed: dict[str, object]):
    store(lake, DELIVERIES.to_arrow([DELIVERY]), FIFTH)
    delivered = DeliveredFiles(lake, "mrhealth")
    assert delivered.has_any(SOURCES)
    assert delivered.has(listed(DELIVERY))
    assert not delivered.has(listed(DELIVERY, "order_items"))
    assert not delivered.has(listed(replace(DELIVERY, **changed)))  # type: ignore[arg-type]


def test_an_undated_file_of_a_source_per_file_stays_on_its_first_day(lake: Lake):
    store(lake, DELIVERIES.to_arrow([DELIVERY]), FIFTH, dt.date(2021, 1, 6))
    again = replace(DELIVERY, day=dt.date(2021, 3, 1))
    other = replace(again, file="mrhealth/other.csv")
    files = (listed(again, dated=False), listed(again), listed(other, dated=False))
    listing = Listing(files=files, unrecognized_files=(), growing=(), temporary=())
    delivered = DeliveredFiles(lake, "mrhealth")
    assert with_first_days(listing, SOURCES, delivered) == listing
    per_file = replace(source("orders", r".*\.csv"), per_file=True)
    moved = with_first_days(listing, [per_file], delivered)
    assert [(file.dated, file.day) for file in moved.files] == [
        (False, FIFTH),
        (True, dt.date(2021, 3, 1)),
        (False, dt.date(2021, 3, 1)),
    ]

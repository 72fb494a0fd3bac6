"""The tables of a lake, on disk and on S3."""

from pathlib import Path

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.storage.orders import MON, ORDERS, put, rows_of


def test_a_lake_lists_its_tables(lake: Lake):
    assert lake.tables() == []
    ids = [
        ORDERS,
        TableId("bronze", "mrhealth", "orders"),
        TableId("bronze", "sales", "invoices"),
        TableId("silver", "mrhealth", "orders", "quarantine"),
    ]
    for each in ids:
        put(lake.table(each), {MON: rows_of(1)})
    lake.store.write("raw/mrhealth/objects/ab/abcdef", b"bytes")
    assert lake.tables() == sorted(ids)
    assert lake.tables(layer="bronze") == ids[1:3]
    assert lake.tables(domain="sales") == [ids[2]]


def test_creating_a_lake_opens_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    Lake("s3://bucket/lake").table(ORDERS)
    Lake(str(tmp_path / "lake")).table(ORDERS)
    assert list(tmp_path.iterdir()) == []

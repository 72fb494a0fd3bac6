"""Rejected files, lines and rows are listed and counted."""

import datetime as dt
import gzip
import os
from pathlib import Path

import pytest

from lakehouse.platform.ingestion import read_day
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.quarantine.listing import (
    Rejection,
    RejectionKind,
    count_rejections,
    list_rejections,
)
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.registry import load_domain
from lakehouse_tests.platform.quarantine.rejected_lake import MONDAY, NIGHT, NOW, ORDERS, TUESDAY
from lakehouse_tests.platform.small_lake import SmallLake


def test_rejected_lines_and_rows_are_counted_by_table_day_and_reason(wrong: SmallLake) -> None:
    counts = {
        (each.table, each.day, each.kind, each.reason): each.rows
        for each in count_rejections(wrong.lake, Selection(domain="mrhealth"))
    }
    assert counts == {
        ("order_items", MONDAY, RejectionKind.LINE, "column_count"): 1,
        ("order_items", dt.date(2026, 10, 4), RejectionKind.ROW, "unknown_product"): 1,
        ("order_items", MONDAY, RejectionKind.ROW, "orphan_item"): 1,
        ("orders", MONDAY, RejectionKind.ROW, "bad_amount"): 1,
    }
    (row,) = list_rejections(
        wrong.lake, Selection(table="orders", reason="bad_amount", days=[MONDAY])
    )
    assert (row.file, row.line) == (f"mrhealth/{MONDAY}/unidade_001/PEDIDO.csv", 3)
    assert row.columns["Vlr_Pedido"] == "twelve"
    assert not list(list_rejections(wrong.lake, Selection(table="orders", days=[TUESDAY])))


def test_hostile_files_are_recorded_with_their_reasons_and_do_not_fail_the_run(
    tmp_path: Path,
) -> None:
    small = SmallLake(folder=tmp_path, now=NOW)
    small.land_reference(dt.datetime(2026, 10, 4, 1, tzinfo=dt.UTC))
    unit = f"{MONDAY}/unidade_001"
    good = ORDERS + f"1,10,Loja Fisica,{MONDAY},9.00,--,0.00,Finalizado\r\n"
    small.land(f"{unit}/PEDIDO.csv", good, NIGHT)
    small.land(f"{unit}/'; DROP TABLE orders; --.csv", "x", NIGHT)
    small.land(f"{unit}/..\\..\\PEDIDO.csv", good, NIGHT)
    small.land(f"{MONDAY}/unidade_1 OR 1=1/PEDIDO.csv", good, NIGHT)
    secret = tmp_path / "secret.csv"
    secret.write_text(good)
    link = tmp_path / "landing/mrhealth" / unit / "ITEM_PEDIDO.csv"
    link.symlink_to(secret)
    os.utime(link, (NIGHT.timestamp(), NIGHT.timestamp()), follow_symlinks=False)
    small.land(f"{MONDAY}/unidade_002/PEDIDO.csv.gz", bomb(), NIGHT)
    landed_on = NIGHT.astimezone(small.settings.zone).date()
    small.arrive([dt.date(2026, 10, 4), MONDAY, landed_on], ("bronze", "silver"))

    unrecognized_files = {
        str(row["file"]).removeprefix("mrhealth/"): row
        for row in small.rows("raw.mrhealth_unrecognized_files")
    }
    assert {name: row["reason"] for name, row in unrecognized_files.items()} == {
        f"{unit}/'; DROP TABLE orders; --.csv": "unknown_file",
        f"{unit}/..\\..\\PEDIDO.csv": "unsafe_path",
        f"{MONDAY}/unidade_1 OR 1=1/PEDIDO.csv": "bad_unit",
        f"{unit}/ITEM_PEDIDO.csv": "symlink",
    }
    assert all(row["detail"] and row["status"] == "rejected" for row in unrecognized_files.values())
    orders = {row["unit"]: row for row in small.rows("raw.mrhealth_orders")}
    assert (orders[1]["status"], orders[2]["status"]) == ("loaded", "rejected")
    assert orders[2]["reason"] == "too_large"
    assert "bytes when unpacked" in str(orders[2]["detail"])
    assert len(small.rows("silver.mrhealth_orders")) == 1
    balances = small.rows(reconciliation_of("mrhealth").name)
    assert {row["balance"] for row in balances} == {"balanced"}
    listed = {
        each.reason for each in count_rejections(small.lake) if each.kind is RejectionKind.FILE
    }
    assert listed == {"unknown_file", "unsafe_path", "bad_unit", "symlink", "too_large"}


def bomb() -> bytes:
    """Return 10 GB of spaces, compressed to about 10 MB."""
    member = gzip.compress(b" " * (64 << 20), mtime=0)
    return member * 160


READABLE = read_csv(
    f"{ORDERS}1,1,,{MONDAY},1.00,--,,Pendente\r\n".encode(),
    next(s.format for s in load_domain("mrhealth").sources if s.dataset == "orders"),
    name="orders.csv",
)


def test_the_report_of_a_rejected_file_is_written_once_and_deleted_when_the_file_is_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SmallLake(folder=tmp_path, now=NOW)
    small.land(f"{MONDAY}/unidade_001/PEDIDO.csv", "a,b\n1,2\n", NIGHT)
    small.land(f"{MONDAY}/unidade_002/PEDIDO.csv", "a,b\n1,2\n", NIGHT)
    small.ingest([MONDAY])
    reports = sorted((tmp_path / "lake").rglob("*_error.json"))
    assert len(reports) == 2, "the same bytes under two names have two reports"
    written = [path.stat().st_mtime_ns for path in reports]
    small.ingest([MONDAY])
    assert [path.stat().st_mtime_ns for path in reports] == written
    monkeypatch.setattr(read_day, "read_csv", lambda data, wanted, name: READABLE)
    small.ingest([MONDAY])
    assert not [path for path in reports if path.exists()]


def test_a_row_of_an_older_contract_has_its_values_under_the_columns_of_now():
    row = Rejection(
        kind=RejectionKind.ROW,
        domain="cafe",
        table="visits",
        day=dt.date(2024, 1, 1),
        delivery_day=dt.date(2024, 1, 1),
        file="cafe/2024-01-01/visits.csv",
        digest="d",
        line=2,
        reasons=("bad_number",),
        detail=None,
        values='{"number": "x", "Spent": "10", "gorjeta": "2"}',
    )
    wanted = CsvFormat(
        columns=("number", "amount", "Gorjeta", "table"), aliases={"spent": "amount"}
    )
    assert row.values_of(wanted) == {
        "number": "x",
        "amount": "10",
        "Gorjeta": "2",
        "table": None,
    }

"""Rejected files, lines and rows: listed, exported, corrected, and landed again."""

import ast
import csv
import datetime as dt
import gzip
import io
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion import read_day
from lakehouse.platform.ingestion.csv.errors import FileReason, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.paths import UnrecognizedReason
from lakehouse.platform.quarantine.corrections import CorrectionError, Edit, corrected
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
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.registry import load_domain
from lakehouse_tests.platform.small_lake import SmallLake
from lakehouse_tests.servers import S3Server

MONDAY, TUESDAY = dt.date(2026, 10, 5), dt.date(2026, 10, 6)
NIGHT = dt.datetime(2026, 10, 7, 3, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC)
ORDERS = (
    "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco Entrega,Taxa_Entrega,Status"
    "\r\n"
)
ITEMS = "Id_Pedido;Id_Item_Pedido;Id_Produto;Qtd;Vlr_Item;Observacao\n"
RIGHT_ORDERS = (
    "\ufeff"
    + ORDERS
    + '1,10,"Loja Física",2026-10-05,30.00,"Rua A, 1",5.00,Finalizado\r\n'
    + '1,11,"Loja Online",2026-10-05,12.00,--,0.00,Finalizado\r\n'
    + '1,12,"Loja Online",2026-10-04,12.50,"--",0.00,Cancelado\r\n'
)
WRONG_ORDERS = RIGHT_ORDERS.replace("12.00,--,0.00,Finalizado", "twelve,--,0.00,Finalizado")
RIGHT_ITEMS = (
    ITEMS
    + '10;1;1;2;10,00;"sem\nsal"\n'
    + "10;2;2;1;5,00;\n"
    + "11;1;3;1;12,00;é bom\n"
    + "12;1;1;1;12,50;\n"
)
WRONG_ITEMS = RIGHT_ITEMS.replace("10;2;2;1;5,00;\n", "10;2;2;1;5,00;;\n").replace(
    "12;1;1;1;12,50", "12;1;99;1;12,50"
)


def lake_of(
    folder: Path, orders: str, items: str, layers: tuple[str, ...] = ("bronze", "silver", "gold")
) -> SmallLake:
    """Two units and two days; the first unit's Monday is as given, its items in Latin-1."""
    small = SmallLake(folder=folder, now=NOW)
    small.land_reference(dt.datetime(2026, 10, 4, 1, tzinfo=dt.UTC))
    small.land(f"{MONDAY}/unidade_001/PEDIDO.csv", orders, NIGHT)
    small.land(f"{MONDAY}/unidade_001/ITEM_PEDIDO.csv", items.encode("latin-1"), NIGHT)
    other = ORDERS + "2,10,Loja Fisica,{},9.00,--,0.00,Finalizado\r\n"
    small.land(f"{MONDAY}/unidade_002/PEDIDO.csv", other.format(MONDAY), NIGHT)
    small.land(f"{MONDAY}/unidade_002/ITEM_PEDIDO.csv", ITEMS + "10;1;1;1;9,00;\n", NIGHT)
    small.land(f"{TUESDAY}/unidade_002/PEDIDO.csv", other.format(TUESDAY), NIGHT)
    small.land(f"{TUESDAY}/unidade_002/ITEM_PEDIDO.csv", ITEMS + "10;1;2;1;9,00;\n", NIGHT)
    small.arrive([dt.date(2026, 10, 4), MONDAY, TUESDAY], layers)
    return small


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, dt.date], str]:
    """Data versions of silver and gold of a lake that got the right files at first."""
    small = lake_of(tmp_path_factory.mktemp("right"), RIGHT_ORDERS, RIGHT_ITEMS)
    assert not count_rejections(small.lake)
    return small.versions("silver", "gold")


@pytest.fixture(scope="module")
def wrong_once(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return lake_of(tmp_path_factory.mktemp("wrong"), WRONG_ORDERS, WRONG_ITEMS)


@pytest.fixture
def wrong(wrong_once: SmallLake, tmp_path: Path) -> SmallLake:
    """A lake of its own for the test, with the wrong files taken in."""
    shutil.copytree(wrong_once.folder, tmp_path, dirs_exist_ok=True)
    return SmallLake(folder=tmp_path, now=NOW)


def replayed(small: SmallLake, patch: Path) -> Replay:
    return replay_patch(small.lake, small.landing, small.settings, patch, now=NOW)


def edited(path: Path, edit: Callable[[dict[str, str]], object]) -> None:
    """Change every row of an exported CSV file as somebody with a spreadsheet would."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    for row in rows:
        edit(row)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys(), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def test_rejected_lines_and_rows_are_counted_by_table_day_and_reason(wrong: SmallLake) -> None:
    counts = {
        (c.table, c.day, c.kind, c.reason): c.rows
        for c in count_rejections(wrong.lake, Selection(domain="mrhealth"))
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


def test_a_corrected_lake_has_the_bytes_of_one_that_was_right_at_first(
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
    assert replayed(wrong, folder).landed == done.landed, "before the run it is there already"
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


def test_a_row_marked_for_deletion_is_dropped_and_nothing_else(
    wrong: SmallLake, tmp_path: Path
) -> None:
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(_delete="yes"))
    (landed,) = replayed(wrong, patch).landed
    lines = WRONG_ORDERS.encode().splitlines(keepends=True)
    made = (wrong.folder / "landing" / landed.path).read_bytes()
    assert made == b"".join(line for line in lines if b"twelve" not in line)


def test_without_a_patch_the_days_to_build_again_are_told_and_nothing_is_written(
    wrong: SmallLake,
) -> None:
    before = sorted((wrong.folder / "landing").rglob("*"))
    told = days_to_rebuild(wrong.lake, Selection(reason="unknown_product"))
    assert (told.delivery_days, told.business_days) == ((MONDAY,), (dt.date(2026, 10, 4),))
    assert told.days == (dt.date(2026, 10, 4), MONDAY)
    assert sorted((wrong.folder / "landing").rglob("*")) == before


def without(column: str) -> Callable[[dict[str, str]], object]:
    return lambda row: row.pop(column)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda row: row.update(_line="99"), "PEDIDO.csv, line 99: no record starts here"),
        (lambda row: row.update(_line="x"), "column '_line' is 'x'"),
        (lambda row: row.update(_digest="0" * 64), "has the digest .*, not '0000"),
        (lambda row: row.update(_file=row["_file"].replace("001", "009")), "never landed"),
        (lambda row: row.update(_file="mrhealth/x.csv"), "no file that units deliver"),
        (lambda row: row.update(_delete="maybe"), "column '_delete' is 'maybe'"),
        (lambda row: row.update(Typo="1"), "column 'Typo' is none of"),
        (without("Status"), "column 'Status' is missing"),
        (without("_digest"), "column '_digest' is missing"),
    ],
)
def test_a_patch_that_does_not_fit_is_rejected_by_file_line_and_column(
    wrong: SmallLake, tmp_path: Path, edit: Callable[[dict[str, str]], object], said: str
) -> None:
    patch = tmp_path / "patch"
    export_rejections(wrong.lake, patch)
    edited(patch / "mrhealth_order_items.csv", lambda row: row.update(Qtd="3"))
    edited(patch / "mrhealth_orders.csv", edit)
    before = sorted((wrong.folder / "landing").rglob("*"))
    with pytest.raises(ReplayError, match=said):
        replayed(wrong, patch)
    assert sorted((wrong.folder / "landing").rglob("*")) == before, "nothing is half written"


def test_a_patch_of_a_file_that_was_sent_anew_is_rejected(wrong: SmallLake, tmp_path: Path) -> None:
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(Vlr_Pedido="1.00"))
    sent = RIGHT_ORDERS.replace("30.00", "31.00")
    wrong.land(f"{MONDAY}/unidade_001/reenvio/PEDIDO.csv", sent, NIGHT + dt.timedelta(hours=1))
    with pytest.raises(ReplayError, match=r"reenvio/PEDIDO.csv has landed and was not taken in"):
        replayed(wrong, patch)
    wrong.take_in([MONDAY])
    with pytest.raises(ReplayError, match=r"was replaced by .*reenvio/PEDIDO.csv"):
        replayed(wrong, patch)


def test_a_correction_that_repeats_an_older_version_is_rejected(
    wrong: SmallLake, tmp_path: Path
) -> None:
    patch = tmp_path / "orders.csv"
    export_rejections(wrong.lake, patch, Selection(table="orders"))
    edited(patch, lambda row: row.update(Vlr_Pedido="12.00"))
    earlier = NIGHT - dt.timedelta(hours=1)
    wrong.land(f"{MONDAY}/unidade_001/first/PEDIDO.csv", RIGHT_ORDERS, earlier)
    wrong.take_in([MONDAY])
    with pytest.raises(ReplayError, match=r"is that of .*first/PEDIDO.csv"):
        replayed(wrong, patch)


def test_rejected_and_held_files_come_back_whole(
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
    told = {each["source_file"]: each for each in (json.loads(p.read_text()) for p in reports)}
    assert told.keys() == {orders, items}
    assert "Status" in told[orders]["error"]
    assert told[orders]["timestamp"] == NIGHT.isoformat()

    common = (small.lake, small.landing, small.settings)
    with pytest.raises(ReplayError, match="is rejected, not held"):
        release_file(*common, orders, now=NOW)
    mended = tmp_path / "mended.csv"
    mended.write_text(rejected, encoding="utf-8")
    with pytest.raises(ReplayError, match=r"the new content is rejected too: .*'Status'"):
        replace_file(*common, orders, mended, now=NOW)
    mended.write_bytes(RIGHT_ORDERS.encode())
    days = {
        *replace_file(*common, orders, mended, now=NOW).delivery_days,
        *release_file(*common, items, now=NOW).delivery_days,
    }
    small.arrive(days, layers)
    silver = {place: v for place, v in right.items() if place[0].startswith("silver")}
    assert small.versions("silver") == silver
    assert not count_rejections(small.lake)


@pytest.mark.s3
def test_on_s3_a_replaced_file_is_newer_than_one_of_the_same_second(
    s3: S3Server, tmp_path: Path
) -> None:
    root = f"s3://{s3.bucket}/{uuid.uuid4().hex}"
    small = SmallLake(folder=tmp_path, now=NOW, landing_root=root)
    file = f"mrhealth/{MONDAY}/unidade_001/zz/PEDIDO.csv"
    small.landing.store.write(file, RIGHT_ORDERS.replace("Status", "State").encode())
    small.take_in([MONDAY])
    mended = tmp_path / "mended.csv"
    for number, text in enumerate((WRONG_ORDERS, RIGHT_ORDERS), start=1):
        mended.write_bytes(text.encode())
        done = replace_file(small.lake, small.landing, small.settings, file, mended, now=NOW)
        file = done.landed[0].path
        small.take_in([MONDAY])
        versions = small.rows("raw.mrhealth_orders")
        loaded = [row for row in versions if row["status"] == Status.LOADED]
        assert [(row["file"], row["version"]) for row in loaded] == [(file, number)]
        assert loaded[0]["digest"] == done.landed[0].digest


def test_the_report_of_a_rejected_file_is_written_once_and_goes_when_the_file_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SmallLake(folder=tmp_path, now=NOW)
    small.land(f"{MONDAY}/unidade_001/PEDIDO.csv", "a,b\n1,2\n", NIGHT)
    small.land(f"{MONDAY}/unidade_002/PEDIDO.csv", "a,b\n1,2\n", NIGHT)
    small.take_in([MONDAY])
    found = sorted((tmp_path / "lake").rglob("*_error.json"))
    assert len(found) == 2, "each name of the same bytes has its own"
    written = [path.stat().st_mtime_ns for path in found]
    small.take_in([MONDAY])
    assert [path.stat().st_mtime_ns for path in found] == written
    monkeypatch.setattr(read_day, "read_csv", lambda data, wanted, name: GOOD)
    small.take_in([MONDAY])
    assert not [path for path in found if path.exists()]


GOOD = read_csv(
    f"{ORDERS}1,1,,{MONDAY},1.00,--,,Pendente\r\n".encode(),
    next(s.format for s in load_domain("mrhealth").sources if s.dataset == "orders"),
    name="good.csv",
)
FORMAT = CsvFormat(columns=("id", "city", "note"), null_texts=frozenset({"NULL"}))


@pytest.mark.parametrize(
    ("landed", "edit", "wanted"),
    [
        pytest.param(
            b"\xef\xbb\xbfid;city;note\r\n1;Rio;\r\n2;Ita;x\r\n",
            Edit(line=2, values={"id": "1", "city": "S\xe3o; Luis", "note": None}),
            '\ufeffid;city;note\r\n1;"São; Luis";\r\n2;Ita;x\r\n'.encode(),
            id="mark, delimiter and line ends are kept",
        ),
        pytest.param(
            'id,city,note\n1,Maceió,"a\nb"\n2,"Ita","NULL"\n'.encode("latin-1"),
            Edit(line=2, values={"id": "1", "city": "Belém", "note": "a"}),
            'id,city,note\n1,Belém,"a"\n2,"Ita","NULL"\n'.encode("latin-1"),
            id="a record of several lines is replaced whole",
        ),
        pytest.param(
            b'id,city,note\n1,Rio,"NULL"\n2,"Ita",""\n',
            Edit(line=2, values={"id": "1", "city": "Rio", "note": None}),
            b'id,city,note\n1,Rio,"NULL"\n2,"Ita",""\n',
            id="null that was written somehow stays as it was",
        ),
        pytest.param(
            b"note,extra,id,city\nx,kept,1,Rio\ny,kept,2\n",
            Edit(line=3, values={"id": "2", "city": "Ita", "note": None}),
            b"note,extra,id,city\nx,kept,1,Rio\n,,2,Ita\n",
            id="a line that was no record is written from values, in the header's order",
        ),
        pytest.param(
            b'\n\nid,city,note\n1,"Rio,a\n2,"Ita",b\n',
            Edit(line=4, values={"id": None, "city": None, "note": None}, text='1,"Rio",a'),
            b'\n\nid,city,note\n1,"Rio",a\n2,"Ita",b\n',
            id="a line with a bad quote is replaced as text",
        ),
        pytest.param(
            b"id,city,note\r1,Rio,\r2,Ita,\r",
            Edit(line=3, delete=True),
            b"id,city,note\r1,Rio,\r",
            id="carriage returns alone end lines too",
        ),
    ],
)
def test_a_correction_changes_the_touched_record_only(
    landed: bytes, edit: Edit, wanted: bytes
) -> None:
    assert corrected(landed, FORMAT, [edit], name="a.csv") == wanted


@pytest.mark.parametrize(
    ("landed", "edit", "said"),
    [
        (
            "id,city,note\n1,Maceió,\n".encode("latin-1"),
            Edit(line=2, values={"id": "1", "city": "5 €", "note": None}),
            "a.csv, line 2, column 'city': '€' cannot be written in latin-1",
        ),
        (
            b"id,city,note\n1,Rio\n",
            Edit(line=2, text="1,Rio,a,b"),
            "a.csv, line 2: after the correction line 2 of the result is no record",
        ),
        (
            b"id,city,note\n1,Rio\n2,Ita,\n",
            Edit(line=2, text='1,Rio,"a'),
            "a.csv, line 2",
        ),
        (b"id,city,note\n1,Rio,\n", Edit(line=1, delete=True), "line 1: no record starts here"),
    ],
)
def test_a_correction_that_would_not_read_as_meant_is_rejected(
    landed: bytes, edit: Edit, said: str
) -> None:
    with pytest.raises(CorrectionError, match=re.escape(said)):
        corrected(landed, FORMAT, [edit], name="a.csv")


values = st.text(st.sampled_from('ab ;,"\n\ré'), max_size=6)
records = st.lists(st.tuples(values, values, values), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    before=records,
    after=st.tuples(values, values, values),
    place=st.integers(0, 5),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_record_can_become_any_other_while_the_rest_stays(
    before: list[tuple[str, str, str]],
    after: tuple[str, str, str],
    place: int,
    quoting: Literal[0, 1, 2, 3],
    newline: str,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=quoting, lineterminator=newline)
    writer.writerow(FORMAT.columns)
    writer.writerows(before)
    landed = text.getvalue().encode()
    old = read_csv(landed, FORMAT, name="a.csv")
    if old.unparsable or old.rows.num_rows != len(before):
        return
    found = old.rows.to_pylist()
    target = found[place % len(found)]
    edit = Edit(line=target["_line"], values=dict(zip(FORMAT.columns, after, strict=True)))
    try:
        made = corrected(landed, FORMAT, [edit], name="a.csv")
    except CorrectionError:
        assert "\r" in "".join(after), "only a lone carriage return can become a line end"
        return
    wanted = [
        {c: (v or None) for c, v in zip(FORMAT.columns, after, strict=True)}
        if row is target
        else {c: row[c] for c in FORMAT.columns}
        for row in found
    ]
    again = read_csv(made, FORMAT, name="a.csv").rows.select(list(FORMAT.columns)).to_pylist()
    assert again == wanted


def test_hostile_files_are_recorded_with_their_reasons_and_the_run_stays_green(
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
    assert "bytes when decompressed" in str(orders[2]["detail"])
    assert len(small.rows("silver.mrhealth_orders")) == 1
    balances = small.rows(reconciliation_of("mrhealth").name)
    assert {row["balance"] for row in balances} == {"balanced"}
    listed = {c.reason for c in count_rejections(small.lake) if c.kind is RejectionKind.FILE}
    assert listed == {"unknown_file", "unsafe_path", "bad_unit", "symlink", "too_large"}


def bomb() -> bytes:
    """Ten gigabytes of spaces as gzip members that repeat, about ten megabytes packed."""
    member = gzip.compress(b" " * (64 << 20), mtime=0)
    return member * 160


DOCS = Path(__file__).parents[3] / "docs" / "reasons.md"


def documented(section: str) -> list[str]:
    """Codes of one table of docs/reasons.md."""
    text = DOCS.read_text(encoding="utf-8")
    part = text.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE)


def codes_of_rows() -> set[str]:
    """Codes that the tables of every system can reject a row with."""
    from lakehouse.platform.tables.registry import load_domains

    found = {"duplicate_key"}
    for each in load_domains():
        for table in each.stored:
            if not table.validates_rows:
                continue
            found |= {rule.code for rule in table.contract.rules}
            module = Path(__file__).parents[3] / "lakehouse/domains" / table.id.domain
            for place in (module / f"silver/{table.id.table}.py", module / "rules.py"):
                for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "rejected":
                        found |= {keyword.arg or "" for keyword in node.keywords}
    return found


def test_every_reason_code_is_documented_and_no_other() -> None:
    files = {reason.value for reason in FileReason} | {"symlink", "not_erasable"}
    assert sorted(documented("Files")) == sorted(files)
    repeated = {"same_content", "newer_version"}
    assert sorted(documented("Files that repeat or were replaced")) == sorted(repeated)
    unrecognized_files = {reason.value for reason in UnrecognizedReason} - {
        UnrecognizedReason.TEMPORARY.value
    }
    assert sorted(documented("Unrecognized files")) == sorted(unrecognized_files)
    assert sorted(documented("Lines")) == sorted(reason.value for reason in LineReason)
    assert sorted(documented("Rows")) == sorted(codes_of_rows())


def test_every_documented_reason_has_a_meaning_an_example_an_outcome_and_a_hint() -> None:
    rows = [
        line
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `[a-z_]+` \|", line)
    ]
    assert rows
    assert all(len([c for c in row.split(" | ") if c.strip(" |")]) == 5 for row in rows)

"""Files of the landing zone are recognised, told apart, swept and read, on disk and on S3."""

import datetime as dt
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.ingestion.landing import (
    EPOCH,
    Arrival,
    FileChanged,
    Landing,
    LandingError,
    Listing,
    ReadRejected,
    Rules,
    Sweep,
    UnrecognizedFile,
    UnrecognizedReason,
    due,
    recognised,
)
from lakehouse.platform.storage.object_store import Entry, ObjectStore, s3_client
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

ZONE = ZoneInfo("America/Sao_Paulo")
START = dt.date(2020, 1, 1)
TODAY = dt.date(2021, 6, 15)
NOW = dt.datetime(2021, 6, 15, 12, tzinfo=ZONE)
AT = dt.datetime(2021, 3, 2, 1, 0, 0, 123456, dt.UTC)
QUIET = dt.timedelta(seconds=2)

ANY = CsvFormat(columns=("Id",))


SOURCES = (
    Source(dataset="orders", files=r"pedido\.csv", format=ANY),
    Source(dataset="order_items", files=r"item_pedido\.csv", format=ANY),
    Source(dataset="units", files=r"tabela_unidade\.csv", format=ANY, snapshot=True),
)
RULES = Rules(domain="mrhealth", sources=SOURCES, zone=ZONE, start=START)


def met(path: str, *, modified_at: dt.datetime = AT) -> Arrival | UnrecognizedFile:
    entry = Entry(path=path, size=3, modified_at=modified_at, etag="e")
    return recognised(entry, RULES, today=TODAY)


FIFTH, FIRST_OF_MARCH = dt.date(2021, 1, 5), dt.date(2021, 3, 1)


@pytest.mark.parametrize(
    ("path", "dataset", "day", "unit", "dated"),
    [
        ("2021-01-05/unidade_007/PEDIDO.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_007/reenvio/2/ITEM_PEDIDO.csv", "order_items", FIFTH, 7, True),
        ("2021-01-05/UNIDADE_012/pedido.CSV.GZ", "orders", FIFTH, 12, True),
        ("2021-01-05/unidade-7/Pedido.csv", "orders", FIFTH, 7, True),
        ("2021-01-05/unidade_7/unit_007/2021-01-05/pedido.csv", "orders", FIFTH, 7, True),
        ("raw/csv_sales/2021-01-05/unit_050/pedido.csv", "orders", FIFTH, 50, True),
        ("raw/csv_sales/2021-01-05/units/pedido.csv", "orders", FIFTH, None, True),
        ("unidade_3/2021-01-05/pedido.csv", "orders", FIFTH, 3, True),
        ("unidade_3/pedido.csv", "orders", FIRST_OF_MARCH, 3, False),
        ("PEDIDO.csv", "orders", FIRST_OF_MARCH, None, False),
        ("caixa/ITEM_PEDIDO.csv", "order_items", FIRST_OF_MARCH, None, False),
        ("reference/Tabela_Unidade.csv", "units", FIRST_OF_MARCH, None, False),
        ("reference/2021-01-05/Tabela_Unidade.csv.gz", "units", FIFTH, None, True),
        ("2021-01-05/unidade_007/Tabela_Unidade.csv", "units", FIFTH, None, True),
        ("2021-01-05/o'clock; drop table x--/pedido.csv", "orders", FIFTH, None, True),
    ],
)
def test_the_path_says_whose_and_of_which_day_a_file_is(
    path: str, dataset: str, day: dt.date, unit: int | None, dated: bool
):
    assert met(f"mrhealth/{path}") == Arrival(
        path=f"mrhealth/{path}",
        dataset=dataset,
        day=day,
        unit=unit,
        size=3,
        modified_at=AT,
        etag="e",
        dated=dated,
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("mrhealth/../PEDIDO.csv", "unsafe_path"),
        ("mrhealth/./PEDIDO.csv", "unsafe_path"),
        ("mrhealth//PEDIDO.csv", "unsafe_path"),
        ("/mrhealth/2021-01-05/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/..\\PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05\\unidade_007/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv\n", "unsafe_path"),
        ("mrhealth/2021-01-05/\0/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/\udcff/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/\u202e/PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-01-05/..\n/x.tmp", "unsafe_path"),
        ("mrhealth/2021-01-05/.PEDIDO.csv", "temporary"),
        ("mrhealth/.sync/2021-01-05/PEDIDO.csv", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.TMP", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.part", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.filepart", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv.crdownload", "temporary"),
        ("mrhealth/2021-01-05/PEDIDO.csv~", "temporary"),
        ("mrhealth/2021-01-05/_SUCCESS", "temporary"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv'; drop table orders;--", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO (1).csv", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/PEDIDO.csv.gz.gz", "unknown_file"),
        ("mrhealth/2021-01-05/unidade_007/README.txt", "unknown_file"),
        ("mrhealth/2021-02-30/README.txt", "unknown_file"),
        ("elsewhere/2021-01-05/unidade_007/PEDIDO.csv", "unknown_file"),
        ("PEDIDO.csv", "unsafe_path"),
        ("mrhealth/2021-02-30/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/20210105/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021_01_05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/05-01-2021/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/day=2021-01-05/unidade_007/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_007/2021-01-06/PEDIDO.csv", "bad_day"),
        ("mrhealth/2021-01-05/unidade_x/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade7/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_-7/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_٧/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_12345678901/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-01-05/unidade_007/unidade_008/PEDIDO.csv", "bad_unit"),
        ("mrhealth/2021-06-17/unidade_007/PEDIDO.csv", "future_day"),
        ("mrhealth/9999-12-31/unidade_007/PEDIDO.csv", "future_day"),
        ("mrhealth/2019-12-31/unidade_007/PEDIDO.csv", "before_start"),
    ],
)
def test_what_cannot_be_trusted_is_rejected_with_one_reason(path: str, reason: str):
    found = met(path)
    assert isinstance(found, UnrecognizedFile)
    assert (found.reason, found.path.isprintable(), found.detail != "") == (reason, True, True)


def test_a_rejection_names_the_thing_and_the_hint():
    found = met("mrhealth/2021-02-30/unidade_007/PEDIDO.csv")
    assert isinstance(found, UnrecognizedFile)
    assert "'2021-02-30'" in found.detail
    assert "YYYY-MM-DD" in found.detail


@pytest.mark.parametrize(
    ("day", "taken"),
    [(START, True), (TODAY, True), (dt.date(2021, 6, 16), True), (dt.date(2021, 6, 17), False)],
)
def test_a_day_is_taken_from_the_first_until_tomorrow(day: dt.date, taken: bool):
    assert isinstance(met(f"mrhealth/{day}/unidade_1/pedido.csv"), Arrival) is taken


@pytest.mark.parametrize(
    ("modified_at", "reason"),
    [("2021-06-18T00:00Z", "future_day"), ("2019-05-01T00:00Z", "before_start")],
)
def test_the_day_taken_from_the_clock_keeps_the_same_bounds(modified_at: str, reason: str):
    found = met("mrhealth/PEDIDO.csv", modified_at=dt.datetime.fromisoformat(modified_at))
    assert isinstance(found, UnrecognizedFile)
    assert found.reason == reason


def test_a_file_that_two_datasets_take_is_rejected():
    twice = Rules(
        domain="mrhealth",
        sources=(*SOURCES, Source(dataset="all", files=r".*\.csv", format=ANY)),
        zone=ZONE,
        start=START,
    )
    entry = Entry(path="mrhealth/pedido.csv", size=1, modified_at=AT, etag=None)
    found = recognised(entry, twice, today=TODAY)
    assert isinstance(found, UnrecognizedFile)
    assert found.reason is UnrecognizedReason.UNKNOWN_FILE
    assert "orders and all" in found.detail


PARTS = st.sampled_from(
    [
        "mrhealth",
        "2021-01-05",
        "2021-01-06",
        "2021-02-30",
        "2021-01-05 ",
        "unidade_007",
        "unit_8",
        "unit",
        "..",
        "",
        ".x",
        "raw",
        "PEDIDO.csv",
        "pedido.csv.gz",
        "x\\y",
        "a\nb",
    ]
) | st.text(max_size=6)


@given(st.lists(PARTS, max_size=6).map("/".join))
def test_any_path_is_an_arrival_or_a_printable_unrecognized_file_and_an_arrival_stays_inside(
    path: str,
):
    found = met(path)
    if isinstance(found, UnrecognizedFile):
        assert found.path.isprintable()
        return
    first, *_, name = parts = path.split("/")
    assert first == "mrhealth"
    assert name.lower().removesuffix(".gz") == "pedido.csv"
    assert not {"", ".", ".."} & set(parts)
    assert path.isprintable()
    assert "\\" not in path
    assert str(found.day) in parts or not found.dated


@pytest.fixture
def store(lake_root: str) -> ObjectStore:
    return ObjectStore.at(lake_root)


@pytest.fixture
def disk(tmp_path: Path) -> Callable[..., Path]:
    """Puts a file on disk, changed at AT."""

    def put(path: str, data: bytes = b"Id\n", *, at: dt.datetime = AT) -> Path:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        changed_at(place, at)
        return place

    return put


def changed_at(place: Path, at: dt.datetime) -> None:
    microseconds = (at - EPOCH) // dt.timedelta(microseconds=1)
    os.utime(place, ns=(microseconds * 1000, microseconds * 1000))


def landing_of(store: ObjectStore) -> Landing:
    return Landing(store, "mrhealth", SOURCES, zone=ZONE, start=START)


def on_disk(root: Path) -> Landing:
    return landing_of(ObjectStore.at(str(root)))


def look(
    landing: Landing,
    *,
    days: list[dt.date] | None = None,
    undated: bool = True,
    now: dt.datetime | None = None,
    quiet: dt.timedelta = dt.timedelta(0),
) -> Listing:
    """A listing as of the machine's clock, as S3 stamps its objects by that."""
    return landing.listing(
        days=days, undated=undated, now=now or dt.datetime.now(dt.UTC), quiet=quiet
    )


def paths(listing: Listing) -> list[str]:
    return [file.path.removeprefix("mrhealth/") for file in listing.files]


LANDED = (
    "2021-01-05/unidade_007/PEDIDO.csv",
    "2021-01-05/unidade_007/pedido.csv",
    "2021-01-05/unidade_007/reenvio/PEDIDO.csv",
    "raw/csv_sales/2021-01-05/unit_001/pedido.csv",
    "2021-01-06/unidade_007/ITEM_PEDIDO.csv.gz",
    "raw/csv_sales/2021-01-07/unit_001/pedido.csv",
    "reference/2021-01-08/Tabela_Unidade.csv",
    "PEDIDO.csv",
    "caixa/PEDIDO.csv",
)


def test_days_and_files_are_found_in_every_layout(store: ObjectStore):
    for path in (*LANDED, "2021-02-30/unidade_1/PEDIDO.csv", "2021-01-05/_SUCCESS"):
        store.write(f"mrhealth/{path}", b"Id\n")
    store.write("other/2021-01-01/unidade_007/PEDIDO.csv", b"Id\n")
    landing = landing_of(store)
    days = [dt.date(2021, 1, n) for n in (5, 6, 7, 8)]
    assert landing.days() == days
    everything = look(landing)
    assert paths(everything) == list(LANDED)
    assert [file.day for file in everything.files[:7]] == [days[n] for n in (0, 0, 0, 0, 1, 2, 3)]
    assert [stray.reason for stray in everything.unrecognized_files] == ["bad_day"]
    assert everything.temporary == ("mrhealth/2021-01-05/_SUCCESS",)
    assert look(landing, days=days) == everything


def test_a_listing_of_days_enters_those_days_and_what_names_no_day(store: ObjectStore):
    for path in LANDED:
        store.write(f"mrhealth/{path}", b"Id\n")
    landing = landing_of(store)
    absent = dt.date(2021, 3, 3)
    undated = ["PEDIDO.csv", "caixa/PEDIDO.csv"]
    assert paths(look(landing, days=[])) == undated
    assert paths(look(landing, days=[], undated=False)) == []
    assert paths(look(landing, days=[absent, dt.date(2021, 1, 6)])) == [LANDED[4], *undated]
    assert paths(look(landing, days=[FIFTH, FIFTH], undated=False)) == list(LANDED[:4])


def test_a_landing_zone_without_the_system_is_empty(store: ObjectStore):
    landing = landing_of(store)
    assert (landing.days(), look(landing).files, look(landing, days=[FIFTH]).files) == ([], (), ())


def test_a_listing_goes_on_after_a_thousand_files(store: ObjectStore):
    names = [f"mrhealth/2021-01-05/unidade_{n}/PEDIDO.csv" for n in range(1040)]
    names += [f"mrhealth/{dt.date(2020, 1, 1) + dt.timedelta(n)}/PEDIDO.csv" for n in range(10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.write(name, b"Id\n"), names))
    landing = landing_of(store)
    assert {file.path for file in look(landing).files} == set(names)
    assert {file.unit for file in look(landing, days=[FIFTH]).files} == set(range(1040))
    assert len(landing.days()) == 11


def test_a_file_is_read_whole_and_only_as_it_was_listed(store: ObjectStore):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    store.write(path, b"Id\n1\n")
    landing = landing_of(store)
    (arrival,) = look(landing).files
    assert landing.read(arrival, limit=5) == b"Id\n1\n"
    with pytest.raises(
        ReadRejected, match=r"unidade_007/PEDIDO\.csv has 5 bytes.*limit"
    ) as rejected:
        landing.read(arrival, limit=4)
    assert rejected.value.reason == "too_large"
    for changed in (b"Id\n1\n2\n", b"Id\n"):
        store.write(path, changed)
        with pytest.raises(FileChanged, match=r"unidade_007/PEDIDO\.csv"):
            landing.read(arrival, limit=5)
    store.delete([path])
    with pytest.raises(FileChanged, match="gone"):
        landing.read(arrival, limit=5)


@pytest.mark.parametrize("lake_root", [pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_marks_of_folders_on_s3_are_no_files(lake_root: str, store: ObjectStore):
    bucket, _, prefix = lake_root.removeprefix("s3://").partition("/")
    for key in ("mrhealth/", "mrhealth/2021-01-05/", "mrhealth/2021-01-05/unidade_007/"):
        s3_client().put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=b"")
    store.write("mrhealth/2021-01-05/unidade_007/PEDIDO.csv", b"Id\n")
    landing = landing_of(store)
    for seen in (look(landing), look(landing, days=[FIFTH])):
        assert (len(seen.files), seen.unrecognized_files) == (1, ())
    assert (landing.days(), landing.changed(EPOCH)) == ([FIFTH], [])


def test_a_climbing_folder_of_s3_is_rejected_by_a_tick_too(monkeypatch: pytest.MonkeyPatch):
    store = ObjectStore.at("s3://nowhere")
    monkeypatch.setattr(store, "folders", {"mrhealth": ["..", "a"], "mrhealth/a": []}.get)
    monkeypatch.setattr(store, "entries", lambda folder, *, recursive: iter(()))
    (stray,) = look(landing_of(store), days=[]).unrecognized_files
    assert (stray.path, stray.reason, stray.modified_at) == ("mrhealth/../", "unsafe_path", EPOCH)


def test_microseconds_are_kept(tmp_path: Path, disk: Callable[..., Path]):
    disk("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (arrival,) = look(on_disk(tmp_path)).files
    assert arrival.modified_at == AT


@pytest.mark.parametrize(
    ("age", "growing"),
    [(dt.timedelta(seconds=1), True), (QUIET, False), (-dt.timedelta(hours=1), False)],
)
def test_a_file_changed_just_now_is_left_alone(
    tmp_path: Path, disk: Callable[..., Path], age: dt.timedelta, growing: bool
):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    disk(path, at=NOW - age)
    disk("mrhealth/2021-01-05/unidade_007/PEDIDO.csv.tmp", at=NOW)
    seen = look(on_disk(tmp_path), now=NOW, quiet=QUIET)
    assert (len(seen.files), seen.growing) == ((0, (path,)) if growing else (1, ()))
    assert seen.temporary == (f"{path}.tmp",)


def test_a_link_is_rejected_wherever_it_leads(tmp_path: Path, disk: Callable[..., Path]):
    root = tmp_path / "landing"
    outside = disk("outside/2021-01-05/unidade_007/PEDIDO.csv")
    inside = disk("landing/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (inside.parent / "ITEM_PEDIDO.csv").symlink_to(outside)
    (inside.parent / "pedido.csv").symlink_to(inside)
    (inside.parent / "reenvio").symlink_to(inside.parent)
    (root / "mrhealth/2021-01-06").symlink_to(outside.parents[1])
    (root / "mrhealth/gone").symlink_to(tmp_path / "nowhere")
    landing = on_disk(root)
    for seen in (look(landing), look(landing, days=[FIFTH, dt.date(2021, 1, 6)])):
        assert paths(seen) == ["2021-01-05/unidade_007/PEDIDO.csv"]
        assert [
            (s.path.removeprefix("mrhealth/"), s.reason.value) for s in seen.unrecognized_files
        ] == [
            ("2021-01-05/unidade_007/ITEM_PEDIDO.csv", "symlink"),
            ("2021-01-05/unidade_007/pedido.csv", "symlink"),
            ("2021-01-05/unidade_007/reenvio", "symlink"),
            ("2021-01-06", "symlink"),
            ("gone", "symlink"),
        ]
        assert ["outside" in stray.detail for stray in seen.unrecognized_files] == [1, 0, 0, 1, 1]


def test_a_link_in_place_of_the_systems_folder_is_rejected(
    tmp_path: Path, disk: Callable[..., Path]
):
    disk("outside/2021-01-05/unidade_007/PEDIDO.csv")
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing/mrhealth").symlink_to(tmp_path / "outside")
    landing = on_disk(tmp_path / "landing")
    assert landing.days() == []
    for days in (None, [], [FIFTH]):
        seen = look(landing, days=days)
        assert [(s.path, s.reason.value) for s in seen.unrecognized_files] == [
            ("mrhealth", "symlink")
        ]
        assert seen.files == ()


def test_the_landing_root_itself_may_be_a_link(tmp_path: Path, disk: Callable[..., Path]):
    disk("real/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (tmp_path / "landing").symlink_to(tmp_path / "real")
    landing = on_disk(tmp_path / "landing")
    (arrival,) = look(landing).files
    assert landing.read(arrival, limit=10) == b"Id\n"


@pytest.mark.parametrize("swapped", ["PEDIDO.csv", "unidade_007"])
def test_a_link_put_in_place_after_the_listing_is_not_followed(
    tmp_path: Path, disk: Callable[..., Path], swapped: str
):
    root = tmp_path / "landing"
    listed = disk("landing/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    secret = disk("outside/unidade_007/PEDIDO.csv")
    landing = on_disk(root)
    (arrival,) = look(landing).files
    place, target = (listed, secret) if swapped == "PEDIDO.csv" else (listed.parent, secret.parent)
    place.rename(tmp_path / "moved")
    place.symlink_to(target)
    with pytest.raises(ReadRejected, match=f"'{swapped}' is a symbolic link") as rejected:
        landing.read(arrival, limit=10)
    assert rejected.value.reason == "symlink"


def test_other_bytes_of_the_same_length_are_a_change(tmp_path: Path, disk: Callable[..., Path]):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    disk(path, b"Id\n1\n")
    landing = on_disk(tmp_path)
    (arrival,) = look(landing).files
    disk(path, b"Id\n2\n", at=AT + dt.timedelta(microseconds=1))
    with pytest.raises(FileChanged):
        landing.read(arrival, limit=10)


def test_a_folder_in_place_of_a_listed_file_is_a_change(tmp_path: Path, disk: Callable[..., Path]):
    place = disk("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    landing = on_disk(tmp_path)
    (arrival,) = look(landing).files
    place.unlink()
    place.mkdir()
    with pytest.raises(FileChanged):
        landing.read(arrival, limit=10)


def test_a_pipe_is_rejected_and_nobody_waits_for_its_writer(
    tmp_path: Path, disk: Callable[..., Path]
):
    place = disk("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    landing = on_disk(tmp_path)
    (arrival,) = look(landing).files
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(FileChanged):
        landing.read(arrival, limit=10)
    assert [stray.reason for stray in look(landing).unrecognized_files] == ["unknown_file"]


def test_a_name_that_is_no_text_is_rejected_and_can_be_recorded(tmp_path: Path):
    folder = tmp_path / "mrhealth/2021-01-05"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/PEDIDO\xff.csv")).write_bytes(b"Id\n")
    (stray,) = look(on_disk(tmp_path)).unrecognized_files
    assert (stray.reason, stray.path) == (
        "unsafe_path",
        "mrhealth/2021-01-05/PEDIDO\\udcff.csv",
    )


def test_hidden_folders_are_not_entered_by_a_tick(tmp_path: Path, disk: Callable[..., Path]):
    disk("mrhealth/.sync/2021-01-05/PEDIDO.csv")
    landing = on_disk(tmp_path)
    assert landing.days() == []
    assert look(landing, days=[]).temporary == ("mrhealth/.sync/",)
    assert look(landing).files == ()


def test_a_folder_that_cannot_be_listed_is_an_error_and_not_an_empty_one(
    tmp_path: Path, disk: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    disk("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")

    def reject(place: str) -> None:
        raise PermissionError(13, "Permission denied", place)

    monkeypatch.setattr(os, "scandir", reject)
    with pytest.raises(LandingError, match=r"mrhealth.*cannot be listed.*right"):
        look(on_disk(tmp_path))


def test_changed_days_are_those_whose_folder_got_a_name_lately(
    tmp_path: Path, disk: Callable[..., Path]
):
    for n, at in ((5, AT), (6, NOW), (7, NOW - QUIET)):
        changed_at(disk(f"mrhealth/2021-01-0{n}/unidade_1/PEDIDO.csv").parents[1], at)
    landing = on_disk(tmp_path)
    assert landing.changed(NOW - QUIET) == [dt.date(2021, 1, 6), dt.date(2021, 1, 7)]
    changed_at(disk("mrhealth/raw/2021-01-05/PEDIDO.csv").parent, NOW)
    assert landing.changed(NOW) == [dt.date(2021, 1, 6), FIFTH]


DAYS = st.sets(st.dates(dt.date(2021, 1, 1), dt.date(2021, 6, 20)), max_size=60)


@given(
    days=DAYS,
    changed=DAYS,
    position=st.none() | st.dates(dt.date(2020, 12, 1), dt.date(2021, 7, 1)),
    recent_days=st.integers(0, 20),
    budget=st.integers(0, 500),
)
def test_every_day_is_met_within_a_bounded_number_of_small_ticks_from_any_position(
    days: set[dt.date],
    changed: set[dt.date],
    position: dt.date | None,
    recent_days: int,
    budget: int,
):
    share = max(1, budget // 100)
    left = set(days)
    for _ in range(-(-len(days) // share)):
        looked, position = due(
            days,
            today=TODAY,
            recent_days=recent_days,
            position=position,
            budget=budget,
            changed=sorted(changed),
        )
        assert looked == sorted(set(looked) & days)
        assert len(looked) <= recent_days + 1 + 2 * share
        left -= set(looked)
    assert left == set()


@given(DAYS, st.integers(0, 20))
def test_recent_days_and_tomorrow_are_due_in_every_tick(days: set[dt.date], recent_days: int):
    looked, _ = due(days, today=TODAY, recent_days=recent_days, position=None, budget=1)
    recent = [TODAY + dt.timedelta(days=1 - n) for n in range(recent_days + 1)]
    assert days.intersection(recent) <= set(looked)


def test_a_new_file_of_an_old_day_is_found_in_turn_and_a_new_unit_at_once(
    tmp_path: Path, disk: Callable[..., Path]
):
    for n in range(40):
        day = dt.date(2021, 1, 1) + dt.timedelta(days=n)
        folder = disk(f"mrhealth/{day}/unidade_1/PEDIDO.csv").parent
        changed_at(folder, AT)
        changed_at(folder.parent, AT)
    disk("mrhealth/PEDIDO.csv")
    sweep = Sweep(recent_days=3, budget=5, files_per_day=1)
    landing = on_disk(tmp_path)
    ticks = [sweep.listing(landing, now=NOW, quiet=QUIET) for _ in range(8)]
    assert [len(tick.files) for tick in ticks] == [6] * 8
    assert len({path for tick in ticks for path in paths(tick)}) == 41
    late = disk("mrhealth/2021-02-09/unidade_2/PEDIDO.csv")
    changed_at(late.parents[1], NOW)
    assert "2021-02-09/unidade_2/PEDIDO.csv" in paths(sweep.listing(landing, now=NOW, quiet=QUIET))


def test_a_tick_learns_how_many_files_a_day_has(tmp_path: Path, disk: Callable[..., Path]):
    for n in (10, 11, 12):
        for unit in range(5):
            changed_at(disk(f"mrhealth/2021-01-{n}/unidade_{unit}/PEDIDO.csv").parents[1], AT)
    sweep = Sweep(recent_days=0, budget=10, files_per_day=1000)
    landing = on_disk(tmp_path)
    assert [len(sweep.listing(landing, now=NOW, quiet=QUIET).files) for _ in "ab"] == [5, 10]
    assert sweep.files_per_day == 5

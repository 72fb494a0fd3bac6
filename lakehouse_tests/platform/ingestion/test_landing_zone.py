"""The landing zone is listed and read, on disk and on S3."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.errors import FileChanged, LandingError, ReadRejected
from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import EPOCH
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.s3_access import s3_client
from lakehouse.settings import Settings
from lakehouse_tests.platform import cafe
from lakehouse_tests.platform.ingestion.landed import (
    AT,
    FIFTH,
    NOW,
    QUIET,
    RULES,
    PutFile,
    change_at,
    paths,
    zone_on_disk,
)


def look(
    landing: LandingZone,
    *,
    days: list[dt.date] | None = None,
    undated: bool = True,
    now: dt.datetime | None = None,
    quiet: dt.timedelta = dt.timedelta(0),
) -> Listing:
    """List now by default, because S3 stamps its objects with the machine's time."""
    return landing.listing(
        days=days, undated=undated, now=now or dt.datetime.now(dt.UTC), quiet=quiet
    )


LANDED = (
    "2021-01-05/unidade_007/PEDIDO.csv",
    "2021-01-05/unidade_007/pedido.csv",
    "2021-01-05/unidade_007/reenvio/PEDIDO.csv",
    "raw/csv_sales/2021-01-05/unit_001/pedido.csv",
    "2021-01-06/unidade_007/ITEM_PEDIDO.csv.gz",
    "raw/csv_sales/2021/01/07/unit_001/pedido.csv",
    "reference/2021-01-08/Tabela_Unidade.csv",
    "PEDIDO.csv",
    "raw/PEDIDO.csv",
)


def test_days_and_files_are_found_in_every_layout(store: ObjectStore, landing: LandingZone):
    for path in (*LANDED, "2021-02-30/unidade_1/PEDIDO.csv", "2021-01-05/_SUCCESS"):
        store.write(f"mrhealth/{path}", b"Id\n")
    store.write("other/2021-01-01/unidade_007/PEDIDO.csv", b"Id\n")
    days = [dt.date(2021, 1, n) for n in (5, 6, 7, 8)]
    assert landing.days() == days
    everything = look(landing)
    assert paths(everything) == list(LANDED)
    assert [file.day for file in everything.files[:7]] == [days[n] for n in (0, 0, 0, 0, 1, 2, 3)]
    assert [file.reason for file in everything.unrecognized_files] == ["bad_day"]
    assert everything.temporary == ("mrhealth/2021-01-05/_SUCCESS",)
    assert look(landing, days=days) == everything


def test_a_listing_of_days_contains_those_days_and_undated_files(
    store: ObjectStore, landing: LandingZone
):
    for path in LANDED:
        store.write(f"mrhealth/{path}", b"Id\n")
    absent = dt.date(2021, 3, 3)
    undated = ["PEDIDO.csv", "raw/PEDIDO.csv"]
    assert paths(look(landing, days=[])) == undated
    assert paths(look(landing, days=[], undated=False)) == []
    assert paths(look(landing, days=[absent, dt.date(2021, 1, 6)])) == [LANDED[4], *undated]
    assert paths(look(landing, days=[FIFTH, FIFTH], undated=False)) == list(LANDED[:4])


def test_files_of_days_that_have_not_come_are_listed_with_any_day_and_recognized_when_it_comes(
    store: ObjectStore, landing: LandingZone
):
    for folder in ("2021-06-18", "unidade_007/2021/06/18", "2019-12-31"):
        store.write(f"mrhealth/{folder}/PEDIDO.csv", b"Id\n")
    on_the_day = NOW + dt.timedelta(days=3)
    for days in (None, [], [FIFTH]):
        before = look(landing, days=days, now=NOW)
        assert [file.reason for file in before.unrecognized_files] == [
            "before_start",
            "future_day",
            "future_day",
        ]
    assert look(landing, days=[], undated=False, now=NOW).unrecognized_files == ()
    later = look(landing, days=[on_the_day.date()], now=on_the_day)
    assert [(file.day.isoformat(), file.unit) for file in later.files] == [
        ("2021-06-18", None),
        ("2021-06-18", 7),
    ]
    assert [file.reason for file in later.unrecognized_files] == ["before_start"]


def test_files_of_one_unit_and_day_in_several_undeclared_folders_never_replace_each_other(
    store: ObjectStore, landing: LandingZone
):
    day = "mrhealth/2021-01-05/unidade_007"
    store.write(f"{day}/PEDIDO.csv", b"Id\n1\n")
    store.write(f"{day}/manha/PEDIDO.csv", b"Id\n2\n")
    store.write(f"{day}/manha/ITEM_PEDIDO.csv", b"Id\n2\n")
    store.write("mrhealth/2021-01-05/unidade_008/tarde/PEDIDO.csv", b"Id\n4\n")
    assert not look(landing).unrecognized_files, "a single one holds a resent file"
    store.write(f"{day}/tarde/PEDIDO.csv", b"Id\n3\n")
    store.write(f"{day}/raw/PEDIDO.csv", b"Id\n5\n")
    listing = look(landing)
    assert [(file.path, file.reason, file.day) for file in listing.unrecognized_files] == [
        (f"{day}/manha/PEDIDO.csv", "bad_unit", FIFTH),
        (f"{day}/tarde/PEDIDO.csv", "bad_unit", FIFTH),
    ]
    assert "'manha' and 'tarde' each have orders" in listing.unrecognized_files[0].detail
    assert [path.rpartition("05/")[2] for path in paths(listing)] == [
        "unidade_007/PEDIDO.csv",
        "unidade_007/manha/ITEM_PEDIDO.csv",
        "unidade_007/raw/PEDIDO.csv",
        "unidade_008/tarde/PEDIDO.csv",
    ]


def test_a_landing_zone_without_the_folder_of_the_domain_is_empty(landing: LandingZone):
    assert (landing.days(), look(landing).files, look(landing, days=[FIFTH]).files) == ([], (), ())


def test_a_lake_inside_the_folder_of_the_domain_is_an_error(tmp_path: Path):
    (tmp_path / "cafe").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "cafe")
    for lake in ("cafe/lake", "link/lake"):
        settings = Settings(landing=str(tmp_path), root=str(tmp_path / lake))
        with pytest.raises(LandingError, match=r"is inside the folder cafe/ .* LAKEHOUSE_ROOT"):
            landing_zone_of(cafe.DOMAIN, settings)
    for lake in ("lake", "cafe2/lake"):
        beside = Settings(landing=str(tmp_path), root=str(tmp_path / lake))
        assert landing_zone_of(cafe.DOMAIN, beside).days() == []


def test_a_landing_zone_that_does_not_exist_is_an_error_and_never_empty(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    for name, problem in (("none", "does not exist"), ("file", "is not a folder")):
        landing = zone_on_disk(tmp_path / name)
        for use in (landing.days, lambda zone=landing: look(zone), landing.require_there):
            with pytest.raises(LandingError, match=f"{name} {problem}; hint: .* LAKEHOUSE_LANDING"):
                use()
        with pytest.raises(LandingError, match=problem):
            look(landing, days=[FIFTH])


@pytest.mark.parametrize("lake_root", [pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_a_landing_zone_in_a_bucket_that_does_not_exist_is_an_error(lake_root: str):
    landing = LandingZone(ObjectStore.at("s3://no-such-bucket-of-lakehouse/landing"), RULES)
    with pytest.raises(LandingError, match="is in a bucket that does not exist; hint: create"):
        look(landing)


def test_a_listing_continues_after_a_thousand_files(store: ObjectStore, landing: LandingZone):
    names = [f"mrhealth/2021-01-05/unidade_{n}/PEDIDO.csv" for n in range(1040)]
    names += [f"mrhealth/{dt.date(2020, 1, 1) + dt.timedelta(n)}/PEDIDO.csv" for n in range(10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.write(name, b"Id\n"), names))
    assert {file.path for file in look(landing).files} == set(names)
    assert {file.unit for file in look(landing, days=[FIFTH]).files} == set(range(1040))
    assert len(landing.days()) == 11


def test_a_file_is_read_only_if_it_is_unchanged_since_the_listing(
    store: ObjectStore, landing: LandingZone
):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    store.write(path, b"Id\n1\n")
    (file,) = look(landing).files
    assert landing.read(file, limit=5) == b"Id\n1\n"
    with pytest.raises(
        ReadRejected, match=r"unidade_007/PEDIDO\.csv has 5 bytes.*limit"
    ) as rejected:
        landing.read(file, limit=4)
    assert rejected.value.reason == "too_large"
    for changed in (b"Id\n1\n2\n", b"Id\n"):
        store.write(path, changed)
        with pytest.raises(FileChanged, match=r"unidade_007/PEDIDO\.csv"):
            landing.read(file, limit=5)
    store.delete([path])
    with pytest.raises(FileChanged, match="gone"):
        landing.read(file, limit=5)


@pytest.mark.parametrize("lake_root", [pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_folder_markers_on_s3_are_not_listed_as_files(
    lake_root: str, store: ObjectStore, landing: LandingZone
):
    bucket, _, prefix = lake_root.removeprefix("s3://").partition("/")
    for key in ("mrhealth/", "mrhealth/2021-01-05/", "mrhealth/2021-01-05/unidade_007/"):
        s3_client().put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=b"")
    store.write("mrhealth/2021-01-05/unidade_007/PEDIDO.csv", b"Id\n")
    for listing in (look(landing), look(landing, days=[FIFTH])):
        assert (len(listing.files), listing.unrecognized_files) == (1, ())
    assert (landing.days(), landing.days_changed_since(EPOCH)) == ([FIFTH], [])


def test_a_folder_named_with_two_dots_on_s3_is_recorded_and_not_entered(
    monkeypatch: pytest.MonkeyPatch,
):
    store = ObjectStore.at("s3://nowhere")
    monkeypatch.setattr(store, "folders", {"mrhealth": ["..", "a"], "mrhealth/a": []}.get)
    monkeypatch.setattr(store, "entries", lambda folder, *, recursive: iter(()))
    (file,) = look(LandingZone(store, RULES), days=[]).unrecognized_files
    assert (file.path, file.reason, file.modified_at) == ("mrhealth/../", "unsafe_path", EPOCH)


def test_modification_times_keep_microseconds(tmp_path: Path, put_file: PutFile):
    put_file("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (file,) = look(zone_on_disk(tmp_path)).files
    assert file.modified_at == AT


@pytest.mark.parametrize(
    ("age", "growing"),
    [(dt.timedelta(seconds=1), True), (QUIET, False), (-dt.timedelta(hours=1), False)],
)
def test_a_file_that_changed_just_now_is_skipped_as_growing(
    tmp_path: Path, put_file: PutFile, age: dt.timedelta, growing: bool
):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    put_file(path, at=NOW - age)
    put_file("mrhealth/2021-01-05/unidade_007/PEDIDO.csv.tmp", at=NOW)
    listing = look(zone_on_disk(tmp_path), now=NOW, quiet=QUIET)
    assert (len(listing.files), listing.growing) == ((0, (path,)) if growing else (1, ()))
    assert listing.temporary == (f"{path}.tmp",)


def test_a_symbolic_link_is_unrecognized_whatever_its_target(tmp_path: Path, put_file: PutFile):
    root = tmp_path / "landing"
    outside = put_file("outside/2021-01-05/unidade_007/PEDIDO.csv")
    inside = put_file("landing/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (inside.parent / "ITEM_PEDIDO.csv").symlink_to(outside)
    (inside.parent / "pedido.csv").symlink_to(inside)
    (inside.parent / "reenvio").symlink_to(inside.parent)
    (root / "mrhealth/2021-01-06").symlink_to(outside.parents[1])
    (root / "mrhealth/gone").symlink_to(tmp_path / "nowhere")
    landing = zone_on_disk(root)
    for listing in (look(landing), look(landing, days=[FIFTH, dt.date(2021, 1, 6)])):
        assert paths(listing) == ["2021-01-05/unidade_007/PEDIDO.csv"]
        assert [
            (s.path.removeprefix("mrhealth/"), s.reason.value) for s in listing.unrecognized_files
        ] == [
            ("2021-01-05/unidade_007/ITEM_PEDIDO.csv", "symlink"),
            ("2021-01-05/unidade_007/pedido.csv", "symlink"),
            ("2021-01-05/unidade_007/reenvio", "symlink"),
            ("2021-01-06", "symlink"),
            ("gone", "symlink"),
        ]
        assert ["outside" in file.detail for file in listing.unrecognized_files] == [1, 0, 0, 1, 1]


def test_a_symbolic_link_in_place_of_the_domain_folder_is_not_followed(
    tmp_path: Path, put_file: PutFile
):
    put_file("outside/2021-01-05/unidade_007/PEDIDO.csv")
    (tmp_path / "landing").mkdir(exist_ok=True)
    (tmp_path / "landing/mrhealth").symlink_to(tmp_path / "outside")
    landing = zone_on_disk(tmp_path / "landing")
    assert landing.days() == []
    for days in (None, [], [FIFTH]):
        listing = look(landing, days=days)
        assert [(s.path, s.reason.value) for s in listing.unrecognized_files] == [
            ("mrhealth", "symlink")
        ]
        assert listing.files == ()


def test_the_landing_root_itself_may_be_a_symbolic_link(tmp_path: Path, put_file: PutFile):
    put_file("real/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    (tmp_path / "landing").symlink_to(tmp_path / "real")
    landing = zone_on_disk(tmp_path / "landing")
    (file,) = look(landing).files
    assert landing.read(file, limit=10) == b"Id\n"


@pytest.mark.parametrize("swapped", ["PEDIDO.csv", "unidade_007"])
def test_a_symbolic_link_that_replaces_a_listed_file_is_not_followed(
    tmp_path: Path, put_file: PutFile, swapped: str
):
    root = tmp_path / "landing"
    listed = put_file("landing/mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    secret = put_file("outside/unidade_007/PEDIDO.csv")
    landing = zone_on_disk(root)
    (file,) = look(landing).files
    place, target = (listed, secret) if swapped == "PEDIDO.csv" else (listed.parent, secret.parent)
    place.rename(tmp_path / "moved")
    place.symlink_to(target)
    with pytest.raises(ReadRejected, match=f"'{swapped}' became a symbolic link") as rejected:
        landing.read(file, limit=10)
    assert rejected.value.reason == "symlink"


def test_a_listed_file_with_other_bytes_of_the_same_length_has_changed(
    tmp_path: Path, put_file: PutFile
):
    path = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"
    put_file(path, b"Id\n1\n")
    landing = zone_on_disk(tmp_path)
    (file,) = look(landing).files
    put_file(path, b"Id\n2\n", at=AT + dt.timedelta(microseconds=1))
    with pytest.raises(FileChanged):
        landing.read(file, limit=10)


def test_a_listed_file_that_became_a_folder_has_changed(tmp_path: Path, put_file: PutFile):
    place = put_file("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    landing = zone_on_disk(tmp_path)
    (file,) = look(landing).files
    place.unlink()
    place.mkdir()
    with pytest.raises(FileChanged):
        landing.read(file, limit=10)


def test_a_pipe_is_unrecognized_and_reading_it_does_not_block(tmp_path: Path, put_file: PutFile):
    place = put_file("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")
    landing = zone_on_disk(tmp_path)
    (file,) = look(landing).files
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(FileChanged):
        landing.read(file, limit=10)
    assert [file.reason for file in look(landing).unrecognized_files] == ["unknown_file"]


def test_a_file_name_that_is_not_utf8_is_recorded_with_escapes(tmp_path: Path):
    folder = tmp_path / "mrhealth/2021-01-05"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/PEDIDO\xff.csv")).write_bytes(b"Id\n")
    (file,) = look(zone_on_disk(tmp_path)).unrecognized_files
    assert (file.reason, file.path) == (
        "unsafe_path",
        "mrhealth/2021-01-05/PEDIDO\\udcff.csv",
    )


def test_hidden_folders_are_not_entered(tmp_path: Path, put_file: PutFile):
    put_file("mrhealth/.sync/2021-01-05/PEDIDO.csv")
    landing = zone_on_disk(tmp_path)
    assert landing.days() == []
    assert look(landing, days=[]).temporary == ("mrhealth/.sync/",)
    assert look(landing).files == ()


def test_a_folder_that_cannot_be_listed_raises_an_error(
    tmp_path: Path, put_file: PutFile, monkeypatch: pytest.MonkeyPatch
):
    put_file("mrhealth/2021-01-05/unidade_007/PEDIDO.csv")

    def reject(place: str) -> None:
        raise PermissionError(13, "Permission denied", place)

    monkeypatch.setattr(os, "scandir", reject)
    with pytest.raises(LandingError, match=r"mrhealth.*cannot be listed.*hint: give"):
        look(zone_on_disk(tmp_path))


def test_a_folder_below_that_cannot_be_listed_is_reported_and_stops_no_other(
    tmp_path: Path, put_file: PutFile, monkeypatch: pytest.MonkeyPatch
):
    for unit in (7, 8):
        put_file(f"mrhealth/2021-01-05/unidade_00{unit}/PEDIDO.csv")
    scan = os.scandir

    def reject(place: str) -> object:
        if place.endswith("unidade_007"):
            raise PermissionError(13, "Permission denied", place)
        return scan(place)

    monkeypatch.setattr(os, "scandir", reject)
    listing = look(zone_on_disk(tmp_path))
    assert paths(listing) == ["2021-01-05/unidade_008/PEDIDO.csv"]
    (message,) = listing.unreadable
    assert "2021-01-05/unidade_007 of the landing zone" in message
    assert "Permission denied); hint: give" in message


def test_changed_days_are_those_whose_folder_changed_recently(tmp_path: Path, put_file: PutFile):
    for n, at in ((5, AT), (6, NOW), (7, NOW - QUIET)):
        change_at(put_file(f"mrhealth/2021-01-0{n}/unidade_1/PEDIDO.csv").parents[1], at)
    landing = zone_on_disk(tmp_path)
    assert landing.days_changed_since(NOW - QUIET) == [dt.date(2021, 1, 6), dt.date(2021, 1, 7)]
    change_at(put_file("mrhealth/raw/2021-01-05/PEDIDO.csv").parent, NOW)
    assert landing.days_changed_since(NOW) == [dt.date(2021, 1, 6), FIFTH]

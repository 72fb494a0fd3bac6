"""The object store behaves the same on disk and on S3."""

import datetime as dt
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from lakehouse.platform.storage import s3 as s3_store
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError, ObjectTooLarge
from lakehouse.platform.storage.s3_access import duckdb_s3_setup


@pytest.fixture
def store(lake_root: str) -> ObjectStore:
    return ObjectStore.at(lake_root)


def test_a_file_is_read_as_it_was_written(store: ObjectStore, tmp_path: Path):
    local = tmp_path / "local"
    local.write_bytes(b"copied")
    store.write("a/one.csv", b"first")
    store.write("a/one.csv", b"second")
    store.write("a/b/two çã +%.csv", io.BytesIO(b"streamed"))
    store.copy_in(local, "three")
    assert [store.read(p) for p in ("a/one.csv", "a/b/two çã +%.csv", "three")] == [
        b"second",
        b"streamed",
        b"copied",
    ]
    assert local.exists()


def test_a_listing_shows_path_size_and_time(store: ObjectStore):
    for path in ("a/x.csv", "a/b/y.csv", "ab/z.csv", "top"):
        store.write(path, b"12345")
    assert sorted(entry.path for entry in store.entries()) == [
        "a/b/y.csv",
        "a/x.csv",
        "ab/z.csv",
        "top",
    ]
    assert [entry.path for entry in store.entries("a", recursive=False)] == ["a/x.csv"]
    assert store.folders() == ["a", "ab"]
    assert store.folders("a") == ["b"]
    (entry,) = store.entries("ab")
    age = dt.datetime.now(dt.UTC) - entry.modified_at
    assert (entry.size, store.stat("ab/z.csv")) == (5, entry)
    assert abs(age) < dt.timedelta(minutes=5)


def test_a_deleted_folder_is_gone_with_everything_below_it(store: ObjectStore):
    for path in ("a/x.csv", "a/b/y.csv", "ab/z.csv"):
        store.write(path, b"12345")
    store.delete_folder("a")
    store.delete_folder("a")
    assert [entry.path for entry in store.entries()] == ["ab/z.csv"]


def test_a_deleted_folder_on_disk_leaves_no_empty_folder(tmp_path: Path):
    store = ObjectStore.at(str(tmp_path))
    store.write("a/b/y.csv", b"12345")
    store.delete_folder("a")
    assert store.folders() == []


def test_a_missing_folder_is_empty_and_a_missing_file_is_an_error(store: ObjectStore):
    assert (list(store.entries("no")), store.folders("no")) == ([], [])
    assert store.stat("no/file") is None
    with pytest.raises(FileNotFoundError):
        store.read("no/file")


def test_a_listing_of_more_than_one_page_is_complete(store: ObjectStore):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: store.write(f"many/{n:04}/file", b""), range(1_050)))
    assert len(list(store.entries("many"))) == 1_050
    assert store.folders("many") == [f"{n:04}" for n in range(1_050)]
    store.delete(entry.path for entry in list(store.entries("many")))
    assert list(store.entries("many")) == []


def test_reading_stops_at_the_limit(store: ObjectStore):
    store.write("big", b"x" * 100)
    assert len(store.read("big", limit=100)) == 100
    with pytest.raises(ObjectTooLarge, match="more than 99 bytes"):
        store.read("big", limit=99)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b"],
    ids=["empty", "absolute", "parent", "grandparent", "empty part", "dot", "null byte"],
)
def test_a_path_cannot_leave_the_store(store: ObjectStore, path: str):
    with pytest.raises(ObjectStoreError, match="not a path inside"):
        store.read(path)
    with pytest.raises(ObjectStoreError, match="not a path inside"):
        store.write(path, b"")


def test_a_large_file_is_sent_in_parts(store: ObjectStore, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(s3_store, "SINGLE_REQUEST_BYTES", 1 << 10)
    local = store.scratch("in")
    local.write_bytes(os.urandom(9 << 20))
    data = local.read_bytes()
    store.move_in(local, "in/large")
    assert store.read("in/large") == data
    assert not local.exists()
    assert list(store.unfinished()) == []


def test_an_interrupted_write_leaves_the_old_file(store: ObjectStore):
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            raise OSError("the source went away")

    store.write("a/file", b"old")
    with pytest.raises(OSError, match="went away"):
        store.write("a/file", io.BufferedReader(Broken()))
    assert store.read("a/file") == b"old"
    assert [entry.path for entry in store.entries()] == ["a/file"]
    assert list(store.unfinished()) == []


def test_a_concurrent_reader_sees_the_old_file_or_the_new_one(store: ObjectStore):
    versions = [bytes([65 + n]) * 200_000 for n in range(8)]
    store.write("file", versions[0])
    writer = threading.Thread(target=lambda: [store.write("file", data) for data in versions * 4])
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(store.read("file"))
    writer.join()
    assert seen
    assert set(seen) <= set(versions)


def test_duckdb_reads_a_file_of_the_store(store: ObjectStore):
    store.write("a/rows.csv", b"id\n1\n2\n")
    with duckdb.connect() as connection:
        if store.uri.startswith("s3://"):
            duckdb_s3_setup(connection)
            duckdb_s3_setup(connection)
        found = connection.execute("select sum(id) from read_csv(?)", [store.url("a/rows.csv")])
        assert found.fetchone() == (3,)


def test_symbolic_links_and_pipes_are_not_listed_and_not_read(tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "folder").symlink_to(tmp_path / "outside")
    (root / "a" / "file").symlink_to(tmp_path / "outside" / "secret")
    (root / "a" / "circle").symlink_to(root)
    os.mkfifo(root / "a" / "pipe")
    store = ObjectStore.at(str(root))
    assert list(store.entries()) == []
    assert list(store.entries("a/folder")) == []
    for path in ("a/file", "a/folder/secret"):
        with pytest.raises(ObjectStoreError, match="symbolic link"):
            store.read(path)
    with pytest.raises(ObjectStoreError, match="not a regular file"):
        store.read("a/pipe")


def test_an_unreadable_folder_is_an_error_and_not_an_empty_folder(tmp_path: Path, monkeypatch):
    def reject(place: str) -> None:
        raise PermissionError(13, "Permission denied", place)

    monkeypatch.setattr(os, "scandir", reject)
    with pytest.raises(PermissionError):
        list(ObjectStore.at(str(tmp_path)).entries())
    with pytest.raises(PermissionError):
        ObjectStore.at(str(tmp_path)).folders()


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("s3://bucket/some/prefix/", "s3://bucket/some/prefix"),
        ("s3://bucket", "s3://bucket"),
        ("file:///data/my%20lake/", "/data/my lake"),
        ("/data//lake/", "/data/lake"),
        ("lake", str(Path.cwd() / "lake")),
    ],
)
def test_a_root_has_one_form(uri: str, root: str):
    assert ObjectStore.at(uri).uri == root


@pytest.mark.parametrize(
    "uri", ["", " ", "s3://", "s3:///x", "file://host/x", "gs://b", "http://x"]
)
def test_an_invalid_root_is_rejected(uri: str):
    with pytest.raises(ObjectStoreError):
        ObjectStore.at(uri)


@pytest.mark.s3
def test_rejected_credentials_are_an_error_and_not_an_empty_store(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = ObjectStore.at(f"s3://{s3.bucket}/any")
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        list(store.entries())
    with pytest.raises(Exception, match=r"403|Forbidden"):
        store.stat("file")

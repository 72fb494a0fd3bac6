"""The object store behaves the same on disk and on S3."""

import datetime as dt
import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from lakehouse.platform.storage import s3, s3_access
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError, ObjectTooLarge


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


def test_a_folder_that_is_not_there_is_empty_and_a_missing_file_an_error(store: ObjectStore):
    assert (list(store.entries("no")), store.folders("no")) == ([], [])
    assert store.stat("no/file") is None
    with pytest.raises(FileNotFoundError):
        store.read("no/file")


def test_a_listing_of_more_than_one_page_is_whole(store: ObjectStore):
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


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b"])
def test_a_path_cannot_leave_the_store(store: ObjectStore, path: str):
    with pytest.raises(ObjectStoreError, match="not a path inside"):
        store.read(path)
    with pytest.raises(ObjectStoreError, match="not a path inside"):
        store.write(path, b"")


def test_a_large_file_goes_in_by_parts(store: ObjectStore, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(s3, "SMALL", 1 << 10)
    local = store.scratch("in")
    local.write_bytes(os.urandom(9 << 20))
    data = local.read_bytes()
    store.move_in(local, "in/large")
    assert store.read("in/large") == data
    assert not local.exists()
    assert list(store.unfinished()) == []


def test_a_write_that_breaks_off_leaves_the_old_file(store: ObjectStore):
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


def test_a_reader_sees_the_old_file_or_the_new_one(store: ObjectStore):
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


def test_duckdb_opens_what_the_store_wrote(store: ObjectStore):
    store.write("a/rows.csv", b"id\n1\n2\n")
    with duckdb.connect() as connection:
        if store.uri.startswith("s3://"):
            s3_access.duckdb_s3_setup(connection)
            s3_access.duckdb_s3_setup(connection)
        found = connection.execute("select sum(id) from read_csv(?)", [store.url("a/rows.csv")])
        assert found.fetchone() == (3,)


def test_links_are_named_and_not_followed(tmp_path: Path):
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


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(tmp_path: Path, monkeypatch):
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
def test_a_root_that_cannot_be_meant_is_rejected(uri: str):
    with pytest.raises(ObjectStoreError):
        ObjectStore.at(uri)


@pytest.mark.s3
def test_a_rejected_identity_is_an_error_and_not_an_empty_store(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = ObjectStore.at(f"s3://{s3.bucket}/any")
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        list(store.entries())
    with pytest.raises(Exception, match=r"403|Forbidden"):
        store.stat("file")


@pytest.mark.s3
def test_a_profile_gives_the_credentials_to_all_clients(s3, monkeypatch, tmp_path: Path):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    key, secret = (os.environ[name] for name in names)
    shared = tmp_path / "credentials"
    shared.write_text(f"[lake]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")
    for name in names:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setenv("AWS_PROFILE", "lake")
    options = s3_access.delta_storage_options()
    assert (options["AWS_ACCESS_KEY_ID"], options["AWS_SECRET_ACCESS_KEY"]) == (key, secret)
    assert list(ObjectStore.at(f"s3://{s3.bucket}/nothing").entries()) == []


def test_missing_credentials_say_what_to_set(monkeypatch, tmp_path: Path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(s3_access, "_opened", {})
    with pytest.raises(ObjectStoreError, match="AWS_ACCESS_KEY_ID"):
        s3_access.delta_storage_options()


def test_a_rejected_secret_is_not_in_the_error(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-secret")

    class Connection:
        def execute(self, sql: str) -> None:
            if "SECRET" in sql:
                raise duckdb.ParserException(f"syntax error in {sql}")

    with pytest.raises(ObjectStoreError) as caught:
        s3_access.duckdb_s3_setup(Connection())
    assert "hidden-secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_importing_the_module_does_not_load_boto3():
    code = "import sys, lakehouse.platform.storage.object_store; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Sessions of few rows use one database, one after the other, and see nothing of each other."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.platform.engines import databases
from lakehouse.platform.engines.databases import SMALL_ROWS, Database, close_unused
from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.session import session
from lakehouse.settings import Settings

ROWS = pa.table({"n": [1, 2, 3]})
GIVEN = ibis.table({"n": "int64"}, name="given")


@pytest.fixture(autouse=True)
def no_database() -> Iterator[None]:
    close_unused()
    yield
    close_unused()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=str(tmp_path), landing=str(tmp_path), engine="duckdb")


def used(settings: Settings, rows: pa.Table = ROWS) -> Database:
    """Run a session over the rows and return its database."""
    with session(settings) as opened:
        assert isinstance(opened, DuckDBSession)
        opened.arrow("given", rows)
        kept = opened.keep("kept", GIVEN.filter(GIVEN.n > 1))
        assert opened.value(kept.count()) == rows.num_rows - 1
        return opened._database


def test_a_second_session_uses_the_database_of_the_first(settings: Settings):
    assert used(settings) is used(settings)


def test_a_session_sees_no_relation_of_the_one_before(settings: Settings):
    first = used(settings)
    with session(settings) as opened:
        assert isinstance(opened, DuckDBSession)
        assert opened._database is first
        for name in ("given", "kept"):
            with pytest.raises(duckdb.CatalogException):
                opened.connection.execute(f"SELECT * FROM {name}")


def test_two_sessions_at_once_have_a_database_each(settings: Settings):
    with session(settings) as outer:
        assert isinstance(outer, DuckDBSession)
        assert used(settings) is not outer._database
    assert len(databases._unused) == 1


def test_other_limits_mean_another_database(settings: Settings):
    first = used(settings)
    assert used(replace(settings, memory="200MB")) is not first
    assert used(replace(settings, threads=1)) is not first


def test_a_session_that_failed_leaves_no_database(settings: Settings):
    with pytest.raises(RuntimeError), session(settings):
        raise RuntimeError
    assert databases._unused == []


@pytest.mark.parametrize("from_files", [True, False])
def test_a_session_of_many_bytes_leaves_no_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, from_files: bool
):
    monkeypatch.setattr("lakehouse.platform.engines.duckdb.SMALL_BYTES", 10)
    if not from_files:
        used(settings)
        assert databases._unused == []
        return
    folder = Path(settings.root) / "gold" / "shop" / "numbers" / "day=2026-01-05"
    folder.mkdir(parents=True)
    pq.write_table(ROWS, folder / "rows.parquet")
    schema = ibis.schema({"n": "int64", "day": "date"})
    with session(settings) as opened:
        opened.files("numbers", [str(folder / "rows.parquet")], schema)
        assert opened.value(ibis.table(schema, name="numbers").n.sum()) == 6
    assert databases._unused == []


def threads(opened: DuckDBSession) -> int:
    (found,) = opened.connection.execute("SELECT current_setting('threads')").fetchall()
    return int(found[0])


def test_a_session_has_one_thread_until_it_reads_more_than_a_little(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lakehouse.platform.engines.duckdb.ONE_THREAD_BYTES", ROWS.nbytes)
    several = replace(settings, threads=3)
    for _ in range(2):  # the second session uses the database of the first
        with session(several) as opened:
            assert isinstance(opened, DuckDBSession)
            opened.arrow("given", ROWS)
            assert threads(opened) == 1
            opened.arrow("more", ROWS)
            assert threads(opened) == 3


def secret_of(opened: DuckDBSession) -> str:
    (found,) = opened.connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()
    return str(found[0])


def test_sessions_of_few_rows_on_s3_use_one_database_with_the_credentials_of_the_moment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    on_s3 = replace(settings, root="s3://lake/here", landing="s3://lake/landing")
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    used_by = []
    for key, rows in (("first", 10), ("second", 20), ("third", None), ("fourth", SMALL_ROWS + 1)):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        with session(on_s3, rows) as opened:
            assert isinstance(opened, DuckDBSession)
            assert f"key_id={key}" in secret_of(opened)
            used_by.append(opened._database)
    first, second, third, fourth = used_by
    assert first is second
    assert first not in (third, fourth)
    assert used(settings) is not first


def test_an_unusable_database_is_not_kept(settings: Settings):
    with session(settings) as opened:
        assert isinstance(opened, DuckDBSession)
        opened._database.connection.close()
    assert databases._unused == []


def test_a_fork_inherits_no_database(settings: Settings):
    used(settings)
    child = os.fork()
    if not child:
        os._exit(0 if not databases._unused else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert used(settings) is used(settings)

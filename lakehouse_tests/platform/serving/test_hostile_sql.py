"""Hostile SQL: every statement is rejected before it touches a file or a socket."""

import ctypes
import datetime as dt
import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lakehouse.platform.serving.sql_catalog import connect, query
from lakehouse.platform.serving.sql_limits import Limits, limited
from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches files with inotify")

DAY = dt.date(2026, 1, 5)
EVENTS = TableId("gold", "cafe", "events")
SECRET = "hidden words"  # pragma: allowlist secret
ROWS = pa.table({"n": [1, 2], "text": ["a", "b"]})

STATEMENTS = """
attach '{bait}/x.db'
attach '{web}/x.db' as x (read_only)
import database '{bait}'
import database '{web}/x'
select 1; import database '{web}/x'
export database '{bait}/out'
copy (select 1) to '{bait}/out.csv'
copy gold.cafe_events to '{bait}/out.parquet' (format parquet)
copy gold.cafe_events from '{bait}/secret.csv'
explain copy (select 1) to '{bait}/out.csv'
explain analyze copy (select 1) to '{bait}/out.csv'
/* explain */ explain analyze copy (select 1) to '{bait}/out.csv'
install httpfs
install '{web}/x.duckdb_extension'
force install httpfs from '{web}'
load httpfs
load '{bait}/secret.csv'
from read_csv('{bait}/secret.csv')
from read_csv('/etc/passwd')
from read_csv('file://{bait}/secret.csv')
from read_csv('{web}/x.csv')
from read_csv(['{bait}/secret.csv'])
from '{bait}/secret.csv'
from '{web}/x.parquet'
from 's3://bucket/x.parquet'
from read_text('{bait}/*')
from read_blob('{bait}/secret.csv')
from read_json('{bait}/secret.csv')
from read_ndjson_objects('{bait}/secret.csv')
from read_parquet('{web}/x.parquet')
from parquet_metadata('{bait}/secret.csv')
from parquet_schema('{web}/x')
from sniff_csv('{bait}/secret.csv')
from glob('{bait}/*')
from glob('/etc/*')
from query('copy (select 1) to ''{bait}/out.csv''')
from query_table('{bait}/secret.csv')
select (select count(*) from read_text('{bait}/secret.csv'))
with x as (from read_text('{bait}/secret.csv')) from x
explain analyze from read_text('{bait}/secret.csv')
describe from read_csv('{bait}/secret.csv')
summarize '{bait}/secret.csv'
pivot '{bait}/secret.csv' on a
select 1; pivot gold.cafe_events on text
pivot gold.cafe_events on text; select 1
pivot gold.cafe_events on text; drop view gold.cafe_events
pivot gold.cafe_events on text; pivot gold.cafe_events on text
select 1; select 2
select 1; drop view gold.cafe_events
explain select 1; drop view gold.cafe_events
;
-- nothing
pragma enable_external_access = true
pragma temp_directory = '{bait}'
pragma enable_logging
call enable_logging(storage = 'file', storage_config = {{'path': '{bait}'}})
call pragma_version()
set enable_external_access = true
set allowed_paths = ['{bait}/secret.csv']
set lock_configuration = false
set temp_directory = '{bait}'
set variable x = 1
reset enable_external_access
set s3_endpoint = '127.0.0.1'
create secret s (type s3, key_id 'x', secret 'y')
create persistent secret s (type http, bearer_token 'x')
from duckdb_secrets()
from duckdb_secrets(redact = false)
from which_secret('s3://bucket', 's3')
from duckdb_extensions()
select getenv('HOME')
select getvariable('x') from read_text('{bait}/secret.csv')
create table t as select 1
create view v as select 1
create macro m() as 1
create function f() as table from read_text('{bait}/secret.csv')
insert into gold.cafe_events values (1)
update gold.cafe_events set n = 1
delete from gold.cafe_events
truncate gold.cafe_events
drop view gold.cafe_events
alter view gold.cafe_events rename to x
comment on view gold.cafe_events is 'x'
merge into gold.cafe_events using (select 1 n) s using (n) when matched then delete
prepare p as select 1
execute p
deallocate p
begin
commit
checkpoint
vacuum
use gold
detach memory
from sqlite_scan('{bait}/secret.csv', 't')
from postgres_query('host=127.0.0.1', 'select 1')
from iceberg_scan('{bait}')
from delta_scan('{bait}')
""".strip().splitlines()


class Watched:
    """A folder and a local port; knows whether anything opened, listed or connected to them."""

    def __init__(self, folder: Path, listener: socket.socket):
        self.folder, self._listener = folder, listener
        self.web = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._events = self._libc.inotify_init1(os.O_NONBLOCK)
        all_events = 0x00000FFF
        assert self._libc.inotify_add_watch(self._events, bytes(folder), all_events) > 0

    def touched(self) -> bool:
        """Return whether anything happened since the last call."""
        try:
            return bool(os.read(self._events, 65536))
        except BlockingIOError:
            pass
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Stop watching."""
        os.close(self._events)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("bait")
    for name in ("secret.csv", "schema.sql", "load.sql"):
        (folder / name).write_text(f"a,b\n{SECRET},1\n")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        found = Watched(folder, listener)
        yield found
        found.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = str(tmp_path_factory.mktemp("hostile") / "lake")
    Lake(root).table(EVENTS).write({DAY: ROWS}, schema=ROWS.schema)
    return Settings(root=root)


@pytest.fixture(scope="module")
def connection(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Lake(settings.root), settings, names={EVENTS.name}) as opened:
        yield opened


def test_the_watch_sees_that_a_file_is_read_and_a_port_is_reached(watched: Watched):
    (watched.folder / "secret.csv").read_text()
    assert watched.touched()
    port = int(watched.web.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), timeout=10).close()
    assert watched.touched()
    assert not watched.touched()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_hostile_statement_is_rejected_and_touches_nothing(
    connection: duckdb.DuckDBPyConnection, watched: Watched, statement: str
):
    watched.touched()
    before = sorted(Path.cwd().iterdir())
    with pytest.raises((duckdb.Error, CatalogError)) as caught:
        query(connection, statement.format(bait=watched.folder, web=watched.web)).fetchall()
    assert not watched.touched()
    assert SECRET not in str(caught.value)
    assert sorted(Path.cwd().iterdir()) == before
    assert query(connection, "select n from gold.cafe_events").fetchall() == [(1,), (2,)]


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("pivot gold.cafe_events on text using sum(n)", 1),
        ("with x as (pivot gold.cafe_events on text using sum(n)) from x", 1),
        ("select 1;", 1),
        ("/* one; */ select ';' -- two;", 1),
        ("from gold.cafe_events", 2),
        ("explain analyze from gold.cafe_events", 1),
        ("describe gold.cafe_events", 3),
        ("values (1), (2)", 2),
    ],
)
def test_one_statement_that_reads_is_answered(
    connection: duckdb.DuckDBPyConnection, statement: str, rows: int
):
    assert len(query(connection, statement).fetchall()) == rows


def test_what_does_not_fit_into_memory_is_in_a_private_folder_that_is_removed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    victim = tmp_path / "victim"
    victim.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / f"lakehouse-sql-{os.getpid()}"
    planted.symlink_to(victim)
    tight = replace(settings, memory="100MB", threads=2)
    opened = connect(Lake(settings.root), tight, names=set())
    text = "select * from range(12000000) t(a) order by hash(a)"
    query(opened, text).fetchmany(1)
    (spill,) = (path for path in tmp_path.iterdir() if path not in (victim, planted))
    assert stat.S_IMODE(spill.stat().st_mode) == 0o700
    assert list(spill.iterdir()), "the query was too small to spill"
    assert not list(victim.iterdir())
    opened.close()
    del opened
    assert not spill.exists()


@pytest.mark.parametrize(
    ("limits", "sql", "message"),
    [
        (
            {"seconds": 0.2},
            "select count(*) from range(100000000000)",
            "stopped after 0.2 s.*SECONDS",
        ),
        ({}, "select list(a) from range(100000000) t(a)", "more than 100MB of memory.*MEMORY"),
        (
            {"spill": "1MB"},
            "select * from range(20000000) t(a) order by hash(a)",
            "more than 1MB of disk.*SQL_SPILL",
        ),
    ],
    ids=["time", "memory", "spill"],
)
def test_a_query_that_needs_too_much_is_stopped_with_a_hint(
    settings: Settings, limits: dict[str, object], sql: str, message: str
):
    tight = replace(settings, memory="100MB", threads=2)
    chosen = replace(Limits.of(tight), **limits)  # type: ignore[arg-type]
    with (
        connect(Lake(settings.root), tight, names=set(), spill_limit=chosen.spill) as opened,
        pytest.raises(CatalogError, match=message),
        limited(opened, chosen),
    ):
        query(opened, sql).fetchmany(1)

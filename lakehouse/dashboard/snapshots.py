"""Open the published versions of the lake once, and answer the queries of all pages from them.

A snapshot is replaced when a domain publishes other versions. A page is rendered from one snapshot,
so its figures belong together. Small tables that most queries read are held in memory; the others
are read from their files. Queries run without access to other files and cannot change anything.
"""

import datetime as dt
import itertools
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from lakehouse.dashboard.codes import HIDDEN, Codes, LakeCodes
from lakehouse.dashboard.table_catalogue import PREFIX, create_catalogue
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import (
    Published,
    ShownVersions,
    publication_numbers,
    read_published,
)
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

_log = logging.getLogger(__name__)

Row = dict[str, Any]

MOST_SECONDS = 30.0
"""After this time a query is stopped and its part of the page shows an error."""
LOOK_SECONDS = 2.0
"""How long the answer to "is there a newer publication?" is used."""
UNPUBLISHED_SECONDS = 60.0
"""How long the newest versions are shown of a domain that has never published."""
MOST_ROWS_HELD = 2_000_000
"""A table with more rows is read from its files."""
FETCHED = 10_000
MOST_ANSWERS, LONGEST_ANSWER = 300, 500
"""Answers that a snapshot keeps, and the rows of the longest of them."""
MOST_PUBLICATIONS = 10
PUBLICATIONS = """CREATE TABLE publications (domain VARCHAR, number BIGINT, published_at TIMESTAMP,
job VARCHAR, run_id VARCHAR, tables BIGINT, days BIGINT, row_count BIGINT, seconds DOUBLE)"""
"""Table that the snapshot adds to the lake's tables; moments are in the lake's time zone, and the
seconds are those of the run that published, null for a publication without a run."""


class DataError(Exception):
    """A query has no answer; the message is for the operator's log, not for the page."""


class UnreadableTable(DataError):
    """A table is damaged, or a lake of an older version does not have it yet.

    Args:
        table: its name in SQL.
        reason: why it cannot be read.
    """

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(reason)
        self.table = table


@dataclass
class Snapshot:
    """One consistent picture of the lake."""

    connection: duckdb.DuckDBPyConnection
    shown: ShownVersions
    lake: Lake
    key: tuple[tuple[str, int], ...]
    """Number of each domain's publication; 0 for a domain that has none."""
    opened_at: float
    zone: dt.tzinfo = dt.UTC
    """Time zone in which moments are shown."""
    damaged: Mapping[str, str] = field(default_factory=dict)
    """Tables that cannot be read → why."""
    codes: Codes = HIDDEN
    """Stand for numbers of people."""
    _is_described: bool = False
    _answers: OrderedDict[str, list[Row]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, sql: str, most: int | None = None) -> list[Row]:
        """Return the rows of a query; short answers are kept as long as the snapshot.

        Args:
            sql: the query. It contains the mask of personal columns, so roles share no answer.
            most: how many rows are read; None reads all.

        Raises:
            DataError: it failed, took too long, or reads a damaged table.
        """
        name = f"{most}:{sql}"
        with self._lock:
            if name in self._answers:
                self._answers.move_to_end(name)
                return list(self._answers[name])
        stream = self.stream(sql)[1]
        found = list(stream if most is None else itertools.islice(stream, most))
        if len(found) <= LONGEST_ANSWER:
            with self._lock:
                self._answers[name] = found
                while len(self._answers) > MOST_ANSWERS:
                    self._answers.popitem(last=False)
        return list(found)

    def stream(self, sql: str) -> tuple[list[str], Iterator[Row]]:
        """Return the columns of a query and its rows, fetched in pieces.

        Raises:
            DataError: as in `rows`, also while the rows are fetched.
        """
        for name in catalog.names_in(sql) or ():
            if name in self.damaged:
                raise UnreadableTable(name, self.damaged[name])
        if PREFIX in sql:
            self._describe_tables()
        cursor = self.connection.cursor()
        with _stopped_late(cursor), _explained():
            answer = catalog.query(cursor, sql)
        columns = [each[0] for each in answer.description or ()]

        def fetched() -> Iterator[Row]:
            with cursor, _stopped_late(cursor), _explained():
                while found := answer.fetchmany(FETCHED):
                    yield from (dict(zip(columns, row, strict=True)) for row in found)

        return columns, fetched()

    def _describe_tables(self) -> None:
        """Create the tables of the catalogue when they are first asked for."""
        with self._lock:
            if not self._is_described:
                with _explained():
                    create_catalogue(self.connection, self.shown, self.zone)
                self._is_described = True

    def published(self, domain: str) -> Published | None:
        """Return the publication of a domain that is shown."""
        return self.shown.published(domain)

    def files(self, table: str, first: dt.date, last: dt.date) -> tuple[int, list[DayFiles]]:
        """Return the shown version of a table and its files of some days."""
        found = self.shown.snapshot(TableId.from_name(table))
        return found.version, list(found.between(first, last))


class _stopped_late:  # noqa: N801  reads as a statement
    """Stop a cursor's query after `MOST_SECONDS`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._timer = threading.Timer(MOST_SECONDS, cursor.interrupt)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


class _explained:  # noqa: N801  reads as a statement
    """Turn errors of DuckDB and of the catalog into `DataError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, duckdb.InterruptException):
            raise DataError(f"the query took more than {MOST_SECONDS:.0f} s") from error
        if isinstance(error, (duckdb.Error, CatalogError, StorageError, OSError)):
            raise DataError(str(error).split("\n\nLINE")[0]) from error


@dataclass
class Snapshots:
    """The snapshot that counts now, opened when it is first asked for.

    Args:
        lake: where the tables are.
        settings: memory and threads of the engine.
        names: tables that the pages read.
        held: those of them that are held in memory unless they are large.
    """

    lake: Lake
    settings: Settings
    names: Collection[str]
    held: Collection[str] = ()
    clock: Callable[[], float] = time.monotonic
    _current: Snapshot | None = None
    _looked_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_opening: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._codes = LakeCodes(self.lake, self.settings)

    def current(self) -> Snapshot:
        """Return the snapshot of the versions that are published now."""
        with self._lock:
            now = self.clock()
            if self._current is not None and now - self._looked_at < LOOK_SECONDS:
                return self._current
            key = self._newest()
            if self._current is None or self._current.key != key:
                self._current = self._opened(key, now)
            elif self._is_old(self._current, now) and not self._is_opening.is_set():
                self._is_opening.set()
                threading.Thread(target=self._open_again, args=(key, now), daemon=True).start()
            self._looked_at = self.clock()
            return self._current

    def _open_again(self, key: tuple[tuple[str, int], ...], now: float) -> None:
        """Replace the snapshot, while requests are answered from the one before."""
        try:
            opened = self._opened(key, now)
            with self._lock:
                if self._current is None or self._current.key == key:
                    self._current = opened
        except (DataError, StorageError, OSError) as error:  # the one before stays
            _log.error("the lake cannot be read: %s", error)
        finally:
            self._is_opening.clear()

    def renewed(self) -> Snapshot:
        """Return the snapshot of the versions that are published now, after looking again."""
        with self._lock:
            self._looked_at = float("-inf")
        return self.current()

    def _newest(self) -> tuple[tuple[str, int], ...]:
        return tuple(
            (domain, max(publication_numbers(self.lake, domain), default=0))
            for domain in domain_names()
        )

    @staticmethod
    def _is_old(snapshot: Snapshot, now: float) -> bool:
        """Return whether the newest versions of a domain without publication may have changed."""
        never_published = any(number == 0 for _, number in snapshot.key)
        return never_published and now - snapshot.opened_at > UNPUBLISHED_SECONDS

    def _opened(self, key: tuple[tuple[str, int], ...], now: float) -> Snapshot:
        shown = ShownVersions(self.lake)
        damaged: dict[str, str] = {}
        names = set(self.names)
        try:
            connection = self._connected(names, shown)
        except (StorageError, CatalogError):
            damaged = self._unreadable(names, shown)
            names -= set(damaged)
            connection = self._without_damage(names, shown)
        for name in sorted(set(self.held) & names):
            self._hold(connection, name)
        self._record_publications(connection, key)
        return Snapshot(
            connection=connection,
            shown=shown,
            lake=self.lake,
            key=key,
            opened_at=now,
            zone=self.settings.zone,
            damaged=damaged,
            codes=self._codes,
        )

    def _connected(self, names: Collection[str], shown: ShownVersions) -> duckdb.DuckDBPyConnection:
        """Open a database that leaves files on a disk to the cache of the operating system."""
        remote = self.lake.root.startswith("s3://")
        return catalog.connect(
            self.lake, self.settings, names=names, shown=shown, caches_files=remote
        )

    def _without_damage(
        self, names: Collection[str], shown: ShownVersions
    ) -> duckdb.DuckDBPyConnection:
        try:
            return self._connected(names, shown)
        except (StorageError, CatalogError) as error:
            raise DataError(str(error)) from error

    def _record_publications(
        self, connection: duckdb.DuckDBPyConnection, key: tuple[tuple[str, int], ...]
    ) -> None:
        """Create the table ``publications``: the newest ones of each domain."""
        connection.execute(PUBLICATIONS)
        for domain, newest in key:
            for number in range(max(1, newest - MOST_PUBLICATIONS + 1), newest + 1):
                try:
                    found = read_published(self.lake, domain, number)
                except StorageError:
                    continue
                if found is not None:
                    shown = found.tables.values()
                    row: list[Any] = [domain, number, found.at.astimezone(self.settings.zone)]
                    row[2] = row[2].replace(tzinfo=None)
                    row += [found.note.get("job"), found.note.get("run_id"), len(shown)]
                    row += [max((t.days for t in shown), default=0), sum(t.rows for t in shown)]
                    row.append(found.note.get("seconds"))
                    connection.execute(f"INSERT INTO publications VALUES ({'?, ' * 8}?)", row)  # noqa: S608

    def _unreadable(self, names: Collection[str], shown: ShownVersions) -> dict[str, str]:
        """Return the tables that cannot be defined, each tried alone, and why."""
        found = {}
        for name in sorted(names):
            try:
                self._connected([name], shown).close()
            except (StorageError, CatalogError) as error:
                found[name] = str(error)
        return found

    @staticmethod
    def _hold(connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Replace a view by a table in memory with the same rows, unless that fails."""
        layer, _, table = name.partition(".")
        place = f"{layer}.{catalog.quoted(table)}"
        try:
            counted = connection.execute(f"SELECT count(*) FROM {place}").fetchone()  # noqa: S608
            if counted is None or counted[0] > MOST_ROWS_HELD:
                return
            held = f"main.{catalog.quoted(name)}"
            connection.execute(f'CREATE TABLE {held} AS FROM {place} ORDER BY "day"')
            connection.execute(f"CREATE OR REPLACE VIEW {place} AS FROM {held}")
        except duckdb.Error:
            return

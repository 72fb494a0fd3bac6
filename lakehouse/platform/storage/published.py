"""Published versions: which version of each table of a domain belongs together.

A run commits its tables one after the other, so a reader in between would see tables of two runs.
A run therefore ends with `publish`: it writes one small object that names the version of each
table of the domain. Readers that join tables use `ShownVersions`. A killed run publishes nothing,
so the earlier versions stay shown. A domain without a publication shows the newest versions.

The objects are ``_published/<domain>/<number>.json``. Each is created once and never changed, and
the one with the highest number counts; so a reader sees all of one publication or all of another.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId

FOLDER = "_published"
ATTEMPTS = 20
"""How often publishing is tried while others publish the same domain."""
PARALLEL_TABLES = 8
CLOCK_SKEW = dt.timedelta(seconds=3)
"""S3 shows full seconds, and its clock may differ from ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedTable:
    """One table in a publication."""

    version: int
    files: str
    """Digest of the paths of the version's files: a table that was built again has another one."""
    days: int
    rows: int
    foreign: Mapping[str, str] = field(default_factory=dict)
    """Days that no run wrote, with the path of their file; a day written by a run is left out."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One publication of a domain."""

    number: int
    at: dt.datetime
    """UTC, with time zone."""
    note: Mapping[str, str]
    tables: Mapping[TableId, PublishedTable]


def publish(
    lake: Lake,
    domain: str,
    *,
    note: Mapping[str, str] | None = None,
    only: Callable[[TableId], bool] = lambda _: True,
    dropped: Callable[[TableId], bool] = lambda _: False,
) -> Published:
    """Publish the newest versions of a domain's tables; return the publication that counts.

    Nothing is written when the newest versions are published already. A table that cannot be read
    keeps its published version, so that its readers get an error instead of no rows.

    Args:
        lake: where the tables are. No run of the domain may be changing them.
        domain: name of the domain.
        note: stored with the publication, such as the run's id.
        only: tables whose newest version is published; the others keep their published version.
        dropped: published tables without a folder that may be forgotten.

    Raises:
        StorageError: others published the domain all the time.
    """
    for _ in range(ATTEMPTS):
        before = read_published(lake, domain)
        tables = _newest(lake, domain, before, only, dropped)
        if before is not None and before.tables == tables:
            return before
        if before is None and not tables:
            return Published(number=0, at=dt.datetime.now(dt.UTC), note={}, tables={})
        made = Published(
            number=before.number + 1 if before else 1,
            at=dt.datetime.now(dt.UTC),
            note=dict(note or {}),
            tables=tables,
        )
        failpoint("publish.writing")
        if lake.store.create(_path(domain, made.number), _encoded(made)):
            failpoint("publish.written")
            return made
    raise StorageError(
        f"{domain}: others published {ATTEMPTS} times at the same moment. hint: run again"
    )


def publish_again(lake: Lake, domain: str, number: int, *, note: Mapping[str, str]) -> Published:
    """Publish the versions of an older publication again: the domain shows what it showed then.

    No table is changed; the next run publishes the newest versions.

    Raises:
        StorageError: the publication, or a version that it names, does not exist any more.
    """
    then = read_published(lake, domain, number)
    if then is None:
        raise StorageError(
            f"{domain} has no publication {number}. hint: `lakehouse published --domain {domain}`"
            " lists those that exist"
        )
    shown = ShownVersions(lake, _read={domain: then})
    for table in then.tables:
        shown.require_files(table)
    for _ in range(ATTEMPTS):
        newest = max(publication_numbers(lake, domain))
        made = Published(
            number=newest + 1, at=dt.datetime.now(dt.UTC), note=dict(note), tables=then.tables
        )
        if lake.store.create(_path(domain, made.number), _encoded(made)):
            return made
    raise StorageError(f"{domain}: others publish at the same moment. hint: run again")


def read_published(lake: Lake, domain: str, number: int | None = None) -> Published | None:
    """Read a publication of a domain, by default the one that counts; None when there is none.

    Raises:
        StorageError: the object is damaged.
    """
    if number is None:
        number = max(publication_numbers(lake, domain), default=0)
    path = _path(domain, number)
    try:
        data = lake.store.read(path)
    except FileNotFoundError:
        return None
    try:
        return _decoded(number, data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{lake.store.url(path)} is damaged ({type(error).__name__}). hint: delete it; the"
            " publication before it counts then, and the next run publishes again"
        ) from error


def publication_numbers(lake: Lake, domain: str) -> list[int]:
    """Return the numbers of all publications of a domain, ascending."""
    entries = lake.store.entries(f"{FOLDER}/{domain}", recursive=False)
    names = (entry.path.rpartition("/")[2].removesuffix(".json") for entry in entries)
    return sorted(int(name) for name in names if name.isdecimal())


def delete_publications(lake: Lake, domain: str, *, before: dt.datetime) -> int:
    """Delete the publications that were made before a moment, except the newest; return how many.

    Their versions are no longer kept by `vacuum`.
    """
    newest = max(publication_numbers(lake, domain), default=0)
    old = [
        entry.path
        for entry in lake.store.entries(f"{FOLDER}/{domain}", recursive=False)
        if entry.modified_at <= before and entry.path != _path(domain, newest)
    ]
    lake.store.delete(old)
    return len(old)


def files_digest(snapshot: Snapshot) -> str:
    """Return a digest of the paths of a snapshot's files, which contain digests of the bytes."""
    paths = "\n".join(snapshot.paths)
    return hashlib.sha256(paths.encode()).hexdigest()[:16]


@dataclass
class ShownVersions:
    """The versions of tables that readers are shown, each domain's publication read once.

    Args:
        lake: where the tables are.
        latest: show the newest version of every table instead.
    """

    lake: Lake
    latest: bool = False
    _read: dict[str, Published | None] = field(default_factory=dict)

    def published(self, domain: str) -> Published | None:
        """Return the publication of a domain, as it was when it was first asked for."""
        if domain not in self._read:
            self._read[domain] = None if self.latest else read_published(self.lake, domain)
        return self._read[domain]

    def snapshot(self, table: TableId) -> Snapshot:
        """Return the version of a table that is shown; version -1 for a table not published yet.

        Raises:
            TableDamaged: the published version cannot be read.
        """
        published = self.published(table.domain)
        stored = self.lake.table(table)
        if published is None:
            return stored.snapshot()
        if (known := published.tables.get(table)) is None:
            return Snapshot(version=-1)
        try:
            found = stored.snapshot(version=known.version)
        except StorageError as error:
            raise TableDamaged(
                table,
                f"version {known.version}, which was published at {published.at:%Y-%m-%d %H:%M}"
                f" UTC, cannot be read ({error})",
            ) from error
        if found.schema is None or files_digest(found) != known.files:
            raise TableDamaged(
                table,
                f"version {known.version}, which was published at {published.at:%Y-%m-%d %H:%M}"
                f" UTC with {known.rows} rows on {known.days} days, "
                + ("does not exist" if found.schema is None else "has other files now"),
            )
        return found

    def require_files(self, table: TableId) -> None:
        """Check that the files of the version that is shown exist.

        Raises:
            TableDamaged: one does not.
        """
        for file in self.snapshot(table).files:
            for path in file.paths:
                if self.lake.store.stat(f"{table.path}/{path}") is None:
                    raise TableDamaged(table, f"the file of {file.day} was deleted ({path})")


def _newest(
    lake: Lake,
    domain: str,
    before: Published | None,
    only: Callable[[TableId], bool],
    dropped: Callable[[TableId], bool],
) -> dict[TableId, PublishedTable]:
    """Return what a publication must name now."""
    stored = lake.tables(domain=domain)
    published = before.tables if before else {}

    def now(table: TableId) -> PublishedTable | None:
        known = published.get(table)
        if not only(table) or (before and known and _is_newest(lake, table, known, before.at)):
            return known
        try:
            snapshot = lake.table(table).snapshot()
        except StorageError:
            return known
        if snapshot.schema is None:
            return None
        return PublishedTable(
            version=snapshot.version,
            files=files_digest(snapshot),
            days=len(snapshot.files),
            rows=sum(file.rows for file in snapshot.files),
            foreign=_foreign_days(lake, table, snapshot, known),
        )

    kept = {table: entry for table, entry in published.items() if not dropped(table)}
    with ThreadPoolExecutor(PARALLEL_TABLES) as pool:
        found = zip(stored, pool.map(now, stored), strict=True)
        current = {table: entry for table, entry in found if entry is not None}
    return dict(sorted({**kept, **current}.items(), key=lambda item: item[0].path))


def _foreign_days(
    lake: Lake, table: TableId, snapshot: Snapshot, known: PublishedTable | None
) -> dict[str, str]:
    """Return the days that no run wrote since the table was published first, with their files."""
    if known is None:
        return {}
    paths = {file.day.isoformat(): "\n".join(file.paths) for file in snapshot.files}
    before = {day: path for day, path in known.foreign.items() if paths.get(day) == path}
    changed = lake.table(table).foreign_days(known.version)
    return before | {str(day): paths.get(str(day), "") for day in sorted(changed)}


def _is_newest(lake: Lake, table: TableId, known: PublishedTable, at: dt.datetime) -> bool:
    """Return whether a version published at a moment is the newest; versions have no gaps.

    A log that was written after that moment belongs to a table that was built again.
    """
    log = f"{table.path}/_delta_log"
    entry = lake.store.stat(f"{log}/{known.version:020}.json")
    if entry is None or entry.modified_at > at - CLOCK_SKEW:
        return False
    return lake.store.stat(f"{log}/{known.version + 1:020}.json") is None


def _path(domain: str, number: int) -> str:
    return f"{FOLDER}/{domain}/{number:012}.json"


def _encoded(published: Published) -> bytes:
    tables = {
        table.name: {
            "version": each.version,
            "files": each.files,
            "days": each.days,
            "rows": each.rows,
            **({"foreign": dict(each.foreign)} if each.foreign else {}),
        }
        for table, each in published.tables.items()
    }
    content = {"at": published.at.isoformat(), "note": dict(published.note), "tables": tables}
    return json.dumps(content, indent=1).encode()


def _decoded(number: int, data: bytes) -> Published:
    content = json.loads(data)
    return Published(
        number=number,
        at=dt.datetime.fromisoformat(content["at"]),
        note=dict(content["note"]),
        tables={
            TableId.from_name(name): PublishedTable(**each)
            for name, each in content["tables"].items()
        },
    )

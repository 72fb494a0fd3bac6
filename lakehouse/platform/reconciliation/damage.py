"""Look for damage: tables and kept files that are missing, unreadable or not what was stored.

Logs and sizes of all files are compared, and the bytes of as many files as the time allows: those
that changed last first, because files of tables never change. One broken table never stops the
look at the others. Nothing is computed again; see `audit`. Nothing is changed; see
`orchestration.repair`.
"""

import contextlib
import datetime as dt
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.reconciliation.remembered import remembered
from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.intact import problem_with
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import Entry, ObjectStoreError
from lakehouse.platform.storage.published import Published, files_digest, read_published
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import ReadScope

UNREADABLE = (StorageError, ObjectStoreError, OSError, pa.ArrowException, ValueError, KeyError)
"""Errors of reading what is damaged."""


class DamageKind(StrEnum):
    """What is damaged."""

    TABLE = "table"
    """The table is missing, or its folder cannot be read."""
    LOG = "log"
    """The table's log cannot be read, or lost a commit."""
    DATA_FILE = "data file"
    CHANGED_DAY = "changed day"
    """The rows of the day were replaced or removed, and not by a run."""
    KEPT_FILE = "kept file"
    PUBLICATION = "publication"


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """One thing that is damaged."""

    table: TableId
    kind: DamageKind
    problem: str
    day: dt.date | None = None
    digest: str = ""
    """Of a kept file."""
    version: int = -1
    """The one that changed a day."""
    path: str = ""
    """Of a file in the lake whose bytes were compared."""

    @property
    def repairable(self) -> bool:
        """Return whether a command can help, and not only a person."""
        return "ermission denied" not in self.problem

    @property
    def hint(self) -> str:
        """Return the next command."""
        if not self.repairable:
            return "give the user of lakehouse the right to read it"
        if self.kind is DamageKind.PUBLICATION:
            return "delete the object; the next run publishes again"
        return f"lakehouse repair --table {_base(self.table).name}"


@dataclass(kw_only=True)
class DamageReport:
    """The result of a look."""

    damages: list[Damage] = field(default_factory=list)
    files: int = 0
    """Files of tables and kept files."""
    compared_files: list["StoredFile"] = field(default_factory=list)
    """Files whose bytes were compared."""

    @property
    def compared(self) -> int:
        """Return the number of files whose bytes were compared."""
        return len(self.compared_files)

    def add(self, other: "DamageReport") -> None:
        """Add the result of another domain."""
        self.damages += other.damages
        self.files += other.files
        self.compared_files += other.compared_files


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file whose bytes can be compared with what was stored."""

    table: TableId
    kind: DamageKind
    day: dt.date | None
    path: str
    digest: str
    size: int | None
    changed_at: dt.datetime
    has_other_size: bool = False
    """Whether the listing shows another size, so that no byte needs to be read."""

    @property
    def place(self) -> str:
        """Return where the file stands in the order in which files are compared."""
        return f"{self.table.path} {self.path}"

    def damage(self, lake: Lake) -> Damage | None:
        """Compare the bytes; return the damage."""
        problem = problem_with(lake.store, self.path, self.digest, self.size)
        if problem is None:
            return None
        return Damage(
            table=self.table,
            kind=self.kind,
            problem=problem,
            day=self.day,
            digest=self.digest,
            path=self.path,
        )


def look_for_damage(
    domain: Domain,
    lake: Lake,
    *,
    seconds: float | None = None,
    newest: int | None = None,
    days: Collection[dt.date] | None = None,
) -> DamageReport:
    """Return what is damaged in a domain.

    Files of another size, and those that were damaged when they were compared last, are always
    compared.

    Args:
        domain: the domain.
        lake: where it is stored.
        seconds: how long bytes are compared; None for all of them.
        newest: of how many other files bytes are compared, those that changed last; None for all.
        days: compare files of these days only; None for all.
    """
    report = DamageReport()
    files = list(stored_files(domain, lake, report, days))
    report.files = len(files)
    until = None if seconds is None else time.monotonic() + seconds
    known, others = remembered(domain.name, lake), 0
    first = {file.path for file in files if file.has_other_size or file.path in known}
    for file in sorted(files, key=lambda file: (file.path in first, file.changed_at), reverse=True):
        if file.path not in first:
            is_late = until is not None and time.monotonic() > until
            if is_late or (newest is not None and others >= newest):
                break
            others += 1
        report.compared_files.append(file)
        if damage := file.damage(lake):
            report.damages.append(damage)
    report.damages.sort(key=lambda d: (d.table.path, d.day or dt.date.min, d.problem))
    return report


def stored_files(
    domain: Domain,
    lake: Lake,
    report: DamageReport,
    days: Collection[dt.date] | None = None,
    *,
    after: str = "",
) -> Iterator[StoredFile]:
    """Yield the files of all tables and the kept files; add to the report what is not there.

    Args:
        domain: the domain.
        lake: where it is stored.
        report: damages that need no comparison of bytes are added here.
        days: only files of these days; None for all.
        after: only the files behind this `StoredFile.place`.
    """
    published = _published(domain, lake, report)
    folder, _, path = after.partition(" ")
    for table in tables_of(domain, lake, published):
        if table.path < folder:
            continue
        files = sorted(
            _files_of_table(table, lake, published, report, days), key=lambda file: file.path
        )
        yield from (file for file in files if table.path != folder or file.path > path)


def _files_of_table(
    table: TableId,
    lake: Lake,
    published: Published | None,
    report: DamageReport,
    days: Collection[dt.date] | None,
) -> Iterator[StoredFile]:
    try:
        snapshot = lake.table(table).snapshot()
        _require_published_version(table, lake, snapshot, published)
        if snapshot.schema is None:
            if not _had_a_commit(table, lake, published):
                return
            raise TableDamaged(table, "the table was deleted: its folder or its log is missing")
        entries = {entry.path: entry for entry in lake.store.entries(table.path)}
    except UNREADABLE as error:
        report.damages.append(_damage(table, error))
        return
    report.damages += _changed_days(table, lake, snapshot, published, days)
    yield from _files_of(table, snapshot, entries, report, days)
    if table.layer == "raw" and table.companion is None:
        yield from _kept_files(table, lake, snapshot, report, days)


def tables_of(domain: Domain, lake: Lake, published: Published | None) -> list[TableId]:
    """Return the tables that exist, and those that must exist."""
    tables = set(lake.tables(domain=domain.name))
    if published is not None:
        return sorted(tables | set(published.tables))
    if _was_reconciled(domain.name, lake):
        tables |= {
            table.id
            for table in domain.tables
            if table.source is not None
            or (table.reads and not table.as_of and table.reads[0].scope is not ReadScope.ALL_DAYS)
        }
    return sorted(tables)


def _published(domain: Domain, lake: Lake, report: DamageReport) -> Published | None:
    try:
        return read_published(lake, domain.name)
    except UNREADABLE as error:
        report.damages.append(
            Damage(
                table=reconciliation_of(domain.name),
                kind=DamageKind.PUBLICATION,
                problem=_text(error),
            )
        )
        return None


def _require_published_version(
    table: TableId, lake: Lake, snapshot: Snapshot, published: Published | None
) -> None:
    """Check that the log still has the version that was published, with the same files."""
    known = published.tables.get(table) if published else None
    if known is None or snapshot.schema is None:
        return
    if snapshot.version < known.version:
        raise TableDamaged(
            table,
            f"the log ends at version {snapshot.version}, but version {known.version} was"
            " published: a log entry was lost",
        )
    then = snapshot
    if known.version != snapshot.version:
        then = lake.table(table).snapshot(version=known.version)
    if files_digest(then) != known.files:
        raise TableDamaged(
            table, f"version {known.version} has other files in the log than when it was published"
        )


def _changed_days(
    table: TableId,
    lake: Lake,
    snapshot: Snapshot,
    published: Published | None,
    days: Collection[dt.date] | None,
) -> Iterator[Damage]:
    """Yield the days that were changed without a run, before or since the last publication."""
    known = published.tables.get(table) if published else None
    if known is None:
        return
    found = {dt.date.fromisoformat(day): known.version for day in known.foreign}
    if snapshot.version > known.version:
        paths = {file.day.isoformat(): "\n".join(file.paths) for file in snapshot.files}
        found = {
            day: v for day, v in found.items() if paths.get(str(day)) == known.foreign[str(day)]
        }
        found |= lake.table(table).foreign_days(known.version)
    for day, version in sorted(found.items()):
        if days is None or day in days:
            text = f"the rows of the day were changed up to version {version}, and by no run"
            yield Damage(
                table=table, kind=DamageKind.CHANGED_DAY, problem=text, day=day, version=version
            )


def _had_a_commit(table: TableId, lake: Lake, published: Published | None) -> bool:
    """Return whether a table without a commit had one; false if its first commit never ended."""
    if published is not None:
        return table in published.tables
    return _was_reconciled(table.domain, lake)


def _was_reconciled(domain: str, lake: Lake) -> bool:
    try:
        return bool(lake.table(reconciliation_of(domain)).snapshot().days)
    except UNREADABLE:
        return False


def _damage(table: TableId, error: Exception) -> Damage:
    missing = isinstance(error, TableDamaged) and "was deleted" in error.problem
    kind = DamageKind.TABLE if missing or isinstance(error, OSError) else DamageKind.LOG
    return Damage(table=table, kind=kind, problem=_text(error))


def _files_of(
    table: TableId,
    snapshot: Snapshot,
    entries: Mapping[str, Entry],
    report: DamageReport,
    days: Collection[dt.date] | None,
) -> Iterator[StoredFile]:
    for file in snapshot.files:
        if days is not None and file.day not in days:
            continue
        for part in file.parts:
            path = f"{table.path}/{part.path}"
            if (entry := entries.get(path)) is None:
                problem = f"the file {path} does not exist"
                report.damages.append(
                    Damage(table=table, kind=DamageKind.DATA_FILE, problem=problem, day=file.day)
                )
                continue
            yield StoredFile(
                table=table,
                kind=DamageKind.DATA_FILE,
                day=file.day,
                path=path,
                digest=part.digest,
                size=part.size,
                changed_at=entry.modified_at,
                has_other_size=entry.size != part.size,
            )


def _kept_files(
    raw: TableId,
    lake: Lake,
    snapshot: Snapshot,
    report: DamageReport,
    days: Collection[dt.date] | None,
) -> Iterator[StoredFile]:
    """Yield the kept files of a dataset's deliveries; report those that do not exist."""
    found: dict[str, tuple[dt.date, str]] = {}
    wanted = [f.day for f in snapshot.files if f.rows and (days is None or f.day in days)]
    for rows in _deliveries(raw, lake, snapshot, wanted):
        for row in rows.to_pylist():
            if row["digest"]:
                found.setdefault(row["digest"], (row[DAY], row["file"]))
    folder = f"raw/{raw.domain}/objects"
    entries = {entry.path: entry for entry in lake.store.entries(folder)} if found else {}
    for digest, (day, name) in found.items():
        path = object_path(raw.domain, digest)
        if (entry := entries.get(path)) is None:
            report.damages.append(
                Damage(
                    table=raw,
                    kind=DamageKind.KEPT_FILE,
                    problem=f"the kept bytes of {name} do not exist ({path})",
                    day=day,
                    digest=digest,
                )
            )
            continue
        yield StoredFile(
            table=raw,
            kind=DamageKind.KEPT_FILE,
            day=day,
            path=path,
            digest=digest,
            size=None,
            changed_at=entry.modified_at,
        )


def _deliveries(
    raw: TableId, lake: Lake, snapshot: Snapshot, days: Sequence[dt.date]
) -> Iterator[pa.Table]:
    """Yield the deliveries of these days: at once, or day by day when a file cannot be read."""
    columns = ["digest", "file", DAY]
    if not days:
        return
    try:
        yield lake.table(raw).read(days, snapshot=snapshot, columns=columns)
    except UNREADABLE:
        for day in days:
            with contextlib.suppress(*UNREADABLE):  # reported as a damaged data file
                yield lake.table(raw).read([day], snapshot=snapshot, columns=columns)


def _base(table: TableId) -> TableId:
    return TableId(table.layer, table.domain, table.table)


def _text(error: Exception) -> str:
    if isinstance(error, TableDamaged):
        return error.problem
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split("hint:")[0].split()).rstrip(". ")

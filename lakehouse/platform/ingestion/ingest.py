"""Landed files become the raw and bronze tables of one dataset.

For each delivery day: new files are read, kept byte for byte under their digest, and read as CSV;
what each file is follows from all files of the delivery (`deliveries.resolved`); bronze is made
anew from the kept bytes, so it is a pure function of the deliveries. The deliveries are committed
last: after a crash the files still count as not yet seen.
"""

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion import deliveries as ledger
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.decode import decompress
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import (
    RecognizedFile,
    UnrecognizedFile,
    UnrecognizedReason,
    path_names_day,
)
from lakehouse.platform.ingestion.snapshots import Snapshots
from lakehouse.platform.privacy.marks import Recognised
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Order, Status
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.compute import quarantine_of
from lakehouse.settings import Settings

CACHE_BYTES = 256 * 1024 * 1024
CONFLICT_ATTEMPTS = 5

T = TypeVar("T")
R = TypeVar("R")


@dataclass(kw_only=True)
class Ingested:
    """What one run took in of one dataset."""

    days: tuple[dt.date, ...]
    files: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    unparsable: int = 0
    data_versions: dict[TableId, dict[dt.date, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    """Path of each file that is rejected or held, with why and the hint."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Where files come from and where they go."""

    spec: DomainSpec
    landing: LandingZone
    lake: Lake
    settings: Settings
    now: dt.datetime
    snapshots: Snapshots | None = None

    def listing(self, days: Iterable[dt.date] | None) -> Listing:
        """The landing zone now, growing files left out."""
        quiet = dt.timedelta(seconds=self.settings.quiet_seconds)
        return self.landing.listing(days=days, now=self.now, quiet=quiet)


def object_path(domain: str, digest: str) -> str:
    """Where the bytes of a landed file are kept in the lake."""
    return f"raw/{domain}/objects/{digest[:2]}/{digest}"


def ingest(
    bronze: Table,
    days: Sequence[dt.date],
    intake: Intake,
    listing: Listing,
    *,
    note: dict[str, str],
) -> Ingested:
    """Take in what landed of one dataset for these delivery days, and commit raw and bronze.

    A snapshot source whose files name no day brings its own days along.

    Raises:
        DayConflict: other runs kept changing the same days; run again.
    """
    for attempt in range(CONFLICT_ATTEMPTS):
        try:
            return _Ingestion(bronze=bronze, intake=intake, note=note).run(days, listing)
        except DayConflict:
            if attempt == CONFLICT_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What the kept bytes of one dataset and delivery day say."""

    deliveries: pa.Table
    bronze: pa.Table
    unparsable: pa.Table


def reread(
    bronze: Table,
    day: dt.date,
    deliveries: Sequence[Delivery],
    intake: Intake,
    *,
    elsewhere: frozenset[str],
) -> Reread:
    """Ledger, bronze and unparsable lines of a day as they follow from the kept bytes alone.

    Args:
        bronze: the dataset's table.
        day: the delivery day.
        deliveries: the files that the ledger names for it; what it says became of them is not used,
            but for files that were never read.
        intake: where the bytes are kept.
        elsewhere: digests that an earlier file of another day holds.
    """
    ingestion = _Ingestion(bronze=bronze, intake=intake, note={})
    _, rows, table, lines = ingestion._parsed(day, deliveries, {day: elsewhere})
    return Reread(deliveries=ledger.to_arrow(rows), bronze=table, unparsable=lines)


@dataclass(kw_only=True)
class _Ingestion:
    bronze: Table
    intake: Intake
    note: dict[str, str]
    cache: dict[str, bytes] = field(default_factory=dict)
    cached: int = 0

    @property
    def source(self) -> Source:
        if self.bronze.source is None:
            raise TypeError(f"{self.bronze.id.name} has no source")
        return self.bronze.source

    def run(self, days: Sequence[dt.date], listing: Listing) -> Ingested:
        lake, domain = self.intake.lake, self.intake.spec.name
        raw = lake.table(TableId("raw", domain, self.source.dataset))
        before = raw.snapshot()
        listing = at_first_landing(listing, [self.source], domain, lake)
        arrivals = [a for a in listing.files if a.dataset == self.source.dataset]
        wanted = set(days)
        if self.source.snapshot:
            wanted |= {a.day for a in arrivals if not a.dated}
        arrivals = [a for a in arrivals if a.day in wanted]
        known = self._known(raw.read(sorted(wanted)) if before.schema is not None else None)
        fresh, repeated = self._read_new(arrivals, known)
        for delivery in self._captured(sorted(wanted), known):
            fresh.append(delivery)
        elsewhere = self._elsewhere(before, fresh, repeated)
        for day, digests in _repeated_elsewhere(known).items():
            elsewhere[day] = elsewhere.get(day, frozenset()) | digests

        done = Ingested(days=tuple(sorted(wanted)))
        bronze_schema = _without_day(arrow_schema(self.bronze.contract.schema))
        raw_staged: list[Staged] = []
        judged: list[Delivery] = []
        by_day: dict[dt.date, dict[Order, Delivery]] = {day: {} for day in sorted(wanted)}
        for delivery in [*known, *fresh]:
            by_day[delivery.day][delivery.order] = delivery
        with ThreadPoolExecutor(2) as pool:
            files = ((day, list(found.values())) for day, found in by_day.items())
            parsed = _ahead(pool, files, lambda item: self._parsed(*item, elsewhere), 3)
            bronze_staged: list[Staged] = []
            rejected_staged: list[Staged] = []
            for day, rows, table, lines in parsed:
                judged += rows
                ledger_rows = ledger.to_arrow(rows)
                raw_staged.append(raw.stage(day, ledger_rows, DELIVERIES.stored))
                target = lake.table(self.bronze.id)
                bronze_staged.append(target.stage(day, table, bronze_schema))
                quarantine = lake.table(quarantine_of(self.bronze.id))
                rejected_staged.append(quarantine.stage(day, lines, QUARANTINE.stored))
                done.files.update(row.status.value for row in rows)
                done.rows += table.num_rows
                done.unparsable += lines.num_rows
                done.problems |= {
                    r.file: f"{r.status}: {r.detail or r.reason}" for r in rows if not r.readable
                }
                done.notes += [f"{r.file}: {r.drift}" for r in rows if r.drift and r.has_rows]
        self._report_rejected(known, judged)
        failpoint("ingest.staged")
        lake.table(self.bronze.id).commit(bronze_staged, schema=bronze_schema, note=self.note)
        failpoint("ingest.bronze_committed")
        lake.table(quarantine_of(self.bronze.id)).commit(
            rejected_staged, schema=QUARANTINE.stored, note=self.note
        )
        failpoint("ingest.quarantine_committed")
        raw.commit(raw_staged, schema=DELIVERIES.stored, based_on=before, note=self.note)
        failpoint("ingest.ledger_committed")
        if self.source.after_commit is not None:
            self.source.after_commit(lake, self.source.dataset, judged)
        for table_id, staged in ((raw.id, raw_staged), (self.bronze.id, bronze_staged)):
            done.data_versions[table_id] = {each.day: each.data_version for each in staged}
        return done

    def _report_rejected(self, known: Sequence[Delivery], judged: Sequence[Delivery]) -> None:
        """Put a report beside the kept copy of each file that is rejected now and was not before."""
        store, domain = self.intake.lake.store, self.intake.spec.name
        before = {(d.file, d.landed_at, d.digest): d.detail for d in known if not d.readable}
        for delivery in judged:
            told = before.get((delivery.file, delivery.landed_at, delivery.digest))
            if not delivery.readable and (told is None or told != delivery.detail):
                path, report = error_report(domain, delivery)
                store.write(path, json.dumps(report, ensure_ascii=False, indent=1).encode())
            elif delivery.readable and told is not None:
                store.delete([error_report(domain, delivery)[0]])

    def _known(self, table: pa.Table | None) -> list[Delivery]:
        return [] if table is None else ledger.from_arrow(table)

    def _read_new(
        self, arrivals: Sequence[RecognizedFile], known: Sequence[Delivery]
    ) -> tuple[list[Delivery], set[str]]:
        """Files that the table does not have yet, kept; and which bytes were there before."""
        seen = {(d.file, d.landed_at, d.size) for d in known}
        fresh = [a for a in arrivals if (a.path, a.modified_at, a.size) not in seen]
        workers = 4 if isinstance(self.intake.lake.store, DiskStore) else 24
        repeated: set[str] = set()
        rows: list[Delivery] = []
        with ThreadPoolExecutor(workers) as pool:
            for row, was_there in _ahead(pool, fresh, self._kept, 64):
                if row is not None:
                    rows.append(row)
                    if was_there:
                        repeated.add(row.digest)
        return rows, repeated

    def _kept(self, arrival: RecognizedFile) -> tuple[Delivery | None, bool]:
        """Read one file and keep its bytes; nothing when it changed meanwhile."""
        limit = self.intake.settings.max_file_mb * 1024 * 1024
        plain = Delivery(
            day=arrival.day,
            unit=arrival.unit,
            file=arrival.path,
            digest="",
            size=arrival.size,
            landed_at=arrival.modified_at,
        )
        try:
            return self._stored(plain, self.intake.landing.read(arrival, limit=limit))
        except FileChanged:
            return None, False
        except ReadRejected as error:
            rejected = replace(
                plain, status=Status.REJECTED, reason=error.reason, detail=str(error)
            )
            return rejected, False

    @cached_property
    def erased(self) -> Recognised:
        """Persons who were erased and must not come back."""
        intake = self.intake
        return Recognised.of(intake.lake, intake.settings, intake.spec.name)

    def _stored(self, delivery: Delivery, data: bytes) -> tuple[Delivery, bool]:
        limit = self.intake.settings.max_file_mb * 1024 * 1024
        data = self.erased.without_erased(data, delivery.file, self.bronze, limit=limit)
        digest = hashlib.sha256(data).hexdigest()
        store, path = self.intake.lake.store, object_path(self.intake.spec.name, digest)
        was_there = store.stat(path) is not None
        if not was_there:
            failpoint("ingest.storing")
            store.write(path, data)
            failpoint("ingest.stored")
        if self.cached + len(data) <= CACHE_BYTES:
            self.cache[digest] = data
            self.cached += len(data)
        return replace(delivery, digest=digest), was_there

    def _captured(self, days: Sequence[dt.date], known: Sequence[Delivery]) -> Iterator[Delivery]:
        """Today's snapshot of a reference table, when there is a database to ask."""
        today = self.intake.now.astimezone(self.intake.settings.zone).date()
        if self.intake.snapshots is None or self.source.query is None or today not in days:
            return
        data = self.intake.snapshots.capture(self.source)
        delivery, _ = self._stored(
            Delivery(
                day=today,
                unit=None,
                file=f"{self.intake.spec.name}/postgresql/{self.source.dataset}.csv",
                digest="",
                size=len(data),
                landed_at=self.intake.now.astimezone(dt.UTC),
            ),
            data,
        )
        current = [d for d in known if d.day == today and d.status is Status.LOADED]
        if delivery.digest not in {d.digest for d in current}:
            yield delivery

    def _elsewhere(
        self, before: Snapshot, fresh: Sequence[Delivery], repeated: set[str]
    ) -> dict[dt.date, frozenset[str]]:
        """For each day, digests that an earlier file of another day brought already.

        Asked only for content whose bytes were in the lake before, so that the price does not grow
        with history; the kept bytes are a hint, the deliveries table is the truth.
        """
        source = self.source
        if not source.self_identifying or source.snapshot or source.counts_copies:
            return {}
        by_digest: dict[str, list[Delivery]] = {}
        for delivery in fresh:
            by_digest.setdefault(delivery.digest, []).append(delivery)
        asked = repeated | {digest for digest, rows in by_digest.items() if len(rows) > 1}
        asked.discard("")
        if not asked:
            return {}
        first: dict[str, Delivery] = {}
        rows = [d for digest in asked for d in by_digest.get(digest, [])]
        if before.schema is not None and repeated:
            raw = self.intake.lake.table(TableId("raw", self.intake.spec.name, self.source.dataset))
            rows += [d for d in self._known(raw.read(snapshot=before)) if d.digest in asked]
        for row in sorted(rows, key=lambda d: d.order):
            if row.readable:
                first.setdefault(row.digest, row)
        found: dict[dt.date, set[str]] = {}
        for digest in asked:
            for row in rows:
                if row.digest == digest and digest in first and row.day != first[digest].day:
                    found.setdefault(row.day, set()).add(digest)
        return {day: frozenset(digests) for day, digests in found.items()}

    def _parsed(
        self, day: dt.date, rows: Sequence[Delivery], elsewhere: dict[dt.date, frozenset[str]]
    ) -> tuple[dt.date, list[Delivery], pa.Table, pa.Table]:
        """One delivery day: what each file is, the bronze rows, and the lines that are no rows."""
        read: dict[str, CsvFile | FileRejected] = {}
        judged = [self._judged(row, read) for row in rows]
        resolved = ledger.resolved(judged, self.source, elsewhere.get(day, frozenset()))
        files = [(row, read[row.digest]) for row in self._dated(resolved) if row.has_rows]
        return day, resolved, self._bronze_rows(day, files), self._unparsable_rows(day, files)

    def _dated(self, rows: Sequence[Delivery]) -> list[Delivery]:
        """The files, a corrected one as of what it corrects: what came after that stays newer."""
        if not self.source.per_file:
            return list(rows)
        moments = {row.file: row.landed_at for row in sorted(rows, key=lambda row: row.order)}

        def dated(row: Delivery) -> Delivery:
            corrected = ledger.corrected_by(row.file)
            return replace(row, landed_at=moments.get(corrected or "", row.landed_at))

        return [dated(row) for row in rows]

    def _judged(self, row: Delivery, read: dict[str, CsvFile | FileRejected]) -> Delivery:
        """A file as its content makes it; what could not even be read stays rejected."""
        if not row.digest:
            return row
        data: bytes | None = None
        if row.digest not in read:
            data = self._content(row.digest)
            try:
                read[row.digest] = self._csv(row.file, data)
            except FileRejected as error:
                read[row.digest] = error
        found = read[row.digest]
        if isinstance(found, FileRejected):
            data = data if data is not None else self._content(row.digest)
            return replace(
                row,
                status=Status.HELD if found.held else Status.REJECTED,
                reason=found.reason.value,
                detail=str(found),
                physical_lines=_lines(data),
                header_lines=0,
                continuation_lines=0,
                record_rows=0,
                unparsable_lines=0,
                encoding=None,
                delimiter=None,
                drift=None,
            )
        return replace(
            row,
            status=Status.LOADED,
            physical_lines=found.physical_lines,
            header_lines=found.header_lines,
            continuation_lines=found.continuation_lines,
            record_rows=found.rows.num_rows,
            unparsable_lines=len(found.unparsable),
            encoding=found.encoding,
            delimiter=found.delimiter,
            drift="; ".join(found.drift) or None,
        )

    def _content(self, digest: str) -> bytes:
        cached = self.cache.get(digest)
        if cached is not None:
            return cached
        return self.intake.lake.store.read(object_path(self.intake.spec.name, digest))

    def _csv(self, name: str, data: bytes) -> CsvFile:
        if name.lower().endswith(".gz"):
            limit = self.intake.settings.max_file_mb * 1024 * 1024
            data = decompress(data, name=name, limit=limit)
        return read_csv(data, self.source.format, name=name)

    def _bronze_rows(
        self, day: dt.date, files: Sequence[tuple[Delivery, CsvFile | FileRejected]]
    ) -> pa.Table:
        schema = _without_day(arrow_schema(self.bronze.contract.schema))
        tables = [file.rows for _, file in files if isinstance(file, CsvFile)]
        if not tables:
            return schema.empty_table()
        rows = pa.concat_tables(tables)
        counts = [table.num_rows for table in tables]
        of_file = pa.array(np.repeat(np.arange(len(tables), dtype=np.int32), counts))

        def each(values: list[object], kind: pa.DataType) -> pa.Array:
            return pa.array(values, kind).take(of_file)

        columns = {
            "_file": each([d.file for d, _ in files], pa.string()),
            "_line": rows["_line"].cast(pa.int64()),
            "_digest": each([d.digest for d, _ in files], pa.string()),
            "_delivered_at": each(
                [d.landed_at.astimezone(dt.UTC).replace(tzinfo=None) for d, _ in files],
                pa.timestamp("us"),
            ),
            "_unit": each([d.unit for d, _ in files], pa.int64()),
            "_superseded": each([d.status is Status.SUPERSEDED for d, _ in files], pa.bool_()),
            "_rescued": rows["_rescued"],
            "_business_day": self._business_days(day, rows, files),
        }
        columns |= {name: rows[name] for name in self.source.format.columns}
        return pa.table([columns[name] for name in schema.names], schema=schema)

    def _business_days(
        self, day: dt.date, rows: pa.Table, files: Sequence[tuple[Delivery, CsvFile | FileRejected]]
    ) -> pa.Array | pa.ChunkedArray:
        """The business day of each row, its delivery day when it names none that can be.

        An undated file that was replaced later may name days up to its landing.
        """
        column = self.source.business_day
        if column is None:
            return pa.nulls(rows.num_rows, pa.date32())
        zone, since = self.intake.settings.zone, self.intake.spec.since
        parts = []
        for delivery, file in files:
            if isinstance(file, CsvFile):
                last = day
                if self.source.per_file and not path_names_day(
                    ledger.corrected_by(delivery.file) or delivery.file
                ):
                    last = max(day, delivery.landed_at.astimezone(zone).date())
                written = file.rows[column].combine_chunks().dictionary_encode()
                texts = written.dictionary.to_pylist()
                days = [business_day(text, day, since, last) for text in texts]
                parts.append(pa.array(days, pa.date32()).take(written.indices))
        return pa.chunked_array(parts, pa.date32()).fill_null(pa.scalar(day, pa.date32()))

    def _unparsable_rows(
        self, day: dt.date, files: Sequence[tuple[Delivery, CsvFile | FileRejected]]
    ) -> pa.Table:
        rows = [
            {
                "delivery_day": day,
                "file": delivery.file,
                "line": line.line,
                "digest": delivery.digest,
                "reasons": [line.reason.value],
                "detail": line.detail,
                "values": line.text,
                "contract_version": self.bronze.contract.version,
            }
            for delivery, file in files
            if isinstance(file, CsvFile)
            for line in file.unparsable
        ]
        return pa.Table.from_pylist(rows, schema=QUARANTINE.stored)


def _repeated_elsewhere(known: Iterable[Delivery]) -> dict[dt.date, frozenset[str]]:
    """For each day, digests that were found to repeat a file of another day when they came.

    A duplicate whose content the day itself does not hold can only repeat another day's.
    """
    held: set[tuple[dt.date, str]] = set()
    repeated: set[tuple[dt.date, str]] = set()
    for delivery in known:
        if delivery.has_rows:
            held.add((delivery.day, delivery.digest))
        elif delivery.status is Status.DUPLICATE:
            repeated.add((delivery.day, delivery.digest))
    found: dict[dt.date, set[str]] = {}
    for day, digest in repeated - held:
        found.setdefault(day, set()).add(digest)
    return {day: frozenset(digests) for day, digests in found.items()}


_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})([ T][0-9:.]+)?")
_DAY_FIRST = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


def business_day(
    text: str | None, delivery_day: dt.date, since: dt.date, landed: dt.date | None = None
) -> dt.date:
    """The day a landed row is about: the one it names, else the day of its delivery.

    A day before the system began is none, nor is one later than the day after the file landed,
    which is its delivery day where nothing else is said.

    >>> business_day("2024-02-30", dt.date(2024, 3, 1), dt.date(2023, 1, 1))
    datetime.date(2024, 3, 1)
    """
    plain = (text or "").strip()
    if found := _ISO.fullmatch(plain):
        year, month, number = found.group(1, 2, 3)
    elif found := _DAY_FIRST.fullmatch(plain):
        number, month, year = found.group(1, 2, 3)
    else:
        return delivery_day
    try:
        named = dt.date(int(year), int(month), int(number))
    except ValueError:
        return delivery_day
    last = (landed or delivery_day) + dt.timedelta(days=1)
    return named if since <= named <= last else delivery_day


def at_first_landing(
    listing: Listing, sources: Iterable[Source], domain: str, lake: Lake
) -> Listing:
    """The listing with each undated file on the day on which a file of its name first landed.

    Of a source whose files are deliveries, other bytes under a known name are another version of
    that delivery, whenever they land.
    """
    per_file = {source.dataset for source in sources if source.per_file}
    undated = {a.dataset for a in listing.files if a.dataset in per_file and not a.dated}
    if not undated:
        return listing
    first: dict[str, dt.date] = {}
    for dataset in undated:
        table = lake.table(TableId("raw", domain, dataset))
        for file in table.snapshot().files:
            if file.rows:
                for name in _names(lake.root, f"{table.id.path}/{file.path}"):
                    first.setdefault(name, file.day)
    files = (
        replace(a, day=first.get(a.path, a.day)) if a.dataset in undated and not a.dated else a
        for a in listing.files
    )
    return replace(listing, files=tuple(sorted(files, key=lambda a: (a.day, a.path))))


@lru_cache(maxsize=4096)
def _names(root: str, path: str) -> frozenset[str]:
    """Paths of the landed files in one file of deliveries, which never changes."""
    kept = pa.BufferReader(ObjectStore.at(root).read(path))
    return frozenset(pq.read_table(kept, columns=["file"])["file"].to_pylist())


def record_unrecognized_files(
    unrecognized_files: Sequence[UnrecognizedFile],
    days: Sequence[dt.date],
    intake: Intake,
    *,
    note: dict[str, str],
) -> Ingested:
    """Record files that belong to no dataset, or whose name is rejected, as deliveries.

    Their day is that of `unrecognized_file_day`.
    """
    table = intake.lake.table(unrecognized_files_of(intake.spec.name))
    done = Ingested(days=tuple(days))
    by_day: dict[dt.date, dict[tuple[str, dt.datetime], Delivery]] = {}
    for attempt in range(CONFLICT_ATTEMPTS):
        before = table.snapshot()
        known = ledger.from_arrow(table.read(days)) if before.schema is not None else []
        by_day = {day: {} for day in days}
        for row in known:
            by_day[row.day][row.file, row.landed_at] = row
        for stray in unrecognized_files:
            day = unrecognized_file_day(stray, intake.settings)
            if day in by_day:
                by_day[day][stray.path, stray.modified_at] = Delivery(
                    day=day,
                    unit=None,
                    file=stray.path,
                    digest="",
                    size=stray.size,
                    landed_at=stray.modified_at,
                    status=Status.REJECTED,
                    reason=stray.reason.value,
                    detail=stray.detail,
                )
        tables = {
            day: ledger.to_arrow(sorted(rows.values(), key=lambda d: d.order))
            for day, rows in by_day.items()
        }
        try:
            table.write(tables, schema=DELIVERIES.stored, based_on=before, note=note)
            break
        except DayConflict:
            if attempt == CONFLICT_ATTEMPTS - 1:
                raise
    for rows in by_day.values():
        done.files.update(row.reason or "" for row in rows.values())
    return done


def unrecognized_file_day(stray: UnrecognizedFile, settings: Settings) -> dt.date:
    """The day a rejected name is recorded under: the folder it lies in, else the day it landed.

    A folder of a day that cannot be is not believed.
    """
    landed = stray.modified_at.astimezone(settings.zone).date()
    for part in stray.path.split("/")[:-1]:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", part):
            with contextlib.suppress(ValueError):
                named = dt.date.fromisoformat(part)
                if stray.reason not in (
                    UnrecognizedReason.FUTURE_DAY,
                    UnrecognizedReason.BEFORE_START,
                ):
                    return named
    return landed


def unrecognized_files_of(domain: str) -> TableId:
    """Where files are recorded that belong to no dataset."""
    return TableId("raw", domain, "unrecognized_files")


def error_report(domain: str, delivery: Delivery) -> tuple[str, dict[str, str]]:
    """Path in the lake and content of the report that stands beside the copy of a rejected file.

    The same bytes may be rejected under many names, so the landed path is part of the report's.
    """
    kept = object_path(domain, delivery.digest or "unread")
    return (
        f"{kept}_errors/{delivery.file}_error.json",
        {
            "source_file": delivery.file,
            "error": delivery.detail or "",
            "timestamp": delivery.landed_at.astimezone(dt.UTC).isoformat(),
        },
    )


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _without_day(schema: pa.Schema) -> pa.Schema:
    return schema.remove(schema.get_field_index("day"))


def _ahead(
    pool: ThreadPoolExecutor, items: Iterable[T], work: Callable[[T], R], depth: int
) -> Iterator[R]:
    """Results of `work` in the order of the items, at most `depth` of them computed ahead."""
    running: list[Future[R]] = []
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) >= depth:
            yield running.pop(0).result()
    for each in running:
        yield each.result()

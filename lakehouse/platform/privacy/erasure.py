"""Somebody is taken out of the lake for good, and stays out.

In this order, each step harmless when done again: the mark that keeps them from coming back; the
plan, which names days and files only; the landing zone; the kept bytes, with their deliveries and
bronze; all tables of the days they were on; old versions and old bytes. What a crash leaves is
found by the plan and by searching, so the same request again finishes it.
"""

import datetime as dt
import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.kept_files import error_report, object_path
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.privacy import marks
from lakehouse.platform.privacy.history import forget
from lakehouse.platform.privacy.marks import Key, Recognised
from lakehouse.platform.privacy.persons import Person, Persons, declared_tags
from lakehouse.platform.privacy.records import NotErasable, redacted
from lakehouse.platform.privacy.search import (
    DATA_FILE,
    Finding,
    Found,
    Loose,
    Search,
    What,
)
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.tables.source import Source
from lakehouse.settings import Settings

PLANS = f"{marks.FOLDER}/plans"
ROUNDS = 3
ABANDONED = dt.timedelta(hours=1)
"""Age from which on an unfinished file is nobody's any more."""
NOTE = {"by": "lakehouse privacy erase"}

Refresh = Callable[[Domain, Sequence[dt.date]], None]
"""Makes all tables of a domain for these days from bronze on, and then whatever is left to do."""


@dataclass(kw_only=True)
class Erased:
    """What became of one request; it says nothing of the person."""

    found: Counter[tuple[str, str, What]] = field(default_factory=Counter)
    """Rows by domain, table and kind, before."""
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Files that were deleted or written anew, by system and what they were."""
    others: int = 0
    """Unreadable lines of others that had to go as well."""
    left: list[Finding] = field(default_factory=list)
    """What could not be erased."""
    notes: list[str] = field(default_factory=list)
    """Why, with the hint."""


def erase(persons: Persons, lake: Lake, settings: Settings, refresh: Refresh) -> Erased:
    """Take somebody out of every system that knows them.

    No run of these systems may go on meanwhile. After a crash the same call finishes the work.

    Args:
        persons: by system, as `search.known_as` gives them.
        lake: the lake.
        settings: of the landing zone, and limits.
        refresh: brings tables up to date.
    """
    done = Erased()
    key = marks.key_of(lake, settings)
    for domain, person in persons.items():
        marks.keep(lake, key.marks(domain, person))
    failpoint("privacy.marked")
    for domain, person in persons.items():
        search = Search(domain=load_domain(domain), lake=lake, settings=settings, person=person)
        _Erasure(search=search, refresh=refresh, done=done, key=key).run()
    return done


@dataclass(kw_only=True)
class _Plan:
    """What has to be done in a domain once anything was changed; outlives a crash."""

    marks: set[str] = field(default_factory=set)
    """Whom it is about: ids that stood beside an address are not found by it any more."""
    days: set[dt.date] = field(default_factory=set)
    landed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Moment and new size of each file that is written anew where it landed."""


@dataclass(kw_only=True)
class _Erasure:
    search: Search
    refresh: Refresh
    done: Erased
    key: Key
    plan: _Plan = field(default_factory=_Plan)

    @property
    def lake(self) -> Lake:
        return self.search.lake

    @property
    def domain_name(self) -> str:
        return self.search.domain.name

    @property
    def person(self) -> Person:
        return self.search.person

    def run(self) -> None:
        self._resume()
        for finding in self.search.findings():
            key = (finding.domain, finding.table, finding.what)
            self.done.found[key] += finding.rows
        self._staged()
        self._landing()
        self._kept()
        failpoint("privacy.redacted")
        self._tables()
        failpoint("privacy.refreshed")
        self._old()
        self.lake.store.delete([self._plan_path])
        self.done.left += self.search.findings()

    @property
    def _plan_path(self) -> str:
        return f"{PLANS}/{self.domain_name}.json"

    def _resume(self) -> None:
        """Begin a plan, or go on with that of a request that was cut off."""
        try:
            said = json.loads(self.lake.store.read(self._plan_path))
        except FileNotFoundError:
            said = {"marks": [], "days": [], "landed": {}}
        self.plan.marks = set(said["marks"])
        self.plan.days = {dt.date.fromisoformat(day) for day in said["days"]}
        self.plan.landed = {path: (at, size) for path, (at, size) in said["landed"].items()}
        if self.plan.marks:
            begun = Recognised(
                domain=self.domain_name,
                marks={self.key.fingerprint: frozenset(self.plan.marks)},
                keys={self.key.fingerprint: self.key},
            ).known(self.search.values())
            self.search.person = replace(
                self.person,
                ids=self.person.ids | begun.ids,
                emails=self.person.emails | begun.emails,
            )
        self.plan.marks |= {mark.digest for mark in self.key.marks(self.domain_name, self.person)}
        self._keep_plan()

    def _keep_plan(self) -> None:
        said = {
            "marks": sorted(self.plan.marks),
            "days": sorted(day.isoformat() for day in self.plan.days),
            "landed": self.plan.landed,
        }
        self.lake.store.write(self._plan_path, json.dumps(said).encode())

    def _staged(self) -> None:
        """Files on their way to the landing zone, so that none lands anew."""
        for found in self.search.staged():
            new = self._without(found)
            if new is not None:
                self.lake.store.write(found.path, new)
                self.done.removed[self.domain_name, "files on their way"] += 1

    def _without(self, found: Found) -> bytes | None:
        """A file without the person; None where that changes nothing or cannot be."""
        try:
            new = redacted(found.data, found.path, found.form, self.person, limit=self.search.limit)
        except NotErasable as error:
            self.done.notes.append(self.person.silenced(str(error)))
            return None
        self.done.others += new.others
        return new.data if new.data != found.data else None

    def _landing(self) -> None:
        """Files where they landed: without the person, of the same moment, so still known."""
        known = {
            (row.file, row.landed_at) for rows in self.search.deliveries.values() for row in rows
        }
        made: list[tuple[Found, bytes]] = []
        for found in self.search.landed():
            new = self._without(found)
            if new is not None:
                made.append((found, new))
                if found.arrival:
                    at = found.arrival.modified_at.isoformat()
                    self.plan.landed[found.path] = (at, len(new))
        self._keep_plan()
        failpoint("privacy.planned")
        for found, data in made:
            arrival = found.arrival
            taken = arrival is not None and (arrival.path, arrival.modified_at) in known
            try:
                self._land(found, data, taken=taken)
            except OSError as error:
                name = self.person.silenced(found.path)
                self.done.notes.append(
                    f"{name} in the landing zone cannot be written ({error.strerror}); remove it"
                )
                self.plan.landed.pop(found.path, None)
            else:
                self.done.removed[self.domain_name, "files in the landing zone"] += 1

    def _land(self, found: Found, data: bytes, *, taken: bool) -> None:
        """Replace one file; where its moment cannot be kept, one that was taken in is removed."""
        store = self.search.place.store
        if not isinstance(store, DiskStore):
            if taken:
                store.delete([found.path])
            else:
                store.write(found.path, data)
            return
        place = store.url(found.path)
        seen = os.lstat(place)
        scratch = store.scratch(found.path.rpartition("/")[0])
        try:
            scratch.write_bytes(data)
            scratch.chmod(seen.st_mode & 0o777)
            os.utime(scratch, ns=(seen.st_atime_ns, seen.st_mtime_ns))
            now = os.lstat(place)
            if (now.st_mtime_ns, now.st_size) == (seen.st_mtime_ns, len(found.data)):
                store.move_in(scratch, found.path)
        finally:
            scratch.unlink(missing_ok=True)

    def _kept(self) -> None:
        """Kept bytes, the deliveries that name them, and bronze."""
        changes: dict[str, dict[str, str]] = defaultdict(dict)
        for kept in self.search.kept():
            if kept.dataset is None:
                continue
            path = object_path(self.domain_name, kept.digest)
            form, name = self.search.forms[kept.dataset], kept.deliveries[0].file
            try:
                new = redacted(
                    self.lake.store.read(path), name, form, self.person, limit=self.search.limit
                )
            except NotErasable as error:
                self.done.notes.append(self.person.silenced(str(error)))
                continue
            self.done.others += new.others
            digest = hashlib.sha256(new.data).hexdigest()
            self.lake.store.write(object_path(self.domain_name, digest), new.data)
            changes[kept.dataset][kept.digest] = digest
        for dataset, deliveries in self.search.deliveries.items():
            days = sorted({row.day for row in deliveries if row.digest in changes[dataset]})
            self._plan_days(dataset, changes[dataset], days)
        self._keep_plan()
        failpoint("privacy.stored")
        for dataset in self.search.forms:
            self._deliveries(dataset, changes[dataset])

    def _plan_days(self, dataset: str, changed: Mapping[str, str], days: Sequence[dt.date]) -> None:
        """Days on which rows of the changed files lie or are joined to."""
        bronze = self.lake.table(TableId("bronze", self.domain_name, dataset))
        shown = bronze.snapshot()
        if not days or shown.schema is None:
            return
        self.plan.days.update(days)
        counted = bronze.counts(["_digest", "_business_day"], days, snapshot=shown)
        own = pc.is_in(counted["_digest"], pa.array(list(changed)))
        self.plan.days.update(d for d in counted.filter(own)["_business_day"].to_pylist() if d)
        reached = reconciliation.reached_days(self.search.domain, self.lake, days)
        self.plan.days.update(day for found in reached.values() for day in found)

    def _deliveries(self, dataset: str, changed: Mapping[str, str]) -> None:
        """The ledger names the new bytes; bronze and its unparsable lines follow from them."""
        raw = self.lake.table(TableId("raw", self.domain_name, dataset))
        before = raw.snapshot()
        if before.schema is None:
            return
        known = read_deliveries(self.lake, self.domain_name, dataset, snapshot=before)
        rows = [self._renewed(row, changed) for row in known]
        touched = {new.day for old, new in zip(known, rows, strict=True) if old != new}
        if not touched:
            return
        self.plan.days |= touched
        bronze = self.search.domain.table("bronze", dataset)
        if bronze.source is None:
            raise TypeError(f"{bronze.id.name} has no source")
        days: dict[dt.date, dict[object, Delivery]] = {day: {} for day in sorted(touched)}
        for row in _repetitions(rows, bronze.source, frozenset(changed.values())):
            if row.day in days:
                days[row.day][row.order] = row
        self._reports(changed, rows)
        stored = {day: DELIVERIES.to_arrow(rows.values()) for day, rows in days.items()}
        raw.write(stored, schema=DELIVERIES.stored, based_on=before, note=NOTE)
        failpoint("privacy.deliveries_committed")
        intake = Intake(
            spec=self.search.domain.spec,
            landing=self.search.place,
            lake=self.lake,
            settings=self.search.settings,
            now=dt.datetime.now(dt.UTC),
            erased=lambda: Recognised.of(self.lake, self.search.settings, self.domain_name),
        )
        nothing = Listing(files=(), unrecognized_files=(), growing=(), temporary=())
        ingest(bronze, sorted(touched), intake, nothing, note=NOTE)

    def _renewed(self, row: Delivery, changed: Mapping[str, str]) -> Delivery:
        """A delivery under the digest and the size that its bytes have now."""
        at, size = self.plan.landed.get(row.file, ("", 0))
        if at != row.landed_at.isoformat():
            size = row.size
        return replace(row, digest=changed.get(row.digest, row.digest), size=size)

    def _reports(self, changed: Mapping[str, str], rows: Iterable[Delivery]) -> None:
        """Rejected files keep the report that stands beside their bytes."""
        for row in rows:
            if not row.readable and row.digest in changed.values():
                path, report = error_report(self.domain_name, row)
                said = json.dumps(report, ensure_ascii=False, indent=1)
                self.lake.store.write(path, said.encode())

    def _tables(self) -> None:
        """Every table of the days that somebody was on, until they are on none."""
        days = self.plan.days
        for _ in range(ROUNDS):
            if not days:
                return
            self.refresh(self.search.domain, sorted(days))
            days = {
                finding.day
                for table in self.lake.tables(domain=self.domain_name)
                if table.layer in ("silver", "gold")
                for finding in self.search.shown(table, ())
                if finding.day and finding.what is not What.NAME
            }
            self.plan.days |= days

    def _old(self) -> None:
        """Old bytes and old files of tables that hold somebody, and those only."""
        loose: set[tuple[str, int]] = set()
        doomed: list[str] = []
        referenced = {
            row.digest for rows in self.search.deliveries.values() for row in rows if row.digest
        }
        for kept in self.search.kept():
            loose |= kept.loose
            if kept.digest not in referenced:
                doomed.append(kept.digest)
        for table in self.lake.tables(domain=self.domain_name):
            paths = self._outdated(table, loose)
            self.done.removed[self.domain_name, "old files of tables"] += len(paths)
            forget(self.lake, table, paths)
        failpoint("privacy.forgotten")
        for digest in doomed:
            path = object_path(self.domain_name, digest)
            reports = [entry.path for entry in self.lake.store.entries(f"{path}_errors")]
            self.lake.store.delete([path, *reports])
            self.done.removed[self.domain_name, "kept files"] += 1
        before = dt.datetime.now(dt.UTC) - ABANDONED
        for layer in ("raw", "bronze", "silver", "gold", "ops"):
            unfinished = self.lake.store.unfinished(f"{layer}/{self.domain_name}")
            self.lake.store.delete([e.path for e in unfinished if e.modified_at < before])

    def _outdated(self, table: TableId, loose: Loose) -> list[str]:
        """Old files of theirs; where a table has neither id nor address, all of their days."""
        paths = {path for _, _, path in self.search.outdated(table, loose)}
        tags = declared_tags(table)
        if tags.others and not (tags.identifiers or tags.emails):
            current = {file.path for file in self.lake.table(table).snapshot().files}
            for entry in self.lake.store.entries(table.path):
                path = entry.path[len(table.path) + 1 :]
                met = DATA_FILE.fullmatch(path)
                day = dt.date.fromisoformat(met[1]) if met else None
                if day in self.plan.days and path not in current:
                    paths.add(path)
        return sorted(paths)


def _repetitions(
    rows: Sequence[Delivery], source: Source, digests: frozenset[str]
) -> Iterable[Delivery]:
    """The deliveries, where the new bytes of one are those of an earlier day as its duplicate."""
    if not source.self_identifying or source.snapshot or source.counts_copies:
        return rows
    first: dict[str, Delivery] = {}
    for row in sorted(rows, key=lambda row: row.order):
        if row.readable and row.digest in digests:
            first.setdefault(row.digest, row)
    return [
        replace(row, status=Status.DUPLICATE)
        if row.readable and row.digest in first and first[row.digest].day != row.day
        else row
        for row in rows
    ]

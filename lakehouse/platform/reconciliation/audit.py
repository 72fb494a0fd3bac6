"""The proof behind the books: what the balances say, and whether that is true.

`report` adds up what runs have recorded. `verify` trusts none of it: bytes are hashed, bronze is
read again from the landed bytes, every row is followed to its one outcome, balances are made
anew, and silver and gold are computed again and compared by their data versions. It works day by
day, so its memory does not grow with the range, and it changes nothing.
"""

import datetime as dt
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.kept_files import KeptFiles, object_path
from lakehouse.platform.ingestion.read_day import DayReader
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.reconciliation.balance import judged_tables, reconciliation_of
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFile, Snapshot
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.ops_tables import Balance
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.tables.upgrade import current_id, readable_table, readable_tables
from lakehouse.platform.transform.inputs import valid_snapshots
from lakehouse.platform.transform.outcomes import KEPT, REJECTED, outcomes_of, quarantine_of
from lakehouse.platform.transform.stage import stage_days
from lakehouse.platform.transform.validate import RowsLost
from lakehouse.settings import Settings

LINES = (
    "physical_lines",
    "header_lines",
    "continuation_lines",
    "unparsable_lines",
    "excluded_lines",
)
ROWS = ("bronze_rows", "silver_rows", "quarantined_rows", "duplicate_rows", "superseded_rows")

UNREADABLE = (pa.ArrowException, OSError, StorageError, duckdb.Error)
"""What reading a damaged table raises."""

STRANGE = (AssertionError, AttributeError, KeyError, TypeError, ValueError)
"""What comes of working with values that nothing of the platform has written."""

Progress = Callable[[dt.date, int, int], None]
"""Called with a day, how many days are proven altogether, and how many there are."""

GROUP_DAYS = 31
"""Days that are computed again together: preparing an expression costs as much as a day of rows."""


class Proof(StrEnum):
    """What was compared."""

    OBJECT = "landed bytes"
    FILE = "table file"
    LEDGER = "deliveries"
    BRONZE = "bronze rows"
    LINES = "unparsable lines"
    IDENTITY = "row identity"
    COUNT = "row count"
    BALANCE = "balance"
    RECOMPUTED = "recomputed day"


HINT = {
    Proof.OBJECT: "restore the object from a backup, or have the file sent again",
    Proof.FILE: "roll the table back or build the day again; its deeper checks were left out",
    Proof.LEDGER: "`lakehouse rollback` the ledger to its last good version, then ingest the day",
    Proof.BRONZE: "`lakehouse ingest` the day: bronze is made anew from the landed bytes",
    Proof.LINES: "`lakehouse ingest` the day: they are found anew in the landed bytes",
    Proof.IDENTITY: "`lakehouse materialize` the silver table for the day",
    Proof.COUNT: "`lakehouse materialize` the table for the day",
    Proof.BALANCE: "`lakehouse ingest` the day; if it stays, roll back the table that changed",
    Proof.RECOMPUTED: "`lakehouse materialize` the table for the day; `lakehouse history` names"
    " who wrote it last",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not as it must be."""

    table: str
    day: dt.date
    what: Proof
    expected: str
    found: str

    @property
    def hint(self) -> str:
        """What to do about it."""
        return HINT[self.what]

    def __str__(self) -> str:
        return (
            f"{self.table}, {self.day}, {self.what}: expected {self.expected}, found {self.found};"
            f" {self.hint}"
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """The books of some delivery days."""

    deliveries: tuple[dict[str, Any], ...]
    """One row of `RECONCILIATION.schema` for each landed file, and its ``system``."""
    totals: Mapping[str, int]
    """Sums of lines and rows; ``difference`` adds up sizes, so that + and - do not cancel out."""
    balances: Mapping[str, int]
    """Deliveries by balance."""

    @property
    def balanced(self) -> bool:
        """Nothing is missing and nothing too much; rows may wait for their day."""
        return not self.balances[Balance.UNBALANCED]


def report(
    lake: Lake, domain: str | None = None, days: Collection[dt.date] | None = None
) -> Report:
    """What the runs recorded: each delivery's balance and the sums over them.

    Args:
        lake: where to look.
        domain: only this one.
        days: only these delivery days.
    """
    rows: list[dict[str, Any]] = []
    for table in map(current_id, readable_tables(lake, "ops", domain)):
        if table != reconciliation_of(table.domain):
            continue
        found = readable_table(lake, table).read(None if days is None else sorted(days))
        rows += [{"domain": table.domain, **row} for row in found.to_pylist()]
    totals = {name: sum(row[name] for row in rows) for name in (*LINES, *ROWS)}
    totals["difference"] = sum(
        abs(row["difference"]) for row in rows if row["balance"] != Balance.WAITING
    )
    counted = Counter(row["balance"] for row in rows)
    return Report(
        deliveries=tuple(rows),
        totals=totals,
        balances={balance.value: counted[balance.value] for balance in Balance},
    )


def verify(
    lake: Lake,
    domain: Domain,
    settings: Settings,
    days: Collection[dt.date] | None = None,
    *,
    tables: Collection[TableId] | None = None,
    progress: Progress | None = None,
) -> Iterator[Finding]:
    """Prove a domain's days from the landed bytes up; what is yielded is wrong.

    Cheap proofs come first, so the first finding of a damaged day comes soon.

    Args:
        lake: what to prove.
        domain: the system, as the code declares it now.
        settings: of the runs that made the lake: limits of files, engine.
        days: taken as delivery days and as business days; None takes every day there is.
        tables: only what concerns these tables (without companions).
        progress: told of every day that is done.
    """
    everything = _Audit(lake=lake, domain=domain, settings=settings, only=tables)
    wanted = everything.days() if days is None else sorted(set(days))
    for start in range(0, len(wanted), GROUP_DAYS):
        group = wanted[start : start + GROUP_DAYS]
        audit = _Audit(lake=lake, domain=domain, settings=settings, only=tables)
        sound = []
        for day in group:
            damaged = False
            for finding in audit.files(day):
                damaged = True
                yield finding
            if not damaged:
                sound.append(day)
        audit.find_repetitions(sound)
        for number, day in enumerate(sound, start=start):
            yield from audit.rows(day)
            if progress is not None:
                progress(day, number, len(wanted))
        yield from audit.recomputed(sound)
        if progress is not None:
            progress(group[-1], start + len(group), len(wanted))


@dataclass(kw_only=True)
class _Audit:
    lake: Lake
    domain: Domain
    settings: Settings
    only: Collection[TableId] | None
    elsewhere: dict[tuple[str, dt.date], frozenset[str]] = field(default_factory=dict)
    snapshots: dict[TableId, Snapshot] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[TableId]:
        """Tables and companions that are to be looked at."""
        return [table for table in self.lake.tables(domain=self.domain.name) if self.wants(table)]

    def shown(self, table: TableId) -> Snapshot:
        """A table as it was when this group of days began."""
        if table not in self.snapshots:
            self.snapshots[table] = self.lake.table(table).snapshot()
        return self.snapshots[table]

    def days(self) -> list[dt.date]:
        """Every day that any table of the system has."""
        found: set[dt.date] = set()
        for table in self.lake.tables(domain=self.domain.name):
            found |= set(self.lake.table(table).snapshot().days)
        return sorted(found)

    def wants(self, *tables: TableId) -> bool:
        """Whether any of these is to be looked at."""
        if self.only is None:
            return True
        return any(TableId(t.layer, t.domain, t.table) in self.only for t in tables)

    def rows(self, day: dt.date) -> Iterator[Finding]:
        """The proofs of one day whose files are those that the logs name."""
        for bronze in self.domain.stored:
            if bronze.layer == "bronze" and bronze.source is not None:
                raw = TableId("raw", self.domain.name, bronze.id.table)
                yield from _guarded(raw, day, Proof.LEDGER, self.landed(bronze, day))
        if self.only is None or any(table.layer != "gold" for table in self.only):
            books = reconciliation_of(self.domain.name)
            yield from _guarded(books, day, Proof.BALANCE, self.balances(day))
        for silver in judged_tables(self.domain).values():
            if self.wants(silver.id, silver.reads[0].table.id):
                table = outcomes_of(silver.id)
                yield from _guarded(table, day, Proof.IDENTITY, self.outcomes(silver, day))

    def files(self, day: dt.date) -> Iterator[Finding]:
        """Each table's file of the day is the one that the log names, byte for byte."""
        for table in self.tables:
            try:
                shown = self.shown(table)
                file = shown.by_day.get(day)
                if file is not None:
                    yield from self.file(table, shown, file)
            except UNREADABLE as error:
                yield _finding(table, day, Proof.FILE, "a table that can be read", error)

    def file(self, table: TableId, shown: Snapshot, file: DayFile) -> Iterator[Finding]:
        digest = self.digest(f"{table.path}/{file.path}")
        if digest is None or digest[:16] != file.data_version:
            found = "no file" if digest is None else f"bytes of {digest[:16]}"
            yield _finding(table, file.day, Proof.FILE, f"bytes of {file.data_version}", found)
            return
        rows = self.lake.table(table).read([file.day], snapshot=shown, columns=[DAY]).num_rows
        if rows != file.rows:
            yield _finding(table, file.day, Proof.FILE, f"{file.rows} rows", f"{rows} rows")

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file of the lake, read as a stream; None when it is gone."""
        try:
            with self.lake.store.open(path) as stream:
                found = hashlib.sha256()
                while piece := stream.read(1 << 20):
                    found.update(piece)
                return found.hexdigest()
        except FileNotFoundError:
            return None

    def landed(self, bronze: Table, day: dt.date) -> Iterator[Finding]:
        """The kept bytes are those that landed, and ledger and bronze follow from them."""
        raw = TableId("raw", self.domain.name, bronze.id.table)
        if not self.wants(raw, bronze.id):
            return
        stored = self.read(raw, day)
        known = [] if stored is None else DELIVERIES.from_arrow(stored)
        lost = False
        for finding in self.objects(raw, day, known):
            lost = True
            yield finding
        if lost:
            return
        reader = DayReader(
            bronze=bronze,
            spec=self.domain.spec,
            settings=self.settings,
            kept=KeptFiles(self.lake.store, self.domain.name),
        )
        elsewhere = self.elsewhere.get((bronze.id.table, day), frozenset())
        again = reader.read(day, known, elsewhere)
        for table, what, wanted in (
            (raw, Proof.LEDGER, DELIVERIES.to_arrow(again.deliveries)),
            (bronze.id, Proof.BRONZE, again.bronze),
            (quarantine_of(bronze.id), Proof.LINES, again.unparsable),
        ):
            yield from self.same(table, day, what, wanted)
        yield from self.bounds(bronze.id, day, "_business_day")

    def objects(self, raw: TableId, day: dt.date, known: Sequence[Delivery]) -> Iterator[Finding]:
        for digest, row in {row.digest: row for row in known if row.digest}.items():
            found = self.digest(object_path(self.domain.name, digest))
            if found != digest:
                told = "nothing" if found is None else f"SHA-256 {found}"
                yield _finding(raw, day, Proof.OBJECT, f"SHA-256 {digest} of {row.file}", told)

    def same(
        self, table: TableId, day: dt.date, what: Proof, wanted: pa.Table
    ) -> Iterator[Finding]:
        """A stored day has these rows in this order."""
        stored = self.read(table, day)
        if stored is None:
            if wanted.num_rows:
                yield _finding(table, day, what, f"{wanted.num_rows} rows", "no such day")
            return
        stored = stored.drop_columns([DAY])
        wanted = wanted.select(stored.column_names).cast(stored.schema)
        if not wanted.equals(stored):
            yield _finding(table, day, what, *_contrast(wanted, stored))

    def bounds(self, table: TableId, day: dt.date, column: str) -> Iterator[Finding]:
        """The log's bounds of a column, by which files are chosen, are those of the rows."""
        file = self.shown(table).by_day.get(day)
        rows = self.read(table, day)
        if file is None or rows is None:
            return
        found = pc.min_max(rows[column]).as_py()
        told = file.bounds.get(column, (None, None))
        if told != (found["min"], found["max"]):
            wanted = f"{column} from {found['min']} to {found['max']}"
            yield _finding(table, day, Proof.FILE, wanted, f"bounds {told[0]} to {told[1]}")

    def balances(self, day: dt.date) -> Iterator[Finding]:
        """The balances made anew are those on record."""
        table = reconciliation_of(self.domain.name)
        made = reconciliation.balance_of(self.domain, self.lake, day).to_pylist()
        stored = self.read(table, day)
        if stored is None:
            if made:
                yield _finding(table, day, Proof.BALANCE, f"{len(made)} deliveries", "no such day")
            return
        wanted = [_lasting(row) for row in made]
        found = [_lasting(row) for row in stored.to_pylist()]
        if wanted != found:
            yield _finding(table, day, Proof.BALANCE, *_contrast_rows(wanted, found))
        for row in made:
            if row["balance"] == Balance.UNBALANCED:
                told = f"{row['difference']} in {row['file']}"
                yield _finding(table, day, Proof.BALANCE, "a difference of 0", told)

    def outcomes(self, silver: Table, day: dt.date) -> Iterator[Finding]:
        """Every landed row has one outcome, and every outcome its row."""
        outcomes, bronze = outcomes_of(silver.id), silver.reads[0].table
        yield from self.bounds(outcomes, day, "delivery_day")
        landed = self.places(bronze.id, day, ("_file", "_digest", "_line"))
        fates = self.fates(outcomes, day)
        waiting = self.waiting(silver, day)
        lost = Counter({k: n for k, n in (landed - fates).items() if k[:2] not in waiting})
        if lost:
            told = f"{lost.total()} without one, first {_place(lost)}"
            yield _finding(outcomes, day, Proof.IDENTITY, "an outcome for every row", told)
        if extra := fates - landed:
            told = f"{extra.total()} of no row or a second one, first {_place(extra)}"
            yield _finding(outcomes, day, Proof.IDENTITY, "outcomes of landed rows", told)
        stored = self.read(outcomes, day)
        if stored is None:
            return
        rejected = _counted(
            stored.filter(pc.equal(stored["outcome"], REJECTED)),
            ("delivery_day", "file", "digest", "line"),
        )
        quarantined = self.places(
            quarantine_of(silver.id), day, ("delivery_day", "file", "digest", "line")
        )
        if rejected != quarantined:
            odd = (rejected - quarantined) + (quarantined - rejected)
            told = f"{quarantined.total()} rows, {odd.total()} differ, first {_place(odd)}"
            yield _finding(
                quarantine_of(silver.id), day, Proof.IDENTITY, f"{rejected.total()} rows", told
            )
        yield from self.kept(silver, day)

    def kept(self, silver: Table, day: dt.date) -> Iterator[Finding]:
        """Silver has as many rows as outcomes say; of a snapshot, those of the valid one."""
        counted_on = day
        if silver.options.snapshot:
            shown = self.shown(silver.reads[0].table.id)
            counted_on = valid_snapshots(shown, [day]).get(day, day)
        fates = self.read(outcomes_of(silver.id), counted_on)
        rows = self.read(silver.id, day)
        if fates is None or rows is None:
            return
        wanted = pc.sum(pc.equal(fates["outcome"], KEPT)).as_py() or 0
        if rows.num_rows != wanted:
            yield _finding(silver.id, day, Proof.COUNT, f"{wanted} rows", f"{rows.num_rows} rows")

    def places(self, table: TableId, day: dt.date, columns: Sequence[str]) -> Counter[Any]:
        rows = self.read(table, day, columns)
        return Counter() if rows is None else _counted(rows, columns)

    def fates(self, outcomes: TableId, day: dt.date) -> Counter[Any]:
        """Outcomes of the rows that a day delivered, over all business days."""
        shown = self.shown(outcomes)
        found: Counter[Any] = Counter()
        for file in shown.files:
            low, high = file.bounds.get("delivery_day", (day, day))
            if file.rows and (low <= day <= high or file.day == day):
                rows = self.lake.table(outcomes).read([file.day], snapshot=shown)
                rows = rows.filter(pc.equal(rows["delivery_day"], pa.scalar(day)))
                found += _counted(rows, ("file", "digest", "line"))
        return found

    def waiting(self, silver: Table, day: dt.date) -> set[tuple[str, str]]:
        """Files of a delivery day whose rows may still lack an outcome."""
        stored = self.read(reconciliation_of(self.domain.name), day)
        if stored is None:
            return set()
        dataset = silver.reads[0].table.id.table
        return {
            (row["file"], row["digest"])
            for row in stored.to_pylist()
            if row["table"] == dataset and row["balance"] == Balance.WAITING
        }

    def recomputed(self, days: Sequence[dt.date]) -> Iterator[Finding]:
        """Days computed again from what they read have the bytes that are stored."""
        for table in self.domain.stored:
            if table.transform is None or not self.wants(table.id):
                continue
            its_own = days
            if table.options.monthly is not None:
                its_own = [day for day in days if day in self.shown(table.id).by_day]
            if its_own:
                yield from self.made_again(table, its_own)

    def made_again(self, table: Table, days: Sequence[dt.date]) -> Iterator[Finding]:
        """Compare stored days with days computed into a temporary folder outside the lake."""
        with tempfile.TemporaryDirectory(prefix="lakehouse-audit-") as folder:
            try:
                computed = stage_days(table, days, self.lake, self.settings, target=Lake(folder))
            except (RowsLost, *UNREADABLE) as error:
                wanted = f"days up to {days[-1]} that can be computed"
                yield _finding(table.id, days[0], Proof.RECOMPUTED, wanted, error)
                return
        for day, why in computed.failed_days.items():
            yield _finding(table.id, day, Proof.RECOMPUTED, "a day that keeps its contract", why)
        staged = [*computed.staged]
        for _, more in computed.companions.values():
            staged += more
        for each in staged:
            file = self.shown(each.table).by_day.get(each.day)
            if file is None and not each.rows:
                continue
            if file is None or file.data_version != each.data_version:
                wanted = f"{each.rows} rows of version {each.data_version}"
                found = f"{file.rows} rows of version {file.data_version}" if file else "none"
                yield _finding(each.table, each.day, Proof.RECOMPUTED, wanted, found)

    def read(
        self, table: TableId, day: dt.date, columns: Sequence[str] | None = None
    ) -> pa.Table | None:
        """A day's rows; None when the table does not have the day."""
        shown = self.shown(table)
        if day not in shown.by_day:
            return None
        return self.lake.table(table).read([day], snapshot=shown, columns=columns)

    def find_repetitions(self, days: Sequence[dt.date]) -> None:
        """For each of these days the digests that an older file of another day holds."""
        for source in self.domain.sources:
            if not source.self_identifying or source.snapshot or source.counts_copies:
                continue
            if not self.wants(
                *(TableId(e, self.domain.name, source.dataset) for e in ("raw", "bronze"))
            ):
                continue
            first = self.first_days(source.dataset, days)
            for day in days:
                digests = {digest for digest, found in first.items() if found != day}
                self.elsewhere[source.dataset, day] = frozenset(digests)

    def first_days(self, dataset: str, days: Sequence[dt.date]) -> dict[str, dt.date]:
        """The day on which each content of these days landed first; looks at one day at a time."""
        table = self.lake.table(TableId("raw", self.domain.name, dataset))
        shown = self.shown(table.id)
        columns = ["digest", "landed_at", "file", "status", DAY]
        try:
            here = table.read([d for d in days if d in shown.by_day], columns=columns)
            asked = here["digest"].unique()
            first: dict[str, tuple[Any, ...]] = {}
            unread = pa.array([Status.REJECTED.value, Status.HELD.value])
            for file in shown.files:
                rows = table.read([file.day], snapshot=shown, columns=columns)
                rows = rows.filter(pc.is_in(rows["digest"], asked))
                rows = rows.filter(pc.invert(pc.is_in(rows["status"], unread)))
                for row in rows.to_pylist():
                    order = (row["landed_at"], row["file"], row["digest"], row[DAY])
                    first[row["digest"]] = min(order, first.get(row["digest"], order))
        except UNREADABLE:
            return {}  # a damaged ledger is named by the proof of its files
        return {digest: order[-1] for digest, order in first.items()}


def _guarded(
    table: TableId, day: dt.date, what: Proof, proof: Iterator[Finding]
) -> Iterator[Finding]:
    """A proof that meets values which no run writes ends in a finding, not in a crash."""
    try:
        yield from proof
    except (*UNREADABLE, *STRANGE) as error:
        told = f"{type(error).__name__}: {error}"
        yield _finding(table, day, what, "values that the platform writes", told)


def _finding(table: TableId, day: dt.date, what: Proof, expected: object, found: object) -> Finding:
    return Finding(table=table.name, day=day, what=what, expected=str(expected), found=str(found))


def _counted(rows: pa.Table, columns: Sequence[str]) -> Counter[Any]:
    values = (rows[column].to_pylist() for column in columns)
    return Counter(zip(*values, strict=True))


def _place(places: Counter[Any]) -> str:
    return ", ".join(map(str, min(places, key=str)))


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    """A balance without what depends on the run that made it: the days a delivery waits for."""
    return {**row, "waiting_days": None}


def _contrast(wanted: pa.Table, found: pa.Table) -> tuple[str, str]:
    return _contrast_rows(wanted.to_pylist(), found.to_pylist())


def _contrast_rows(
    wanted: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]
) -> tuple[str, str]:
    """What to say of two lists of rows that should be the same."""
    missing = Counter(map(_said, wanted)) - Counter(map(_said, found))
    extra = Counter(map(_said, found)) - Counter(map(_said, wanted))
    if not missing and not extra:
        return f"{len(wanted)} rows", "the same rows in another order"
    expected = f"{len(wanted)} rows" + (f", among them {min(missing)}" if missing else "")
    return expected, f"{len(found)} rows, {missing.total()} missing, {extra.total()} others" + (
        f", among them {min(extra)}" if extra else ""
    )


def _said(row: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name}={row[name]!r}" for name in sorted(row)) + ")"

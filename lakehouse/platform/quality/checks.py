"""Checks beyond one row: what a day's tables say of each other, of the days before, of the clock.

A check measures with one expression that gives a row for each day, and judges each day's numbers
with a pure function. It reports and undoes nothing: rows that break a contract, repeat a key or
name an unknown parent were rejected before they were stored. Every verdict is kept in
``ops/<domain>/data_quality_log``; Dagster's side of it is in `quality_log`.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pandera.ibis as pa
import pyarrow as arrow

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import Session, arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError, contract_of
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG, QUARANTINE
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.compute import quarantine_of, valid_snapshots
from lakehouse.settings import Settings

SHOWN_NAMES = 20


class Result(StrEnum):
    """What a check says of a day; the later one is the worse."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The judgement of one day, in words and numbers for people."""

    result: Result
    expected: str
    actual: str
    details: str = ""


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a check measured for one day, and what it may be compared with.

    Args:
        measured: the day's row; empty when the tables have nothing on the day.
        previous: rows of the earlier days that the check asked for, oldest first; a day that was
            processed and is empty is an empty row, a day never processed is left out.
        now: the moment of the judgement, in the lake's time zone.
        deadline_hours: hours after the day's start when its deliveries are overdue.
    """

    day: dt.date
    measured: Mapping[str, Any]
    previous: Sequence[Mapping[str, Any]] = ()
    now: dt.datetime
    deadline_hours: float


@dataclass(frozen=True, kw_only=True)
class Reads:
    """A lake table that a check reads: the days of the run.

    With `as_of` each day shows the newest stored day up to it that has rows, as reference tables
    do, so that a day on which nothing ran still knows what to expect. With `newest` there are only
    the rows of the newest stored day that has any, under that day, whatever days are judged.
    """

    id: TableId
    schema: sch.Schema
    as_of: bool = False
    newest: bool = False

    @property
    def name(self) -> str:
        """Name of the relation in the expression."""
        kind = "__as_of" if self.as_of else "__newest" if self.newest else ""
        return self.id.path.replace("/", "__") + kind

    @property
    def unbound(self) -> ir.Table:
        """The table without data, to build expressions on."""
        return ibis.table(self.schema, name=self.name)


def rows_of(table: Table, *, as_of: bool = False, newest: bool = False) -> Reads:
    """The stored rows of a table."""
    return Reads(id=table.id, schema=table.contract.schema, as_of=as_of, newest=newest)


def rejected_rows_of(table: Table) -> Reads:
    """The rows that a table rejected, by business day."""
    return Reads(id=quarantine_of(table.id), schema=sch.Schema.from_pyarrow(QUARANTINE.schema))


def made_rows_of(table: TableId, model: type[pa.DataFrameModel]) -> Reads:
    """The rows of a book that the platform itself keeps."""
    return Reads(id=table, schema=contract_of(model).schema)


@dataclass(frozen=True, kw_only=True)
class QualityCheck:
    """One question to the lake that is answered for every day.

    Args:
        name: unique among the checks of `table`.
        category: what kind of promise it looks at, such as freshness.
        table: the table it is about, on which Dagster shows it.
        description: what passes, warns and fails, in one sentence.
        reads: the tables that `measure` takes, in its order.
        measure: gives the column ``day`` and numbers, at most one row a day.
        judge: turns a day's numbers into a verdict.
        previous_days: days before the judged one that `judge` compares with.
        blocking: a day that fails ends the run as failed, after the log is written; for promises
            that only the platform itself can break.
        kept_by: what keeps the same promise before anything is stored; empty when nothing does.
    """

    name: str
    category: str
    table: TableId
    description: str
    reads: tuple[Reads, ...]
    measure: Callable[..., ir.Table]
    judge: Callable[[Day], Verdict]
    previous_days: int = 0
    blocking: bool = False
    kept_by: str = ""

    def __post_init__(self) -> None:
        """The measurement is built when it is declared, so a wrong column stops the import."""
        if "day" not in self.expression.columns:
            raise ContractError(f"{self.id}: the measurement gives no column 'day'")

    @property
    def id(self) -> str:
        """The same for the same question in every run."""
        return f"{self.table.name}.{self.name}"

    @property
    def expression(self) -> ir.Table:
        """The measurement over unbound tables."""
        return self.measure(*(read.unbound for read in self.reads))

    @property
    def sql(self) -> str:
        """The measurement as SQL over the lake's table names, for all days there are."""
        text = str(ibis.to_sql(self.expression, dialect="duckdb"))
        for read in self.reads:
            text = text.replace(f'"{read.name}"', read.id.name)
        return text


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check says of one day. `seconds` is what the check took for all days of its run."""

    check: QualityCheck
    day: dt.date
    verdict: Verdict
    seconds: float


def log_of(domain: str) -> TableId:
    """Where a domain's verdicts are kept."""
    return TableId("ops", domain, "data_quality_log")


def due_at(day: dt.date, deadline_hours: float, zone: dt.tzinfo | None) -> dt.datetime:
    """When a day's deliveries are overdue: hours that really pass after its start in the zone.

    >>> due_at(dt.date(2024, 1, 1), 30, dt.UTC)
    datetime.datetime(2024, 1, 2, 6, 0, tzinfo=datetime.timezone.utc)
    """
    start = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    return (start + dt.timedelta(hours=deadline_hours)).astimezone(zone)


def overdue(
    units: Mapping[dt.date, Collection[str]],
    deliveries: Mapping[dt.date, Collection[str]],
    now: dt.datetime,
    deadline_hours: float,
) -> dict[dt.date, list[str]]:
    """Units that did not deliver although the day's deadline has passed.

    Args:
        units: active units by day.
        deliveries: units whose delivery came, by day.
        now: the moment, in the time zone that days are counted in.
        deadline_hours: hours after a day's start.

    Returns:
        The missing units of each day that has any, in the order of `units`.
    """
    missing = {
        day: [unit for unit in expected if unit not in set(deliveries.get(day, ()))]
        for day, expected in sorted(units.items())
        if due_at(day, deadline_hours, now.tzinfo) <= now
    }
    return {day: names for day, names in missing.items() if names}


def named(names: Sequence[str]) -> str:
    """Names for people: the first twenty, then how many more.

    >>> named(["Recife", "Olinda"])
    'Recife, Olinda'
    """
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def evaluate(
    checks: Sequence[QualityCheck],
    days: Sequence[dt.date],
    lake: Lake,
    settings: Settings,
    *,
    now: dt.datetime,
    given: Mapping[TableId, arrow.Table] | None = None,
) -> list[Finding]:
    """Judge these days: one query a check for all of them, over the files of the days it needs.

    Args:
        checks: in the order of their findings.
        days: days to judge, each once, sorted.
        lake: where the tables lie.
        settings: limits of the engine, the zone of days, the deadline.
        now: the moment that deadlines are compared with.
        given: rows to use in place of a stored table, with its columns.

    Returns:
        A finding for every check and day, by check, then by day.
    """
    embedded = dataclasses.replace(settings, engine="duckdb")
    with engine.session(embedded) as session:
        bound = _Relations(session, lake, given or {})
        return [
            finding
            for check in checks
            for finding in _findings(check, days, bound, now.astimezone(settings.zone), settings)
        ]


def _findings(
    check: QualityCheck,
    days: Sequence[dt.date],
    bound: "_Relations",
    now: dt.datetime,
    settings: Settings,
) -> list[Finding]:
    started = time.perf_counter()
    reach = {
        day - dt.timedelta(days=back) for day in days for back in range(check.previous_days + 1)
    }
    for read in check.reads:
        bound.bind(read, sorted(reach))
    measured = {row["day"]: row for row in bound.session.table(check.expression).to_pylist()}
    processed = set(bound.snapshot(check.reads[0].id).days) if check.previous_days else set()
    judged = []
    for day in days:
        earlier = [day - dt.timedelta(days=back) for back in range(check.previous_days, 0, -1)]
        facts = Day(
            day=day,
            measured=measured.get(day, {}),
            previous=[measured.get(each, {}) for each in earlier if each in processed],
            now=now,
            deadline_hours=settings.deadline_hours,
        )
        judged.append((day, check.judge(facts)))
    seconds = time.perf_counter() - started
    return [
        Finding(check=check, day=day, verdict=verdict, seconds=seconds) for day, verdict in judged
    ]


class _Relations:
    """Relations of one evaluation: every table is opened once, so all checks see the same lake."""

    def __init__(self, session: Session, lake: Lake, given: Mapping[TableId, arrow.Table]) -> None:
        self.session = session
        self._lake = lake
        self._given = given
        self._snapshots: dict[TableId, Snapshot] = {}
        self._days: dict[str, list[dt.date]] = {}

    def snapshot(self, table: TableId) -> Snapshot:
        """The table as it was when first asked for."""
        if table not in self._snapshots:
            self._snapshots[table] = self._lake.table(table).snapshot()
        return self._snapshots[table]

    def bind(self, read: Reads, days: list[dt.date]) -> None:
        """Let the name of `read` mean its rows of these days."""
        if self._days.get(read.name) == days:
            return
        self._days[read.name] = days
        if read.id in self._given:
            rows = self._given[read.id].select(read.schema.names)
            self.session.arrow(read.name, rows.cast(arrow_schema(read.schema)))
        elif read.as_of:
            self._bind_valid(read, days)
        elif read.newest:
            shown = self.snapshot(read.id)
            filled = [file.day for file in shown.files if file.rows]
            self.session.files(read.name, shown.urls(filled[-1:]), read.schema)
        else:
            self.session.files(read.name, self.snapshot(read.id).urls(days), read.schema)

    def _bind_valid(self, read: Reads, days: list[dt.date]) -> None:
        shown = self.snapshot(read.id)
        valid = valid_snapshots(shown, days)
        stored, wanted = f"{read.name}__stored", f"{read.name}__days"
        self.session.files(stored, shown.urls(set(valid.values())), read.schema)
        columns = {"asked": list(valid), "valid": list(valid.values())}
        schema = arrow.schema([("asked", arrow.date32()), ("valid", arrow.date32())])
        self.session.arrow(wanted, arrow.table(columns, schema=schema))
        rows = ibis.table(read.schema, name=stored)
        asked = ibis.table({"asked": "date", "valid": "date"}, name=wanted)
        shown_rows = asked.join(rows, asked.valid == rows.day)  # many days to rows of one
        others = [name for name in read.schema.names if name != "day"]
        self.session.keep(read.name, shown_rows.select(*others, day=shown_rows.asked))


def log_rows(
    findings: Iterable[Finding], *, run_id: str, now: dt.datetime, settings: Settings
) -> dict[dt.date, arrow.Table]:
    """Findings as days of the log, in a fixed order."""
    by_day: dict[dt.date, list[dict[str, object]]] = {}
    texts: dict[str, str] = {}
    for finding in sorted(findings, key=lambda f: f.check.id):
        check, verdict = finding.check, finding.verdict
        if check.id not in texts:
            texts[check.id] = check.sql
        by_day.setdefault(finding.day, []).append(
            {
                "check_id": check.id,
                "check_name": check.name,
                "category": check.category,
                "layer": check.table.layer,
                "table_name": check.table.name.partition(".")[2],
                "check_sql": texts[check.id],
                "result": verdict.result.value,
                "expected_value": verdict.expected,
                "actual_value": verdict.actual,
                "details": verdict.details or None,
                "execution_date": now.astimezone(settings.zone).date(),
                "execution_timestamp": now.astimezone(dt.UTC).replace(tzinfo=None),
                "run_id": run_id,
                "duration_seconds": round(finding.seconds, 3),
            }
        )
    return {
        day: arrow.Table.from_pylist(by_day[day], schema=DATA_QUALITY_LOG.stored)
        for day in sorted(by_day)
    }


def record(
    findings: Iterable[Finding], lake: Lake, *, run_id: str, now: dt.datetime, settings: Settings
) -> int:
    """Replace the judged days of the log in one commit; gives the rows written."""
    findings = list(findings)
    days = log_rows(findings, run_id=run_id, now=now, settings=settings)
    domain = {finding.check.table.domain for finding in findings}
    for name in domain:
        lake.table(log_of(name)).write(
            days, schema=DATA_QUALITY_LOG.stored, note={"run_id": run_id}
        )
    return sum(rows.num_rows for rows in days.values())

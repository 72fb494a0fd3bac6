"""Evaluate quality checks on days of the lake.

Each check runs one query for all days, on the embedded engine, over the files of the days that it
needs. Nothing is written.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Mapping, Sequence

import ibis
import pyarrow as arrow

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import Session, arrow_schema
from lakehouse.platform.quality.checks import CheckedDay, CheckInput, DayFacts, QualityCheck
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.transform.inputs import valid_snapshots
from lakehouse.settings import Settings


def evaluate(
    checks: Sequence[QualityCheck],
    days: Sequence[dt.date],
    lake: Lake,
    settings: Settings,
    *,
    now: dt.datetime,
    given: Mapping[TableId, arrow.Table] | None = None,
) -> list[CheckedDay]:
    """Return the assessment of every day by every check, by check, then by day.

    Args:
        checks: in the order of their results.
        days: days to assess, each once, sorted.
        lake: where the tables are stored.
        settings: limits of the engine, time zone of the lake, deadline of deliveries.
        now: the moment that deadlines are compared with.
        given: rows to use in place of a stored table, with its columns.
    """
    embedded = dataclasses.replace(settings, engine="duckdb")
    local_now = now.astimezone(settings.zone)
    with engine.session(embedded) as session:
        relations = _Relations(session, lake, given or {})
        return [
            checked
            for check in checks
            for checked in _checked_days(check, days, relations, local_now, settings.deadline_hours)
        ]


def _checked_days(
    check: QualityCheck,
    days: Sequence[dt.date],
    relations: "_Relations",
    now: dt.datetime,
    deadline_hours: float,
) -> list[CheckedDay]:
    started = time.perf_counter()
    facts = _facts(check, days, relations, now, deadline_hours)
    assessments = [check.assess(each) for each in facts]
    seconds = time.perf_counter() - started
    return [
        CheckedDay(check=check, day=day, assessment=assessment, seconds=seconds)
        for day, assessment in zip(days, assessments, strict=True)
    ]


def _facts(
    check: QualityCheck,
    days: Sequence[dt.date],
    relations: "_Relations",
    now: dt.datetime,
    deadline_hours: float,
) -> list[DayFacts]:
    """Run the query of a check and return the facts of each day."""

    def before(day: dt.date) -> list[dt.date]:
        return [day - dt.timedelta(days=back) for back in range(check.previous_days, 0, -1)]

    read_days = sorted({each for day in days for each in (*before(day), day)})
    for each in check.inputs:
        relations.bind(each, read_days)
    rows = {row["day"]: row for row in relations.session.table(check.expression).to_pylist()}
    main = check.inputs[0].id
    processed = set(relations.snapshot(main).days) if check.previous_days else set()
    return [
        DayFacts(
            day=day,
            measured=rows.get(day, {}),
            previous=[rows.get(each, {}) for each in before(day) if each in processed],
            now=now,
            deadline_hours=deadline_hours,
        )
        for day in days
    ]


class _Relations:
    """The relations of one evaluation; each table is opened once, so all checks see one version."""

    def __init__(self, session: Session, lake: Lake, given: Mapping[TableId, arrow.Table]) -> None:
        self.session = session
        self._lake = lake
        self._given = given
        self._snapshots: dict[TableId, Snapshot] = {}
        self._days: dict[str, list[dt.date]] = {}

    def snapshot(self, table: TableId) -> Snapshot:
        """Return the version of the table that was current when it was first read."""
        if table not in self._snapshots:
            self._snapshots[table] = self._lake.table(table).snapshot()
        return self._snapshots[table]

    def bind(self, read: CheckInput, days: list[dt.date]) -> None:
        """Register the rows of these days under the name of the input."""
        if self._days.get(read.name) == days:
            return
        self._days[read.name] = days
        if read.id in self._given:
            rows = self._given[read.id].select(read.schema.names)
            self.session.arrow(read.name, rows.cast(arrow_schema(read.schema)))
        elif read.as_of:
            self._bind_as_of(read, days)
        elif read.newest:
            shown = self.snapshot(read.id)
            filled = [file.day for file in shown.files if file.rows]
            self.session.files(read.name, shown.urls(filled[-1:]), read.schema)
        else:
            self.session.files(read.name, self.snapshot(read.id).urls(days), read.schema)

    def _bind_as_of(self, read: CheckInput, days: list[dt.date]) -> None:
        """Register, for each day, the rows of the newest stored day up to it."""
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

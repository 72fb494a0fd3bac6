"""Stage days of a table: read upstream, compute, validate, and write files without a commit.

The caller decides where the files go and whether they are committed. Nothing here knows Dagster.
"""

import datetime as dt
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import Session, arrow_schema, named_relation
from lakehouse.platform.engines.spark_files import Convert
from lakehouse.platform.models.promotion import promoted_content
from lakehouse.platform.storage.day_rows import RowsByDay
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import QUARANTINE, ROW_OUTCOMES
from lakehouse.platform.tables.reason_codes import split_reasons
from lakehouse.platform.tables.table import PARTITIONS, ReadScope, Table
from lakehouse.platform.transform.classify import ClassifiedRows, classify_rows, outcome_rows
from lakehouse.platform.transform.days import sort_columns, within
from lakehouse.platform.transform.definition import definition_of, version_of
from lakehouse.platform.transform.due_days import due_days
from lakehouse.platform.transform.empty_days import has_no_rows
from lakehouse.platform.transform.inputs import (
    UpstreamSnapshots,
    bind_days,
    bind_partitions,
    bind_upstream,
    days_named,
    windows,
)
from lakehouse.platform.transform.outcomes import outcomes_of, quarantine_of
from lakehouse.platform.transform.quarantined_values import quarantine_rows
from lakehouse.platform.transform.rejections import in_order_of_lines, rejected_rows
from lakehouse.platform.transform.slices import Slice, rows_at_once, rows_of_days, slices_of
from lakehouse.platform.transform.snapshots import kept_rows, snapshot_days
from lakehouse.platform.transform.validate import failed_days
from lakehouse.settings import Settings

CLUSTER_CHUNKS = 100
"""A cluster computes so many times the rows at once that the embedded engine does."""

_RECORDED = "recorded_days"
"""Name of the days of which outcomes are recorded, in a session."""
_COMPUTED = "computed"
"""Name of a table's computed rows in a session."""


@dataclass(kw_only=True)
class StagedDays:
    """Staged days of one table and of its companions, ready for one commit of each."""

    table: Table
    schema: pa.Schema
    engine: str = ""
    """Name and version of the engine; with the upstream rows where they decided which it is."""
    staged: list[Staged] = field(default_factory=list)
    companions: dict[TableId, tuple[pa.Schema, list[Staged]]] = field(default_factory=dict)
    failed_days: dict[dt.date, str] = field(default_factory=dict)
    """Days that break the contract and are not staged, with the broken rules."""
    outcomes: dict[dt.date, Counter[str]] = field(default_factory=dict)
    """Delivered rows of each business day by outcome."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejected rows by reason."""

    @property
    def definition(self) -> Definition:
        """Return the definition that made the days."""
        return definition_of(self.table)

    @property
    def rows(self) -> int:
        """Rows in the staged days."""
        return sum(each.rows for each in self.staged)


def stage_days(
    table: Table,
    days: Sequence[dt.date],
    lake: Lake,
    settings: Settings,
    *,
    target: Lake | None = None,
) -> StagedDays:
    """Compute these days of a table and write their files; nothing is visible before a commit.

    Args:
        table: computed by an expression.
        days: days to compute.
        lake: upstream tables are read from it.
        settings: engine, from how many upstream rows it is Spark, and how many are computed at a
            time.
        target: files are written into it; by default into ``lake``.

    Raises:
        RowsLost: an expression over delivered rows returned fewer or more rows than it received.
        Exception: raised by the table's `before_compute`; nothing is written then.
    """
    if table.options.before_compute is not None:
        table.options.before_compute(lake, days)
    writer = _Writer(table, lake if target is None else target)
    writer.models = {
        name: promoted_content(lake, table.id.domain, name) for name in table.options.models
    }
    upstream = UpstreamSnapshots.of(table, lake)
    settings, writer.result.engine = _engine_of(upstream, days, settings)
    due = due_days(table, lake, settings, days, dt.datetime.now(dt.UTC))
    on_cluster = settings.engine == "spark"
    rows = rows_of_days(table, settings.chunk_rows)
    if on_cluster:
        rows = rows_at_once(table, settings.chunk_rows) * CLUSTER_CHUNKS
    for window in windows(days, upstream, rows):
        read = (
            (each.table, upstream.urls(each, window))
            for each in table.reads
            if each.scope is not ReadScope.LAST_DAYS
        )
        writer.version = version_of(table, read)
        writer.read_rows = sum(upstream.rows(day) for day in window)
        if has_no_rows(upstream, window):
            _stage_empty_days(table, window, writer)
            continue
        rows_read = upstream.rows_read(window) if on_cluster or settings.uses_s3 else None
        with engine.session(settings, rows_read) as session:
            bind_partitions(session, window, due)
            bind_upstream(session, upstream, window)
            if table.validates_rows:
                _stage_delivered_rows(session, upstream, window, writer)
            elif slices := _slices(session, upstream, window, settings):
                _stage_sliced_day(session, upstream, window[0], slices, writer)
            else:
                _stage_computed_rows(session, table, window, writer)
    return writer.result


def _engine_of(
    upstream: UpstreamSnapshots, days: Sequence[dt.date], settings: Settings
) -> tuple[Settings, str]:
    """Return the settings with the engine that computes these days, and its description."""
    embedded = upstream.table.options.embedded
    if embedded or settings.engine == "duckdb":
        chosen = engine.engine_settings(settings, embedded=embedded)
        return chosen, engine.engine_version(chosen)
    rows = upstream.rows_read(days)
    chosen = engine.engine_settings(settings, embedded=False, rows=rows)
    return chosen, f"{engine.engine_version(chosen)} ({rows:,} rows)"


class _Writer:
    """Write computed days into the files of one lake and collect the result."""

    def __init__(self, table: Table, lake: Lake) -> None:
        schema = arrow_schema(table.contract.schema)
        stored = schema.remove(schema.get_field_index("day"))
        self.result = StagedDays(table=table, schema=stored)
        self.version = self.result.definition.version
        """Of the definition that makes the days of a window, in the names of their files."""
        self.read_rows = 0
        """About how many upstream rows a window reads."""
        self.models: Mapping[str, pa.Table] = {}
        """Versions in use of the models that the table names."""
        self._lake = lake

    def write_rows(self, session: Session, ordered: ir.Table, days: Sequence[dt.date]) -> None:
        self.result.staged += session.stage_days(
            ordered,
            days,
            self._lake.table(self.result.table.id),
            self.result.schema,
            definition=self.version,
            read_rows=self.read_rows,
        )

    def write_days(self, days: RowsByDay) -> None:
        table = self._lake.table(self.result.table.id)
        schema = self.result.schema
        self.result.staged += table.stage_many(days, schema, definition=self.version)

    def write_day(self, day: dt.date, batches: Iterable[pa.RecordBatch]) -> None:
        table = self._lake.table(self.result.table.id)
        staged = table.stage(day, batches, self.result.schema, definition=self.version)
        self.result.staged.append(staged)

    def write_companion(
        self,
        session: Session,
        companion: TableId,
        schema: pa.Schema,
        ordered: ir.Table,
        days: Sequence[dt.date],
        convert: Convert | None = None,
    ) -> None:
        table = self._lake.table(companion)
        staged = session.stage_days(
            ordered, days, table, schema, convert=convert, read_rows=self.read_rows
        )
        self.result.companions.setdefault(companion, (schema, []))[1].extend(staged)

    def write_empty_companion(
        self, companion: TableId, schema: pa.Schema, days: Sequence[dt.date]
    ) -> None:
        empty = schema.empty_table()
        staged = self._lake.table(companion).stage_many(((day, empty) for day in days), schema)
        self.result.companions.setdefault(companion, (schema, []))[1].extend(staged)


class _DayFailed(Exception):
    """A day breaks the contract; the message names the broken rules."""


def _stage_computed_rows(
    session: Session, table: Table, window: Sequence[dt.date], writer: _Writer
) -> None:
    """Stage the days that satisfy the contract; record the others as failed days."""
    rows = _compute(session, table, window, writer.models)
    failed = failed_days(session, table, rows)
    writer.result.failed_days |= failed
    good = [day for day in window if day not in failed]
    if good:
        ordered = (
            rows.filter(within(rows.day, good)).order_by(sort_columns(table))
            if writer.result.failed_days
            else _ordered_rows(table)
        )
        writer.write_rows(session, ordered, good)


def _stage_sliced_day(
    session: Session,
    upstream: UpstreamSnapshots,
    day: dt.date,
    slices: Sequence[Slice],
    writer: _Writer,
) -> None:
    """Compute and write a day slice by slice, so that memory does not grow with its rows.

    Slices follow the order of the key, so the bytes equal those of a day computed at once.
    """
    table = upstream.table

    def batches() -> Iterator[pa.RecordBatch]:
        for each in slices:
            bind_upstream(session, upstream, [day], each)
            rows = _compute(session, table, [day], writer.models)
            if failed := failed_days(session, table, rows):
                raise _DayFailed(failed[day])
            yield from session.batches(_ordered_rows(table))

    try:
        writer.write_day(day, batches())
    except _DayFailed as error:
        writer.result.failed_days[day] = str(error)


def _stage_delivered_rows(
    session: Session, upstream: UpstreamSnapshots, window: Sequence[dt.date], writer: _Writer
) -> None:
    """Stage the kept rows of a window, the outcome of each delivered row, and rejected rows."""
    rows = classify_rows(session, upstream, window)
    if upstream.table.reads[0].scope is ReadScope.SNAPSHOT:
        valid = upstream.valid_snapshots(window)
        writer.write_days(snapshot_days(session, upstream, rows.kept, window))
        recorded = sorted({taken for day, taken in valid.items() if taken == day})
    else:
        writer.write_rows(session, kept_rows(upstream.table, rows.kept), window)
        recorded = list(window)
    bind_days(session, _RECORDED, recorded)
    _stage_outcomes(session, rows, window, writer)
    _stage_quarantine(session, rows, window, writer)


def _stage_empty_days(table: Table, window: Sequence[dt.date], writer: _Writer) -> None:
    """Stage days that are known to have no rows, without a session of the engine."""
    empty = writer.result.schema.empty_table()
    writer.write_days((day, empty) for day in window)
    if table.validates_rows:
        writer.write_empty_companion(outcomes_of(table.id), ROW_OUTCOMES.stored, window)
        writer.write_empty_companion(quarantine_of(table.id), QUARANTINE.stored, window)


def _stage_outcomes(
    session: Session, rows: ClassifiedRows, window: Sequence[dt.date], writer: _Writer
) -> None:
    """Count and stage the outcomes; only those of the recorded days."""
    outcomes = outcome_rows(session, rows)
    counted, ordered = _recorded_outcomes(outcomes)
    for row in session.table(counted).to_pylist():
        writer.result.outcomes.setdefault(row["day"], Counter())[row["outcome"]] += row["n"]
    companion = outcomes_of(writer.result.table.id)
    writer.write_companion(session, companion, ROW_OUTCOMES.stored, ordered, window)


@functools.lru_cache(maxsize=512)
def _recorded_outcomes(outcomes: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the outcomes of the recorded days: counted, and in their order."""
    recorded = outcomes.semi_join(days_named(_RECORDED), "day")
    counted = recorded.group_by("day", "outcome").agg(n=recorded.count())
    return counted, recorded.order_by("day", "delivery_day", "file", "digest", "line")


def _stage_quarantine(
    session: Session, rows: ClassifiedRows, window: Sequence[dt.date], writer: _Writer
) -> None:
    """Count and stage the rejected rows; only those of the recorded days are staged."""
    table = writer.result.table
    rejected = session.keep("quarantine", rejected_rows(table, rows, days_named(_RECORDED)))
    for row in session.table(_counted_codes(rejected)).to_pylist():
        for code in split_reasons(row["codes"]):
            writer.result.reasons[code] += row["n"]
    writer.write_companion(
        session,
        quarantine_of(table.id),
        QUARANTINE.stored,
        in_order_of_lines(rejected),
        window,
        convert=functools.partial(quarantine_rows, version=table.contract.version),
    )


@functools.lru_cache(maxsize=512)
def _counted_codes(rejected: ir.Table) -> ir.Table:
    return rejected.group_by("codes").agg(n=rejected.count())


def _slices(
    session: Session, upstream: UpstreamSnapshots, window: Sequence[dt.date], settings: Settings
) -> list[Slice]:
    """Return the slices of a window of one large day; none for a window of several days.

    A cluster needs none: it distributes the rows of a day and writes what does not fit to disk.
    """
    if len(window) > 1 or settings.engine == "spark":
        return []
    return slices_of(session, upstream.table, upstream.rows(window[0]), settings.chunk_rows)


def _compute(
    session: Session, table: Table, window: Sequence[dt.date], models: Mapping[str, pa.Table]
) -> ir.Table:
    """Compute the rows for the bound upstream rows; return those of the bound days."""
    if table.options.python:
        session.arrow(_COMPUTED, _python_rows(session, table, window, models))
    else:
        session.keep(_COMPUTED, table.contracted_expression)
    return _rows_of_window(table)


def _python_rows(
    session: Session, table: Table, window: Sequence[dt.date], models: Mapping[str, pa.Table]
) -> pa.Table:
    """Run the inputs of a table and its Python code; an as-of table has one day in a window."""
    (day,) = window
    made = table.python_rows
    inputs = {name: session.table(expression) for name, expression in made.inputs.items()}
    rows = made.compute(day, {**inputs, **models})
    schema = arrow_schema(table.contract.schema)
    if not rows.num_rows:
        return schema.empty_table()
    dated = rows.append_column("day", pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows))
    return dated.select(schema.names).cast(schema)


@functools.cache
def _rows_of_window(table: Table) -> ir.Table:
    return named_relation(_COMPUTED, table.contract.schema).semi_join(PARTITIONS, "day")


@functools.cache
def _ordered_rows(table: Table) -> ir.Table:
    return _rows_of_window(table).order_by(sort_columns(table))

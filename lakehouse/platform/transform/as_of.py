"""As-of tables: which partition is out of date, and which older ones are stale.

The automatic partition of a domain is that of its newest day: the last day that one of the tables
has which as-of tables read. It is out of date when the data that it would be computed from differs
from the data recorded in ``ops/<domain>/as_of_days``. That is decided from the Delta logs without
reading rows. An older partition whose data changed later is stale; it is rebuilt on request.
"""

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.engines.sql_texts import expression_digest
from lakehouse.platform.models.promotion import promoted
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.ops_tables import AS_OF_DAYS, AsOfInputs
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.stored_rows import stage_ops_table
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of
from lakehouse.settings import Settings


def as_of_days_of(domain: str) -> TableId:
    """Return the ops table that records from which data each as-of day was computed."""
    return TableId("ops", domain, AS_OF_DAYS.name)


def as_of_tables(domain: Domain) -> tuple[Table, ...]:
    """Return the as-of tables of which runs make the newest day, each after the tables it reads."""
    return tuple(
        table
        for table in domain.tables
        if table.read_by_newest_day and not table.options.on_request
    )


def out_of_date(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """Return the newest day, when its partitions have to be made, with what identifies the work.

    That is the digest of the data and the version of the record, so that work is asked for again
    when the data returns to an earlier state.
    """
    if not as_of_tables(domain):
        return {}
    snapshots = _upstream(domain, lake)
    today = dt.datetime.now(settings.zone).date()
    newest = max((d for s in snapshots.values() for d in s.days if d <= today), default=None)
    if newest is None:
        return {}
    digest = _digest(domain, snapshots, newest) + _models_in_use(domain, lake)
    if _recorded(domain, lake).get(newest) == digest:
        return {}
    version = lake.table(as_of_days_of(domain.name)).snapshot().version
    return {newest: f"{digest}@{version}"}


def stale_days(domain: Domain, lake: Lake) -> list[dt.date]:
    """Return the stored as-of days whose data, or models in use, changed after their computation.

    Such a day keeps its rows, and the predictions of the model of that time, until it is rebuilt.
    """
    recorded = _recorded(domain, lake)
    if not recorded or not as_of_tables(domain):
        return []
    snapshots = _upstream(domain, lake)
    models = _models_in_use(domain, lake)
    return [
        day
        for day, digest in recorded.items()
        if _digest(domain, snapshots, day) + models != digest
    ]


def digests(domain: Domain, lake: Lake, days: Iterable[dt.date]) -> dict[dt.date, str]:
    """Return for each day the digest of the data that its partitions would be computed from."""
    snapshots = _upstream(domain, lake)
    models = _models_in_use(domain, lake)
    return {day: _digest(domain, snapshots, day) + models for day in days}


def stage_as_of_days(
    domain: Domain, lake: Lake, days: Sequence[dt.date], digests: Mapping[dt.date, str]
) -> StagedTables:
    """Write from which data these days were computed.

    The digests must be those from before the days were computed: data that changes during the run
    makes the day out of date again.
    """
    count = len(as_of_tables(domain))
    rows = {
        day: AS_OF_DAYS.to_arrow([AsOfInputs(day=day, tables=count, inputs=digests.get(day, ""))])
        for day in days
    }
    return stage_ops_table(lake, as_of_days_of(domain.name), AS_OF_DAYS, rows)


def _recorded(domain: Domain, lake: Lake) -> dict[dt.date, str | None]:
    return {
        file.day: file.bounds.get("inputs", (None, None))[0]
        for file in lake.table(as_of_days_of(domain.name)).snapshot().files
        if file.rows
    }


def _upstream(domain: Domain, lake: Lake) -> dict[TableId, Snapshot]:
    """Return the tables of which as-of tables read all days up to their day."""
    read = {
        read.table.id
        for table in as_of_tables(domain)
        for read in table.reads
        if not read.table.read_by_newest_day
    }
    return {table: lake.table(table).snapshot() for table in sorted(read)}


def _models_in_use(domain: Domain, lake: Lake) -> str:
    """Return a digest of the versions in use; empty when no table names a model."""
    names = sorted({name for table in as_of_tables(domain) for name in table.options.models})
    if not names:
        return ""
    used = (promoted(lake, domain.name, name) for name in names)
    text = ",".join(model.version if model else "" for model in used)
    return f"/{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _digest(domain: Domain, snapshots: Mapping[TableId, Snapshot], day: dt.date) -> str:
    """Return the digest of the expressions and of the data up to a day."""
    content = hashlib.sha256(_expressions(as_of_tables(domain)).encode())
    for table, snapshot in snapshots.items():
        versions = (f"{f.day}={f.data_version}" for f in snapshot.files if f.day <= day and f.rows)
        content.update(f"|{table.name}:{','.join(versions)}".encode())
    return content.hexdigest()[:16]


@functools.cache
def _expressions(tables: tuple[Table, ...]) -> str:
    """Identify all expressions: a changed expression makes the newest day out of date."""
    return "|".join(
        code_facts.of_table(table, "expression", functools.partial(_identified, table))
        for table in tables
    )


def _identified(table: Table) -> str:
    if table.options.python:
        return definition_of(table).version
    expression = table.contracted_expression
    return expression_digest(expression.op()) or typed_sql(expression, "duckdb")

"""Say what has to be done about changed contracts, table by table, before anything is done."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lakehouse.platform.ingestion.bronze_tables import format_of
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import unpack
from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.kept_files import KeptFileDamaged, KeptFiles
from lakehouse.platform.ingestion.read_day import DayReader
from lakehouse.platform.ingestion.unrecognized_files import unrecognized_files_of
from lakehouse.platform.migration.changes import DROP_HINT, kind_conflict
from lakehouse.platform.migration.older import older_days
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.tables.upgrade import current_id
from lakehouse.platform.transform.definition import has_definition
from lakehouse.settings import Settings

MOST_HEADERS = 5_000
"""Kept files whose headers are all compared with the format."""
HEADER_BYTES = 16_384
"""Bytes at the start of a file in which its header is searched."""


class Action(StrEnum):
    """What has to be done about a table."""

    NOTHING = "nothing to do"
    REBUILD = "rebuild"
    RENAME = "rename and rebuild"
    REMOVED = "no longer declared"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a changed contract means for one table."""

    table: TableId
    action: Action
    days: tuple[dt.date, ...] = ()
    """Days to rebuild; of a table that is no longer declared, the days that it has."""
    what: str = ""
    """What changed."""
    hint: str | None = None


def plan(
    domain: Domain, lake: Lake, settings: Settings, *, others: Collection[TableId] = ()
) -> list[Step]:
    """Return one step for each stored or renamed table of a domain, upstream first.

    Args:
        domain: by the code that is loaded.
        lake: where the tables are; only logs, and for a conflict kept files, are read.
        settings: limits of files.
        others: tables that are declared elsewhere than among those of the domain.
    """
    sources = dict(_renamed(domain, lake))
    steps = [
        found
        for table in domain.tables
        if (found := _step(table, domain, lake, settings, sources.get(table.id))) is not None
    ]
    return [*steps, *_removed(domain, lake, {*others, *sources.values()})]


def has_conflict(steps: Collection[Step]) -> bool:
    """Return whether a person has to decide something first."""
    return any(step.action is Action.CONFLICT for step in steps)


def has_work(steps: Collection[Step]) -> bool:
    """Return whether something has to be rebuilt."""
    return any(step.action in (Action.REBUILD, Action.RENAME) for step in steps)


def renamed_tables(domain: Domain, lake: Lake) -> dict[TableId, TableId]:
    """Return the tables that have stored days under an earlier name, with that name."""
    return dict(_renamed(domain, lake))


def _renamed(domain: Domain, lake: Lake) -> Iterator[tuple[TableId, TableId]]:
    declared = {table.id for table in domain.tables}
    for table in domain.tables:
        source = table.source
        earlier = source.renamed_from if source else table.options.renamed_from
        if earlier is not None:
            before = TableId(table.id.layer, table.id.domain, earlier)
            if before not in declared and lake.table(before).exists():
                yield table.id, before


def _step(
    table: Table, domain: Domain, lake: Lake, settings: Settings, before: TableId | None
) -> Step | None:
    stored = lake.table(table.id).snapshot()
    if before is not None:
        days = lake.table(before).snapshot().days
        what = f"{before.name} is called {table.id.name} now"
        return Step(table=table.id, action=Action.RENAME, days=days, what=what)
    if not stored.files or not has_definition(table):
        return None
    if problem := kind_conflict(table, stored):
        hint = DROP_HINT.format(table.id.name)
        return Step(
            table=table.id, action=Action.CONFLICT, days=stored.days, what=problem, hint=hint
        )
    older = older_days(table, lake, stored)
    if older is None:
        return Step(table=table.id, action=Action.NOTHING, what=f"{len(stored.days):,} days")
    step = Step(
        table=table.id, action=Action.REBUILD, days=older.days, what="; ".join(older.changes)
    )
    if table.source is not None and (
        problem := _rejected(table, domain, lake, settings, step.days)
    ):
        return replace(
            step,
            action=Action.CONFLICT,
            what=f"{step.what}; {problem}",
            hint="mark a column that older files lack as optional=True, or name its earlier header"
            " among its aliases",
        )
    return step


def _rejected(
    bronze: Table, domain: Domain, lake: Lake, settings: Settings, days: tuple[dt.date, ...]
) -> str | None:
    """Return which kept file, loaded before, would be rejected by the format as it is now.

    The newest and the oldest day with files are read, and of the others the headers of all files,
    or, where they are very many, of one file of each unit and month.
    """
    known = lake.table(raw_table(domain.name, bronze.id.table)).snapshot()
    filled = [file.day for file in known.files if file.rows and file.day in days]
    reader = DayReader(
        format=format_of(bronze, domain.spec, settings),
        kept=KeptFiles(lake.store, domain.name),
    )
    for day in dict.fromkeys((*filled[-1:], *filled[:1])):
        before = read_deliveries(lake, domain.name, bronze.id.table, [day], snapshot=known)
        loaded = {each.key for each in before if each.readable}
        for after in reader.read(day, before).deliveries:
            if after.key in loaded and not after.readable:
                return f"kept files of {day} would be rejected: {after.detail or after.reason}"
    deliveries = read_deliveries(lake, domain.name, bronze.id.table, filled, snapshot=known)
    for each in _sampled([delivery for delivery in deliveries if delivery.has_rows]):
        if problem := _problem_of_header(each, reader):
            return f"kept files of {each.day} would be rejected: {problem}"
    return None


def _sampled(deliveries: Sequence[Delivery]) -> Collection[Delivery]:
    """Return all of these files, or one of each unit and month when they are very many."""
    if len(deliveries) <= MOST_HEADERS:
        return deliveries
    return {(each.unit, each.day.year, each.day.month): each for each in deliveries}.values()


def _problem_of_header(delivery: Delivery, reader: DayReader) -> str | None:
    """Return why the header of a kept file has not the columns of the format."""
    wanted, limit = reader.format.source.format, reader.format.limit
    try:
        data = unpack(reader.kept.read(delivery.digest), wanted, name=delivery.file, limit=limit)
        read_csv(data[:HEADER_BYTES].rpartition(b"\n")[0] + b"\n", wanted, name=delivery.file)
    except FileRejected as error:
        return str(error) if error.reason is FileReason.SCHEMA else None
    except KeptFileDamaged:  # named by `lakehouse status`
        return None
    return None


def _removed(domain: Domain, lake: Lake, known: Collection[TableId]) -> Iterator[Step]:
    declared = {table.id for table in domain.tables} | {*known}
    for table in lake.tables(domain=domain.name):
        of_platform = table == unrecognized_files_of(domain.name) or current_id(table) != table
        if table.companion or table in declared or of_platform or table.layer == Layer.OPS:
            continue
        shown = lake.table(table).snapshot()
        if shown.schema is None:  # some S3 servers list the folders of deleted objects
            continue
        yield Step(
            table=table,
            action=Action.REMOVED,
            days=shown.days,
            what="stays readable as it is, and is not updated",
            hint="declare renamed_from if it was renamed, else delete it:"
            f" lakehouse migrate --drop {table.name}",
        )

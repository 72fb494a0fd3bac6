"""Erase a person from the lake, for good.

The steps, each of which may run again: store marks, which keep later deliveries from restoring the
data; plan, by days and files only; rewrite the landing zone; replace kept bytes with their
deliveries and bronze; rebuild all tables of the affected days; delete old versions and old bytes.
After a crash the same request continues from the plan and from a new search.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.privacy import search
from lakehouse.platform.privacy.context import ErasureContext, ErasureReport
from lakehouse.platform.privacy.delta_log import delete_files
from lakehouse.platform.privacy.erase_corrections import erase_corrections
from lakehouse.platform.privacy.erase_files import rewrite_landed_files, rewrite_staged_files
from lakehouse.platform.privacy.erase_kept_files import replace_kept_files
from lakehouse.platform.privacy.findings import FindingKind
from lakehouse.platform.privacy.known_ids import identifying_values
from lakehouse.platform.privacy.marks import (
    MarkedPersons,
    MarkKey,
    load_or_create_key,
    write_marks,
)
from lakehouse.platform.privacy.person import Persons
from lakehouse.platform.privacy.personal_columns import has_numeric_ids, stored_personal_columns
from lakehouse.platform.privacy.plan import ErasurePlan
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.privacy.search_files import kept_files
from lakehouse.platform.privacy.search_tables import (
    UnparsableLines,
    current_rows,
    data_files,
    outdated_files,
    read_data_file,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import delete_publications, publish, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings

ROUNDS = 3
"""How often tables are rebuilt at most until the person is in none of them."""
ABANDONED = dt.timedelta(hours=1)
"""Age after which an unfinished file belongs to no running process."""

Rebuild = Callable[[Domain, Sequence[dt.date]], None]
"""Rebuilds all tables of a domain for days, from bronze on, and whatever depends on them."""


def erase(persons: Persons, lake: Lake, settings: Settings, rebuild: Rebuild) -> ErasureReport:
    """Erase a person from every domain that knows them.

    No run of these domains may be in progress. After a crash the same call completes the work.

    Args:
        persons: the person in each domain, from `known_ids.persons_in`.
        lake: the lake.
        settings: of the landing zone, and limits.
        rebuild: brings the tables of days up to date.
    """
    report = ErasureReport()
    key = load_or_create_key(lake, settings)
    for domain, person in persons.items():
        write_marks(lake, key.marks(domain, person))
    failpoint("privacy.marked")
    for domain, person in persons.items():
        scope = SearchScope(domain=load_domain(domain), lake=lake, settings=settings, person=person)
        _erase(_resume(scope, key, report), rebuild)
    return report


def _erase(context: ErasureContext, rebuild: Rebuild) -> None:
    scope = context.scope
    for finding in search.find(scope):
        key = (finding.domain, finding.table, finding.what)
        context.report.found[key] += finding.rows
    rewrite_staged_files(context)
    rewrite_landed_files(context)
    replace_kept_files(context)
    failpoint("privacy.redacted")
    _rebuild_tables(context, rebuild)
    if corrected := erase_corrections(scope):
        context.count("days of the trail of corrections", len(corrected))
    failpoint("privacy.refreshed")
    _publish_newest(scope)
    _delete_old_versions(context)
    context.plan.delete()
    left = list(search.find(scope))
    context.report.left += left
    stored = scope.lake.tables(domain=scope.name)
    computed = {table.name for table in stored if table.layer in ("bronze", "silver", "gold")}
    undeclared = computed - {table.name for table in _declared(scope)}
    context.report.notes += [
        f"{name} is no longer declared, so it is not rebuilt; hint: lakehouse migrate --drop {name}"
        for name in sorted({each.table for each in left} & undeclared)
    ]


def _declared(scope: SearchScope) -> list[TableId]:
    """Return the stored tables that a run rebuilds, with their companions."""
    declared = {(table.id.layer, table.id.table) for table in scope.domain.tables}
    stored = scope.lake.tables(domain=scope.name)
    return [table for table in stored if (table.layer, table.table) in declared]


def _resume(scope: SearchScope, key: MarkKey, report: ErasureReport) -> ErasureContext:
    """Begin a plan, or continue that of an interrupted request with the persons it was about."""
    plan = ErasurePlan.load(scope.lake.store, scope.name)
    if plan.marks:
        interrupted = MarkedPersons(
            domain=scope.name,
            digests={key.fingerprint: frozenset(plan.marks)},
            keys={key.fingerprint: key},
        ).recognize(identifying_values(scope), numeric=has_numeric_ids(scope.name))
        person = replace(
            scope.person,
            ids=scope.person.ids | interrupted.ids,
            emails=scope.person.emails | interrupted.emails,
        )
        scope = replace(scope, person=person)
    plan.marks |= {mark.digest for mark in key.marks(scope.name, scope.person)}
    plan.save()
    return ErasureContext(scope=scope, plan=plan, report=report)


def _rebuild_tables(context: ErasureContext, rebuild: Rebuild) -> None:
    """Rebuild the planned days, then days that still have rows of the person."""
    scope, days = context.scope, context.plan.days
    for _ in range(ROUNDS):
        if not days:
            return
        rebuild(scope.domain, sorted(days))
        days = {
            finding.day
            for table in _declared(scope)
            if table.layer in ("silver", "gold")
            for finding in current_rows(scope, table, ())
            if finding.day and finding.what is not FindingKind.NAME
        }
        context.plan.days |= days


def _publish_newest(scope: SearchScope) -> None:
    """Publish the versions without the person, and delete every publication before."""
    if read_published(scope.lake, scope.name) is None:
        return
    publish(scope.lake, scope.name, note={"by": "lakehouse privacy erase"})
    delete_publications(scope.lake, scope.name, before=dt.datetime.now(dt.UTC))


def _delete_old_versions(context: ErasureContext) -> None:
    """Delete old data files and old bytes that contain the person, and only those."""
    scope, store = context.scope, context.scope.lake.store
    lines: set[tuple[str, int]] = set()
    unused: list[str] = []
    used = {each.digest for rows in scope.read_deliveries().values() for each in rows}
    for kept in kept_files(scope):
        lines |= kept.unparsable_lines
        if kept.digest not in used:
            unused.append(kept.digest)
    for table in scope.lake.tables(domain=scope.name):
        paths = _old_files(context, table, lines)
        context.count("old files of tables", len(paths))
        delete_files(scope.lake, table, paths)
    failpoint("privacy.forgotten")
    for digest in unused:
        path = object_path(scope.name, digest)
        reports = [entry.path for entry in store.entries(f"{path}_errors")]
        store.delete([path, *reports])
        context.count("kept files")
    before = dt.datetime.now(dt.UTC) - ABANDONED
    for layer in ("raw", "bronze", "silver", "gold", "ops"):
        unfinished = store.unfinished(f"{layer}/{scope.name}")
        store.delete([entry.path for entry in unfinished if entry.modified_at < before])


def _old_files(context: ErasureContext, table: TableId, lines: UnparsableLines) -> list[str]:
    """Return old data files with the person.

    Where a file has personal columns, but neither id nor address, these are all old files of the
    planned days.
    """
    scope = context.scope
    paths = {path for _, _, path in outdated_files(scope, table, lines)}
    current = set(scope.lake.table(table).snapshot().paths)
    for path, day in data_files(scope.lake, table):
        if day in context.plan.days and path not in current | paths:
            names = read_data_file(scope.lake, f"{table.path}/{path}").column_names
            columns = stored_personal_columns(scope.lake, table, names)
            if columns.others and not columns.identifying:
                paths.add(path)
    return sorted(paths)

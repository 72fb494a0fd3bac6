"""Publish a run: what it wrote becomes visible to `sql`, exports and warehouse in one step.

`Platform` calls this when a run ends, whatever its job: arrivals, refresh, reference dates, or
tables chosen in the Dagster UI. A run with a failed step publishes nothing, except where the only
failures are as-of tables that break their contract: these keep their published version, and all
others are published. Where as-of tables follow from the days that a run made, the run of the as-of
tables publishes both.
"""

import time
from collections.abc import Callable, Collection

import dagster as dg

from lakehouse.platform.orchestration.policy import FAILED_TABLES
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG, MIGRATION_TAG, Work, job_name
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import Published, publish, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.tables.upgrade import OLD_TABLES
from lakehouse.platform.transform import as_of, reference_dates
from lakehouse.settings import Settings


def publish_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, lake: Lake, settings: Settings
) -> list[Published]:
    """Publish the tables of a run that has executed without a failed step.

    A table of the domain that another, failed run changed and this run does not write keeps its
    published version. A run of a migration publishes nothing: its last command does.
    """
    failed = _failed_tables(instance, run)
    if failed is None or MIGRATION_TAG in run.tags:
        return []
    written = _planned(instance, run)
    names = {table.domain for table in written} | {run.tags.get(DOMAIN_TAG, "")}
    published = []
    for name in sorted(names & set(domain_names())):
        domain = load_domain(name)
        if run.job_name == job_name(name, Work.AS_OF):
            written |= _written_by_succeeded_runs(instance, lake, domain)
        elif _is_complete(name, written) and as_of.out_of_date(domain, lake, settings):
            continue
        note = {"run_id": run.run_id, "job": run.job_name, **_duration(instance, run)}
        if failed:
            note["kept"] = ", ".join(sorted(table.name for table in failed))
        published.append(publish_tables(lake, name, written - failed, note=note))
    return published


def _duration(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, str]:
    """Return the seconds since a run started, for the note; nothing when the start is unknown."""
    record = instance.get_run_record_by_id(run.run_id)
    if record is None or record.start_time is None:
        return {}
    return {"seconds": f"{max(time.time() - record.start_time, 0.0):.1f}"}


def publish_finished(lake: Lake, domain: str) -> Published:
    """Publish the newest versions of every table of a domain that has nothing left to run.

    A run may be killed after its last commit and before it publishes; no later run is due then.
    """
    return publish(lake, domain, note={"by": "nothing was left to run"}, dropped=_is_renamed())


def publish_migrated(lake: Lake, domain: Domain) -> Published:
    """Publish the newest versions of every table of a domain after its contracts changed.

    Tables that were deleted because nothing declares them are forgotten.
    """
    declared = {table.id for table in domain.tables}

    def is_gone(table: TableId) -> bool:
        return _base(table) not in declared and not lake.table(table).exists()

    return publish(lake, domain.name, note={"by": "lakehouse migrate"}, dropped=is_gone)


def publish_tables(
    lake: Lake, domain: str, written: Collection[TableId], *, note: dict[str, str]
) -> Published:
    """Publish the newest versions of these tables and of every table that no asset declares.

    Without an earlier publication readers see the newest version of every table, so all of them are
    published then.
    """
    if read_published(lake, domain) is None:
        return publish(lake, domain, note=note, dropped=_is_renamed())
    stored = {table.id for table in load_domain(domain).tables}
    return publish(
        lake,
        domain,
        note=note,
        only=lambda table: _base(table) in written or _base(table) not in stored,
        dropped=_is_renamed(),
    )


def _planned(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[TableId]:
    """Return the tables that a run was started for."""
    planned = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    keys = {
        entry.dagster_event.asset_key
        for entry in instance.all_logs(run.run_id, of_type=planned)
        if entry.dagster_event is not None and entry.dagster_event.asset_key is not None
    }
    return {TableId(*key.path) for key in keys if len(key.path) == 3}


def _failed_tables(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[TableId] | None:
    """Return the as-of tables that a run failed to make; None when anything else failed."""
    failed: set[TableId] = set()
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        data = event.step_failure_data.user_failure_data if event is not None else None
        names = data.metadata.get(FAILED_TABLES) if data is not None else None
        if not isinstance(names, dg.JsonMetadataValue) or not isinstance(names.value, list):
            return None
        failed |= {TableId.from_name(str(name)) for name in names.value}
    return failed


def _is_complete(domain: str, written: Collection[TableId]) -> bool:
    """Return whether a run is one of the domain's own jobs, not of tables that somebody chose."""
    records = (reconciliation_of(domain), reference_dates.inputs_of(domain))
    return any(record in written for record in records)


def _written_by_succeeded_runs(
    instance: dg.DagsterInstance, lake: Lake, domain: Domain
) -> set[TableId]:
    """Return the tables whose newest version was not left by a run that failed or was killed."""
    found: set[TableId] = set()
    succeeded: dict[str | None, bool] = {}
    for table in domain.tables:
        newest = next(iter(lake.table(table.id).history(1)), None)
        run_id = newest.run_id if newest else None
        if run_id not in succeeded:
            run = instance.get_run_by_id(run_id) if run_id else None
            succeeded[run_id] = run is None or run.status is dg.DagsterRunStatus.SUCCESS
        if succeeded[run_id]:
            found.add(table.id)
    return found


def _base(table: TableId) -> TableId:
    """Return the table beside which a quarantine or the row outcomes are stored."""
    return TableId(table.layer, table.domain, table.table)


def _is_renamed() -> Callable[[TableId], bool]:
    return lambda table: (table.layer, table.table) in OLD_TABLES

"""Read what is known about a finished run, as the plain values of a `RunReport`."""

import datetime as dt
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.errors import LineReason
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.notifications.run_messages import (
    LayerReport,
    MessageTemplates,
    RunReport,
)
from lakehouse.platform.notifications.texts import safe_text
from lakehouse.platform.orchestration.partitions import between, days_of
from lakehouse.platform.orchestration.run_steps import FAILURE, SUCCESS, RunStep, steps_of
from lakehouse.platform.orchestration.run_tags import (
    BATCH_TAG,
    DOMAIN_TAG,
    ERASURE_TAG,
    MIGRATION_TAG,
    RANGE_END,
    RANGE_START,
    Work,
    job_name,
)
from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.transform.outcomes import quarantine_of
from lakehouse.settings import Settings

LAYERS = ("bronze", "silver", "gold")
COMMITS = 50
"""Newest commits of a table among which those of a run are looked for."""


def domain_of(run: dg.DagsterRun) -> Domain | None:
    """Return the domain whose tables a run writes; None for a run of any other job."""
    name = run.tags.get(DOMAIN_TAG, "")
    if run.job_name not in {job_name(name, work) for work in Work}:
        return None
    return load_domain(name)


def report_of(
    instance: dg.DagsterInstance, run: dg.DagsterRun, domain: Domain | None, settings: Settings
) -> RunReport:
    """Return what Dagster's records say about a finished run; the lake is not read."""
    steps = steps_of(instance, run)
    layers = _layers(steps, settings) if domain else ()
    record = instance.get_run_record_by_id(run.run_id)
    start, end = (record.start_time, record.end_time) if record else (None, None)
    first, last = _days(run)
    is_reported_by_layer = any(layer.errors for layer in layers)
    return RunReport(
        domain=domain.name if domain else "",
        title=domain.spec.title if domain else run.job_name,
        job=run.job_name,
        run_id=run.run_id,
        origin=run.tags.get(BATCH_TAG, run.root_run_id or run.run_id),
        settings=settings,
        reported_on=dt.datetime.now(settings.zone).date(),
        first=first,
        last=last,
        reports_success=(
            domain is not None
            and run.job_name == job_name(domain.name, Work.ARRIVALS)
            and not {ERASURE_TAG, MIGRATION_TAG} & run.tags.keys()
        ),
        layers=layers,
        steps={step.name: step.status for step in steps},
        error=(
            ""
            if run.is_success or is_reported_by_layer
            else safe_text(_run_error(instance, run, steps), settings)
        ),
        seconds=(end or time.time()) - start if start else 0.0,
    )


def with_lake(
    report: RunReport, run: dg.DagsterRun, domain: Domain, lake: Lake, templates: MessageTemplates
) -> RunReport:
    """Add what the lake says about the run: files, rows, changed layers, figures of the domain."""
    days = between(report.first, report.last) if report.first and report.last else []
    loaded, rejected = _files(domain, lake, days, report.settings)
    rows, rejected_rows = _rows(domain, lake, days)
    changed = _changed_layers(run, domain, lake)
    layers = tuple(
        replace(layer, changed=bool(changed & set(LAYERS[: LAYERS.index(layer.name) + 1])))
        if layer.name in LAYERS
        else layer
        for layer in report.layers
    )
    figures: dict[str, int] = {}
    for layer in layers:
        if templates.figures and layer.succeeded and layer.changed:
            figures |= templates.figures(layer.name, lake, report.settings)
    return replace(
        report,
        layers=layers,
        loaded_files=loaded,
        rejected_files=rejected,
        rows=rows,
        rejected_rows=rejected_rows,
        figures=figures,
    )


def _days(run: dg.DagsterRun) -> tuple[dt.date | None, dt.date | None]:
    partition = run.tags.get("dagster/partition", "")
    keys = {run.tags.get(RANGE_START, partition), run.tags.get(RANGE_END, partition)}
    if "" in keys:
        return None, None
    days = days_of(keys)
    return days[0], days[-1]


def _layers(steps: Iterable[RunStep], settings: Settings) -> tuple[LayerReport, ...]:
    by_layer: dict[str, list[RunStep]] = {name: [] for name in LAYERS}
    for step in steps:
        by_layer.setdefault(step.layer, []).append(step)
    return tuple(
        LayerReport(
            name=name,
            errors=tuple(
                safe_text(plain_cause(f"{step.error_class}: {step.error}") or step.error, settings)
                for step in own
                if step.status == FAILURE
            ),
            succeeded=all(step.status == SUCCESS for step in own),
        )
        for name, own in by_layer.items()
        if own
    )


def _run_error(instance: dg.DagsterInstance, run: dg.DagsterRun, steps: Iterable[RunStep]) -> str:
    """Return why a run failed: its first failed step, else what Dagster recorded for the run."""
    for step in steps:
        if step.error:
            text = f"{step.error_class}: {step.error}" if step.error_class else step.error
            return plain_cause(text) or text
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    event = failures[-1].dagster_event if failures else None
    return (event.message if event else None) or "no cause was recorded"


def _files(
    domain: Domain, lake: Lake, days: Sequence[dt.date], settings: Settings
) -> tuple[int, dict[str, str]]:
    """Return how many files of these days are loaded, and why others are rejected."""
    loaded = 0
    rejected: dict[str, str] = {}
    for source in domain.sources:
        for delivery in read_deliveries(lake, domain.name, source.dataset, days):
            loaded += delivery.status is Status.LOADED
            if not delivery.readable:
                reason = delivery.detail or delivery.reason or ""
                rejected[delivery.file] = safe_text(reason, settings)
    return loaded, rejected


def _rows(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> tuple[int, int]:
    """Return the rows that loaded files of these days delivered, and how many were rejected.

    Lines of records that were erased on request are neither.
    """
    table = lake.table(reconciliation_of(domain.name))
    reconciled = table.read(days).to_pylist() if table.exists() else []
    files = [row for row in reconciled if row["status"] == Status.LOADED]
    erased = _erased_lines(domain, lake, days, {row["file"] for row in files})
    unparsable = sum(row["unparsable_lines"] for row in files) - erased
    return (
        sum(row["bronze_rows"] for row in files) + unparsable,
        sum(row["quarantined_rows"] for row in files) + unparsable,
    )


def _erased_lines(
    domain: Domain, lake: Lake, days: Sequence[dt.date], files: Collection[str]
) -> int:
    """Return how many lines of these files stand for records that were erased on request."""
    lines = 0
    for table in domain.tables:
        if table.source is None or table.id.layer != Layer.BRONZE:
            continue
        quarantine = lake.table(quarantine_of(table.id))
        if quarantine.exists():
            for rows in quarantine.read_batches(days, columns=["file", "reasons"]):
                own = rows.filter(pc.equal(pc.list_value_length(rows["reasons"]), 1))
                erased = pc.equal(pc.list_element(own["reasons"], 0), LineReason.ERASED.value)
                of_files = pc.is_in(own["file"], pa.array(sorted(files), pa.string()))
                lines += pc.sum(pc.and_(erased, of_files)).as_py() or 0
    return lines


def _changed_layers(run: dg.DagsterRun, domain: Domain, lake: Lake) -> set[str]:
    """Return the layers to which the run, or the run that it retries, committed rows."""
    root = run.root_run_id or run.run_id
    runs = {run.run_id, run.parent_run_id or run.run_id, root}
    tables = [lake.table(table.id) for table in domain.tables if table.id.layer in LAYERS]
    return {
        str(table.id.layer)
        for table in tables
        if table.exists()
        and any(version.run_id in runs and version.rows for version in table.history(COMMITS))
    }

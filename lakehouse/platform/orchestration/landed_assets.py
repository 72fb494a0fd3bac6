"""Assets of a delivered dataset: one step reads its files and commits raw and bronze."""

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.file_report import FileReport
from lakehouse.platform.ingestion.ingest import Ingested, stage_ingestion
from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)
from lakehouse.platform.orchestration.contract_checks import contract_check, contract_results
from lakehouse.platform.orchestration.metadata import SHOWN_PROBLEMS, asset_key, joint_version
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import IO_MANAGER, step_policy, table_spec
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.stored_rows import require_comparable
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

FILES = "files"
WARNINGS = "warnings"
"""Name under which the check shows what a person should know about files that are recorded."""
HINT = (
    "`lakehouse quarantine list` shows every rejected file; a corrected file of the same name"
    " replaces the rejected one as soon as it is delivered"
)


def landed_asset(bronze: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the step that loads the delivered files of one dataset into raw and bronze."""
    dataset = bronze.id.table
    raw = domain.table("raw", dataset)
    for table in (raw, bronze):
        code_facts.of_table(table, "is comparable", functools.partial(_require_comparable, table))
    specs = [
        table_spec(raw, domain, settings),
        table_spec(bronze, domain, settings, deps=[asset_key(raw.id)]),
    ]

    @dg.multi_asset(
        name=f"{domain.name}_{dataset}_landed",
        specs=[spec.with_io_manager_key(IO_MANAGER) for spec in specs],
        check_specs=[
            partitioned_check(
                FILES,
                specs[0].key,
                specs[0].partitions_def,
                "No delivered file is rejected, held back or dated in the future.",
            ),
            contract_check(raw.model, specs[0]),
            contract_check(bronze.model, specs[1]),
        ],
        **step_policy(domain, Layer.BRONZE),
    )
    def landed(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        listing = platform.listing(domain, tuple(days))
        intake = platform.intake(domain)
        done = stage_ingestion(bronze, days, intake, listing, reread=platform.reread)
        for warning in (*done.unread.values(), *done.warnings):
            context.log.warning("%s", warning)
        for table, rows in ((raw.id, sum(done.files.values())), (bronze.id, done.rows)):
            yield _result(done, table, rows, days)
            for day in sorted(set(done.reports) - set(days)):
                key = asset_key(table)
                context.log_event(dg.AssetMaterialization(key, partition=day.isoformat()))
        files = dg.AssetCheckKey(asset_key(raw.id), FILES)
        yield from partition_results(
            context,
            [
                *(_files_result(files, day, report) for day, report in done.reports.items()),
                *contract_results(done.staged, raw.id),
                *contract_results(done.staged, bronze.id),
            ],
        )

    return landed


def _require_comparable(table: Table) -> str:
    require_comparable(table.contract)
    return "yes"


def _result(
    done: Ingested, table: TableId, rows: int, days: Sequence[dt.date]
) -> dg.MaterializeResult[Any]:
    """Return one of the two tables for the I/O manager, which commits both together."""
    versions = done.staged.tables[table].data_versions
    metadata: dict[str, Any] = {
        "dagster/row_count": rows,
        "lakehouse/days": len(days),
        "lakehouse/engine": done.engine,
        **{f"lakehouse/files_{status}": n for status, n in sorted(done.files.items())},
    }
    if done.unparsable:
        metadata["lakehouse/unparsable_lines"] = done.unparsable
    return dg.MaterializeResult(
        asset_key=asset_key(table),
        value=done.staged,
        data_version=dg.DataVersion(joint_version({day: versions[day] for day in days})),
        metadata=metadata,
    )


def _files_result(check: dg.AssetCheckKey, day: dt.date, report: FileReport) -> PartitionResult:
    """Warn when a file is rejected or held back, naming the first ones with the reason."""
    bad = {status: report.files[status] for status in ("rejected", "held") if report.files[status]}
    metadata: dict[str, Any] = {**bad, **dict(list(report.problems.items())[:SHOWN_PROBLEMS])}
    if report.notes:
        metadata["schema_drift"] = report.notes[:SHOWN_PROBLEMS]
    if report.warnings:
        metadata[WARNINGS] = report.warnings[:SHOWN_PROBLEMS]
    if bad:
        metadata["hint"] = HINT
    return PartitionResult(
        check=check,
        day=day,
        passed=not bad and not report.warnings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )

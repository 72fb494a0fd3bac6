"""Assets of a delivered dataset: one step reads its files and commits raw and bronze."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.ingest import Ingested, ingest
from lakehouse.platform.orchestration.metadata import (
    SHOWN_PROBLEMS,
    asset_key,
    contract_metadata,
    joint_version,
    preview,
)
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import step_policy, table_spec
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import has_definition
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

    @dg.multi_asset(
        name=f"{domain.name}_{dataset}_landed",
        specs=[
            table_spec(raw, domain, settings),
            table_spec(bronze, domain, settings, deps=[asset_key(raw.id)]),
        ],
        check_specs=[
            dg.AssetCheckSpec(
                FILES,
                asset=asset_key(raw.id),
                description="No delivered file is rejected, held back or dated in the future.",
            )
        ],
        **step_policy(domain, Layer.BRONZE),
    )
    def landed(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        intake = platform.intake(domain)
        listing = platform.listing(domain, tuple(days))
        done = ingest(
            bronze,
            days,
            intake,
            listing,
            note={"run_id": context.run.run_id},
            reread=platform.reread,
        )
        for warning in (*done.unread.values(), *done.warnings):
            context.log.warning("%s", warning)
        yield _result(context, platform, done, raw, sum(done.files.values()), days)
        yield _result(context, platform, done, bronze, done.rows, days)
        yield _files_check(raw.id, done)

    return landed


def _result(
    context: dg.AssetExecutionContext,
    platform: Platform,
    done: Ingested,
    made: Table,
    rows: int,
    days: Sequence[dt.date],
) -> dg.MaterializeResult[Any]:
    """Report one of the two tables, and record days that were written beyond those of the run."""
    table = made.id
    for day in sorted(set(done.days) - set(days)):
        context.log_event(dg.AssetMaterialization(asset_key(table), partition=day.isoformat()))
    versions = done.data_versions[table]
    metadata: dict[str, Any] = {
        "dagster/row_count": rows,
        "lakehouse/days": len(days),
        **{f"lakehouse/files_{status}": n for status, n in sorted(done.files.items())},
    }
    if done.unparsable:
        metadata["lakehouse/unparsable_lines"] = done.unparsable
    if has_definition(made):
        metadata |= contract_metadata(made, platform.lake)
    if len(days) == 1:
        metadata["lakehouse/preview"] = preview(platform.lake, table, days)
    return dg.MaterializeResult(
        asset_key=asset_key(table),
        data_version=dg.DataVersion(joint_version({day: versions[day] for day in days})),
        metadata=metadata,
    )


def _files_check(raw: TableId, done: Ingested) -> dg.AssetCheckResult:
    """Warn when a file is rejected or held back, naming the first ones with the reason."""
    bad = {status: done.files[status] for status in ("rejected", "held") if done.files[status]}
    metadata: dict[str, Any] = {**bad, **dict(list(done.problems.items())[:SHOWN_PROBLEMS])}
    if done.notes:
        metadata["schema_drift"] = done.notes[:SHOWN_PROBLEMS]
    if done.warnings:
        metadata[WARNINGS] = done.warnings[:SHOWN_PROBLEMS]
    if bad:
        metadata["hint"] = HINT
    return dg.AssetCheckResult(
        asset_key=asset_key(raw),
        check_name=FILES,
        passed=not bad and not done.warnings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )

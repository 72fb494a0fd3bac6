"""The quality checks of a domain in Dagster: one asset writes the log and answers for every table.

A check is shown on the table it is about, once in a run, with the days it found wanting.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as arrow

from lakehouse.platform.orchestration.metadata import asset_key, book_metadata
from lakehouse.platform.orchestration.pandera_checks import check_keys
from lakehouse.platform.orchestration.partitions import daily, days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality import checks as quality
from lakehouse.platform.quality.checks import DataQualityLog, Finding, QualityCheck, Result
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

SHOWN_DAYS = 20

RETRY = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL)


def quality_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """The data-quality log of a domain, made after all of its tables, with its checks.

    A part of the checks can be asked for alone: then nothing is written.
    """
    table = quality.log_of(domain.name)
    key = asset_key(table)
    by_key = {check_key(check): check for check in domain.checks}

    @dg.multi_asset(
        name=f"ops_{domain.name}_data_quality_log",
        specs=[
            dg.AssetSpec(
                key=key,
                deps=[asset_key(t.id) for t in domain.stored if not t.monthly],
                description=DataQualityLog.__doc__,
                group_name=f"{domain.name}_{table.layer}",
                kinds={"duckdb", "deltalake"},
                owners=list(domain.spec.owners),
                tags={"lakehouse/domain": domain.name},
                metadata=book_metadata(table, DataQualityLog),
                partitions_def=daily(domain.spec, settings),
                skippable=True,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=of.asset_key, description=_description(check))
            for of, check in by_key.items()
        ],
        allow_arbitrary_check_specs=True,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def data_quality_log(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        asked = context.selected_asset_check_keys
        writes = key in context.selected_asset_keys
        findings = quality.evaluate(
            [check for of, check in by_key.items() if writes or of in asked],
            days,
            platform.lake,
            platform.settings,
            now=platform.started_at,
            given=_balances(context, domain, platform, days),
        )
        by_check: dict[dg.AssetCheckKey, list[Finding]] = {}
        for finding in findings:
            by_check.setdefault(check_key(finding.check), []).append(finding)
        if writes:
            rows = quality.record(
                findings,
                platform.lake,
                run_id=context.run.run_id,
                now=platform.started_at,
                settings=platform.settings,
            )
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={"dagster/row_count": rows, "lakehouse/days": len(days)}
                | {f"lakehouse/{result}": n for result, n in counted(findings).items()},
            )
        for of in by_key:
            if of in asked:
                yield check_result(of, by_check[of])
        broken = [
            finding
            for finding in findings
            if finding.check.blocking and finding.verdict.result is Result.FAIL
        ]
        if broken:
            first = broken[0]
            raise dg.Failure(
                f"{first.check.id} fails on {len({finding.day for finding in broken})} of"
                f" {len(days)} days, first {first.day}: {first.verdict.actual} where"
                f" {first.verdict.expected} was expected. Nothing is undone; see"
                f" {table.name}, mend the tables and materialize these days again",
                allow_retries=False,
            )

    return data_quality_log


def quality_job(domain: Domain) -> Any:
    """Judge days again without touching their tables."""
    checks = (check_key(check) for check in domain.checks)
    return dg.define_asset_job(
        quality_job_name(domain.name),
        selection=dg.AssetSelection.assets(asset_key(quality.log_of(domain.name)))
        | dg.AssetSelection.checks(*checks, *check_keys(domain)),
        description="Judge these days as they are now; a check passes by itself once mended.",
        tags={"lakehouse/domain": domain.name},
    )


def quality_job_name(domain: str) -> str:
    """Name of the job that judges days."""
    return f"{domain}_data_quality"


def check_key(check: QualityCheck) -> dg.AssetCheckKey:
    """The check as Dagster names it."""
    return dg.AssetCheckKey(asset_key(check.table), check.name)


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings there are of each result that occurs."""
    results = [finding.verdict.result for finding in findings]
    return {each.value: results.count(each) for each in Result if each in results}


def check_result(key: dg.AssetCheckKey, findings: Sequence[Finding]) -> dg.AssetCheckResult:
    """One result for all days of a run: an error when a day fails, a warning when a day warns.

    The days found wanting are named, failures first, each with what was found and expected.
    """
    worst_first = sorted(
        (f for f in findings if f.verdict.result is not Result.PASS),
        key=lambda f: (f.verdict.result is not Result.FAIL, f.day),
    )
    counts = counted(findings)
    shown = worst_first[:SHOWN_DAYS] if worst_first else findings[-1:]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not worst_first,
        severity=dg.AssetCheckSeverity.ERROR
        if Result.FAIL.value in counts
        else dg.AssetCheckSeverity.WARN,
        metadata={"days": len(findings), **counts, **{f.day.isoformat(): _said(f) for f in shown}},
    )


def _said(finding: Finding) -> str:
    verdict = finding.verdict
    details = f"; {verdict.details}" if verdict.details else ""
    return f"{verdict.result.value}: {verdict.actual}, expected {verdict.expected}{details}"


def _description(check: QualityCheck) -> str:
    kept = f" Kept before storing by {check.kept_by}." if check.kept_by else ""
    return check.description + kept


def _balances(
    context: dg.AssetExecutionContext, domain: Domain, platform: Platform, days: list[dt.date]
) -> Mapping[TableId, arrow.Table]:
    """The balances of the days when this run is about to write them; else the books are right."""
    book = reconciliation.reconciliation_of(domain.name)
    if asset_key(book) not in context.job_def.asset_layer.selected_asset_keys:
        return {}
    made = platform.balances(domain, tuple(days))
    return {book: arrow.concat_tables(made[day] for day in days)}

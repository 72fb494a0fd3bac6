"""Quality checks of a domain in Dagster: one asset evaluates them all and writes the log.

Each check is shown on the table that it is about, with one result per run that names the days
which did not pass.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as arrow

from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.pandera_checks import check_keys
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import ops_asset
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality import checks as quality
from lakehouse.platform.quality.checks import Finding, QualityCheck, Result
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

SHOWN_DAYS = 20


def quality_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the data quality log of a domain, written after all of its tables, with its checks.

    A run may select some of the checks only; it evaluates them and writes no log.
    """
    table = quality.log_of(domain.name)
    log_key = asset_key(table)
    by_key = {check_key(check): check for check in domain.checks}

    @ops_asset(
        domain,
        settings,
        table,
        DATA_QUALITY_LOG.model,
        description=DATA_QUALITY_LOG.description,
        deps=[asset_key(t.id) for t in domain.stored if not t.options.monthly],
        kinds=("duckdb", "deltalake"),
        skippable=True,
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=key.asset_key, description=_description(check))
            for key, check in by_key.items()
        ],
        allow_arbitrary_check_specs=True,
        can_subset=True,
    )
    def data_quality_log(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        selected = context.selected_asset_check_keys
        writes_log = log_key in context.selected_asset_keys
        findings = quality.evaluate(
            [check for key, check in by_key.items() if writes_log or key in selected],
            days,
            platform.lake,
            platform.settings,
            now=platform.started_at,
            given=_balances(context, domain, platform, days),
        )
        if writes_log:
            rows = quality.record(
                findings,
                platform.lake,
                run_id=context.run.run_id,
                now=platform.started_at,
                settings=platform.settings,
            )
            counts = {f"lakehouse/{result}": n for result, n in counted(findings).items()}
            yield dg.MaterializeResult(
                asset_key=log_key,
                metadata={"dagster/row_count": rows, "lakehouse/days": len(days), **counts},
            )
        by_check = {key: [f for f in findings if f.check is check] for key, check in by_key.items()}
        yield from (check_result(key, by_check[key]) for key in by_key if key in selected)
        _raise_for_blocking(findings, days)

    return data_quality_log


def quality_job(domain: Domain) -> Any:
    """Return the job that evaluates checks on days without recomputing their tables."""
    checks = (check_key(check) for check in domain.checks)
    return dg.define_asset_job(
        quality_job_name(domain.name),
        selection=dg.AssetSelection.assets(asset_key(quality.log_of(domain.name)))
        | dg.AssetSelection.checks(*checks, *check_keys(domain)),
        description="Evaluate the quality checks of these days on the tables as they are now.",
        tags={"lakehouse/domain": domain.name},
    )


def quality_job_name(domain: str) -> str:
    """Return the name of the job that evaluates quality checks."""
    return f"{domain}_data_quality"


def check_key(check: QualityCheck) -> dg.AssetCheckKey:
    """Return the key of a quality check in Dagster."""
    return dg.AssetCheckKey(asset_key(check.table), check.name)


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """Count the findings by result; results that do not occur are left out."""
    results = [finding.verdict.result for finding in findings]
    return {each.value: results.count(each) for each in Result if each in results}


def check_result(key: dg.AssetCheckKey, findings: Sequence[Finding]) -> dg.AssetCheckResult:
    """Return one result for all days of a run: an error if a day fails, else a warning.

    The metadata names the days that did not pass, failures first, with actual and expected value.
    When all days pass, it shows the last one.
    """
    not_passed = sorted(
        (f for f in findings if f.verdict.result is not Result.PASS),
        key=lambda f: (f.verdict.result is not Result.FAIL, f.day),
    )
    counts = counted(findings)
    shown = not_passed[:SHOWN_DAYS] if not_passed else findings[-1:]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not not_passed,
        severity=dg.AssetCheckSeverity.ERROR
        if Result.FAIL.value in counts
        else dg.AssetCheckSeverity.WARN,
        metadata={
            "days": len(findings),
            **counts,
            **{finding.day.isoformat(): _summary(finding) for finding in shown},
        },
    )


def _summary(finding: Finding) -> str:
    verdict = finding.verdict
    details = f"; {verdict.details}" if verdict.details else ""
    return f"{verdict.result.value}: {verdict.actual}, expected {verdict.expected}{details}"


def _description(check: QualityCheck) -> str:
    kept = f" Enforced before storing by {check.kept_by}." if check.kept_by else ""
    return check.description + kept


def _raise_for_blocking(findings: Sequence[Finding], days: Sequence[dt.date]) -> None:
    """Fail the step when a blocking check fails; the log is written by then."""
    failed = [f for f in findings if f.check.blocking and f.verdict.result is Result.FAIL]
    if not failed:
        return
    first = failed[0]
    raise dg.Failure(
        f"{first.check.id} fails on {len({f.day for f in failed})} of {len(days)} days, first"
        f" {first.day}: {first.verdict.actual}, expected {first.verdict.expected}. The tables stay"
        f" as they are. hint: see {quality.log_of(first.check.table.domain).name}, fix the tables,"
        " then materialize these days again",
        allow_retries=False,
    )


def _balances(
    context: dg.AssetExecutionContext, domain: Domain, platform: Platform, days: list[dt.date]
) -> Mapping[TableId, arrow.Table]:
    """Return the reconciliation that this run is about to store; nothing if it stores none."""
    table = reconciliation.reconciliation_of(domain.name)
    if asset_key(table) not in context.job_def.asset_layer.selected_asset_keys:
        return {}
    by_day = platform.balances(domain, tuple(days))
    return {table: arrow.concat_tables(by_day[day] for day in days)}

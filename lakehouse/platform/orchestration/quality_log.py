"""Quality checks of a domain in Dagster: one asset evaluates them all and writes the log.

Each check is shown on the table that it is about, with one result for each day. The check `RECENT`
of the log shows the state of all checks on the newest days, whichever days the last run was about.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as arrow

from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)
from lakehouse.platform.orchestration.contract_checks import stored
from lakehouse.platform.orchestration.metadata import SHOWN_PROBLEMS, asset_key
from lakehouse.platform.orchestration.pandera_checks import check_keys
from lakehouse.platform.orchestration.partitions import daily, days_of
from lakehouse.platform.orchestration.policy import last_keys, ops_asset
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality.checks import CheckedDay, CheckStatus, QualityCheck, shortened
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse.platform.quality.log import (
    RECENT_DAYS,
    CheckProblem,
    days_with_problems,
    log_of,
    recent_problems,
    stage_log,
)
from lakehouse.platform.reconciliation.open_work import earlier_balances, reconciliation_of
from lakehouse.platform.reconciliation.reconcile import BalancesByDay
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG, RECONCILIATION
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.tables.upgrade import readable_table
from lakehouse.platform.transform.outcomes import quarantine_of
from lakehouse.settings import Settings

RECENT = "recent_days"


def quality_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the data quality log of a domain, written after all of its tables, with its checks.

    A run may select some of the checks only; it evaluates them, after the tables that they read,
    and writes no log.
    """
    table = log_of(domain.name)
    log_key = asset_key(table)
    by_key = {check_key(check): check for check in domain.checks}
    daily_tables = [table for table in domain.tables if table.daily]
    read = {key: _read_by(check, daily_tables) for key, check in by_key.items()}
    by_day = daily(domain.spec, settings)
    recent = dg.AssetCheckSpec(
        RECENT,
        asset=log_key,
        description=f"No quality check fails on the newest {RECENT_DAYS} days of the log.",
    )

    @ops_asset(
        domain,
        settings,
        table,
        DATA_QUALITY_LOG.model,
        description=DATA_QUALITY_LOG.description,
        deps=dict.fromkeys([*last_keys(daily_tables), *itertools.chain(*read.values())]),
        kinds=("duckdb", "deltalake"),
        skippable=True,
        check_specs=[
            *(
                partitioned_check(
                    check.name, key.asset_key, by_day, _description(check), after=read[key]
                )
                for key, check in by_key.items()
            ),
            recent,
        ],
        allow_arbitrary_check_specs=True,
        can_subset=True,
    )
    def data_quality_log(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        selected = context.selected_asset_check_keys
        writes_log = log_key in context.selected_asset_keys
        balances = _balances(context, domain, platform, days)
        if writes_log:
            days = sorted({*days, *days_to_repeat(domain, platform.lake, balances, days)})
        checked = evaluate(
            [check for key, check in by_key.items() if writes_log or key in selected],
            days,
            platform.lake,
            platform.settings,
            now=platform.started_at,
            given=_given(domain, platform.lake, balances, days),
        )
        results = [day_result(each) for each in checked if check_key(each.check) in selected]
        if writes_log:
            staged = stage_log(
                checked,
                platform.lake,
                domain.name,
                run_id=context.run.run_id,
                now=platform.started_at,
                settings=platform.settings,
            )
            counts = {f"lakehouse/{result}": n for result, n in counted(checked).items()}
            metadata = {"dagster/row_count": len(checked), "lakehouse/days": len(days), **counts}
            yield from stored(context, staged, table, metadata, results)
        else:
            yield from partition_results(context, results)
        if recent.key in selected:
            yield recent_result(recent.key, recent_problems(platform.lake, domain.name))
        _raise_for_blocking(checked, days)

    return data_quality_log


def quality_job(domain: Domain) -> Any:
    """Return the job that evaluates checks on days without recomputing their tables."""
    checks = (check_key(check) for check in domain.checks)
    return dg.define_asset_job(
        quality_job_name(domain.name),
        selection=dg.AssetSelection.assets(asset_key(log_of(domain.name)))
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


def _read_by(check: QualityCheck, tables: Iterable[Table]) -> list[dg.AssetKey]:
    """Return the assets of the tables that a check is about or reads."""
    ids = {check.table, *(each.id for each in check.inputs)}
    return [asset_key(table.id) for table in tables if {table.id, quarantine_of(table.id)} & ids]


def counted(checked: Sequence[CheckedDay]) -> dict[str, int]:
    """Count the checked days by status; a status that does not occur is left out."""
    results = [each.assessment.status for each in checked]
    return {each.value: results.count(each) for each in CheckStatus if each in results}


def day_result(each: CheckedDay) -> PartitionResult:
    """Return the result of a check on one day: an error if it fails, else a warning."""
    found = each.assessment
    return PartitionResult(
        check=check_key(each.check),
        day=each.day,
        passed=found.status is CheckStatus.PASS,
        severity=dg.AssetCheckSeverity.ERROR
        if found.status is CheckStatus.FAIL
        else dg.AssetCheckSeverity.WARN,
        metadata={
            "result": found.status.value,
            "found": found.actual,
            "expected": found.expected,
            **({"details": found.details} if found.details else {}),
        },
    )


def recent_result(key: dg.AssetCheckKey, problems: Sequence[CheckProblem]) -> dg.AssetCheckResult:
    """Return whether no check fails on the newest days, with the days on which one does."""
    failing = [each for each in problems if each.status is CheckStatus.FAIL]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failing,
        metadata={
            "days": RECENT_DAYS,
            "failing_checks": len(failing),
            "warning_checks": len(problems) - len(failing),
            **{
                f"{each.check} {each.status}s": shortened(each.days)
                for each in problems[:SHOWN_PROBLEMS]
            },
        },
    )


def _description(check: QualityCheck) -> str:
    rule = f" Enforced before storing by {check.enforced_by}." if check.enforced_by else ""
    return check.description + rule


def _raise_for_blocking(checked: Sequence[CheckedDay], days: Sequence[dt.date]) -> None:
    """Fail the step when a blocking check fails; the log is written by then."""
    failed = [
        each
        for each in checked
        if each.check.blocking and each.assessment.status is CheckStatus.FAIL
    ]
    if not failed:
        return
    first, log = failed[0], log_of(failed[0].check.table.domain).name
    raise dg.Failure(
        f"{first.check.id} fails on {len({each.day for each in failed})} of {len(days)} days, first"
        f" {first.day}: {first.assessment.actual}, expected {first.assessment.expected}. The tables"
        f" stay as they are. hint: see {log}, fix the tables, then materialize these days again",
        allow_retries=False,
    )


def days_to_repeat(
    domain: Domain, lake: Lake, balances: BalancesByDay, days: Sequence[dt.date]
) -> list[dt.date]:
    """Return the days outside of a run whose checks may have other results now.

    These are delivery days whose rows waited for days of the run, and the days after them on which
    a check did not pass: it may have found no rows yet.
    """
    refreshed = set(days)
    others = sorted(balances.keys() - refreshed)
    earlier = earlier_balances(domain, lake, others) if others else {}
    waited = [day for day in others if day in earlier and earlier[day].waiting_days & refreshed]
    if not waited:
        return []
    last = waited[0] + dt.timedelta(days=RECENT_DAYS)
    later = days_with_problems(lake, domain.name, waited[0], last)
    return sorted({*waited, *later} - refreshed)


def _balances(
    context: dg.AssetExecutionContext, domain: Domain, platform: Platform, days: list[dt.date]
) -> BalancesByDay:
    """Return the reconciliation that this run is about to store; nothing if it stores none."""
    table = reconciliation_of(domain.name)
    if asset_key(table) not in context.job_def.asset_layer.selected_asset_keys:
        return {}
    return platform.balances(domain, tuple(days))


def _given(
    domain: Domain, lake: Lake, balances: BalancesByDay, days: Sequence[dt.date]
) -> Mapping[TableId, arrow.Table]:
    """Return the balances of the assessed days as rows, if the run stores any."""
    if not balances:
        return {}
    table = reconciliation_of(domain.name)
    rows = RECONCILIATION.to_arrow(file for day in days for file in balances.get(day, ()))
    if others := [day for day in days if day not in balances]:
        stored = readable_table(lake, table).read(others).select(rows.column_names)
        rows = arrow.concat_tables([rows, stored.cast(rows.schema)])
    return {table: rows}

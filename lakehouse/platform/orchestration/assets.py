"""Tables become Dagster assets: thin shells that compute, judge, commit and report.

Policy that holds for all tables is here and nowhere else: keys, groups, owners, kinds, partitions,
backfills in single runs, one writer per system.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.engines.session import engine_version
from lakehouse.platform.ingestion import ingest
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.metadata import (
    asset_key,
    book_metadata,
    definition_metadata,
    described,
    preview,
)
from lakehouse.platform.orchestration.partitions import daily, days_of, monthly
from lakehouse.platform.orchestration.quality_log import quality_asset
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.sensors import NOT_READY_TAG
from lakehouse.platform.quality.checks import log_of
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.reconciliation.balance import Balance, Reconciliation
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.declare import NotReady, Table
from lakehouse.platform.tables.deliveries_model import Deliveries
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import compute as materialize
from lakehouse.platform.transform import monthly as by_month
from lakehouse.platform.transform.compute import Computed, RowsLost
from lakehouse.settings import Settings

IO_MANAGER = "lake"
CONTRACT, RECONCILIATION, FILES = "contract", "reconciliation", "files"
SHOWN_PROBLEMS = 20
MEND = (
    "`lakehouse quarantine list` has them all; a corrected file of the same name replaces the old"
    " one as soon as it lands"
)

RETRY = dg.RetryPolicy(
    max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def assets_of(domain: Domain, settings: Settings) -> list[dg.AssetsDefinition]:
    """Every stored table of a domain as an asset, and the system's balance behind them."""
    made = [_landed(table, domain, settings) for table in domain.stored if _is_landed(table)]
    made.append(_unrecognized_files(domain, settings))
    for table in domain.stored:
        if table.frames:
            made.append(_framed(table, domain, settings))
        elif table.transform:
            made.append(_computed(table, domain, settings))
    if domain.checks:
        made.append(quality_asset(domain, settings))
    made.append(_balance(domain, settings))
    if by_month.monthly_tables(domain):
        made.append(_months(domain, settings))
    return made


def views_of(domain: Domain) -> list[dg.AssetSpec]:
    """Every view of a domain, to be seen in the graph; it is computed when it is asked."""
    return [
        dg.AssetSpec(
            key=asset_key(table.id),
            deps=[asset_key(read.table.id) for read in table.reads],
            description=described(table),
            group_name=group(domain, "views"),
            kinds={"view"},
            owners=list(table.owners or domain.spec.owners),
            tags={"lakehouse/domain": domain.name, **table.tags},
            metadata=definition_metadata(table),
        )
        for table in domain.tables
        if table.view
    ]


def group(domain: Domain, layer: str) -> str:
    """Group of a layer in the asset graph."""
    return f"{domain.name}_{layer}"


def _is_landed(table: Table) -> bool:
    return table.layer is Layer.BRONZE and table.source is not None


def _spec(table: Table, domain: Domain, settings: Settings, **more: Any) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(table.id),
        description=described(table),
        group_name=group(domain, table.id.layer),
        kinds={settings.engine if table.transform else "csv", "deltalake"},
        owners=list(table.owners or domain.spec.owners),
        tags={"lakehouse/domain": domain.name, **table.tags},
        metadata=definition_metadata(table),
        partitions_def=(monthly if table.monthly else daily)(domain.spec, settings),
        code_version=table.contract.version,
        freshness_policy=(
            _daily_fresh(settings) if table.layer is Layer.GOLD and not table.monthly else None
        ),
        **more,
    )


def _daily_fresh(settings: Settings) -> dg.FreshnessPolicy:
    """Refreshed every night: the schedules run after midnight, people ask from six."""
    return dg.FreshnessPolicy.cron(
        deadline_cron="0 6 * * *",
        lower_bound_delta=dt.timedelta(hours=6),
        timezone=settings.timezone,
    )


def _landed(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Raw and bronze of one dataset: read, kept and committed together."""
    dataset = table.id.table
    raw = domain.table("raw", dataset)

    @dg.multi_asset(
        name=f"{domain.name}_{dataset}_landed",
        specs=[
            _spec(raw, domain, settings),
            _spec(table, domain, settings, deps=[asset_key(raw.id)]),
        ],
        check_specs=[
            dg.AssetCheckSpec(
                FILES, asset=asset_key(raw.id), description="No landed file is rejected or held."
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def landed(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        intake = platform.intake(domain)
        listing = platform.listing(domain, tuple(days))
        done = ingest.ingest(table, days, intake, listing, note={"run_id": context.run.run_id})
        for key, rows in ((raw.id, sum(done.files.values())), (table.id, done.rows)):
            beyond = [day for day in done.days if day not in set(days)]
            for day in beyond:
                context.log_event(
                    dg.AssetMaterialization(asset_key(key), partition=day.isoformat())
                )
            versions = done.data_versions[key]
            yield dg.MaterializeResult(
                asset_key=asset_key(key),
                data_version=dg.DataVersion(_joint({d: versions[d] for d in days})),
                metadata={
                    "dagster/row_count": rows,
                    "lakehouse/days": len(days),
                    **{f"lakehouse/files_{k}": n for k, n in sorted(done.files.items())},
                    **({"lakehouse/unparsable_lines": done.unparsable} if done.unparsable else {}),
                    **_preview(platform, key, days),
                },
            )
        bad = {k: done.files[k] for k in ("rejected", "held") if done.files[k]}
        named = dict(list(done.problems.items())[:SHOWN_PROBLEMS])
        yield dg.AssetCheckResult(
            asset_key=asset_key(raw.id),
            check_name=FILES,
            passed=not bad,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                **bad,
                **named,
                **({"schema_drift": done.notes[:SHOWN_PROBLEMS]} if done.notes else {}),
                **({"hint": MEND} if bad else {}),
            },
        )

    return landed


def _unrecognized_files(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Files of the landing zone that belong to no dataset, recorded with the reason."""
    table = ingest.unrecognized_files_of(domain.name)

    @dg.multi_asset(
        name=f"{domain.name}_unrecognized_files",
        specs=[
            dg.AssetSpec(
                key=asset_key(table),
                description="Landed files that belong to no dataset, or whose name is rejected.",
                group_name=group(domain, table.layer),
                kinds={"deltalake"},
                owners=list(domain.spec.owners),
                tags={"lakehouse/domain": domain.name},
                metadata=book_metadata(table, Deliveries),
                partitions_def=daily(domain.spec, settings),
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def unrecognized_files(
        context: dg.AssetExecutionContext, platform: Platform
    ) -> dg.MaterializeResult[Any]:
        days = days_of(context.partition_keys)
        listing = platform.listing(domain, tuple(days))
        done = ingest.record_unrecognized_files(
            listing.unrecognized_files,
            days,
            platform.intake(domain),
            note={"run_id": context.run.run_id},
        )
        return dg.MaterializeResult(metadata={"dagster/row_count": sum(done.files.values())})

    return unrecognized_files


def _computed(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """A table made by its expression: computed, judged, and only then stored."""
    key = asset_key(table.id)
    checks = [_contract_check(table)]
    if table.judges_rows:
        checks.append(
            dg.AssetCheckSpec(
                RECONCILIATION,
                asset=key,
                blocking=True,
                description="Every landed row is kept, rejected, a duplicate or superseded.",
            )
        )

    @dg.multi_asset(
        name="_".join((table.id.layer, table.id.domain, table.id.table)),
        specs=[
            _spec(
                table,
                domain,
                settings,
                deps=[asset_key(read.table.id) for read in table.reads],
            ).with_io_manager_key(IO_MANAGER)
        ],
        check_specs=checks,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def made(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        if table.monthly:
            platform.month_inputs(domain)
        try:
            computed = materialize.compute(table, days, platform.lake, platform.settings)
        except RowsLost as error:
            yield dg.AssetCheckResult(
                check_name=RECONCILIATION, passed=False, metadata={"problem": str(error)}
            )
            raise dg.Failure(str(error), allow_retries=False) from error
        except NotReady as error:
            context.instance.add_run_tags(context.run.run_id, {NOT_READY_TAG: "true"})
            raise dg.Failure(str(error), allow_retries=False) from error
        yield dg.AssetCheckResult(
            check_name=CONTRACT,
            passed=not computed.withheld,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata=_withheld(computed.withheld),
        )
        if table.judges_rows:
            yield dg.AssetCheckResult(
                check_name=RECONCILIATION,
                passed=True,
                metadata={name: computed.outcomes[name] for name in materialize.OUTCOMES},
            )
        if computed.withheld:
            _store_good_days(context, platform, computed, days)
        versions = {each.day: each.data_version for each in computed.staged}
        yield dg.MaterializeResult(
            value=computed,
            data_version=dg.DataVersion(_joint(versions)),
            metadata={
                "dagster/row_count": computed.rows,
                "lakehouse/days": len(days),
                "lakehouse/engine": engine_version(platform.settings),
                **{f"lakehouse/rejected_{r}": n for r, n in sorted(computed.reasons.items())},
            },
        )

    return made


def _framed(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """A table made by pandas; the libraries for it are imported when there is one."""
    from lakehouse.platform.orchestration.pandas_tables import framed

    return framed(
        table,
        _spec(table, domain, settings),
        _contract_check(table),
        io_manager_key=IO_MANAGER,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )


def _contract_check(table: Table) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CONTRACT,
        asset=asset_key(table.id),
        blocking=True,
        description=f"Every stored row keeps the promises of the Pandera model"
        f" {table.contract.name}.",
    )


def _store_good_days(
    context: dg.AssetExecutionContext,
    platform: Platform,
    computed: Computed,
    days: Sequence[dt.date],
) -> None:
    """Commit the good days of a range, record them, and fail with the bad ones named."""
    key = asset_key(computed.table.id)
    if computed.staged:
        commit(computed, platform.lake, note={"run_id": context.run.run_id})
    for each in computed.staged:
        context.log_event(
            dg.AssetMaterialization(
                key,
                partition=each.day.isoformat(),
                metadata={"dagster/row_count": each.rows},
                tags={"dagster/data_version": each.data_version},
            )
        )
    named = "; ".join(f"{day}: {why}" for day, why in list(computed.withheld.items())[:5])
    raise dg.Failure(
        f"{computed.table.id.name}: {len(computed.withheld)} of {len(days)} days are withheld and"
        f" the good days are stored. {named}. Mend the source or the contract, then materialize"
        " these days again",
        metadata=_withheld(computed.withheld),
        allow_retries=False,
    )


def _balance(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """The balance of every delivery, made after every table of the run."""
    table = reconciliation.reconciliation_of(domain.name)
    upstream = [asset_key(t.id) for t in domain.stored if t.transform and not t.monthly]
    if domain.checks:
        upstream.append(asset_key(log_of(domain.name)))

    @dg.multi_asset(
        name=f"ops_{domain.name}_reconciliation",
        specs=[
            dg.AssetSpec(
                key=asset_key(table),
                deps=upstream,
                description="The balance of every landed file, by delivery day.",
                group_name=group(domain, table.layer),
                kinds={"deltalake"},
                owners=list(domain.spec.owners),
                tags={"lakehouse/domain": domain.name},
                metadata=book_metadata(table, Reconciliation),
                partitions_def=daily(domain.spec, settings),
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "balanced",
                asset=asset_key(table),
                blocking=True,
                description="Lines landed = header + unparsable + rows in exactly one place.",
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def balance(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        made = reconciliation.record(
            domain,
            platform.lake,
            days,
            note={"run_id": context.run.run_id},
            made=platform.balances(domain, tuple(days)),
        )
        rows = [row for rows in made.values() for row in rows.to_pylist()]
        wrong = [row for row in rows if row["balance"] == Balance.UNBALANCED]
        waiting = [row for row in rows if row["balance"] == Balance.WAITING]
        yield dg.AssetCheckResult(
            check_name="balanced",
            passed=not wrong,
            metadata={
                "files": len(rows),
                "waiting": len(waiting),
                "unbalanced": len(wrong),
                **{row["file"]: row["difference"] for row in wrong[:SHOWN_PROBLEMS]},
            },
        )
        if wrong:
            first = wrong[0]
            raise dg.Failure(
                f"{len(wrong)} deliveries do not balance, first {first['file']} of"
                f" {first['day']}: {first['difference']} rows are missing (+) or too many (-)."
                f" See ops.reconciliation; `lakehouse reconciliation` prints it",
                allow_retries=False,
            )
        yield dg.MaterializeResult(
            metadata={"dagster/row_count": len(rows), "lakehouse/waiting": len(waiting)}
        )

    return balance


def _months(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """What each month of the tables by month was made from, noted after all of them."""
    table = by_month.months_of(domain.name)

    @dg.multi_asset(
        name=f"ops_{domain.name}_months",
        specs=[
            dg.AssetSpec(
                key=asset_key(table),
                deps=[asset_key(each.id) for each in by_month.monthly_tables(domain)],
                description=by_month.Months.__doc__,
                group_name=group(domain, table.layer),
                kinds={"deltalake"},
                owners=list(domain.spec.owners),
                tags={"lakehouse/domain": domain.name},
                metadata=book_metadata(table, by_month.Months),
                partitions_def=monthly(domain.spec, settings),
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=domain.name,
    )
    def months(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[Any]:
        made = days_of(context.partition_keys)
        by_month.record(domain, platform.lake, made, platform.month_inputs(domain))
        return dg.MaterializeResult(metadata={"dagster/row_count": len(made)})

    return months


def _withheld(withheld: Mapping[dt.date, str]) -> dict[str, Any]:
    if not withheld:
        return {}
    shown = list(withheld.items())[:SHOWN_PROBLEMS]
    return {"failed_days": len(withheld), **{day.isoformat(): why for day, why in shown}}


def _joint(versions: Mapping[dt.date, str]) -> str:
    """One data version for a range of days; of a single day its own."""
    if len(versions) == 1:
        return next(iter(versions.values()))
    said = "|".join(f"{day}={version}" for day, version in sorted(versions.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _preview(platform: Platform, table: TableId, days: Sequence[dt.date]) -> dict[str, Any]:
    if len(days) > 1:
        return {}
    return {"lakehouse/preview": preview(platform.lake, table, days)}

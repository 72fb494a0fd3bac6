"""The forecast of a domain in Dagster: one asset after its features, with a job and a schedule.

A partition is the last known day: its forecast uses all days until then. It is not part of the
daily runs, but computed on request or by its own schedule. The models return pandas frames, whose
types of dagster-pandas are checked before the I/O manager stores them.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.platform.forecasting import HORIZON, LONGEST, report
from lakehouse.platform.forecasting.declaration import Forecast, ForecastError, forecast_of
from lakehouse.platform.forecasting.forecast import compute_forecasts, forecast_rows
from lakehouse.platform.local_runtime.check_results import PartitionResult, partition_results
from lakehouse.platform.orchestration.contract_checks import CONTRACT, contract_check
from lakehouse.platform.orchestration.metadata import asset_key, ops_metadata
from lakehouse.platform.orchestration.partitions import daily
from lakehouse.platform.orchestration.policy import IO_MANAGER
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings


class ForecastConfig(dg.Config):
    """Run configuration of a forecast."""

    days: int = Field(default=HORIZON, ge=1, le=LONGEST, description="Number of days to forecast.")


def forecast_definitions(domain: Domain, settings: Settings) -> dg.Definitions:
    """Return asset, job and schedule of a domain's forecast; nothing if it declares none."""
    forecast = forecast_of(domain.name)
    if forecast is None:
        return dg.Definitions()
    asset = _asset(forecast, domain, settings)
    job = dg.define_asset_job(
        f"{forecast.domain}_forecast",
        selection=dg.AssetSelection.assets(*asset.keys),
        description="Forecast the days after a last known day.",
        tags={"lakehouse/domain": forecast.domain},
    )
    return dg.Definitions(
        assets=[asset], jobs=[job], schedules=[_daily(forecast.domain, settings, job)]
    )


def _daily(domain: str, settings: Settings, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{domain}_forecast_daily",
        cron_schedule="30 6 * * *",
        job=job,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every morning, with yesterday as the last known day; off by default. Needs"
        " lakehouse[forecast].",
    )
    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        today = context.scheduled_execution_time.astimezone(settings.zone).date()
        return dg.RunRequest(partition_key=(today - dt.timedelta(days=1)).isoformat())

    return evaluate


def _asset(forecast: Forecast, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    import pandas as pd

    from lakehouse.platform.orchestration.pandas_tables import frame_type

    days = daily(domain.spec, settings)

    def out(table: Table) -> dg.AssetOut:
        return dg.AssetOut(
            key=asset_key(table.id),
            dagster_type=frame_type(table),
            io_manager_key=IO_MANAGER,
            description=table.description,
            group_name=f"{forecast.domain}_forecast",
            kinds={"scikitlearn", "deltalake"},
            owners=list(domain.spec.owners),
            tags={"lakehouse/domain": forecast.domain},
            metadata=ops_metadata(table.id, table.model),
        )

    def spec(table: Table) -> dg.AssetSpec:
        return dg.AssetSpec(asset_key(table.id), partitions_def=days)

    @dg.multi_asset(
        name=f"{forecast.domain}_forecast_step",
        outs={table.id.table: out(table) for table in forecast.tables},
        deps=[asset_key(read.table.id) for table in forecast.tables for read in table.reads],
        check_specs=[contract_check(table.model, spec(table)) for table in forecast.tables],
        partitions_def=days,
        pool=forecast.domain,
    )
    def forecast_step(
        context: dg.AssetExecutionContext, config: ForecastConfig, platform: Platform
    ) -> Iterator[Any]:
        day = dt.date.fromisoformat(context.partition_key)
        try:
            made = []
            for each in compute_forecasts(
                forecast, platform.lake, platform.settings, days=config.days, until=day
            ):
                conclusion = report.conclusion(each, forecast.words)
                context.log.info("%s: %s", each.target.title, conclusion)
                made.append(each)
            _require_last_known(forecast, made[0].last_known, day)
            tables = forecast_rows(forecast, made, platform.settings)
        except ForecastError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        published = {
            f"lakehouse/published_{each.target.column}": each.selection.published for each in made
        }
        for table, rows in tables.items():
            yield dg.Output(
                rows.to_pandas(types_mapper=pd.ArrowDtype),
                output_name=table.id.table,
                metadata={"dagster/row_count": rows.num_rows, **published},
            )
        yield from partition_results(context, [_valid(table, day) for table in tables])

    return forecast_step


def _require_last_known(forecast: Forecast, last_known: dt.date, day: dt.date) -> None:
    if last_known != day:
        raise ForecastError(
            f"{forecast.features.id.name} ends on {last_known}, so {day} is not a known day; hint:"
            f" choose the partition {last_known}, or lakehouse ingest --domain {forecast.domain}"
        )


def _valid(table: Table, day: dt.date) -> PartitionResult:
    """Return the result for stored rows: those that break the contract stop the step before."""
    check = dg.AssetCheckKey(asset_key(table.id), CONTRACT)
    return PartitionResult(check=check, day=day, passed=True)

"""A forecast in Dagster: one asset behind its features, with a job and a schedule of its own.

It has no partitions and is not among the tables that are made for each day: a forecast is made of
all days at once, and only when it is asked for.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.platform.forecasting import HORIZON, LONGEST, report
from lakehouse.platform.forecasting.declaration import Forecast, ForecastError, forecast_of
from lakehouse.platform.forecasting.forecasting import forecasts, store
from lakehouse.platform.orchestration.metadata import asset_key, ops_metadata
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings


class ForecastConfig(dg.Config):
    """What may be said of one forecast when it is asked for."""

    days: int = Field(default=HORIZON, ge=1, le=LONGEST, description="How many days to forecast.")


def forecast_definitions(domain: Domain, settings: Settings) -> dg.Definitions:
    """Asset, job and schedule of a domain's forecast; nothing for a domain without one."""
    forecast = forecast_of(domain.name)
    if forecast is None:
        return dg.Definitions()
    made = _asset(forecast, domain)
    job = dg.define_asset_job(
        f"{forecast.domain}_forecast",
        selection=dg.AssetSelection.assets(*made.keys),
        description="Forecast the days to come from all days known.",
        tags={"lakehouse/domain": forecast.domain},
    )
    daily = dg.ScheduleDefinition(
        name=f"{forecast.domain}_forecast_daily",
        job=job,
        cron_schedule="30 6 * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every morning, once switched on; needs lakehouse[forecast].",
    )
    return dg.Definitions(assets=[made], jobs=[job], schedules=[daily])


def _asset(forecast: Forecast, domain: Domain) -> dg.AssetsDefinition:
    def spec(table: Table) -> dg.AssetSpec:
        return dg.AssetSpec(
            key=asset_key(table.id),
            deps=[asset_key(read.table.id) for read in table.reads],
            description=table.description,
            group_name=f"{forecast.domain}_forecast",
            kinds={"scikitlearn", "deltalake"},
            owners=list(domain.spec.owners),
            tags={"lakehouse/domain": forecast.domain},
            metadata=ops_metadata(table.id, table.model),
        )

    @dg.multi_asset(
        name=f"{forecast.domain}_forecast_step",
        specs=[spec(table) for table in forecast.tables],
        pool=forecast.domain,
    )
    def forecast_made(
        context: dg.AssetExecutionContext, config: ForecastConfig, platform: Platform
    ) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            outcomes = []
            for each in forecasts(forecast, platform.lake, platform.settings, days=config.days):
                context.log.info("%s: %s", each.target.title, report.verdict(each))
                outcomes.append(each)
            stored = store(forecast, outcomes, platform.lake, platform.settings)
        except ForecastError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        published = {
            f"lakehouse/published_{each.target.column}": each.verdict.published for each in outcomes
        }
        for table in forecast.tables:
            yield dg.MaterializeResult(
                asset_key=asset_key(table.id),
                metadata={"dagster/row_count": stored[table.id.name], **published},
            )

    return forecast_made

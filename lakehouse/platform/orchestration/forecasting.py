"""The forecast of a domain in Dagster: one asset after its features, with a job and a schedule.

It has no partitions and is not part of the daily runs: a forecast uses all days at once, and is
computed on request or by its own schedule.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.platform.forecasting import HORIZON, LONGEST, report
from lakehouse.platform.forecasting.declaration import Forecast, ForecastError, forecast_of
from lakehouse.platform.forecasting.forecast import compute_forecasts, store_forecasts
from lakehouse.platform.orchestration.metadata import asset_key, ops_metadata
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
    asset = _asset(forecast, domain)
    job = dg.define_asset_job(
        f"{forecast.domain}_forecast",
        selection=dg.AssetSelection.assets(*asset.keys),
        description="Forecast the next days from all known days.",
        tags={"lakehouse/domain": forecast.domain},
    )
    daily = dg.ScheduleDefinition(
        name=f"{forecast.domain}_forecast_daily",
        job=job,
        cron_schedule="30 6 * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every morning; off by default. Needs lakehouse[forecast].",
    )
    return dg.Definitions(assets=[asset], jobs=[job], schedules=[daily])


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
    def forecast_step(
        context: dg.AssetExecutionContext, config: ForecastConfig, platform: Platform
    ) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            made = []
            for each in compute_forecasts(
                forecast, platform.lake, platform.settings, days=config.days
            ):
                conclusion = report.conclusion(each, forecast.words)
                context.log.info("%s: %s", each.target.title, conclusion)
                made.append(each)
            stored = store_forecasts(forecast, made, platform.lake, platform.settings)
        except ForecastError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        published = {
            f"lakehouse/published_{each.target.column}": each.selection.published for each in made
        }
        for table in forecast.tables:
            yield dg.MaterializeResult(
                asset_key=asset_key(table.id),
                metadata={"dagster/row_count": stored[table.id.name], **published},
            )

    return forecast_step

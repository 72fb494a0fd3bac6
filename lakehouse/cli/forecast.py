"""`lakehouse forecast`: forecast the next days of a domain."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, domain_argument, domains_declaring
from lakehouse.cli.output import print_rows
from lakehouse.platform.forecasting import HORIZON, LONGEST
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake

DEMAND = {
    "Expected pieces by day": "select target_day, round(sum(expected))::bigint as pieces,"
    " count(*) as series from TABLE where target_day <= day + DAYS group by all order by all",
    "Methods": "select model, count(*) // count(distinct target_day) as series from TABLE"
    " group by all order by all",
}
"""Titles and queries about a table of demand."""
QUALITY_TITLE = "Quality of the published methods, by week ahead"
QUALITY = (
    "select level, week, round(sum(mase * forecasts) / sum(forecasts), 3) as mase,"
    " round(sum(coverage_pct * forecasts) / sum(forecasts), 1) as inside_90_pct from TABLE"
    " where is_published group by all order by all"
)


@click.command()
@domain_argument
@click.option(
    "--days",
    default=HORIZON,
    show_default=True,
    type=click.IntRange(1, LONGEST),
    help="Number of days to forecast.",
)
@click.option(
    "--until",
    type=Day(),
    help="Last day used as history, such as yesterday; default: the last day with data.",
)
def forecast(domain_name: str, days: int, until: dt.date | None) -> None:
    """Forecast the next days of DOMAIN with the best model.

    Prints the forecast and the errors of all models, in Portuguese. Linear regression and XGBoost
    compete with moving averages. A model is published only if its error on the last days is lower
    than that of every average; otherwise the better average is published. The forecast is stored in
    gold.<domain>_forecast and the errors of the models in gold.<domain>_forecast_models. A second
    forecast from the same day replaces the first one.

    Requires: pip install 'lakehouse[forecast]'.

    Of a domain without such models it prints gold.<domain>_demand_forecast, which the runs of the
    domain compute: expected pieces of the next days, the methods, and how good they were on the
    days before. That needs no library.

    Examples:
      lakehouse forecast sales
      lakehouse forecast sales --days 30 --until yesterday
      lakehouse forecast mrhealth --days 28
    """
    from lakehouse.cli.progress import counted
    from lakehouse.platform.forecasting import report
    from lakehouse.platform.forecasting.declaration import forecast_of
    from lakehouse.platform.forecasting.forecast import compute_forecasts, store_forecasts
    from lakehouse.platform.orchestration.publishing import publish_tables
    from lakehouse.platform.storage.lake import Lake

    declared = forecast_of(domain_name)
    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    if declared is None:
        _print_demand(domain_name, lake, settings, days, until)
        return
    words = declared.words
    each = compute_forecasts(declared, lake, settings, days=days, until=until)
    made = list(counted("modelos", each, total=len(declared.targets)))
    stored = store_forecasts(declared, made, lake, settings)
    tables = [table.id for table in declared.tables]
    publish_tables(lake, domain_name, tables, note={"by": f"lakehouse forecast {domain_name}"})
    first, last = (made[0].values[place][0] for place in (0, -1))
    click.echo(f"{declared.title}: {first} a {last}")
    for target in made:
        click.echo(f"\n{target.target.title}\n")
        print_rows(words.error_columns, report.error_rows(target, words), "table")
        click.echo(f"\n{report.periods(target, words)}\n{report.conclusion(target, words)}\n")
        print_rows(words.value_columns, target.values, "table")
    for table, rows in stored.items():
        inform(f"{rows:,} rows in {table}")


def _print_demand(
    domain: str, lake: "Lake", settings: Settings, days: int, until: dt.date | None
) -> None:
    """Print the stored demand forecast of a domain, as of a day.

    Raises:
        CommandError: the domain has no such table, or no run has made it.
    """
    from lakehouse.platform.serving import sql_catalog as catalog
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import load_domain

    table = TableId("gold", domain, "demand_forecast")
    known = {each.id for each in load_domain(domain).tables}
    if table not in known:
        with_one = {*domains_declaring("forecast"), *domains_declaring(f"gold.{table.table}")}
        raise CommandError(
            f"domain {domain!r} declares no forecast",
            f"domains that do: {', '.join(sorted(with_one))}",
        )
    texts = [
        (title, text.replace("TABLE", table.name).replace("DAYS", str(days)))
        for title, text in DEMAND.items()
    ]
    models = TableId("gold", domain, "forecast_models")
    if models in known:
        texts.append((QUALITY_TITLE, QUALITY.replace("TABLE", models.name)))
    names = {table.name, models.name} if models in known else {table.name}
    with catalog.connect(lake, settings, names=names, as_of=until) as connection:
        for title, text in texts:
            answer = catalog.query(connection, text)
            columns = [column[0] for column in answer.description or ()]
            rows = answer.fetchall()
            if not rows and title in DEMAND:
                raise CommandError(
                    f"{table.name} has no rows", f"lakehouse ingest --domain {domain}"
                )
            click.echo(f"\n{title}\n")
            print_rows(columns, rows, "table")

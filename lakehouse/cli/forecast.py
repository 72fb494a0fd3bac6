"""`lakehouse forecast`: forecast the next days of a domain."""

import datetime as dt

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, domain_argument, domains_declaring
from lakehouse.cli.output import print_rows
from lakehouse.platform.forecasting import HORIZON, LONGEST
from lakehouse.settings import Settings


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

    Examples:
      lakehouse forecast sales
      lakehouse forecast sales --days 30 --until yesterday
    """
    from lakehouse.cli.progress import counted
    from lakehouse.platform.forecasting import report
    from lakehouse.platform.forecasting.declaration import forecast_of
    from lakehouse.platform.forecasting.forecast import compute_forecasts, store_forecasts
    from lakehouse.platform.orchestration.publishing import publish_tables
    from lakehouse.platform.storage.lake import Lake

    declared = forecast_of(domain_name)
    if declared is None:
        raise CommandError(
            f"domain {domain_name!r} declares no forecast",
            f"domains that do: {', '.join(domains_declaring('forecast'))}",
        )
    words = declared.words
    settings = Settings.from_env()
    lake = Lake(settings.root)
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

"""`lakehouse forecast`: the days to come, by the model that earned it."""

import datetime as dt

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, DomainName
from lakehouse.cli.output import print_rows
from lakehouse.platform.forecasting import HORIZON, LONGEST
from lakehouse.settings import Settings


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option(
    "--days",
    default=HORIZON,
    show_default=True,
    type=click.IntRange(1, LONGEST),
    help="How many days to forecast.",
)
@click.option(
    "--until",
    type=Day(),
    help="Last day that counts as known, such as yesterday; the last day with data if earlier.",
)
def forecast(domain_name: str, days: int, until: dt.date | None) -> None:
    """Forecast the days to come of SPEC and print who won, in Portuguese.

    Linear regression and XGBoost are tried against moving averages. A model is published only if
    it beats every average on the last days; else the better average is. The forecast goes to
    gold.<domain>_forecast, how far off each model was to gold.<domain>_forecast_models; making it
    again from the same day replaces it. Needs: pip install 'lakehouse[forecast]'.

    Examples:
      lakehouse forecast sales
      lakehouse forecast sales --days 30 --until yesterday
    """
    from lakehouse.cli.progress import counted
    from lakehouse.platform.forecasting import report
    from lakehouse.platform.forecasting.declaration import forecast_of
    from lakehouse.platform.forecasting.forecasting import forecasts, store
    from lakehouse.platform.storage.lake import Lake

    declared = forecast_of(domain_name)
    if declared is None:
        raise CommandError(f"{domain_name} has no forecast", "sales has one: docs/domains/sales.md")
    settings = Settings.from_env()
    lake = Lake(settings.root)
    each = forecasts(declared, lake, settings, days=days, until=until)
    outcomes = list(counted("modelos", each, total=len(declared.targets)))
    stored = store(declared, outcomes, lake, settings)
    first, last = (outcomes[0].values[place][0] for place in (0, -1))
    click.echo(f"{declared.title}: {first} a {last}")
    for outcome in outcomes:
        click.echo(f"\n{outcome.target.title}\n")
        print_rows(report.SCORE_COLUMNS, report.scored(outcome), "table")
        click.echo(f"\n{report.days_used(outcome)}\n{report.verdict(outcome)}\n")
        print_rows(report.VALUE_COLUMNS, outcome.values, "table")
    for table, rows in stored.items():
        inform(f"{rows:,} rows in {table}")

"""`lakehouse up` and `lakehouse prune`: start Dagster's services, delete its old records."""

import datetime as dt
import os
from pathlib import Path

import click

from lakehouse.cli.messages import inform
from lakehouse.cli.options import plural
from lakehouse.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on; default: LAKEHOUSE_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default: LAKEHOUSE_PORT.")
def up(host: str | None, port: int | None) -> None:
    """Start the Dagster UI and the daemon until Ctrl-C.

    Prints the URL of the UI. The daemon watches the landing zone and ingests new files. Other
    machines reach the UI only with a login (docs/deploy.md).

    Example:
      lakehouse up --port 3001
    """
    from lakehouse.platform.local_runtime.services import serve
    from lakehouse.platform.web.access import policy_of

    settings = Settings.from_env()
    policy_of(settings, host or settings.host)
    if not os.environ.get("LAKEHOUSE_LANDING", "").strip():
        Path(settings.landing).mkdir(parents=True, exist_ok=True)
    inform("starting the services; the first start takes up to a minute")
    serve(
        host or settings.host,
        port or settings.port,
        settings.home,
        wanted=settings.runtime,
        echo=click.echo,
    )


@click.command()
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Select runs that ended more than this many days ago.",
)
@click.option("--delete", is_flag=True, help="Delete the runs instead of listing them.")
def prune(older_than: int, delete: bool) -> None:
    """List or delete Dagster's records of old runs.

    Tables are not changed.

    Example:
      lakehouse prune --older-than 90 --delete
    """
    from lakehouse.cli.runs import instance_of
    from lakehouse.platform.local_runtime.pruning import prune_runs

    with instance_of(Settings.from_env()) as instance:
        found = prune_runs(instance, dt.timedelta(days=older_than), dry_run=not delete)
    for run_id in found:
        click.echo(run_id)
    if delete or not found:
        inform(f"{plural(len(found), 'run')} deleted")
    else:
        inform(f"{plural(len(found), 'run')} would be deleted; add --delete")

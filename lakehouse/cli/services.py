"""The commands of Dagster's services (`up`, `down`, `restart`, `services`), and `prune`."""

import datetime as dt
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from lakehouse.platform.local_runtime.services import Page

COLUMNS = ("service", "state", "pid", "port", "since", "restarts", "last_error")
DOWN_SECONDS = 10.0
"""How long `lakehouse down` waits before it kills; the services take up to 5 s."""
READY_SECONDS = 180.0


@click.command()
@click.option("--host", help="Address to listen on; default: LAKEHOUSE_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; default: LAKEHOUSE_PORT.")
@click.option("--replace", is_flag=True, help="End the services that run for this home first.")
@click.option("--verbose", is_flag=True, help="Log every evaluation, and show the logs on stderr.")
def up(host: str | None, port: int | None, replace: bool, verbose: bool) -> None:
    """Start the web pages and the daemon until Ctrl-C.

    Prints the URLs of the Dagster UI and the dashboard. The daemon watches the landing zone and
    ingests new files. Other machines reach the pages only with a login (docs/deploy.md). A service
    that ends by itself is started again. Only one `lakehouse up` serves a DAGSTER_HOME.

    Ctrl-C and SIGTERM end everything within 5 s; days of interrupted runs stay due. Exit code 130
    after Ctrl-C, 143 after SIGTERM.

    Example:
      lakehouse up --port 3001
    """
    from lakehouse.cli.instances import require_writable
    from lakehouse.platform.local_runtime.service_state import end_services
    from lakehouse.platform.local_runtime.services import Hooks, serve
    from lakehouse.platform.web.access import policy_of

    settings = Settings.from_env()
    policy_of(settings, host or settings.host)
    require_writable(str(settings.home), "DAGSTER_HOME")
    require_writable(settings.root, "LAKEHOUSE_ROOT")
    if not os.environ.get("LAKEHOUSE_LANDING", "").strip():
        Path(settings.landing).mkdir(parents=True, exist_ok=True)
    if replace:
        _tell_ended(end_services(settings.home, DOWN_SECONDS))
    inform("starting the services; the first start takes up to a minute")
    received = serve(
        host or settings.host,
        port or settings.port,
        settings.home,
        wanted=settings.runtime,
        hooks=Hooks(
            echo=click.echo,
            report=warn,
            before_start=_recover,
            interrupt_runs=lambda runs: _interrupt(settings, runs),
            will_pass=_will_pass,
        ),
        lake=_local(settings.root),
        pages=_pages(settings),
        verbose=verbose,
        as_json=settings.log_format == "json",
    )
    inform(f"stopped by {received.name}")
    click.get_current_context().exit(128 + received)


def _pages(settings: Settings) -> "list[Page]":
    """Return the web applications beside the Dagster UI."""
    from lakehouse.platform.local_runtime.services import Page

    dashboard = Page(
        name="dashboard",
        module="lakehouse.dashboard",
        port=settings.dashboard_port,
        health="/saude",
        path="/executivo",
    )
    return [dashboard] if dashboard.port else []


def _local(root: str) -> Path | None:
    """Return the folder of a lake on disk; None for a lake on S3."""
    from lakehouse.platform.storage.disk import DiskStore
    from lakehouse.platform.storage.object_store import ObjectStore

    store = ObjectStore.at(root)
    return Path(store.uri) if isinstance(store, DiskStore) else None


def _will_pass(error: Exception) -> bool:
    """Return whether an error is that of a server that is away, and not of this machine's disks."""
    from lakehouse.platform.plain_causes import disk_cause
    from lakehouse.platform.storage.outside_causes import is_outside_cause

    is_local = isinstance(error, OSError) or disk_cause(str(error)) is not None
    return is_outside_cause(error) and not is_local


def _recover(instance: "DagsterInstance") -> None:
    """Report the runs that ended with the machine or with killed services; their days are due."""
    from lakehouse.platform.local_runtime.workers import lost_runs
    from lakehouse.platform.orchestration.local_runs import cancel_runs

    lost = lost_runs(instance)
    if lost:
        cancel_runs(instance, lost, "The machine or the services ended; the days stay due")
        inform(
            f"{plural(len(lost), 'run')} ended with the machine or with earlier services;"
            " the days are computed again"
        )


def _interrupt(settings: Settings, runs: list[str]) -> None:
    from lakehouse.cli.instances import instance_of
    from lakehouse.platform.orchestration.local_runs import cancel_runs

    with instance_of(settings) as instance:
        cancel_runs(instance, runs, "The services were stopped; the days of the run stay due")


@click.command()
def down() -> None:
    """Stop the services of this DAGSTER_HOME.

    Ends `lakehouse up`, or the services that a killed one left. Days of interrupted runs stay due.

    Example:
      lakehouse down
    """
    from lakehouse.platform.local_runtime.service_state import end_services

    home = Settings.from_env().home
    if not _tell_ended(end_services(home, DOWN_SECONDS)):
        inform(f"nothing to stop: no services run for {home}")


def _tell_ended(ended: dict[str, int]) -> bool:
    from lakehouse.platform.local_runtime.service_state import named

    if ended:
        inform(f"stopped: {named(ended)}")
    return bool(ended)


@click.command()
def restart() -> None:
    """Start the services of this DAGSTER_HOME again.

    `lakehouse up` keeps running with its own environment and starts its services again, for example
    after an edited domain or an upgrade of a package. Waits until they are ready.

    Example:
      lakehouse restart
    """
    from lakehouse.platform.local_runtime import services as running
    from lakehouse.platform.local_runtime.service_state import read_state

    home = Settings.from_env().home
    before = read_state(home)
    pid = running.restart(home)
    replaced = {each.pid for each in before.services} if before else set()
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        state = read_state(home)
        if state is None:
            raise CommandError(f"lakehouse up (pid {pid}) ended", "start it again: lakehouse up")
        if state.is_ready and not replaced & {each.pid for each in state.services}:
            inform(f"restarted: {state.url}")
            return
        time.sleep(0.2)
    raise CommandError(
        f"the services were not ready after {READY_SECONDS:.0f} s", "lakehouse services"
    )


@click.command()
@format_option
def services(form: str) -> None:
    """Show the services of this DAGSTER_HOME.

    Shows process, port, start, restarts and last error of each.

    Exit code 1 when they do not run, or when one of them is not ready.

    Example:
      lakehouse services --format json
    """
    from lakehouse.platform.local_runtime.service_state import left_behind, named, read_state

    home = Settings.from_env().home
    state = read_state(home)
    if state is None:
        left = left_behind(home)
        if left:
            raise CommandError(
                f"lakehouse up does not run for {home}, but these services do: {named(left)}",
                "lakehouse down ends them",
            )
        raise CommandError(f"no services run for {home}", "start them: lakehouse up")
    rows = [
        (each.name, each.state, each.pid, each.port, each.since, each.restarts, each.last_error)
        for each in state.services
    ]
    print_rows(COLUMNS, rows, form)
    inform(f"lakehouse up: pid {state.pid}, {state.url or 'starting'}")
    if not state.is_ready:
        raise CommandError("not every service is ready", "the logs are in $DAGSTER_HOME/services")


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
    from lakehouse.cli.instances import instance_of
    from lakehouse.platform.local_runtime.pruning import prune_runs

    with instance_of(Settings.from_env()) as instance:
        found = prune_runs(instance, dt.timedelta(days=older_than), dry_run=not delete)
    for run_id in found:
        click.echo(run_id)
    if delete or not found:
        inform(f"{plural(len(found), 'run')} deleted")
    else:
        inform(f"{plural(len(found), 'run')} would be deleted; add --delete")

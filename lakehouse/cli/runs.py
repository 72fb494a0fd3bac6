"""`lakehouse ingest` and `lakehouse materialize`: runs in the foreground."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, suggestion, warn
from lakehouse.cli.options import (
    TableName,
    days_options,
    domain_option,
    domains_of,
    joined,
    plural,
)
from lakehouse.cli.progress import run_progress
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse.platform.orchestration.local_runs import Ran
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain


@contextmanager
def instance_of(settings: Settings) -> "Iterator[dg.DagsterInstance]":
    """Dagster's instance of these settings, closed at the end."""
    import warnings

    from lakehouse.platform.local_runtime.instance import prepare_instance

    warnings.filterwarnings("ignore", module="dagster")
    instance = prepare_instance(settings.home)
    try:
        yield instance
    finally:
        instance.dispose()


def ingest_all(
    domains: "list[Domain]",
    settings: Settings,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> "list[Ran]":
    """Everything that has to run for these systems, with progress; gives the runs."""
    from lakehouse.platform.orchestration import local_runs as foreground

    done: list[Ran] = []
    with instance_of(settings) as instance, run_progress() as shown:
        for domain in domains:
            for ran in foreground.ingest(
                domain,
                settings,
                instance,
                first=first,
                last=last,
                on_batch=shown.batch,
                on_step=shown.step,
            ):
                shown.ended(ran)
                done.append(ran)
    return done


@click.command()
@domain_option
@days_options("delivery day to take in")
def ingest(domain_name: str | None, first: dt.date | None, last: dt.date | None) -> None:
    """Take in what landed, and refresh what it touches.

    One arrival cycle as the daemon does it, through the same Dagster instance; it ends when nothing
    is left to do. A failed run gives exit code 1.

    Examples:
      lakehouse ingest
      lakehouse ingest --domain mrhealth --from 2026-01-05 --to 2026-01-11
    """
    done = ingest_all(domains_of(domain_name), Settings.from_env(), first, last)
    if not done:
        inform("nothing to do: everything that landed is in the lake and balanced")
    require_success(done)


@click.command()
@click.option(
    "--table",
    "tables",
    type=TableName(),
    multiple=True,
    help="Only this table; may be given more than once.",
)
@domain_option
@days_options("day to build", required=True)
def materialize(
    tables: "tuple[TableId, ...]", domain_name: str | None, first: dt.date, last: dt.date
) -> None:
    """Build tables for days, whether or not anything changed.

    Without --table the whole system runs from landed files to gold. The days stay as they are where
    the result is byte for byte the same.

    Examples:
      lakehouse materialize --domain mrhealth --from 2026-01-05 --to 2026-01-11
      lakehouse materialize --table gold.mrhealth_unit_day --from 2026-01-05 --to 2026-01-05
    """
    settings = Settings.from_env()
    if tables and domain_name and any(table.domain != domain_name for table in tables):
        raise click.UsageError(f"--table names another system than --domain {domain_name}")
    named = sorted({table.domain for table in tables}) or [domain_name or ""]
    done: list[Ran] = []
    for domain in [each for name in named for each in _domains(name or None)]:
        _require_days(domain, settings, first, last)
        own = [table for table in tables if table.domain == domain.name]
        for table in own:
            _require_declared(domain, table)
        done += built(domain, settings, [(first, last)], own)
    require_success(done)


def _domains(domain_name: str | None) -> "list[Domain]":

    if domain_name is not None and domain_name not in domain_names():
        raise click.UsageError(
            f"no system {domain_name!r}; {suggestion(domain_name, domain_names())}"
        )
    return domains_of(domain_name)


def _require_days(domain: "Domain", settings: Settings, first: dt.date, last: dt.date) -> None:
    since, today = domain.spec.since, dt.datetime.now(settings.zone).date()
    if first < since or last > today:
        raise click.UsageError(
            f"{domain.name} has the days {since} to {today}; {first} to {last} is not within"
        )


def _require_declared(domain: "Domain", table: "TableId") -> None:
    known = {each.id.name: each for each in domain.tables}
    if table.name not in known:
        raise click.UsageError(f"no table {table.name}; {suggestion(table.name, known)}")
    if known[table.name].view:
        raise click.UsageError(f"{table.name} is a view: it is computed when it is asked")


def _with_siblings(tables: "Sequence[TableId]") -> "list[TableId]":
    """Raw and bronze of a dataset are made together, so each brings the other along."""
    from lakehouse.platform.storage.table_id import TableId

    pair = {"raw": "bronze", "bronze": "raw"}
    found = dict.fromkeys(tables)
    for table in tables:
        if table.layer in pair:
            found[TableId(pair[table.layer], table.domain, table.table)] = None
    return list(found)


def built(
    domain: "Domain",
    settings: Settings,
    spans: Sequence[tuple[dt.date, dt.date]],
    tables: "Sequence[TableId]" = (),
) -> "list[Ran]":
    """Run a domain from landed files to gold, or some of its tables; a run for each span.

    Tables by month are made for the months that a span touches, after the others.
    """
    from lakehouse.platform.orchestration import local_runs as foreground
    from lakehouse.platform.orchestration.metadata import asset_key
    from lakehouse.platform.orchestration.run_tags import Work
    from lakehouse.platform.transform.monthly import monthly_tables

    monthly = {table.id for table in monthly_tables(domain)}
    asked = {
        Work.ARRIVALS: [asset_key(t) for t in _with_siblings(tables) if t not in monthly],
        Work.MONTHLY: [asset_key(t) for t in tables if t in monthly],
    }
    works = [work for work, keys in asked.items() if keys] if tables else [Work.ARRIVALS]
    if not tables and monthly:
        works.append(Work.MONTHLY)
    done: list[Ran] = []
    with instance_of(settings) as instance, run_progress() as shown:
        for first, last in spans:
            for work in works:
                ran = foreground.materialize(
                    domain,
                    instance,
                    first=first,
                    last=last,
                    work=work,
                    tables=asked[work] or None,
                    on_start=shown.starter(f"{first} to {last}"),
                    on_step=shown.step,
                )
                shown.ended(ran)
                done.append(ran)
    return done


def require_success(done: "list[Ran]") -> None:
    """CommandError with the causes when a run failed."""
    failed = [ran for ran in done if not ran.succeeded]
    for ran in failed:
        warn(f"{ran.first} to {ran.last}: {ran.problem or 'no cause was recorded'}")
    if failed:
        raise CommandError(
            f"{len(failed)} of {plural(len(done), 'run')} failed:"
            f" {joined(ran.run_id for ran in failed)}",
            "lakehouse up shows the run; mend the cause, then repeat this command",
        )

"""`lakehouse ingest` and `lakehouse materialize`: local runs with progress."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli.ingestion import Request, ingest_domain
from lakehouse.cli.instances import instance_of, interruptible_instance, require_writable
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
from lakehouse.lasting_objects import lasting_objects
from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.orchestration.local_runs import RunResult
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain


def open_parts(
    domains: "list[Domain]", settings: Settings, days: "list[dt.date] | None" = None
) -> list[str]:
    """Return what runs have begun or failed to load and not finished, for each domain."""
    from contextlib import nullcontext

    from lakehouse.platform.orchestration.unloaded import not_loaded

    first, last = (days[0], days[-1]) if days else (None, None)
    with instance_of(settings) if settings.home.exists() else nullcontext() as instance:
        return [
            what
            for domain in domains
            for what in not_loaded(
                domain, settings, instance, first=first, last=last, with_new=False
            )
        ]


def ingest_all(
    domains: "list[Domain]",
    settings: Settings,
    first: dt.date | None = None,
    last: dt.date | None = None,
    *,
    checksum: bool = False,
    tags: Mapping[str, str] | None = None,
    left: list[str] | None = None,
) -> "list[RunResult]":
    """Run everything these domains need, show progress and warnings, and return the runs.

    Several domains are ingested side by side on the embedded engine; a Spark cluster has one
    session for all of them.

    Args:
        domains: the domains.
        settings: places and limits.
        first: first delivery day.
        last: last delivery day.
        checksum: read every listed file and compare its bytes.
        tags: tags of the runs, in addition to their own.
        left: gets a text for everything that was not loaded; each is printed as a warning.
    """
    request = Request(
        settings=settings, first=first, last=last, checksum=checksum, tags=dict(tags or {})
    )
    if len(domains) > 1 and settings.engine == "duckdb":
        from lakehouse.cli.side_by_side import ingest_side_by_side

        require_writable(str(settings.home), "DAGSTER_HOME")
        require_writable(settings.root, "LAKEHOUSE_ROOT")
        ingested = ingest_side_by_side([domain.name for domain in domains], request)
    else:
        with interruptible_instance(settings) as instance, run_progress() as shown:
            ingested = [ingest_domain(each, request, instance, shown) for each in domains]
    done = [ran for each in ingested for ran in each.runs]
    not_loaded = [what for each in ingested for what in each.left]
    for warning in dict.fromkeys(warning for ran in done for warning in ran.warnings):
        warn(warning)
    for what in not_loaded:
        warn(what)
    if left is not None:
        left += not_loaded
    return done


@click.command()
@domain_option
@days_options("delivery day to ingest")
@click.option(
    "--checksum",
    is_flag=True,
    help="Read every file, also those whose size and time are unchanged.",
)
def ingest(
    domain_name: str | None, first: dt.date | None, last: dt.date | None, checksum: bool
) -> None:
    """Ingest the delivered files and refresh dependent tables.

    Runs what the daemon would run, in the same Dagster instance, until nothing is left to do, two
    domains at a time. Days that were given up are tried again. Exit code 1 if a run fails or
    anything was not loaded, with a list.

    Examples:
      lakehouse ingest
      lakehouse ingest --domain mrhealth --from 2026-01-05 --to 2026-01-11
      lakehouse ingest --checksum
    """
    left: list[str] = []
    done = ingest_all(
        domains_of(domain_name), Settings.from_env(), first, last, checksum=checksum, left=left
    )
    require_success(done)
    if left:
        raise CommandError(
            f"{plural(len(left), 'delivery', 'deliveries')} not loaded, see the warnings above",
            "remove the cause, then repeat this command",
        )
    if not done:
        inform("nothing to do: every delivered file is in the lake and reconciled")


@click.command()
@click.option(
    "--table",
    "tables",
    type=TableName(),
    multiple=True,
    help="Only this table; can be repeated.",
)
@domain_option
@days_options("day to build")
@click.option(
    "--stale",
    is_flag=True,
    help="Rebuild the days of as-of tables whose data changed after they were computed.",
)
def materialize(
    tables: "tuple[TableId, ...]",
    domain_name: str | None,
    first: dt.date | None,
    last: dt.date | None,
    stale: bool,
) -> None:
    """Rebuild tables for a range of days.

    Tables are rebuilt whether or not their inputs changed; without --table every table of the
    domain, from the delivered files to gold. Days
    whose rows do not change keep their files.

    Examples:
      lakehouse materialize --domain mrhealth --from 2026-01-05 --to 2026-01-11
      lakehouse materialize --table gold.mrhealth_unit_day --from 2026-01-05 --to 2026-01-05
      lakehouse materialize --stale
    """
    settings = Settings.from_env()
    if stale:
        if tables or first or last:
            raise click.UsageError("--stale finds the days itself; leave out --table, --from, --to")
        done = [
            r for each in _domains(domain_name) for r in rebuild_as_of(each, settings, stale=True)
        ]
        if not done:
            inform("nothing to do: no day of an as-of table is stale")
        require_success(done)
        return
    if first is None or last is None:
        raise click.UsageError("--from and --to are required")
    if tables and domain_name and any(table.domain != domain_name for table in tables):
        raise click.UsageError(f"--table names a table outside of --domain {domain_name}")
    named = sorted({table.domain for table in tables}) or [domain_name or ""]
    done = []
    for domain in [each for name in named for each in _domains(name or None)]:
        _require_days(domain, settings, first, last)
        own = [table for table in tables if table.domain == domain.name]
        for table in own:
            _require_declared(domain, table)
        done += rebuild(domain, settings, [(first, last)], own)
    require_success(done)


def _domains(domain_name: str | None) -> "list[Domain]":

    if domain_name is not None and domain_name not in domain_names():
        raise click.UsageError(
            f"unknown domain {domain_name!r}; {suggestion(domain_name, domain_names())}"
        )
    return domains_of(domain_name)


def _require_days(domain: "Domain", settings: Settings, first: dt.date, last: dt.date) -> None:
    since, today = domain.spec.since, dt.datetime.now(settings.zone).date()
    if first < since or last > today:
        raise click.UsageError(
            f"{first} to {last} is outside of the days of {domain.name}, {since} to {today}"
        )


def _require_declared(domain: "Domain", table: "TableId") -> None:
    known = {each.id.name: each for each in domain.tables}
    if table.name not in known:
        raise click.UsageError(f"unknown table {table.name}; {suggestion(table.name, known)}")


def _with_siblings(domain: "Domain", tables: "Sequence[TableId]") -> "list[TableId]":
    """Return the tables and, as raw and bronze are built together, the other of each pair."""
    stored = {table.id for table in domain.tables}
    from lakehouse.platform.storage.table_id import TableId

    pair = {"raw": "bronze", "bronze": "raw"}
    found = dict.fromkeys(tables)
    for table in tables:
        if table.layer in pair and table in stored:
            found[TableId(pair[table.layer], table.domain, table.table)] = None
    return list(found)


def rebuild(
    domain: "Domain",
    settings: Settings,
    spans: Sequence[tuple[dt.date, dt.date]],
    tables: "Sequence[TableId]" = (),
    tags: Mapping[str, str] | None = None,
) -> "list[RunResult]":
    """Rebuild a domain, or some of its tables, and return the runs; at least one run per span.

    As-of tables are rebuilt last: those that are named for every day of a span, else for the
    newest day, and for the reference dates that are out of date. Tables with reference dates are
    rebuilt together, because each reads another and a date is recorded for all of them.
    """
    with lasting_objects():
        from lakehouse.platform.orchestration import local_runs
        from lakehouse.platform.orchestration.metadata import asset_key
        from lakehouse.platform.orchestration.run_tags import Work
        from lakehouse.platform.transform.reference_dates import reference_tables

    dated = {table.id for table in reference_tables(domain)}
    as_of = {table.id for table in domain.tables if table.as_of}
    selected = {
        Work.ARRIVALS: [asset_key(t) for t in _with_siblings(domain, tables) if t not in as_of],
        Work.REFERENCE_DATES: [asset_key(t) for t in tables if t in dated],
        Work.AS_OF: [asset_key(t) for t in tables if t in as_of - dated],
    }
    works = [work for work, keys in selected.items() if keys] if tables else [Work.ARRIVALS]
    done: list[RunResult] = []
    with interruptible_instance(settings) as instance, run_progress() as shown:
        for first, last in spans:
            for work in works:
                ran = local_runs.materialize(
                    domain,
                    instance,
                    first=first,
                    last=last,
                    work=work,
                    tables=None if work is Work.REFERENCE_DATES else selected[work] or None,
                    tags=tags or {},
                    on_start=shown.starter(f"{first} to {last}"),
                    on_step=shown.step,
                )
                shown.ended(ran)
                done.append(ran)
    follows = not tables or dated & {*tables}
    return [*done, *rebuild_as_of(domain, settings)] if follows else done


def rebuild_as_of(
    domain: "Domain", settings: Settings, *, stale: bool = False
) -> "list[RunResult]":
    """Rebuild the as-of tables of the newest day, or of all stale days, where needed."""
    from lakehouse.platform.orchestration import local_runs

    done: list[RunResult] = []
    with interruptible_instance(settings) as instance, run_progress() as shown:
        for ran in local_runs.make_as_of(
            domain,
            settings,
            instance,
            stale=stale,
            on_start=shown.starter("as-of tables"),
            on_step=shown.step,
        ):
            shown.ended(ran)
            done.append(ran)
    return done


def require_success(done: "list[RunResult]") -> None:
    """Raise a CommandError with the causes when a run failed."""
    failed = [ran for ran in done if not ran.succeeded]
    for ran in failed:
        problem = ran.problem or "no cause was recorded"
        warn(f"{ran.first} to {ran.last}: {plain_cause(problem) or problem}")
    if failed:
        raise CommandError(
            f"{len(failed)} of {plural(len(done), 'run')} failed:"
            f" {joined(ran.run_id for ran in failed)}",
            "lakehouse up shows the run; fix the cause, then repeat this command",
        )

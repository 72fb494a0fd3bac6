"""`lakehouse migrate`: bring stored days to the contracts and expressions of the code."""

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, next_step, warn
from lakehouse.cli.options import TableName, domain_option, domains_of, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.migration.plan import Step
    from lakehouse.platform.migration.trial import Trial
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain

COLUMNS = ("table", "action", "days", "first", "last", "what", "hint")
TRIED = ("table", "result", "reason", "unit", "rows", "detail")


@click.command()
@domain_option
@click.option("--table", type=TableName(), help="Only show or try this table.")
@click.option("--apply", is_flag=True, help="Rebuild the days; by default they are only listed.")
@click.option("--try", "trying", is_flag=True, help="Count what the rules would reject.")
@click.option(
    "--drop", type=TableName(), help="Delete this table, which no code declares any more."
)
@format_option
def migrate(
    domain_name: str | None,
    table: "TableId | None",
    apply: bool,
    trying: bool,
    drop: "TableId | None",
    form: str,
) -> None:
    """Bring stored days to the contracts of the code.

    Without an option, list what each changed contract means: nothing to do, days to rebuild, or a
    conflict that a person has to decide. Nothing is written.

    --apply rebuilds the days: bronze from the kept files, every other table from the tables that it
    reads. It can be interrupted and repeated. Readers keep the versions from before until all
    tables of a domain are done. --try computes the stored days with the rules of the code, outside
    of the lake, and counts the rows that would be rejected, by reason and unit.

    Examples:
      lakehouse migrate
      lakehouse migrate --try --table silver.mrhealth_orders
      lakehouse migrate --apply --domain mrhealth
    """
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    if sum((apply, trying, drop is not None)) > 1:
        raise click.UsageError("--apply, --try and --drop are different work; use one of them")
    named = drop or table
    if named is not None and domain_name not in (None, named.domain):
        raise click.UsageError(f"{named.name} is outside of --domain {domain_name}")
    if apply and table is not None:
        raise click.UsageError("--apply rebuilds all tables of a domain; leave out --table")
    domains = domains_of(named.domain if named else domain_name)
    if drop is not None:
        _drop(domains[0], lake, settings, drop)
    elif trying:
        _try(domains, lake, settings, table, form)
    elif apply:
        _apply(domains, lake, settings, form)
    else:
        steps = [
            step
            for domain in domains
            for step in _plan(domain, lake, settings)
            if table in (None, step.table)
        ]
        _show(steps, form)


def _plan(domain: "Domain", lake: "Lake", settings: Settings) -> "list[Step]":
    from lakehouse.platform.forecasting.declaration import forecast_of
    from lakehouse.platform.migration.plan import plan

    forecast = forecast_of(domain.name)
    others = {each.id for each in forecast.tables} if forecast else ()
    return plan(domain, lake, settings, others=others)


def _show(steps: "list[Step]", form: str) -> None:
    from lakehouse.platform.migration.plan import has_conflict, has_work

    print_rows(COLUMNS, map(_row, steps), form)
    if has_conflict(steps):
        raise CommandError("a conflict has to be decided first", "see the hints above")
    if has_work(steps):
        next_step("lakehouse migrate --apply")
    else:
        inform("nothing to do: every stored day was made with the contracts of the code")


def _row(step: "Step") -> tuple[object, ...]:
    days = step.days
    first, last = (days[0], days[-1]) if days else (None, None)
    return (step.table.name, step.action.value, len(days), first, last, step.what, step.hint)


def _apply(domains: "list[Domain]", lake: "Lake", settings: Settings, form: str) -> None:
    from lakehouse.platform.migration.plan import has_conflict, has_work

    left: list[Step] = []
    for domain in domains:
        steps = _plan(domain, lake, settings)
        if has_conflict(steps):
            warn(f"{domain.name} is not changed: a conflict has to be decided first")
        elif has_work(steps):
            _run(domain, lake, settings)
            steps = _plan(domain, lake, settings)
        left += [step for step in steps if step.action.value != "nothing to do"]
    if left:
        print_rows(COLUMNS, map(_row, left), form)
    if has_conflict(left) or has_work(left):
        raise CommandError("not every day is made with the current contract", "see above")
    inform("done: every stored day is made with the contracts of the code")


def _run(domain: "Domain", lake: "Lake", settings: Settings) -> None:
    """Rebuild the days of a domain, then what follows from them, and publish the result."""
    from lakehouse.cli.instances import interruptible_instance
    from lakehouse.cli.progress import run_progress
    from lakehouse.cli.runs import ingest_all, require_success
    from lakehouse.platform.orchestration import local_runs
    from lakehouse.platform.orchestration.metadata import asset_key
    from lakehouse.platform.orchestration.migrating import migrate as migrated
    from lakehouse.platform.orchestration.publishing import publish_migrated
    from lakehouse.platform.orchestration.run_tags import MIGRATION_TAG, Work

    tags = {MIGRATION_TAG: "true"}
    done = []
    with interruptible_instance(settings) as instance, run_progress() as shown:

        def run(
            work: Work, first: dt.date, last: dt.date, tables: "list[TableId] | None"
        ) -> local_runs.RunResult:
            return local_runs.materialize(
                domain,
                instance,
                first=first,
                last=last,
                work=work,
                tables=[asset_key(each) for each in tables] if tables else None,
                tags=tags,
                on_start=shown.starter(f"{first} to {last}"),
                on_step=shown.step,
            )

        for ran in migrated(domain, lake, settings, run):
            shown.ended(ran)
            done.append(ran)
    require_success(done)
    require_success(ingest_all([domain], settings, tags=tags))
    publish_migrated(lake, domain)


def _try(
    domains: "list[Domain]", lake: "Lake", settings: Settings, table: "TableId | None", form: str
) -> None:
    from lakehouse.platform.migration.trial import try_rules

    rows: list[tuple[object, ...]] = []
    remarks: list[str] = []
    for domain in domains:
        for each in domain.tables:
            days = lake.table(each.id).snapshot().days
            if each.transform is None or each.options.pandas or not each.daily or not days:
                continue
            if table not in (None, each.id):
                continue
            trial = try_rules(each, days, lake, settings)
            rows += _tried(trial)
            if trial.rejected:
                remarks.append(
                    f"{each.id.name}: would reject {plural(trial.rejected_rows, 'row')}"
                    f" of {plural(trial.units, 'unit')}"
                )
    print_rows(TRIED, rows, form)
    for remark in remarks:
        inform(remark)
    if not rows:
        inform("no row would be rejected or released, and every day would be stored")


def _tried(trial: "Trial") -> "list[tuple[object, ...]]":
    name = trial.table.name
    found: list[tuple[object, ...]] = []
    results: list[tuple[str, Counter[tuple[str, str]]]] = [
        ("would be rejected", trial.rejected),
        ("would be released", trial.released),
    ]
    for result, counts in results:
        for (reason, unit), number in sorted(counts.items()):
            found.append((name, result, reason, unit or None, number, None))
    for day, why in trial.failed_days.items():
        found.append((name, "day would not be stored", None, None, None, f"{day}: {why}"))
    if trial.problem:
        found.append((name, "cannot be tried", None, None, None, trial.problem))
    return found


def _drop(domain: "Domain", lake: "Lake", settings: Settings, table: "TableId") -> None:
    from lakehouse.platform.migration.plan import Action
    from lakehouse.platform.orchestration.migrating import drop_table
    from lakehouse.platform.orchestration.publishing import publish_migrated

    steps = {step.table: step.action for step in _plan(domain, lake, settings)}
    conflict = steps.get(table) is Action.CONFLICT and table.layer == "gold"
    if not conflict and steps.get(table) is not Action.REMOVED:
        raise CommandError(
            f"{table.name} is declared, or is not stored",
            "lakehouse migrate lists the tables that are no longer declared",
        )
    days = drop_table(lake, table)
    publish_migrated(lake, domain)
    inform(f"{table.name} is deleted: {plural(days, 'day')}")

"""`lakehouse history`, `rollback` and `vacuum`: list, restore and delete versions of a table."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, next_step, warn
from lakehouse.cli.options import (
    Day,
    DomainName,
    TableName,
    domains_of,
    joined,
    plural,
    require_stored,
    within,
)
from lakehouse.cli.output import format_option, print_rows
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.delta_table import LakeTable
    from lakehouse.platform.storage.history import Version
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId

COMPANIONS = ("quarantine", "outcomes")
"""Tables that the same run writes beside a table, so that they are rolled back with it."""


@click.command()
@click.argument("table", type=TableName())
@click.option("--limit", type=click.IntRange(min=1), help="Only this many of the newest versions.")
@format_option
def history(table: "TableId", limit: int | None, form: str) -> None:
    """List the versions of TABLE, newest first.

    Example:
      lakehouse history gold.mrhealth_unit_day --limit 5
    """
    lake = _lake()
    commits = lake.table(require_stored(lake, table)).history(limit)
    print_rows(
        ("version", "at", "operation", "days", "first", "last", "rows", "run"),
        (
            (
                each.version,
                each.at,
                each.operation,
                len(each.days),
                min(each.days, default=None),
                max(each.days, default=None),
                each.rows,
                each.run_id,
            )
            for each in commits
        ),
        form,
    )


@click.command()
@click.argument("table", type=TableName())
@click.option(
    "--to",
    "target",
    required=True,
    metavar="VERSION|TIME",
    help="Version number, or a time such as 2026-01-05T08:00 in the time zone of the lake.",
)
@click.option("--day", type=Day(), help="Only this day.")
@click.option("--from", "first", type=Day(), help="First day to restore.")
@click.option("--until", "last", type=Day(), help="Last day to restore.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def rollback(
    table: "TableId",
    target: str,
    day: dt.date | None,
    first: dt.date | None,
    last: dt.date | None,
    yes: bool,
) -> None:
    """Restore TABLE, or some of its days, from an earlier version.

    The rollback is a new version, so it can be rolled back itself. The rejected rows and row
    outcomes of the table are restored with it.

    Examples:
      lakehouse rollback gold.mrhealth_unit_day --to 3 --day 2026-01-05
      lakehouse rollback silver.mrhealth_orders --to 2026-01-05T08:00 --from 2026-01-01 --yes
    """
    if day is not None and (first or last):
        raise click.UsageError("--day cannot be combined with --from and --until")
    first, last = (day, day) if day is not None else (first, last)
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first} is after --until {last}; swap them")
    lake = _lake()
    stored = lake.table(require_stored(lake, table))
    commits = stored.history()
    version = _version(target, commits, table)
    days = (first or dt.date.min, last or dt.date.max)
    then, now = stored.snapshot(version=version), stored.snapshot()
    changing = sorted(
        each
        for each in {*then.days, *now.days}
        if within(each, first, last) and then.by_day.get(each) != now.by_day.get(each)
    )
    if not changing:
        inform(f"{table.name}: these days already equal version {version}")
        return
    restored = f"{plural(len(changing), 'day')} of {table.name} ({changing[0]} to {changing[-1]})"
    if not yes:
        click.confirm(f"Restore {restored} from version {version}?", abort=True, err=True)
    targets = [(each, _same_run(each, version, commits)) for each in _companions(lake, table)]
    done = stored.rollback(to=version, days=days, note={"by": "lakehouse rollback"})
    for companion, its_version in targets:
        if its_version is not None:
            companion.rollback(to=its_version, days=days, note={"by": "lakehouse rollback"})
    _publish(lake, table, f"lakehouse rollback {table.name}")
    click.echo(
        f"restored {restored} from version {version} as version {done.version}"
        f" (undo: lakehouse rollback {table.name} --to {now.version})"
    )
    _print_next_steps(table, changing)


@click.command()
@click.option("--table", type=TableName(), help="Only this table; default: all tables.")
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Keep the versions of so many days; default: LAKEHOUSE_HISTORY_DAYS.",
)
@click.option("--delete", is_flag=True, help="Delete the files; without it they are only counted.")
@format_option
def vacuum(table: "TableId | None", older_than: int | None, delete: bool, form: str) -> None:
    """Delete the files of old table versions.

    Without --delete the files are only counted. Deleted versions cannot be restored. Published
    versions are kept. The bytes of
    delivered files are never deleted.

    Examples:
      lakehouse vacuum
      lakehouse vacuum --table gold.mrhealth_unit_day --older-than 7 --delete
    """
    from lakehouse.platform.storage.published import delete_publications

    settings = Settings.from_env()
    kept = settings.history_days if older_than is None else older_than
    if delete and kept == 0:
        warn("queries and runs in progress may fail, because no old version is kept")
    lake = _lake()
    tables = [require_stored(lake, table)] if table else lake.tables()
    retention = dt.timedelta(days=kept)
    if delete and table is None:
        for name in {each.domain for each in tables}:
            delete_publications(lake, name, before=dt.datetime.now(dt.UTC) - retention)
    published = _published_versions(lake, {each.domain for each in tables})
    rows = [
        (each.name, len(found))
        for each in tables
        if (
            found := lake.table(each).vacuum(
                retention=retention, dry_run=not delete, keep=published.get(each, ())
            )
        )
    ]
    print_rows(("table", "files"), rows, form)
    total = plural(sum(number for _, number in rows), "file")
    if delete:
        inform(f"{total} deleted; versions of the last {plural(kept, 'day')} were kept")
    else:
        inform(f"{total} older than {plural(kept, 'day')} would be deleted; add --delete")


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option(
    "--to",
    "number",
    type=click.IntRange(min=1),
    help="Publish the versions of this earlier publication again.",
)
@format_option
def published(domain_name: str, number: int | None, form: str) -> None:
    """List what was published, newest first.

    A publication names the version of each table of DOMAIN that `sql`, exports and the warehouse
    read together. With --to, an earlier one is published again, so that all tables go back
    together; no table changes, and the next run publishes its own versions.

    Examples:
      lakehouse published mrhealth
      lakehouse published mrhealth --to 12
    """
    from lakehouse.platform.storage.published import (
        publication_numbers,
        publish_again,
        read_published,
    )

    lake = _lake()
    if number is not None:
        done = publish_again(lake, domain_name, number, note={"by": f"published --to {number}"})
        inform(f"publication {number} of {domain_name} counts again, as publication {done.number}")
        next_step("lakehouse ingest brings the tables up to date again")
        return
    rows = []
    for each in reversed(publication_numbers(lake, domain_name)):
        if found := read_published(lake, domain_name, each):
            by = found.note.get("run_id") or found.note.get("by")
            rows.append((each, found.at, len(found.tables), by))
    print_rows(("publication", "at", "tables", "by"), rows, form)


def _publish(lake: "Lake", table: "TableId", by: str) -> None:
    """Publish the newest version of a table and of the tables beside it."""
    from lakehouse.platform.storage.published import publish, read_published

    if read_published(lake, table.domain) is None:
        return
    publish(
        lake,
        table.domain,
        note={"by": by},
        only=lambda each: (each.layer, each.table) == (table.layer, table.table),
    )


def _published_versions(lake: "Lake", domains: Iterable[str]) -> "dict[TableId, list[int]]":
    """Return the version of each table that is published; it may be older than the retention."""
    from lakehouse.platform.storage.published import read_published

    return {
        table: [each.version]
        for domain in domains
        if (found := read_published(lake, domain))
        for table, each in found.tables.items()
    }


def _lake() -> "Lake":
    from lakehouse.platform.storage.lake import Lake

    return Lake(Settings.from_env().root)


def _version(target: str, commits: "Sequence[Version]", table: "TableId") -> int:
    """Return the version with a number, or the newest one at a time.

    Raises:
        CommandError: there is no such version.
    """
    if target.isdecimal():
        if int(target) not in {each.version for each in commits}:
            raise CommandError(
                f"table {table.name} has no version {target}",
                f"lakehouse history {table.name}; the newest is {commits[0].version}",
            )
        return int(target)
    try:
        moment = dt.datetime.fromisoformat(target)
    except ValueError as error:
        raise click.BadParameter(
            f"{target!r} is neither a version nor a time; write 3 or 2026-01-05T08:00",
            param_hint="--to",
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=Settings.from_env().zone)
    found = [each.version for each in commits if each.at <= moment]
    if not found:
        raise CommandError(
            f"table {table.name} did not exist at {moment}",
            f"its first version was written at {commits[-1].at:%Y-%m-%d %H:%M} UTC",
        )
    return max(found)


def _companions(lake: "Lake", table: "TableId") -> "list[LakeTable]":
    from lakehouse.platform.storage.table_id import TableId

    named = [TableId(table.layer, table.domain, table.table, each) for each in COMPANIONS]
    return [lake.table(each) for each in named if lake.table(each).exists()]


def _same_run(companion: "LakeTable", version: int, commits: "Sequence[Version]") -> int | None:
    """Return the companion's version that belongs to a version of its table; None if it has none.

    It is the last version before the companion's part of the table's next commit.
    """
    following = min(
        (each for each in commits if each.version > version), key=lambda each: each.version
    )
    own = sorted(companion.history(), key=lambda each: each.version)
    later = [
        each.version
        for each in own
        if (each.run_id == following.run_id if following.run_id else each.at >= following.at)
    ]
    before = [each.version for each in own if each.at < following.at]
    found = later[0] - 1 if later else before[-1] if before else -1
    return found if found >= 0 else None


def _print_next_steps(table: "TableId", days: Sequence[dt.date]) -> None:
    """Print how to rebuild the restored days and the tables that were built from them."""
    span = f"--from {days[0]} --to {days[-1]}"
    inform(
        "the next run over these days rebuilds them:"
        f" lakehouse materialize --table {table.name} {span}"
    )
    if table.domain not in domain_names():
        return
    (domain,) = domains_of(table.domain)
    below: list[TableId] = []
    for each in domain.tables:
        if any(read.table.id in (table, *below) for read in each.reads):
            below.append(each.id)
    if below:
        options = " ".join(f"--table {each.name}" for each in below)
        inform(f"built from {table.name} and not changed: {joined((t.name for t in below), 10)}")
        next_step(f"lakehouse materialize {options} {span}")

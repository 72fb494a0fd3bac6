"""`lakehouse quarantine`: what was rejected, why, and the way back."""

import datetime as dt
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import (
    DomainName,
    days_between,
    days_options,
    domain_option,
    domains_of,
    plural,
)
from lakehouse.cli.output import format_option, print_rows
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.ingestion.landing_zone import LandingZone
    from lakehouse.platform.quarantine.replay import Replay
    from lakehouse.platform.storage.lake import Lake

Command = TypeVar("Command", bound=Callable[..., Any])

COUNTS = ("domain", "table", "day", "kind", "reason", "rows")
DETAILS = (
    "kind",
    "domain",
    "table",
    "day",
    "delivery_day",
    "file",
    "line",
    "reasons",
    "detail",
    "values",
    "digest",
)


def selection(command: Command) -> Command:
    """Options that choose rejections."""
    for option in (
        click.option("--file", help="Only this landed file."),
        click.option("--reason", help="Only this reason code (docs/reasons.md)."),
        days_options("day: delivery day of files and lines, business day of rows"),
        click.option(
            "--table",
            help="Only this dataset, such as orders; `unrecognized_files` for no dataset.",
        ),
        domain_option,
    ):
        command = option(command)
    return command


@click.group()
def quarantine() -> None:
    """See, mend and bring back what was rejected.

    Example:
      lakehouse quarantine list
      lakehouse quarantine export --reason bad_status patch.csv --table orders
      (edit patch.csv)
      lakehouse quarantine replay mrhealth --patch patch.csv
    """


@quarantine.command("list")
@domain_option
@click.option(
    "--table", help="Only this dataset, such as orders; `unrecognized_files` for no dataset."
)
@days_options("day: delivery day of files and lines, business day of rows")
@click.option("--reason", help="Only this reason code (docs/reasons.md).")
@format_option
def list_(
    domain_name: str | None,
    table: str | None,
    first: dt.date | None,
    last: dt.date | None,
    reason: str | None,
    form: str,
) -> None:
    """Count what is rejected now, by table, day and reason.

    Example:
      lakehouse quarantine list --from 2026-01-05 --to 2026-01-11
    """
    from lakehouse.platform.quarantine import replay as library

    days = days_between(domain_name, first, last)
    counts = library.listing(_lake(), domain_name, table, days, reason)
    print_rows(COUNTS, ([getattr(each, name) for name in COUNTS] for each in counts), form)
    inform(f"{plural(sum(each.rows for each in counts), 'rejection')}")


@quarantine.command("show")
@selection
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Most rows."
)
@format_option
def show_(
    domain_name: str | None,
    table: str | None,
    first: dt.date | None,
    last: dt.date | None,
    reason: str | None,
    file: str | None,
    limit: int,
    form: str,
) -> None:
    """Print rejected files, lines and rows with their original values.

    Example:
      lakehouse quarantine show --table orders --reason bad_status --limit 5
    """
    from lakehouse.platform.quarantine import replay as library

    days = days_between(domain_name, first, last)
    found = library.rows(_lake(), domain_name, table, days, reason, file=file)
    taken = list(islice(found, limit + 1))
    rows = ([_value(getattr(each, name)) for name in DETAILS] for each in taken[:limit])
    print_rows(DETAILS, rows, form)
    if len(taken) > limit:
        inform(f"there are more than {limit:,}; --limit shows them")


@quarantine.command()
@click.argument("path", type=click.Path(path_type=Path))
@selection
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    help="By the ending of PATH, else csv.",
)
def export(
    path: Path,
    domain_name: str | None,
    table: str | None,
    first: dt.date | None,
    last: dt.date | None,
    reason: str | None,
    file: str | None,
    form: str | None,
) -> None:
    """Write rejected rows and lines to PATH, to be edited and replayed.

    PATH with an ending is one file of one dataset; else a folder with a file for each. Mend values
    where they stand; `_delete` = yes drops a record.

    Example:
      lakehouse quarantine export patch.csv --table orders --reason bad_status
    """
    from lakehouse.platform.quarantine import replay as library

    chosen = form or ("json" if path.suffix.lower() == ".json" else "csv")
    days = days_between(domain_name, first, last)
    try:
        written = library.export(
            _lake(),
            path,
            chosen,
            domain=domain_name,
            table=table,
            days=days,
            reason=reason,
            file=file,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not written:
        raise CommandError("nothing is rejected that fits", "lakehouse quarantine list")
    for target, rows in written.items():
        click.echo(f"{target}: {plural(rows, 'row')}")
    inform("edit, then:")
    inform(f"  -> lakehouse quarantine replay {domain_name or 'SPEC'} --patch {path}")


@quarantine.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option(
    "--patch",
    type=click.Path(path_type=Path, exists=True),
    help="An edited export: a file, or a folder of files.",
)
@click.option("--table", help="Without --patch: only this dataset.")
@days_options("day, without --patch")
@click.option("--reason", help="Without --patch: only this reason code.")
@click.option("--file", help="A landed file to replace whole (needs --with), or to rebuild.")
@click.option(
    "--with",
    "content",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The corrected whole file.",
)
@click.option("--no-run", is_flag=True, help="Only land; the next arrival run does the rest.")
def replay(
    domain_name: str,
    patch: Path | None,
    table: str | None,
    first: dt.date | None,
    last: dt.date | None,
    reason: str | None,
    file: str | None,
    content: Path | None,
    no_run: bool,
) -> None:
    """Bring rejected rows of SPEC back in, through the same checks, and rebuild their days.

    With --patch or --file … --with the corrected file lands as a new version of its delivery.
    Without, because rules or reference data were mended, the days of what is rejected run again.

    Examples:
      lakehouse quarantine replay mrhealth --patch patch.csv
      lakehouse quarantine replay mrhealth --file mrhealth/2026-01-05/PEDIDO.csv --with new.csv
      lakehouse quarantine replay mrhealth --reason unknown_product
    """
    from lakehouse.platform.quarantine import replay as library

    if content is not None and (file is None or patch is not None):
        raise click.UsageError("--with needs --file, and excludes --patch")
    settings = Settings.from_env()
    lake, landing = _lake(), _landing(domain_name, settings)
    if content is not None and file is not None:
        done = library.replace(lake, landing, settings, file, content)
    else:
        days = days_between(domain_name, first, last)
        chosen = library.Selection(
            domain=domain_name, table=table, days=days, reason=reason, file=file
        )
        done = library.replay(lake, landing, settings, chosen, patch)
    _finish(
        domain_name,
        done,
        settings,
        no_run=no_run,
        landed_only=patch is not None or content is not None,
    )


@quarantine.command()
@click.argument("file")
@click.option("--no-run", is_flag=True, help="Only land; the next arrival run does the rest.")
def release(file: str, no_run: bool) -> None:
    """Accept a held FILE (a path of the landing zone) as it is, with its last line ended.

    Example:
      lakehouse quarantine release mrhealth/2026-01-05/unidade_007/PEDIDO.csv
    """
    from lakehouse.platform.quarantine import replay as library

    domain = file.split("/", maxsplit=1)[0]
    if domain not in domain_names():
        raise click.UsageError(f"{file!r} is no path of the landing zone; it begins with a domain")
    settings = Settings.from_env()
    done = library.release(_lake(), _landing(domain, settings), settings, file)
    _finish(domain, done, settings, no_run=no_run, landed_only=True)


def _finish(
    domain_name: str, done: "Replay", settings: Settings, *, no_run: bool, landed_only: bool
) -> None:
    """Say what landed, then run what has to run."""
    from lakehouse.cli.runs import built, ingest_all, require_success

    for each in done.landed:
        changed = plural(each.edits, "record") if each.edits else "whole file"
        click.echo(f"{each.path}: {changed} of {each.file} corrected")
    for name in done.unchanged:
        inform(f"{name}: nothing changes")
    if not done.days:
        inform("nothing to replay")
        return
    if no_run:
        inform(f"{plural(len(done.days), 'day')} to run: {done.days[0]} to {done.days[-1]}")
        inform(f"  -> lakehouse ingest --domain {domain_name}")
        return
    domains = domains_of(domain_name)
    if landed_only:
        runs = ingest_all(domains, settings)
    else:
        from lakehouse.platform.orchestration.partitions import ranges

        runs = built(domains[0], settings, ranges(done.days))
    require_success(runs)


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _lake() -> "Lake":
    from lakehouse.platform.storage.lake import Lake

    return Lake(Settings.from_env().root)


def _landing(domain_name: str, settings: Settings) -> "LandingZone":
    from lakehouse.platform.ingestion.landing_zone import landing_zone_of

    (domain,) = domains_of(domain_name)
    return landing_zone_of(domain, settings)

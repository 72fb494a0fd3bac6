"""`lakehouse quarantine`: list, correct and replay rejected rows, lines and files."""

import datetime as dt
import functools
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakehouse.cli.messages import CommandError, inform, next_step
from lakehouse.cli.options import (
    days_between,
    days_options,
    domain_argument,
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
    from lakehouse.platform.quarantine.selection import Selection
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


def selection_options(command: Command) -> Command:
    """Add the options that select rejections; the command gets them as one `Selection`."""

    @functools.wraps(command)
    def with_selection(
        *,
        domain_name: str | None,
        table: str | None,
        first: dt.date | None,
        last: dt.date | None,
        reason: str | None,
        file: str | None,
        **others: Any,
    ) -> Any:
        from lakehouse.platform.quarantine.selection import Selection

        days = days_between(domain_name, first, last)
        selection = Selection(domain=domain_name, table=table, days=days, reason=reason, file=file)
        return command(selection=selection, **others)

    decorated: Any = with_selection
    for option in (
        click.option("--file", help="Only this delivered file, by its path."),
        click.option("--reason", help="Only this reason code (docs/reasons.md)."),
        days_options("delivery day of files and lines, or business day of rows"),
        click.option("--table", help="Only this dataset, or `unrecognized_files`."),
        domain_option,
    ):
        decorated = option(decorated)
    return decorated


@click.group()
def quarantine() -> None:
    """List, correct and replay rejected rows, lines and files.

    Example:
      lakehouse quarantine list
      lakehouse quarantine export --reason bad_status patch.csv --table orders
      (edit patch.csv)
      lakehouse quarantine replay mrhealth --patch patch.csv
    """


@quarantine.command("list")
@selection_options
@format_option
def list_(selection: "Selection", form: str) -> None:
    """Count the rejections by table, day and reason.

    Example:
      lakehouse quarantine list --from 2026-01-05 --to 2026-01-11
    """
    from lakehouse.platform.quarantine.listing import count_rejections

    counts = count_rejections(_lake(), selection)
    print_rows(COUNTS, ([getattr(each, name) for name in COUNTS] for each in counts), form)
    inform(f"{plural(sum(each.rows for each in counts), 'rejection')}")


@quarantine.command("show")
@selection_options
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Maximum number of rows.",
)
@format_option
def show(selection: "Selection", limit: int, form: str) -> None:
    """Print rejected rows, lines and files with their values.

    Example:
      lakehouse quarantine show --table orders --reason bad_status --limit 5
    """
    from lakehouse.platform.quarantine.listing import list_rejections

    found = list_rejections(_lake(), selection)
    shown = list(islice(found, limit + 1))
    rows = ([_value(getattr(each, name)) for name in DETAILS] for each in shown[:limit])
    print_rows(DETAILS, rows, form)
    if len(shown) > limit:
        inform(f"there are more than {limit:,}; raise --limit to show them")


@quarantine.command()
@click.argument("path", type=click.Path(path_type=Path))
@selection_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    help="Output format; default: by the ending of PATH, else csv.",
)
def export(path: Path, selection: "Selection", form: str | None) -> None:
    """Write rejected rows and lines to PATH for correction.

    `lakehouse quarantine replay` loads the corrected values. If PATH has an ending, it is one file
    with the rejections of one dataset; otherwise it is a folder with a file per dataset. Correct
    the values in place; `_delete` = yes removes a record.

    Example:
      lakehouse quarantine export patch.csv --table orders --reason bad_status
    """
    from lakehouse.platform.quarantine.export import export_rejections

    chosen = form or ("json" if path.suffix.lower() == ".json" else "csv")
    try:
        written = export_rejections(_lake(), path, selection, chosen)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not written:
        raise CommandError(
            "nothing in quarantine matches these options", "lakehouse quarantine list"
        )
    for target, rows in written.items():
        click.echo(f"{target}: {plural(rows, 'row')}")
    inform("correct the values, then replay them")
    next_step(f"lakehouse quarantine replay {selection.domain or 'DOMAIN'} --patch {path}")


@quarantine.command()
@domain_argument
@click.option(
    "--patch",
    type=click.Path(path_type=Path, exists=True),
    help="A corrected export: a file, or a folder of files.",
)
@click.option("--table", help="Only this dataset; not with --patch.")
@days_options("day to replay; not with --patch")
@click.option("--reason", help="Only this reason code; not with --patch.")
@click.option("--file", help="A delivered file to replace (with --with) or to replay.")
@click.option(
    "--with",
    "content",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The corrected file that replaces --file.",
)
@click.option(
    "--no-run", is_flag=True, help="Only land the corrected files; a later ingest loads them."
)
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
    """Replay rejected rows of DOMAIN through the same checks.

    With --patch, or --file and --with, the corrected file lands as a new version of its delivery.
    Without them the days of the rejections are rebuilt, which is enough after rules or reference
    data were corrected.

    Examples:
      lakehouse quarantine replay mrhealth --patch patch.csv
      lakehouse quarantine replay mrhealth --file mrhealth/2026-01-05/PEDIDO.csv --with new.csv
      lakehouse quarantine replay mrhealth --reason unknown_product
    """
    from lakehouse.platform.quarantine.replay import days_to_rebuild, replace_file, replay_patch
    from lakehouse.platform.quarantine.selection import Selection

    if content is not None and (file is None or patch is not None):
        raise click.UsageError("--with requires --file and cannot be combined with --patch")
    settings = Settings.from_env()
    lake, landing = _lake(), _landing(domain_name, settings)
    if content is not None and file is not None:
        done = replace_file(lake, landing, settings, file, content)
    elif patch is not None:
        done = replay_patch(lake, landing, settings, patch)
    else:
        days = days_between(domain_name, first, last)
        selection = Selection(domain=domain_name, table=table, days=days, reason=reason, file=file)
        done = days_to_rebuild(lake, selection)
    _finish(
        domain_name,
        done,
        settings,
        no_run=no_run,
        landed_only=patch is not None or content is not None,
    )


@quarantine.command()
@click.argument("file")
@click.option("--no-run", is_flag=True, help="Only land the file; a later ingest loads it.")
def release(file: str, no_run: bool) -> None:
    """Accept a held FILE as complete.

    FILE is a path of the landing zone. It lands again with a line end after its last line.

    Example:
      lakehouse quarantine release mrhealth/2026-01-05/unidade_007/PEDIDO.csv
    """
    from lakehouse.platform.quarantine.replay import release_file

    domain = file.split("/", maxsplit=1)[0]
    if domain not in domain_names():
        raise click.UsageError(
            f"{file!r} does not start with a domain; name a path of the landing zone"
        )
    settings = Settings.from_env()
    done = release_file(_lake(), _landing(domain, settings), settings, file)
    _finish(domain, done, settings, no_run=no_run, landed_only=True)


def _finish(
    domain_name: str, done: "Replay", settings: Settings, *, no_run: bool, landed_only: bool
) -> None:
    """Print the files that landed, then run what has to run."""
    from lakehouse.cli.runs import ingest_all, rebuild, require_success

    for each in done.landed:
        changed = plural(each.edits, "record") if each.edits else "entire file"
        click.echo(f"{each.path}: {changed} of {each.file} corrected")
    for name in done.unchanged:
        inform(f"{name}: the correction changes nothing")
    if not done.days:
        inform("nothing to replay")
        return
    if no_run:
        inform(f"{plural(len(done.days), 'day')} to run: {done.days[0]} to {done.days[-1]}")
        next_step(f"lakehouse ingest --domain {domain_name}")
        return
    domains = domains_of(domain_name)
    if landed_only:
        runs = ingest_all(domains, settings)
    else:
        from lakehouse.platform.orchestration.partitions import ranges

        runs = rebuild(domains[0], settings, ranges(done.days))
    require_success(runs)


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _lake() -> "Lake":
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    return Lake(settings.root, settings.file_mb)


def _landing(domain_name: str, settings: Settings) -> "LandingZone":
    from lakehouse.platform.ingestion.landing_zone import landing_zone_of

    (domain,) = domains_of(domain_name)
    return landing_zone_of(domain, settings)

"""Arguments and options that several commands share: domains, tables, days."""

import datetime as dt
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from lakehouse.cli.messages import CommandError, suggestion
from lakehouse.lasting_objects import lasting_objects
from lakehouse.platform.tables.domains import DOMAINS, domain_names, load_spec
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain

Command = TypeVar("Command", bound=Callable[..., Any])


class Day(click.ParamType[dt.date]):
    """A day as ``YYYY-MM-DD``, or ``today`` or ``yesterday`` in the time zone of the lake."""

    name = "day"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        if isinstance(value, dt.date):
            return value
        if value in ("today", "yesterday"):
            today = dt.datetime.now(Settings.from_env().zone).date()
            return today - dt.timedelta(days=value == "yesterday")
        try:
            if len(value) != 10:
                raise ValueError(value)
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write YYYY-MM-DD, today or yesterday", param, ctx)


class DomainName(click.ParamType[str]):
    """The name of a domain that has a folder in ``lakehouse/domains``."""

    name = "domain"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the domains that begin with a text."""
        return [CompletionItem(name) for name in domain_names() if name.startswith(incomplete)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = domain_names()
        if value not in known:
            self.fail(f"unknown domain {value!r}; {suggestion(value, known)}", param, ctx)
        return str(value)


class TableName(click.ParamType["TableId"]):
    """A table by its SQL name, ``<layer>.<domain>_<table>``."""

    name = "table"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the tables of a lake on disk that begin with a text, from the names of folders."""
        logs = Path(Settings.from_env().root).glob("*/*/*/_delta_log")
        places = (log.parent.parts[-3:] for log in logs)
        names = (f"{layer}.{domain}_{table}" for layer, domain, table in places)
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "TableId":
        from lakehouse.platform.storage.table_id import TableId

        if isinstance(value, TableId):
            return value
        try:
            return TableId.from_name(value)
        except ValueError as error:
            self.fail(
                f"{value!r} is not a table name ({error}); write <layer>.<domain>_<table>",
                param,
                ctx,
            )


def domains_declaring(module: str) -> list[str]:
    """Return the names of the domains that have an optional module, such as ``extraction``."""
    return [name for name in domain_names() if find_spec(f"{DOMAINS}.{name}.{module}")]


def domains_of(domain_name: str | None) -> "list[Domain]":
    """Load one domain with its tables, or all domains when no name is given."""
    with lasting_objects():
        from lakehouse.platform.tables.registry import load_domain

        return [load_domain(name) for name in ([domain_name] if domain_name else domain_names())]


def require_stored(lake: "Lake", table: "TableId") -> "TableId":
    """Return `table` when it is stored in the lake.

    Raises:
        CommandError: it is not; the hint names the most similar table.
    """
    if not lake.table(table).exists():
        known = (each.name for each in lake.tables() if each.companion is None)
        raise CommandError(
            f"table {table.name} does not exist in {lake.root}", suggestion(table.name, known)
        )
    return table


class Renamed(click.Option):
    """An option whose earlier names still work, but only its first name is in the help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        names, self.opts = self.opts, self.opts[:1]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = names


domain_argument = click.argument("domain_name", metavar="DOMAIN", type=DomainName())
domain_option = click.option(
    "--domain",
    "--system",
    "domain_name",
    cls=Renamed,
    type=DomainName(),
    help="Only this domain; default: all domains.",
)


def days_options(meaning: str, *, required: bool = False) -> Callable[[Command], Command]:
    """Add ``--from`` and ``--to``, an inclusive range of days; `meaning` completes the help."""

    def add(command: Command) -> Command:
        last = click.option(
            "--to",
            "last",
            type=Day(),
            required=required,
            callback=_require_order,
            help=f"Last {meaning}.",
        )
        first = click.option(
            "--from",
            "first",
            type=Day(),
            required=required,
            is_eager=True,
            help=f"First {meaning}.",
        )
        return first(last(command))

    return add


def _require_order(
    ctx: click.Context, param: click.Parameter, last: dt.date | None
) -> dt.date | None:
    first = ctx.params.get("first")
    if first is not None and last is not None and first > last:
        raise click.BadParameter(f"--from {first} is after --to {last}; swap them", ctx, param)
    return last


def within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    """Return whether a day is in an inclusive range; an end that is None is open."""
    return (first is None or day >= first) and (last is None or day <= last)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "file"), plural(1200, "file"), plural(2, "delivery", "deliveries")
    ('1 file', '1,200 files', '2 deliveries')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def joined(names: Iterable[object], limit: int = 5) -> str:
    """Return the first names separated by commas, and how many more there are."""
    given = [str(name) for name in names]
    rest = f" and {len(given) - limit} more" if len(given) > limit else ""
    return ", ".join(given[:limit]) + rest


def days_between(
    domain_name: str | None, first: dt.date | None, last: dt.date | None
) -> list[dt.date] | None:
    """Return every day of a range, or None for all days when both ends are open.

    An open start is the first day of the domains, an open end is tomorrow.
    """
    if first is None and last is None:
        return None
    names = [domain_name] if domain_name else domain_names()
    start = first or min(load_spec(name).since for name in names)
    end = last or dt.datetime.now(Settings.from_env().zone).date() + dt.timedelta(days=1)
    return [start + dt.timedelta(days=n) for n in range((end - start).days + 1)]

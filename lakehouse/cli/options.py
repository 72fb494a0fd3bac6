"""Options that several commands share: days, systems, tables."""

import datetime as dt
import pkgutil
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakehouse.cli.messages import CommandError, suggestion
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.registry import Domain

Command = TypeVar("Command", bound=Callable[..., Any])


class Day(click.ParamType[dt.date]):
    """A day as ``YYYY-MM-DD``, or ``today`` or ``yesterday`` in the lake's time zone."""

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
            self.fail(f"{value!r} is no day; write YYYY-MM-DD, today or yesterday", param, ctx)


class DomainName(click.ParamType[str]):
    """A domain of this lake."""

    name = "domain"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = domain_names()
        if value not in known:
            self.fail(f"no domain {value!r}; {suggestion(value, known)}", param, ctx)
        return str(value)


class TableName(click.ParamType["TableId"]):
    """A table by its SQL name, ``<layer>.<domain>_<table>``."""

    name = "layer.domain_table"

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
                f"{value!r} names no table ({error}); write silver.mrhealth_orders", param, ctx
            )


def domain_names() -> list[str]:
    """Systems that have a folder; imports none of them."""
    import lakehouse.domains

    return sorted(m.name for m in pkgutil.iter_modules(lakehouse.domains.__path__) if m.ispkg)


def domains_of(domain_name: str | None) -> "list[Domain]":
    """The systems asked for, with their tables: one or all."""
    from lakehouse.platform.tables.registry import load_domain

    return [load_domain(name) for name in ([domain_name] if domain_name else domain_names())]


def stored_table(lake: "Lake", table: "TableId") -> "TableId":
    """A table that exists in the lake; CommandError with the nearest name when it does not."""
    if not lake.table(table).exists():
        known = (each.name for each in lake.tables() if each.companion is None)
        raise CommandError(f"no table {table.name} in {lake.root}", suggestion(table.name, known))
    return table


domain_option = click.option(
    "--domain",
    "--system",
    "domain_name",
    type=DomainName(),
    help="Only this domain; all when not given. --system is an alias.",
)


def days_options(what: str, *, required: bool = False) -> Callable[[Command], Command]:
    """``--from`` and ``--to``, a range of days with both ends; `what` says of which days."""

    def add(command: Command) -> Command:
        last = click.option(
            "--to", "last", type=Day(), required=required, callback=_after, help=f"Last {what}."
        )
        first = click.option(
            "--from", "first", type=Day(), required=required, is_eager=True, help=f"First {what}."
        )
        return first(last(command))

    return add


def _after(ctx: click.Context, param: click.Parameter, last: dt.date | None) -> dt.date | None:
    first = ctx.params.get("first")
    if first is not None and last is not None and first > last:
        raise click.BadParameter(f"--from {first} is after --to {last}; swap them", ctx, param)
    return last


def within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    """Whether a day lies in a range that may be open at its ends."""
    return (first is None or day >= first) and (last is None or day <= last)


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its word.

    >>> plural(1, "file"), plural(1200, "file"), plural(2, "delivery", "deliveries")
    ('1 file', '1,200 files', '2 deliveries')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def joined(names: Iterable[object], limit: int = 5) -> str:
    """Names by comma, the rest counted."""
    given = [str(name) for name in names]
    rest = f" and {len(given) - limit} more" if len(given) > limit else ""
    return ", ".join(given[:limit]) + rest


def days_between(
    domain_name: str | None, first: dt.date | None, last: dt.date | None
) -> list[dt.date] | None:
    """Every day of a range; an open end is the first day or tomorrow. None is all."""
    if first is None and last is None:
        return None
    import importlib

    names = [domain_name] if domain_name else domain_names()
    since = [importlib.import_module(f"lakehouse.domains.{name}").SPEC.since for name in names]
    start = first or min(since)
    end = last or dt.datetime.now(Settings.from_env().zone).date() + dt.timedelta(days=1)
    return [start + dt.timedelta(days=n) for n in range((end - start).days + 1)]

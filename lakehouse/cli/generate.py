"""`lakehouse generate`: write sample deliveries of a domain."""

import datetime as dt
import importlib
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.messages import CommandError, inform, next_step
from lakehouse.cli.options import Day, Renamed, domain_argument, joined, plural
from lakehouse.cli.progress import counted

SEED, UNITS, DAYS = 7, 50, 14
PLAN_OPTIONS = ("seed", "scale", "units", "days", "first", "errors", "stock")


def generator_of(domain_name: str) -> Any:
    """Return the module that generates deliveries of a domain (see `lakehouse.demo`).

    Raises:
        CommandError: the domain has none.
    """
    name = f"lakehouse.demo.{domain_name}"
    if find_spec(name) is None:
        raise CommandError(
            f"domain {domain_name!r} has no generator",
            f"land files of your own: lakehouse land {domain_name} PATH",
        )
    return importlib.import_module(name)


def plan_of(domain_name: str, **options: Any) -> Any:
    """Return a plan of a domain's generator; options that are None keep the plan's defaults.

    Raises:
        click.BadParameter: a value is outside its range.
        click.UsageError: the plan of this domain does not have an option.
    """
    generator = generator_of(domain_name)
    known = {field.name for field in fields(generator.Plan)}
    given = {name: value for name, value in options.items() if value is not None}
    if unknown := sorted(set(given) - known):
        allowed = joined((f"--{name}" for name in PLAN_OPTIONS if name in known), len(PLAN_OPTIONS))
        raise click.UsageError(f"--{unknown[0]} is not an option of {domain_name}; use {allowed}")
    if {"units", "days", "first"} <= known:
        given = {"units": UNITS, "days": DAYS} | given
        given.setdefault("first", _first_day(given["days"]))
    try:
        return generator.Plan(**given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _first_day(days: int) -> dt.date:
    """Return the first of so many days of which yesterday is the last."""
    return Day().convert("yesterday", None, None) - dt.timedelta(days=days - 1)


def files_of(generator: Any, plan: Any) -> Iterator[Any]:
    """Yield the files of a plan as they arrive, reference tables first."""
    reference = generator.reference(plan) if hasattr(generator, "reference") else ()
    return chain(reference, generator.deliveries(plan))


@click.command()
@domain_argument
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=SEED, show_default=True, help="Seed; equal seeds give equal files.")
@click.option("--scale", type=float, help="Size as a share of the real system; 1 is full size.")
@click.option("--units", type=int, help=f"Number of units that deliver; default: {UNITS}.")
@click.option("--days", type=int, help=f"Number of delivery days; default: {DAYS}.")
@click.option("--first", type=Day(), help="First delivery day; default depends on the domain.")
@click.option(
    "--errors",
    "--dirt",
    "errors",
    cls=Renamed,
    type=float,
    help="How many errors to plant; 0 is none, 1 is the usual share.",
)
@click.option(
    "--stock", is_flag=True, default=None, help="Also write stock movements, for mrhealth."
)
def generate(
    domain_name: str,
    out: Path,
    seed: int,
    scale: float | None,
    units: int | None,
    days: int | None,
    first: dt.date | None,
    errors: float | None,
    stock: bool | None,
) -> None:
    """Write sample deliveries of DOMAIN to the empty folder OUT.

    Equal options always give equal files. Each domain accepts some of --scale, --units and --days;
    a wrong one is answered with the valid ones. `lakehouse land` copies the files into the landing
    zone.

    Examples:
      lakehouse generate mrhealth data/sample --units 5 --days 3 --first 2026-01-05
      lakehouse generate mrhealth data/stock --units 5 --days 3 --stock
      lakehouse generate cards data/cards --seed 7 --scale 0.1
      lakehouse land cards data/cards
    """
    from lakehouse.cli.land import put
    from lakehouse.platform.storage.object_store import ObjectStore

    if out.exists() and any(out.iterdir()):
        raise CommandError(f"{out} is not empty", "name a folder that does not exist yet")
    plan = plan_of(
        domain_name,
        seed=seed,
        scale=scale,
        units=units,
        days=days,
        first=first,
        errors=errors,
        stock=stock,
    )
    store = ObjectStore.at(str(out))
    count = 0
    for file in counted("files generated", files_of(generator_of(domain_name), plan)):
        put(store, file.path, file.data, file.modified_at)
        count += 1
    inform(f"{plural(count, 'file')} of {domain_name} written to {out}")
    next_step(f"lakehouse land {domain_name} {out}")

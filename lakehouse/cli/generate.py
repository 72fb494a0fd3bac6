"""`lakehouse generate`: invented deliveries of a domain."""

import datetime as dt
import importlib
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import Day, DomainName, joined, plural
from lakehouse.cli.progress import counted

SEED, UNITS, DAYS = 7, 50, 14


def generator_of(domain_name: str) -> Any:
    """The module that invents a domain's deliveries."""
    name = f"lakehouse.demo.{domain_name}"
    if find_spec(name) is None:
        raise CommandError(
            f"{domain_name} has no generator", "land files of your own: lakehouse land --help"
        )
    return importlib.import_module(name)


def first_day(first: dt.date | None, days: int) -> dt.date:
    """The first day asked for, else the one that makes yesterday the last."""
    return first or Day().convert("yesterday", None, None) - dt.timedelta(days=days - 1)


def plan_of(domain_name: str, **asked: Any) -> Any:
    """A plan of a domain's generator, its own defaults where nothing was asked.

    Raises:
        click.BadParameter: the plan cannot be.
        click.UsageError: the system is not sized by what was asked.
    """
    generator = generator_of(domain_name)
    known = {field.name for field in fields(generator.Plan)}
    given = {name: value for name, value in asked.items() if value is not None}
    if unknown := sorted(set(given) - known):
        may = joined(f"--{name}" for name in OPTIONS if name in known)
        raise click.UsageError(f"{domain_name} knows no --{unknown[0]}; it takes {may}")
    if {"units", "days", "first"} <= known:
        given = {"units": UNITS, "days": DAYS} | given
        given["first"] = first_day(given.get("first"), given["days"])
    try:
        return generator.Plan(**given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def files_of(generator: Any, plan: Any) -> Iterator[Any]:
    """Deliveries of a plan as they arrive, after its reference tables where it has any."""
    reference = generator.reference(plan) if hasattr(generator, "reference") else ()
    return chain(reference, generator.deliveries(plan))


OPTIONS = ("seed", "scale", "units", "days", "first", "dirt")


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=SEED, show_default=True, help="The same seed, the same bytes.")
@click.option("--scale", type=float, help="Share of the full size; 1 is the real system's.")
@click.option("--units", type=int, help=f"How many units deliver, else {UNITS} [mrhealth].")
@click.option("--days", type=int, help=f"How many days, else {DAYS} [mrhealth].")
@click.option("--first", type=Day(), help="First day; without it the system's own choice.")
@click.option("--dirt", type=float, help="0 is clean, 1 the usual share of faults.")
def generate(
    domain_name: str,
    out: Path,
    seed: int,
    scale: float | None,
    units: int | None,
    days: int | None,
    first: dt.date | None,
    dirt: float | None,
) -> None:
    """Write invented deliveries of SPEC to the folder OUT.

    The same options always give the same bytes. OUT must be empty; `lakehouse land` brings the
    files into the landing zone. Mr. Health is sized by --units and --days, the others by --scale.

    Examples:
      lakehouse generate mrhealth data/sample --units 5 --days 3 --first 2026-01-05
      lakehouse generate cards data/cards --seed 7 --scale 0.1
      lakehouse land cards data/cards
    """
    from lakehouse.cli.land import put
    from lakehouse.platform.storage.object_store import ObjectStore

    if out.exists() and any(out.iterdir()):
        raise CommandError(f"{out} is not empty", "name a folder that does not exist yet")
    plan = plan_of(
        domain_name, seed=seed, scale=scale, units=units, days=days, first=first, dirt=dirt
    )
    store = ObjectStore.at(str(out))
    count = 0
    for file in counted("files generated", files_of(generator_of(domain_name), plan)):
        put(store, file.path, file.data, file.modified_at)
        count += 1
    inform(f"{plural(count, 'file')} of {domain_name} in {out}")
    inform(f"  -> lakehouse land {domain_name} {out}")

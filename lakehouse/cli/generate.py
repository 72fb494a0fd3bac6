"""`lakehouse generate`: invented deliveries of a system."""

import datetime as dt
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.options import Day, SystemName, plural
from lakehouse.cli.problems import Problem, note
from lakehouse.cli.progress import counted

SEED, UNITS, DAYS = 7, 50, 14


def generator_of(system: str) -> Any:
    """The module that invents a system's deliveries."""
    name = f"lakehouse.domains.{system}.generator"
    if find_spec(name) is None:
        raise Problem(f"{system} has no generator", "land files of your own: lakehouse land --help")
    return importlib.import_module(name)


def first_day(first: dt.date | None, days: int) -> dt.date:
    """The first day asked for, else the one that makes yesterday the last."""
    return first or Day().convert("yesterday", None, None) - dt.timedelta(days=days - 1)


def plan_of(generator: Any, **asked: Any) -> Any:
    """A plan of the generator; BadParameter when it cannot be."""
    try:
        return generator.Plan(**asked)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def files_of(generator: Any, plan: Any) -> Iterator[Any]:
    """Reference tables and deliveries of a plan, as they arrive."""
    return chain(generator.reference(plan), generator.deliveries(plan))


@click.command()
@click.argument("system", type=SystemName())
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--units", default=UNITS, show_default=True, help="How many units deliver.")
@click.option("--days", default=DAYS, show_default=True, help="How many days.")
@click.option("--first", type=Day(), help="First day; without it the last day is yesterday.")
@click.option("--seed", default=SEED, show_default=True, help="The same seed, the same bytes.")
@click.option("--dirt", default=1.0, show_default=True, help="0 is clean, 1 one unit-day in ten.")
def generate(
    system: str, out: Path, units: int, days: int, first: dt.date | None, seed: int, dirt: float
) -> None:
    """Write invented deliveries of SYSTEM to the folder OUT.

    The same options always give the same bytes. OUT must be empty; `lakehouse land` brings the
    files into the landing zone.

    Example:
      lakehouse generate mrhealth data/sample --units 5 --days 3 --first 2026-01-05
      lakehouse land mrhealth data/sample
    """
    from lakehouse.cli.land import put
    from lakehouse.platform.objectstore import ObjectStore

    if out.exists() and any(out.iterdir()):
        raise Problem(f"{out} is not empty", "name a folder that does not exist yet")
    generator = generator_of(system)
    plan = plan_of(
        generator, units=units, days=days, first=first_day(first, days), seed=seed, dirt=dirt
    )
    store = ObjectStore.at(str(out))
    count = 0
    for file in counted("files generated", files_of(generator, plan)):
        put(store, file.path, file.data, file.modified_at)
        count += 1
    note(f"{plural(count, 'file')} of {plural(days, 'day')} from {plan.first} in {out}")
    note(f"  -> lakehouse land {system} {out}")

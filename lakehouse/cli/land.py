"""`lakehouse land`: files into the landing zone, each at once and whole."""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import Day, DomainName, joined, plural
from lakehouse.cli.progress import counted
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.ingestion.paths import PathRules
    from lakehouse.platform.storage.object_store import ObjectStore
    from lakehouse.platform.tables.domain_spec import DomainSpec


@dataclass(frozen=True, kw_only=True)
class Putting:
    """A local file and its place in the landing zone."""

    local: Path
    path: str


def put(store: "ObjectStore", path: str, data: bytes | Path, modified_at: dt.datetime) -> None:
    """Make a file of the landing zone, on disk with its modification time; never seen in part."""
    from lakehouse.platform.storage.disk import DiskStore

    if not isinstance(store, DiskStore):
        store.copy_in(data, path) if isinstance(data, Path) else store.write(path, data)
        return
    scratch = store.scratch(path.rpartition("/")[0])
    try:
        if isinstance(data, Path):
            with data.open("rb") as source, scratch.open("xb") as target:
                while piece := source.read(1 << 20):
                    target.write(piece)
        else:
            scratch.write_bytes(data)
        moment = (modified_at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(
            microseconds=1
        )
        os.utime(scratch, ns=(moment * 1000, moment * 1000))
        store.move_in(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--day", type=Day(), help="Delivery day, where PATH does not name it.")
@click.option(
    "--unit",
    type=click.IntRange(1, 999_999_999),
    help="Unit that delivers, where PATH does not name it.",
)
@click.option("--replace", is_flag=True, help="Overwrite a file of another content.")
def land(
    domain_name: str, path: Path, day: dt.date | None, unit: int | None, replace: bool
) -> None:
    """Copy a file or a folder into the landing zone of SPEC.

    Folders named after a day and a unit keep their meaning; --day and --unit say it for files that
    lie in none. Names that would be rejected stay out and are listed. On disk the modification time
    is kept: of two versions of a delivery the later one counts.

    Examples:
      lakehouse land mrhealth data/sample
      lakehouse land mrhealth PEDIDO.csv --day 2026-01-05 --unit 7
    """
    from lakehouse.platform.storage.object_store import ObjectStore

    settings = Settings.from_env()
    store = ObjectStore.at(settings.landing)
    rules = _rules(domain_name, settings)
    wanted, rejected = _sorted_out(_placed(rules.spec, path, day=day, unit=unit), rules, settings)
    fresh, same, different = _compared(store, wanted)
    if different and not replace:
        raise CommandError(
            f"{plural(len(different), 'file')} of other content would be overwritten:"
            f" {joined(each.path for each in different)}",
            "land a correction below a folder such as reenvio/, or pass --replace",
        )
    for each in counted("files landed", [*fresh, *different], len(fresh) + len(different)):
        put(store, each.path, each.local, _modified(each.local))
    done = plural(len(fresh) + len(different), "file")
    inform(
        f"{done} landed in {store.uri}/{domain_name}"
        + (f", {len(same):,} already there" if same else "")
    )
    for name, why in rejected:
        warn(f"{name} was left out: {why}")
    if rejected:
        raise CommandError(
            f"{plural(len(rejected), 'file')} left out", "rename them, or say --day and --unit"
        )
    inform(f"  -> lakehouse ingest --domain {domain_name}")


def _rules(domain_name: str, settings: Settings) -> "PathRules":
    import importlib

    from lakehouse.platform.ingestion.paths import PathRules
    from lakehouse.platform.tables.source import declared_in

    package = importlib.import_module(f"lakehouse.domains.{domain_name}")
    sources = importlib.import_module(f"lakehouse.domains.{domain_name}.sources")
    return PathRules(spec=package.SPEC, sources=declared_in(sources), zone=settings.zone)


def _placed(
    spec: "DomainSpec", path: Path, *, day: dt.date | None, unit: int | None
) -> Iterator[Putting]:
    """Local files and where they go; below a folder of the system's name they keep it."""
    found = sorted(_plain_files(path)) if path.is_dir() else [path]
    inner = path / spec.name
    base = inner if inner.is_dir() else path if path.is_dir() else path.parent
    given = [f"{day}"] if day is not None else []
    given += [spec.unit_folder(unit)] if unit is not None else []
    prefix = given or _meant(spec.name, base)
    for local in found:
        try:
            relative = local.relative_to(base).as_posix()
        except ValueError:
            relative = local.relative_to(path).as_posix()
        yield Putting(local=local, path="/".join((spec.name, *prefix, relative)))


def _plain_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place) / name for name in names)


def _meant(domain_name: str, base: Path) -> list[str]:
    """Folders of the landing zone that the local place stands for, such as a day and a unit."""
    parts = list(base.absolute().parts)
    if domain_name not in parts:
        return []
    below = parts[len(parts) - parts[::-1].index(domain_name) :]
    known = below and (below[0] == "reference" or _is_day(below[0]))
    return below if known else []


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _sorted_out(
    placed: Iterator[Putting], rules: "PathRules", settings: Settings
) -> tuple[list[Putting], list[tuple[str, str]]]:
    """Files that the landing zone takes, and the others with the reason."""
    from lakehouse.platform.ingestion.paths import (
        UnrecognizedFile,
        UnrecognizedReason,
        recognize,
    )
    from lakehouse.platform.storage.object_store import Entry

    today = dt.datetime.now(settings.zone).date()
    taken: list[Putting] = []
    rejected: list[tuple[str, str]] = []
    for each in placed:
        if each.local.is_symlink() or not each.local.is_file():
            rejected.append((str(each.local), "it is a link or no plain file"))
            continue
        size = each.local.stat().st_size
        entry = Entry(path=each.path, size=size, modified_at=_modified(each.local), etag=None)
        met = recognize(entry, rules, today=today)
        if not isinstance(met, UnrecognizedFile):
            taken.append(each)
        elif met.reason is not UnrecognizedReason.TEMPORARY:
            rejected.append((str(each.local), met.detail))
    return taken, rejected


def _compared(
    store: "ObjectStore", wanted: list[Putting]
) -> tuple[list[Putting], list[Putting], list[Putting]]:
    """Files that are not there, that are there already, and that are there with other content."""
    fresh: list[Putting] = []
    same: list[Putting] = []
    different: list[Putting] = []
    for each in wanted:
        there = store.stat(each.path)
        if there is None:
            fresh.append(each)
        elif there.size == each.local.stat().st_size and (
            store.read(each.path) == each.local.read_bytes()
        ):
            same.append(each)
        else:
            different.append(each)
    return fresh, same, different


def _modified(local: Path) -> dt.datetime:
    moment = local.stat().st_mtime_ns // 1000
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=moment)

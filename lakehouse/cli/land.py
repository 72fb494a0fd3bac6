"""`lakehouse land`: copy files into the landing zone; each appears there only when complete."""

import datetime as dt
import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, next_step, warn
from lakehouse.cli.options import Day, domain_argument, joined, plural
from lakehouse.cli.progress import counted
from lakehouse.platform.tables.domains import DOMAINS, load_spec
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.ingestion.paths import PathRules
    from lakehouse.platform.storage.object_store import ObjectStore
    from lakehouse.platform.tables.domain_spec import DomainSpec

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
CHUNK = 1 << 20
"""Bytes copied at a time."""


@dataclass(frozen=True, kw_only=True)
class PlacedFile:
    """A local file and its path in the landing zone."""

    local: Path
    path: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Local files compared with the landing zone."""

    missing: list[PlacedFile]
    """Not in the landing zone."""
    same: list[PlacedFile]
    """In the landing zone with the same content."""
    different: list[PlacedFile]
    """In the landing zone with other content."""


def put(store: "ObjectStore", path: str, data: bytes | Path, modified_at: dt.datetime) -> None:
    """Write a file of the landing zone; on disk it keeps its modification time.

    The file appears under `path` only when it is complete.
    """
    from lakehouse.platform.storage.disk import DiskStore

    if not isinstance(store, DiskStore):
        store.copy_in(data, path) if isinstance(data, Path) else store.write(path, data)
        return
    scratch = store.scratch(path.rpartition("/")[0])
    try:
        if isinstance(data, Path):
            with data.open("rb") as source, scratch.open("xb") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
        else:
            scratch.write_bytes(data)
        nanoseconds = (modified_at - EPOCH) // MICROSECOND * 1000
        os.utime(scratch, ns=(nanoseconds, nanoseconds))
        store.move_in(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


@click.command()
@domain_argument
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--day", type=Day(), help="Delivery day, if PATH does not contain it.")
@click.option(
    "--unit",
    type=click.IntRange(1, 999_999_999),
    help="Unit that delivers, if PATH does not contain it.",
)
@click.option("--replace", is_flag=True, help="Overwrite files that have other content.")
def land(
    domain_name: str, path: Path, day: dt.date | None, unit: int | None, replace: bool
) -> None:
    """Copy a file or folder PATH into the landing zone of DOMAIN.

    Day and unit are taken from the folders of PATH, or from --day and --unit. Files that the
    landing zone would not recognize are not copied but listed, and the exit code is 1. On disk the
    modification time is kept. Of two versions of a delivery the one that landed last is used.

    Examples:
      lakehouse land mrhealth data/sample
      lakehouse land mrhealth PEDIDO.csv --day 2026-01-05 --unit 7
    """
    from lakehouse.platform.storage.object_store import ObjectStore

    settings = Settings.from_env()
    store = ObjectStore.at(settings.landing)
    rules = _rules(domain_name, settings)
    recognized, left_out = _recognize(_place(rules.spec, path, day, unit), rules, settings)
    found = _compare(store, recognized)
    if found.different and not replace:
        raise CommandError(
            f"{plural(len(found.different), 'file')} with other content would be overwritten:"
            f" {joined(each.path for each in found.different)}",
            "land a correction in a subfolder of its day, or pass --replace",
        )
    copied = [*found.missing, *found.different]
    for each in counted("files landed", copied, len(copied)):
        put(store, each.path, each.local, _modified_at(each.local))
    already = f", {len(found.same):,} already there" if found.same else ""
    inform(f"{plural(len(copied), 'file')} landed in {store.uri}/{domain_name}{already}")
    for name, reason in left_out:
        warn(f"{name} was not copied: {reason}")
    if left_out:
        raise CommandError(
            f"{plural(len(left_out), 'file')} not copied", "rename them, or pass --day and --unit"
        )
    next_step(f"lakehouse ingest --domain {domain_name}")


def _rules(domain_name: str, settings: Settings) -> "PathRules":
    """Return the path rules of a domain without importing its tables."""
    from lakehouse.platform.ingestion.paths import PathRules
    from lakehouse.platform.tables.source import declared_in

    sources = declared_in(importlib.import_module(f"{DOMAINS}.{domain_name}.sources"))
    return PathRules(spec=load_spec(domain_name), sources=sources, zone=settings.zone)


def _place(
    spec: "DomainSpec", path: Path, day: dt.date | None, unit: int | None
) -> Iterator[PlacedFile]:
    """Yield the local files with their paths in the landing zone.

    Below a folder named after the domain, files keep their relative path.
    """
    files = sorted(_visible_files(path)) if path.is_dir() else [path]
    inner = path / spec.name
    base = inner if inner.is_dir() else path if path.is_dir() else path.parent
    given = [f"{day}"] if day is not None else []
    given += [spec.unit_folder(unit)] if unit is not None else []
    prefix = given or _day_and_unit_of(spec, base)
    for local in files:
        try:
            relative = local.relative_to(base).as_posix()
        except ValueError:
            relative = local.relative_to(path).as_posix()
        yield PlacedFile(local=local, path="/".join((spec.name, *prefix, relative)))


def _visible_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place) / name for name in names)


def _day_and_unit_of(spec: "DomainSpec", base: Path) -> list[str]:
    """Return the last folders of a local path, from the first one that names a day or unit.

    Folders above the domain's folder are not looked at. A number alone is a unit only beside a day.
    """
    from lakehouse.platform.ingestion.folders import first_day

    folders = list(base.absolute().parts[1:])
    if spec.name in folders:
        folders = folders[len(folders) - folders[::-1].index(spec.name) :]
        if folders[:1] == ["reference"]:
            return folders
    named = [n for n, name in enumerate(folders) if spec.folders.unit_of(name) is not None]
    if day := first_day(spec.folders, tuple(folders)):
        above = day.first - 1
        is_unit = spec.folders.numbered_units and above >= 0 and folders[above].isdecimal()
        named.append(above if is_unit else day.first)
    return folders[min(named) :] if named else []


def _recognize(
    placed: Iterator[PlacedFile], rules: "PathRules", settings: Settings
) -> tuple[list[PlacedFile], list[tuple[str, str]]]:
    """Return the files that the landing zone recognizes, and the others with the reason."""
    from lakehouse.platform.ingestion.path_problems import UnrecognizedReason
    from lakehouse.platform.ingestion.paths import UnrecognizedFile, recognize
    from lakehouse.platform.storage.object_store import Entry

    today = dt.datetime.now(settings.zone).date()
    recognized: list[PlacedFile] = []
    left_out: list[tuple[str, str]] = []
    for each in placed:
        if each.local.is_symlink() or not each.local.is_file():
            left_out.append((str(each.local), "it is a symbolic link or not a regular file"))
            continue
        size = each.local.stat().st_size
        entry = Entry(path=each.path, size=size, modified_at=_modified_at(each.local), etag=None)
        found = recognize(entry, rules, today=today)
        is_control = getattr(found, "reason", None) is UnrecognizedReason.CONTROL_FILE
        if is_control or not isinstance(found, UnrecognizedFile):
            recognized.append(each)
        elif found.reason is not UnrecognizedReason.TEMPORARY:
            left_out.append((str(each.local), found.detail))
    return recognized, left_out


def _compare(store: "ObjectStore", files: list[PlacedFile]) -> Comparison:
    """Compare files with what the landing zone holds under their paths."""
    found = Comparison(missing=[], same=[], different=[])
    for each in files:
        stored = store.stat(each.path)
        if stored is None:
            found.missing.append(each)
        elif stored.size == each.local.stat().st_size and (
            store.read(each.path) == each.local.read_bytes()
        ):
            found.same.append(each)
        else:
            found.different.append(each)
    return found


def _modified_at(local: Path) -> dt.datetime:
    return EPOCH + local.stat().st_mtime_ns // 1000 * MICROSECOND

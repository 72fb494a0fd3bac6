"""`lakehouse raw`: the bytes of landed files, as they landed."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake

DIGEST = re.compile(r"[0-9a-f]{8,64}")
PIECE = 1 << 20


@click.group()
def raw() -> None:
    """Landed files as they landed, byte for byte."""


@raw.command()
@click.argument("file", metavar="DIGEST|PATH")
@click.option("--unpack", is_flag=True, help="Unpack a .gz file.")
def cat(file: str, unpack: bool) -> None:
    """Write the original bytes of a landed file to stdout.

    A SHA-256 (or its first 8 digits or more), or a path in the landing zone: of several versions
    of it the newest is given.

    Examples:
      lakehouse raw cat mrhealth/2026-01-05/unidade_007/PEDIDO.csv
      lakehouse raw cat 3b5d5c3712955042 > PEDIDO.csv
    """
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(Settings.from_env().root)
    wanted = file.lower()
    found = _by_digest(lake, wanted) if DIGEST.fullmatch(wanted) else _by_path(lake, file)
    data = lake.store.read(found)
    if unpack:
        import gzip

        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    with click.open_file("-", "wb") as out:
        for start in range(0, len(data), PIECE):
            out.write(data[start : start + PIECE])


def _by_digest(lake: "Lake", digest: str) -> str:
    found = [
        entry.path
        for domain in domain_names()
        for entry in lake.store.entries(_objects(domain, digest))
        if entry.path.startswith(f"{_objects(domain, digest)}/{digest}")
        and DIGEST.fullmatch(entry.path.rpartition("/")[2])
    ]
    names = {path.rpartition("/")[2] for path in found}
    if not names:
        raise CommandError(
            f"no landed file has the SHA-256 {digest}", "ops.deliveries has them all"
        )
    if len(names) > 1:
        raise CommandError(f"{len(names)} landed files begin with {digest}", "give more digits")
    return found[0]


def _objects(domain_name: str, digest: str) -> str:
    """The folder of the lake in which landed bytes with this digest are kept."""
    return f"raw/{domain_name}/objects/{digest[:2]}"


def _by_path(lake: "Lake", path: str) -> str:
    """The newest version of a path; its day folder says where to look, if it has one."""
    versions = sorted(
        (row["landed_at"], row["digest"], domain)
        for domain in domain_names()
        for row in _deliveries(lake, domain, path)
        if row["file"] == path
    )
    if not versions:
        raise CommandError(
            f"no file {path} has landed",
            'paths begin with the system; lakehouse sql "select file from ops.deliveries"',
        )
    _, digest, domain = versions[-1]
    if not digest:
        raise CommandError(f"{path} was rejected before it was read; there are no bytes of it")
    if len(versions) > 1:
        inform(f"newest of {len(versions)} versions; `raw cat DIGEST` gives the others")
    return f"{_objects(domain, digest)}/{digest}"


def _deliveries(lake: "Lake", domain_name: str, path: str) -> Iterator[dict[str, Any]]:
    from lakehouse.cli.books import rows_of

    if path.split("/", maxsplit=1)[0] == domain_name:
        for table in lake.tables("raw", domain_name):
            yield from rows_of(lake, table, ("file", "digest", "landed_at"))

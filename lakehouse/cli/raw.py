"""`lakehouse raw`: read the original bytes of delivered files."""

import re
from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake

DIGEST = re.compile(r"[0-9a-f]{8,64}")
CHUNK = 1 << 20
"""Bytes written at a time."""


@click.group()
def raw() -> None:
    """Read the original bytes of delivered files."""


@raw.command()
@click.argument("file", metavar="DIGEST|PATH")
@click.option("--unpack", is_flag=True, help="Unpack a .gz file.")
def cat(file: str, unpack: bool) -> None:
    """Write the original bytes of a delivered file to stdout.

    Name the file by its SHA-256 (at least the first 8 digits) or by its path in the landing zone.
    If a path was delivered several times, the newest version is written.

    Examples:
      lakehouse raw cat mrhealth/2026-01-05/unidade_007/PEDIDO.csv
      lakehouse raw cat 3b5d5c3712955042 > PEDIDO.csv
    """
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(Settings.from_env().root)
    digest = file.lower()
    stored = _by_digest(lake, digest) if DIGEST.fullmatch(digest) else _by_path(lake, file)
    data = lake.store.read(stored)
    if unpack and data[:2] == b"\x1f\x8b":
        import gzip

        data = gzip.decompress(data)
    with click.open_file("-", "wb") as out:
        for start in range(0, len(data), CHUNK):
            out.write(data[start : start + CHUNK])


def _by_digest(lake: "Lake", digest: str) -> str:
    """Return the stored file whose SHA-256 starts with `digest`."""
    paths = [
        entry.path
        for domain in domain_names()
        for entry in lake.store.entries(_objects(domain, digest))
        if entry.path.startswith(f"{_objects(domain, digest)}/{digest}")
        and DIGEST.fullmatch(entry.path.rpartition("/")[2])
    ]
    names = {path.rpartition("/")[2] for path in paths}
    if not names:
        raise CommandError(
            f"no delivered file has the SHA-256 {digest}",
            'lakehouse sql "select digest, file from ops.deliveries"',
        )
    if len(names) > 1:
        raise CommandError(f"{len(names)} delivered files start with {digest}", "add more digits")
    return paths[0]


def _objects(domain_name: str, digest: str) -> str:
    """Return the folder of the lake that keeps the delivered bytes with this digest."""
    return f"raw/{domain_name}/objects/{digest[:2]}"


def _by_path(lake: "Lake", path: str) -> str:
    """Return the stored file of the newest version of a path in the landing zone."""
    from lakehouse.platform.ingestion.deliveries import read_deliveries
    from lakehouse.platform.tables.upgrade import current_id, readable_tables

    domain = path.split("/", maxsplit=1)[0]
    tables = readable_tables(lake, "raw", domain) if domain in domain_names() else []
    found = (
        delivery
        for table in map(current_id, tables)
        for delivery in read_deliveries(lake, domain, table.table)
        if delivery.file == path
    )
    versions = sorted(found, key=lambda delivery: delivery.order)
    if not versions:
        raise CommandError(
            f"no file was delivered as {path}",
            'a path starts with its domain: lakehouse sql "select file from ops.deliveries"',
        )
    digest = versions[-1].digest
    if not digest:
        raise CommandError(
            f"{path} was rejected before it was read, so its bytes are not in the lake",
            "read it in the landing zone",
        )
    if len(versions) > 1:
        inform(f"newest of {len(versions)} versions; lakehouse raw cat DIGEST reads the others")
    return f"{_objects(domain, digest)}/{digest}"

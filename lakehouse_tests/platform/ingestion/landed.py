"""A landing zone for tests: rules of one domain, and functions that put and list files."""

import datetime as dt
import os
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import EPOCH, PathRules
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source

ZONE = ZoneInfo("America/Sao_Paulo")
START = dt.date(2020, 1, 1)
TODAY = dt.date(2021, 6, 15)
NOW = dt.datetime(2021, 6, 15, 12, tzinfo=ZONE)
AT = dt.datetime(2021, 3, 2, 1, 0, 0, 123456, dt.UTC)
QUIET = dt.timedelta(seconds=2)
FIFTH = dt.date(2021, 1, 5)


def source(
    dataset: str,
    files: str,
    *,
    snapshot: bool = False,
    undated: bool | None = True,
    example: str = "",
) -> Source:
    return Source(
        domain="mrhealth",
        dataset=dataset,
        description="Rows.",
        files=files,
        example=example,
        columns={"Id": "Number"},
        snapshot=snapshot,
        undated=undated,
    )


SPEC = DomainSpec(
    name="mrhealth",
    title="Mr. Health",
    since=START,
    unit_folders=("unidade", "unit"),
    ignored_folders=("raw", "csv_sales"),
)
SOURCES = (
    source("orders", r"pedido\.csv"),
    source("order_items", r"item_pedido\.csv"),
    source("units", r"tabela_unidade\.csv", snapshot=True),
)
RULES = PathRules(spec=SPEC, sources=SOURCES, zone=ZONE)


class PutFile(Protocol):
    """Writes a file below the test's folder and sets its modification time."""

    def __call__(self, path: str, data: bytes = b"Id\n", *, at: dt.datetime = AT) -> Path: ...


def change_at(place: Path, at: dt.datetime) -> None:
    """Set a modification time to the microsecond."""
    microseconds = (at - EPOCH) // dt.timedelta(microseconds=1)
    os.utime(place, ns=(microseconds * 1000, microseconds * 1000))


def zone_on_disk(root: Path) -> LandingZone:
    """The landing zone below a folder."""
    return LandingZone(ObjectStore.at(str(root)), RULES)


def paths(listing: Listing) -> list[str]:
    """Paths of the recognized files, below the domain's folder."""
    return [file.path.removeprefix("mrhealth/") for file in listing.files]

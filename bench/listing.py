"""Measure a listing of the entire landing zone, and the listing of one sensor tick.

    python -m bench.listing --files 100000 --units 50 [--folder /tmp/landing]

There are two files per unit and day, on local disk. A tick is also measured on a tenth of the
history, to show that its cost does not grow with history.
"""

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import PathRules
from lakehouse.platform.ingestion.sweep import Sweep
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source

T = TypeVar("T")

TODAY = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
QUIET = dt.timedelta(seconds=2)
LANDED = (NOW - dt.timedelta(days=1)).timestamp()
NAMES = ("PEDIDO.csv", "ITEM_PEDIDO.csv")
SOURCES = tuple(
    Source(
        domain="mrhealth",
        dataset=dataset,
        description="Rows.",
        files=files,
        columns={"Id": "Number"},
    )
    for dataset, files in (("orders", r"pedido\.csv"), ("order_items", r"item_pedido\.csv"))
)


def fill(root: Path, days: int, units: int) -> None:
    """Write two small files per unit and day below the root, as if they landed yesterday."""
    for n in range(days):
        day = root / "mrhealth" / str(TODAY - dt.timedelta(days=n))
        for unit in range(units):
            folder = day / f"unidade_{unit:03d}"
            folder.mkdir(parents=True)
            for name in NAMES:
                (folder / name).write_bytes(b"Id\n1\n")
                os.utime(folder / name, (LANDED, LANDED))
        os.utime(day, (LANDED, LANDED))


def landing_of(root: Path, days: int) -> LandingZone:
    """Return the landing zone that `fill` made."""
    zone = ZoneInfo("America/Sao_Paulo")
    start = TODAY - dt.timedelta(days=days)
    spec = DomainSpec(name="mrhealth", title="Bench", since=start, unit_folders=("unidade",))
    rules = PathRules(spec=spec, sources=SOURCES, zone=zone)
    return LandingZone(ObjectStore.at(str(root)), rules)


def measured(root: Path, days: int, units: int, sweep_files: int) -> dict[str, float]:
    """Return medians over several listings: of everything, and of consecutive ticks."""
    landing = landing_of(root, days)
    sweep = Sweep(recent_days=10, budget=sweep_files, files_per_day=units * len(NAMES))
    tick, seen = timed(lambda: sweep.listing(landing, now=NOW, quiet=QUIET), times=11)
    full, everything = timed(lambda: landing.listing(now=NOW, quiet=QUIET), times=3)
    if len(everything.files) != days * units * len(NAMES):
        raise SystemExit(f"{len(everything.files)} files listed; the folder was not empty")
    return {
        "files": len(everything.files),
        "listing_seconds": round(full, 3),
        "listing_files_per_second": round(len(everything.files) / full),
        "days_seconds": round(timed(landing.days, times=5)[0], 4),
        "tick_files": len(seen.files),
        "tick_seconds": round(tick, 3),
    }


def timed(look: Callable[[], T], *, times: int) -> tuple[float, T]:
    """Return the median seconds of a call, and its last result."""

    def once() -> tuple[float, T]:
        start = time.perf_counter()
        found = look()
        return time.perf_counter() - start, found

    looks = [once() for _ in range(times)]
    return statistics.median(seconds for seconds, _ in looks), looks[-1][1]


def main() -> None:
    """Print the figures as JSON."""
    words = argparse.ArgumentParser(description="How long the landing zone takes to list.")
    words.add_argument("--files", type=int, default=100_000)
    words.add_argument("--units", type=int, default=50)
    words.add_argument("--sweep-files", type=int, default=2_000)
    words.add_argument("--folder", help="where the files are made; default: the temporary folder")
    words.add_argument("--line", action="store_true", help="print on one line")
    given = words.parse_args()
    figures = {}
    for name, files in (("tenth", given.files // 10), ("whole", given.files)):
        days = files // given.units // len(NAMES)
        with tempfile.TemporaryDirectory(dir=given.folder) as root:
            fill(Path(root), days, given.units)
            figures[name] = measured(Path(root), days, given.units, given.sweep_files)
    print(json.dumps(figures, indent=None if given.line else 2))


if __name__ == "__main__":
    main()

"""Measure the ingestion of small files by one process, and by two executors of a cluster.

    python -m bench.ingest_files --folder /tmp/ingest-files [--files 20000]

The files are spread over ten days and have 40 rows each. The lake of each line is made in a process
of its own. Processor seconds are those of all its processes, without the imports of the first one.
The line with few files shows what a cluster costs before it reads anything.
"""

import argparse
import datetime as dt
import json
import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.engines import watched
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import PathRules
from lakehouse.platform.privacy.marks import MarkedPersons
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source
from lakehouse.settings import Settings

FIRST = dt.date(2026, 1, 5)
DAYS, ROWS, FEW = 10, 40, 200
NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
LANDED = (NOW - dt.timedelta(days=2)).timestamp()
SPEC = DomainSpec(name="shop", title="Bench", since=FIRST)
SALES = Source(
    domain="shop",
    dataset="sales",
    description="Sales.",
    files=r"sales.*\.csv",
    columns={name: name for name in ("id", "on", "product", "quantity", "amount", "note")},
    business_day="on",
    per_file=True,
)


def fill(landing: Path, files: int) -> None:
    """Write so many files, each with other bytes."""
    for number in range(files):
        day = FIRST + dt.timedelta(days=number % DAYS)
        place = landing / "shop" / str(day) / f"sales_{number}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        lines = (
            f"{number * ROWS + n},{day},product {n},{n % 7},{n * 3.25:.2f},a note about {n}\n"
            for n in range(ROWS)
        )
        place.write_text("id,on,product,quantity,amount,note\n" + "".join(lines))
        os.utime(place, (LANDED, LANDED))


def ingest_all(settings: Settings) -> int:
    """Ingest every file of the landing zone; return the number of rows."""
    lake = Lake(settings.root)
    intake = Intake(
        spec=SPEC,
        landing=LandingZone(
            ObjectStore.at(settings.landing),
            PathRules(spec=SPEC, sources=(SALES,), zone=ZoneInfo("UTC")),
        ),
        lake=lake,
        settings=settings,
        now=NOW,
        erased=lambda: MarkedPersons.load(lake, settings, SPEC.name),
    )
    days = [FIRST + dt.timedelta(days=n) for n in range(DAYS)]
    return ingest(SALES.bronze, days, intake, intake.listing(days), note={}).rows


def job() -> None:
    """Ingest by the settings of the environment; print figures as JSON on one line."""
    imports = time.process_time()
    started = time.perf_counter()
    rows = ingest_all(Settings.from_env())
    figures = {"rows": rows, "seconds": round(time.perf_counter() - started, 2)}
    print(json.dumps(figures | {"import_cpu_seconds": imports}))


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.ingest_files", description=__doc__)
    words.add_argument("--folder", type=Path)
    words.add_argument("--files", type=int, default=20_000)
    words.add_argument("--master", default="local-cluster[2,1,1024]")
    given = words.parse_args()
    if given.folder is None:
        job()
        return
    for files in (FEW, given.files):
        landing = given.folder / f"landing-{files}"
        if not landing.exists():
            fill(landing, files)
        for engine in ("duckdb", "spark"):
            lake = given.folder / f"lake-{files}-{engine}-{time.time_ns()}"
            figures = watched(
                ["bench.ingest_files"],
                {
                    "LAKEHOUSE_ROOT": str(lake),
                    "LAKEHOUSE_LANDING": str(landing),
                    "LAKEHOUSE_ENGINE": engine,
                    "LAKEHOUSE_SPARK_MIN_ROWS": "0",
                    "LAKEHOUSE_SPARK_MASTER": given.master,
                },
            )
            per_second = round(files / figures["cpu_seconds"])
            print(
                json.dumps(
                    {"files": files, "engine": engine, **figures, "files_a_cpu_second": per_second}
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()

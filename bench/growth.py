"""Measure what grows with files and days: listing, deliveries, and the logs of tables.

    python -m bench.growth listing 10000 | deliveries 10000 | log 1000

Each call is one size, in a process of its own; processor seconds of this process are printed.

- ``listing``: so many files of 50 units, two a day, are listed completely, as the first ingestion
  and `lakehouse ingest` do.
- ``deliveries``: so many files of one day are recorded, and each is looked up, as a run does.
- ``log``: a table has so many days; one more day is committed, and the table is opened.
"""

import argparse
import datetime as dt
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from bench.listing import NOW, QUIET, SOURCES, TODAY, fill, landing_of
from bench.measure import size_of, spent
from lakehouse.platform.ingestion.deliveries import DeliveredFiles, raw_table
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery

UNITS = 50
FILES_A_DAY = UNITS * len(SOURCES)
LANDED = dt.datetime(2025, 12, 31, 12, tzinfo=dt.UTC)
DOMAIN, DATASET = SOURCES[0].domain, SOURCES[0].dataset


def listing(files: int, folder: Path) -> dict[str, Any]:
    """List a landing zone of this many files."""
    days = -(-files // FILES_A_DAY)
    fill(folder, days, UNITS)
    start = spent()
    listed = landing_of(folder, days).listing(now=NOW, quiet=QUIET)
    took = spent() - start
    return {"files": len(listed.files), **took.as_json(), "peak_mb": took.peak_mb}


def deliveries(files: int, folder: Path) -> dict[str, Any]:
    """Record the files of a day in the deliveries table, and look up each of them."""
    lake = Lake(str(folder))
    records = [_delivery(n) for n in range(files)]
    start = spent()
    table = DELIVERIES.to_arrow(records).drop_columns(["day"])
    lake.table(raw_table(DOMAIN, DATASET)).write({TODAY: table}, schema=table.schema)
    written = spent() - start
    listed = [_listed(record) for record in records]
    start = spent()
    delivered = DeliveredFiles(lake, DOMAIN)
    if not all(delivered.has(file) for file in listed):
        raise SystemExit("a recorded file is not found")
    took = spent() - start
    return {
        "files": files,
        "write_cpu_seconds": round(written.cpu, 3),
        "look_up_cpu_seconds": round(took.cpu, 3),
        "bytes_per_file": round(size_of(folder) / files, 1),
        "peak_mb": took.peak_mb,
    }


def log(days: int, folder: Path) -> dict[str, Any]:
    """Commit one more day to a table of this many days, and open it as another process does."""
    lake = Lake(str(folder))
    rows = DELIVERIES.to_arrow([_delivery(n) for n in range(10)]).drop_columns(["day"])
    one = dt.timedelta(days=1)
    table = lake.table(raw_table(DOMAIN, DATASET))
    table.write({TODAY - n * one: rows for n in range(1, days + 1)}, schema=rows.schema)
    start = spent()
    table.write({TODAY: rows}, schema=rows.schema)
    committed = spent() - start
    start = spent()
    found = Lake(str(folder)).table(table.id).snapshot(version=1)
    opened = spent() - start
    if len(found.days) != days + 1:
        raise SystemExit(f"{len(found.days)} days are shown")
    entries = sum(path.stat().st_size for path in folder.rglob("_delta_log/*"))
    return {
        "days": days,
        "commit_cpu_seconds": round(committed.cpu, 3),
        "open_cpu_seconds": round(opened.cpu, 3),
        "log_bytes_per_day": round(entries / days),
        "peak_mb": opened.peak_mb,
    }


def _delivery(n: int) -> Delivery:
    return Delivery(
        day=TODAY,
        unit=n % 999 + 1,
        file=f"{DOMAIN}/{TODAY}/unidade_{n % 999 + 1:03d}/{n // 999}/PEDIDO.csv",
        digest=hashlib.sha256(str(n).encode()).hexdigest(),
        size=1000 + n % 997,
        landed_at=LANDED,
    )


def _listed(record: Delivery) -> RecognizedFile:
    return RecognizedFile(
        path=record.file,
        day=record.day,
        dataset=DATASET,
        unit=record.unit,
        size=record.size,
        modified_at=record.landed_at,
        etag=None,
        dated=True,
    )


MEASURED = {"listing": listing, "deliveries": deliveries, "log": log}


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    words.add_argument("what", choices=MEASURED)
    words.add_argument("size", type=int)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        print(json.dumps(MEASURED[given.what](given.size, Path(folder))))


if __name__ == "__main__":
    main()

"""Measure the seconds from a landed delivery to its row in gold, under `lakehouse up`.

    python -m bench.latency --deliveries 10 --folder FOLDER

Web server, daemon and code server run as in production. The two files of one unit and day are moved
into the landing zone, and gold is polled until the day shows the delivery.
"""

import argparse
import datetime as dt
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId

LIMIT = 180.0
SERVE = (
    "import sys; from pathlib import Path;"
    " from lakehouse.platform.local_runtime.services import serve;"
    " serve('127.0.0.1', int(sys.argv[1]), Path(sys.argv[2]))"
)
UNIT_DAY = TableId("gold", "mrhealth", "unit_day")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def delivered(lake: Lake, day: dt.date) -> bool:
    table = lake.table(UNIT_DAY)
    shown = table.snapshot()
    if day not in shown.by_day:
        return False
    return any(table.read([day], snapshot=shown, columns=["delivered"]).column(0).to_pylist())


def seconds(lake: Lake, landing: Path, plan: Plan) -> float:
    """Return the seconds from the move of a day's last file to its row in gold."""
    for file in deliveries(plan):
        path = landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(file.data)
        unfinished.rename(path)
    start = time.perf_counter()
    while not delivered(lake, plan.first):
        if time.perf_counter() - start > LIMIT:
            raise SystemExit(f"{plan.first} was not in gold after {LIMIT:.0f} s")
        time.sleep(0.05)
    return time.perf_counter() - start


def measured(folder: Path, count: int) -> dict[str, float]:
    landing = folder / "landing"
    os.environ |= {"LAKEHOUSE_LANDING": str(landing), "LAKEHOUSE_ROOT": str(folder / "lake")}
    lake = Lake(str(folder / "lake"))
    today = dt.datetime.now(dt.UTC).date()
    plans = [
        Plan(units=1, first=today - dt.timedelta(days=count - n), days=1, errors=0)
        for n in range(count + 1)
    ]
    for file in reference(plans[0]):
        path = landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    services = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(free_port()), str(folder / "home")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        took = [seconds(lake, landing, plan) for plan in plans][1:]  # the first waits for the start
    finally:
        services.send_signal(signal.SIGTERM)
        services.wait(60)
    ranked = sorted(took)
    return {
        "deliveries": len(took),
        "p50_seconds": round(statistics.median(took), 2),
        "p95_seconds": round(ranked[max(0, -(-95 * len(ranked) // 100) - 1)], 2),
    }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.latency", description=__doc__)
    words.add_argument("--deliveries", type=int, default=10)
    words.add_argument("--folder", type=Path, required=True)
    given = words.parse_args()
    print(json.dumps(measured(given.folder, given.deliveries)))


if __name__ == "__main__":
    main()

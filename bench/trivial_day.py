"""Measure a run of one day with few rows, all tables of a domain, with loaded libraries.

    python -m bench.trivial_day --folder /tmp/trivial

Each day is delivered by one unit. The first two days are not counted; of the others the median is
shown. A day takes two runs: the day itself, and the tables as of the day.
"""

import argparse
import datetime as dt
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from bench.measure import spent

DAYS = 7
FIRST_DAYS = 2


def land(landing: Path, files: Any) -> None:
    before = time.time() - 60
    for file in files:
        path = landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        os.utime(path, (before, before))


def measured(folder: Path) -> dict[str, float]:
    """Return the median seconds of a day."""
    landing, home = folder / "landing", folder / "home"
    for place in (landing, home):
        place.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "LAKEHOUSE_LANDING": str(landing),
        "LAKEHOUSE_ROOT": str(folder / "lake"),
        "DAGSTER_HOME": str(home),
    }
    from lakehouse.demo.mrhealth import Plan, deliveries, reference
    from lakehouse.platform.local_runtime.instance import prepare_instance
    from lakehouse.platform.orchestration import local_runs
    from lakehouse.platform.tables.registry import load_domain
    from lakehouse.settings import Settings

    today = dt.datetime.now(dt.UTC).date()
    plans = [
        Plan(units=1, first=today - dt.timedelta(days=DAYS - n), days=1, errors=0)
        for n in range(DAYS)
    ]
    land(landing, reference(plans[0]))
    domain, settings = load_domain("mrhealth"), Settings.from_env()
    took = []
    with prepare_instance(home) as instance:
        for plan in plans:
            land(landing, deliveries(plan))
            start = spent()
            runs = list(local_runs.ingest(domain, settings, instance))
            took.append(spent() - start)
            if not runs or not all(run.succeeded for run in runs):
                raise SystemExit(f"{plan.first}: {[run.problem for run in runs]}")
    return {
        "seconds": round(statistics.median(each.wall for each in took[FIRST_DAYS:]), 2),
        "cpu_seconds": round(statistics.median(each.cpu for each in took[FIRST_DAYS:]), 2),
    }


def main() -> None:
    """Print the figures as JSON."""
    words = argparse.ArgumentParser(prog="bench.trivial_day", description=__doc__)
    words.add_argument("--folder", type=Path, required=True)
    print(json.dumps(measured(words.parse_args().folder)))


if __name__ == "__main__":
    main()

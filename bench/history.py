"""Measure the daily run and a sensor tick after a long history and after one month.

    python -m bench.history --days 3650 --folder FOLDER

One lake grows by arrival runs of at most 400 days. After a month, and again at the end, five
further days land one by one; the sensor's decision and the run of the day are measured.
"""

import argparse
import datetime as dt
import json
import os
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.measure import Spent, spent

MONTH, BATCH, REPEATS = 30, 400, 5


class Growing:
    """Hold a lake, its landing zone and its instance, all below one folder."""

    def __init__(self, folder: Path, first: dt.date) -> None:
        import lakehouse.domains.mrhealth as mrhealth

        mrhealth.SPEC = replace(mrhealth.SPEC, since=first)
        os.environ |= {
            "LAKEHOUSE_LANDING": str(folder / "landing"),
            "LAKEHOUSE_ROOT": str(folder / "lake"),
            "LAKEHOUSE_QUIET_SECONDS": "0",
        }
        from lakehouse.definitions import SETTINGS, defs
        from lakehouse.platform.local_runtime.instance import prepare_instance

        self.settings = SETTINGS
        self.job = defs.resolve_job_def("mrhealth_arrivals")
        self.instance = prepare_instance(folder / "home")
        self.landing = folder / "landing"
        self.first = first
        self.days = 0

    def land(self, count: int) -> tuple[dt.date, dt.date]:
        """Land the next days of the plan; return the first and the last."""
        from lakehouse.demo.mrhealth import Plan, write

        start = self.first + dt.timedelta(days=self.days)
        write(Plan(units=2, first=start, days=count, orders_per_unit=2, errors=0), self.landing)
        self.days += count
        return start, start + dt.timedelta(days=count - 1)

    def run(self, first: dt.date, last: dt.date) -> Spent:
        """Return what the arrival run over these days uses."""
        start = spent()
        done = self.job.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            },
        )
        if not done.success:
            raise SystemExit(f"the run of {first} to {last} failed")
        return spent() - start

    def grow(self, days: int) -> None:
        """Ingest days until there are this many."""
        while self.days < days:
            self.run(*self.land(min(BATCH, days - self.days)))

    def look(self, expected: bool) -> Spent:
        """Measure what a tick of the sensor spends when it lists the ten newest days."""
        from lakehouse.platform.ingestion.sweep import Sweep
        from lakehouse.platform.orchestration.facts import gather
        from lakehouse.platform.orchestration.planning import decide
        from lakehouse.platform.tables.registry import load_domain

        domain = load_domain("mrhealth")
        newest = self.first + dt.timedelta(days=self.days - 1)
        start = spent()
        sweep = Sweep(recent_days=1, budget=1000, position=newest - dt.timedelta(days=10))
        settings = replace(self.settings, quiet_seconds=0)
        decision = decide(gather(domain, settings, self.instance, sweep=sweep), settings)
        if bool(decision.due) != expected:
            raise SystemExit(f"the sensor decided {decision.due} with {self.days} days known")
        return spent() - start

    def daily(self) -> dict[str, float]:
        """Return medians over some days: the run of a day, and an idle tick after it."""
        runs, looks = [], []
        for _ in range(REPEATS):
            days = self.land(1)
            self.look(expected=True)
            runs.append(self.run(*days))
            looks.append(self.look(expected=False))
        return {
            "days": self.days,
            "run_seconds": _median(runs, "wall"),
            "run_cpu_seconds": _median(runs, "cpu"),
            "look_seconds": _median(looks, "wall"),
            "look_cpu_seconds": _median(looks, "cpu"),
        }


def _median(spent_on: list[Spent], what: str) -> float:
    return round(statistics.median(getattr(each, what) for each in spent_on), 3)


def measured(folder: Path, days: int) -> dict[str, Any]:
    last = dt.date.fromisoformat("2026-06-30")
    growing = Growing(folder, last - dt.timedelta(days=days + 3 * REPEATS))
    growing.grow(MONTH)
    growing.run(*growing.land(1))  # loads imports and caches
    month = growing.daily()
    growing.grow(days)
    return {"month": month, "long": growing.daily()}


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.history", description=__doc__)
    words.add_argument("--days", type=int, default=3650)
    words.add_argument("--folder", type=Path, required=True)
    given = words.parse_args()
    print(json.dumps(measured(given.folder, given.days)))


if __name__ == "__main__":
    main()

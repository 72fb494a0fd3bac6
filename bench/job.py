"""Run the real Dagster job from landed files to gold, measured inside the process of the run.

    python -m bench.job --landing LANDING --lake LAKE --home HOME --first 2025-01-01 --days 90

The process is a run: it imports the definitions, opens the instance with the SQLite storage of
``dagster.yaml``, executes the arrival job over the range and prints the figures as JSON.
"""

import argparse
import cProfile
import datetime as dt
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.measure import Spent, spent

LAYERS = ("raw", "bronze", "silver", "gold", "ops")


def run(home: Path, first: dt.date, days: int) -> dict[str, Any]:
    """Execute the arrival job over a range; return its results and what each part took.

    Raises:
        SystemExit: the run failed.
    """
    started = spent()
    import dagster as dg

    dagster = spent() - started
    from lakehouse.definitions import SETTINGS, defs
    from lakehouse.platform.local_runtime.instance import prepare_instance

    job = defs.resolve_job_def("mrhealth_arrivals")
    imported = spent() - started
    last = first + dt.timedelta(days=days - 1)
    with prepare_instance(home) as instance:
        start = spent()
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            },
        )
        took = spent() - start
        if not result.success:
            raise SystemExit(f"the run failed: {failures(result.all_events)}")
        steps = {
            event.step_key or "": event.step_success_data.duration_ms / 1000
            for event in result.all_events
            if event.event_type == dg.DagsterEventType.STEP_SUCCESS
        }
    return {
        "import": imported.as_json() | {"dagster_seconds": round(dagster.wall, 2)},
        "run": took.as_json(),
        "peak_mb": spent().peak_mb,
        "assets": len(set(job.asset_layer.executable_asset_keys)),
        "layers": by_layer(steps, took),
        "steps": {step: round(seconds, 2) for step, seconds in steps.items()},
        "rows": rows(SETTINGS.root),
    }


def by_layer(steps: dict[str, float], took: Spent) -> dict[str, float]:
    """Seconds of the steps of each layer; raw and bronze of a dataset are one step."""
    found: dict[str, float] = defaultdict(float)
    for step, seconds in steps.items():
        layer = next((name for name in LAYERS if step.startswith(f"{name}_")), "raw and bronze")
        found["raw and bronze" if layer in ("raw", "bronze") else layer] += seconds
    found["between steps"] = took.wall - sum(steps.values())
    return {layer: round(seconds, 2) for layer, seconds in found.items()}


def failures(events: Iterable[Any]) -> list[str]:
    failed = [event for event in events if "FAILURE" in event.event_type_value]
    return [f"{event.step_key}: {event.message}"[:500] for event in failed]


def rows(root: str) -> dict[str, int]:
    """Rows of every table of the lake that is nobody's companion."""
    from lakehouse.platform.storage.lake import Lake

    lake = Lake(root)
    return {
        table.name: sum(file.rows for file in lake.table(table).snapshot().files)
        for table in lake.tables()
        if table.companion is None
    }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.job", description=__doc__)
    words.add_argument("--landing", required=True)
    words.add_argument("--lake", required=True)
    words.add_argument("--home", type=Path, required=True)
    words.add_argument("--first", type=dt.date.fromisoformat, required=True)
    words.add_argument("--days", type=int, required=True)
    words.add_argument("--profile", help="write a profile of the run here, for pstats")
    given = words.parse_args()
    os.environ |= {
        "LAKEHOUSE_LANDING": given.landing,
        "LAKEHOUSE_ROOT": given.lake,
        "LAKEHOUSE_QUIET_SECONDS": "0",
        "DAGSTER_HOME": str(given.home),
    }
    given.home.mkdir(parents=True, exist_ok=True)
    profile = cProfile.Profile()
    start = time.perf_counter()
    if given.profile:
        profile.enable()
    took = run(given.home, given.first, given.days)
    if given.profile:
        profile.disable()
        profile.dump_stats(given.profile)
    print(json.dumps(took | {"whole_seconds": round(time.perf_counter() - start, 2)}))


if __name__ == "__main__":
    main()

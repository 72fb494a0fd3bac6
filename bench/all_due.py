"""Run everything that is due for Mr. Health in this process, as `lakehouse ingest` does.

    python -m bench.all_due --landing LANDING --lake LAKE --home HOME

Prints what the runs used, the rows of each table, how many tables each engine computed, and the
number of Spark's jobs.
"""

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bench.job import rows
from bench.measure import spent


def engines(instance: Any, runs: list[str]) -> dict[str, int]:
    """Return how many times each engine computed a table."""
    import dagster as dg

    found: Counter[str] = Counter()
    for run in runs:
        kind = {dg.DagsterEventType.ASSET_MATERIALIZATION}
        tables = {}
        for record in instance.get_records_for_run(run, of_type=kind).records:
            made = record.asset_materialization
            if made is not None and "lakehouse/engine" in made.metadata:
                tables[made.asset_key] = str(made.metadata["lakehouse/engine"].value)
        found.update(name.split()[0] for name in tables.values())
    return dict(found)


def spark_jobs() -> int:
    """Return how many jobs Spark ran for this process."""
    if "pyspark" not in sys.modules:
        return 0
    from pyspark import SparkContext

    context: Any = SparkContext._active_spark_context
    return int(context._jsc.sc().dagScheduler().numTotalJobs()) if context else 0


def measured(lake: str, home: Path) -> dict[str, Any]:
    """Run until nothing is due.

    Raises:
        SystemExit: a run failed.
    """
    started = spent()
    from lakehouse.platform.local_runtime.instance import prepare_instance
    from lakehouse.platform.orchestration import local_runs
    from lakehouse.platform.tables.registry import load_domain
    from lakehouse.settings import Settings

    domain, settings = load_domain("mrhealth"), Settings.from_env()
    with prepare_instance(home) as instance:
        imported = spent() - started
        start = spent()
        runs = list(local_runs.ingest(domain, settings, instance))
        took = spent() - start
        if problems := [run.problem for run in runs if not run.succeeded]:
            raise SystemExit(f"runs failed: {problems}")
        return {
            "import_cpu_seconds": round(imported.cpu, 2),
            "seconds": round(took.wall, 2),
            "runs": len(runs),
            "spark_jobs": spark_jobs(),
            "tables": engines(instance, [run.run_id for run in runs]),
            "rows": rows(lake),
        }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.all_due", description=__doc__)
    words.add_argument("--landing", required=True)
    words.add_argument("--lake", required=True)
    words.add_argument("--home", type=Path, required=True)
    given = words.parse_args()
    os.environ |= {
        "LAKEHOUSE_LANDING": given.landing,
        "LAKEHOUSE_ROOT": given.lake,
        "LAKEHOUSE_SILENCE_DAYS": "0",
        "DAGSTER_HOME": str(given.home),
    }
    given.home.mkdir(parents=True, exist_ok=True)
    print(json.dumps(measured(given.lake, given.home)))


if __name__ == "__main__":
    main()

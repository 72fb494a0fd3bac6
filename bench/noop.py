"""Measure Dagster's bookkeeping when no asset does any work.

    python -m bench.noop --assets 26 --days 365 [--stock]

One run materializes a chain of assets over a range of days, as a backfill in a single run does.
``--stock`` uses Dagster's own SQLite storage instead of the platform's.
"""

import argparse
import datetime as dt
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from bench.measure import size_of, spent
from lakehouse.platform.local_runtime.instance import prepare_instance

FIRST = dt.date(2024, 1, 1)
STOCK = "telemetry: {enabled: false}\n"


def chain(assets: int, days: int) -> list[dg.AssetsDefinition]:
    """Return assets without work, each reading the one before it."""
    partitions = dg.DailyPartitionsDefinition(FIRST.isoformat(), end_date=_day(days))
    key = [dg.AssetKey(["bronze", "noop", f"table_{n}"]) for n in range(assets)]

    def asset(n: int) -> dg.AssetsDefinition:
        spec = dg.AssetSpec(key[n], deps=key[n - 1 : n] if n else [], partitions_def=partitions)

        @dg.multi_asset(
            name=f"table_{n}", specs=[spec], backfill_policy=dg.BackfillPolicy.single_run()
        )
        def nothing() -> Iterator[dg.MaterializeResult[None]]:
            yield dg.MaterializeResult(asset_key=key[n])

        return nothing

    return [asset(n) for n in range(assets)]


def _day(n: int) -> str:
    return (FIRST + dt.timedelta(days=n)).isoformat()


def recorded(assets: int, days: int, *, stock: bool = False) -> tuple[float, int]:
    """Return the wall time of the run, and the bytes that it adds to the Dagster home.

    Definitions and instance exist already.
    """
    definitions = chain(assets, days)
    with tempfile.TemporaryDirectory() as home:
        if stock:
            (Path(home) / "dagster.yaml").write_text(STOCK)
        os.environ.pop("DAGSTER_EVENT_BATCH_SIZE", None)
        with prepare_instance(Path(home)) as instance:
            before, start = size_of(Path(home)), time.perf_counter()
            dg.materialize(
                definitions,
                instance=instance,
                tags={
                    "dagster/asset_partition_range_start": _day(0),
                    "dagster/asset_partition_range_end": _day(days - 1),
                },
            )
            took = time.perf_counter() - start
        return took, size_of(Path(home)) - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.noop", description=__doc__)
    parser.add_argument("--assets", type=int, default=26)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--stock", action="store_true", help="Dagster's own storage")
    given = parser.parse_args()
    start = spent()
    took, size = recorded(given.assets, given.days, stock=given.stock)
    cpu = (spent() - start).cpu
    print(
        json.dumps(
            {
                "assets": given.assets,
                "days": given.days,
                "storage": "stock" if given.stock else "embedded",
                "seconds": round(took, 3),
                "cpu_seconds": round(cpu, 3),
                "kilobytes_per_asset_day": round(size / 1024 / given.assets / given.days, 3),
                "milliseconds_per_asset_day": round(1000 * took / given.assets / given.days, 3),
            }
        )
    )


if __name__ == "__main__":
    main()

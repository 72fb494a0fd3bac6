"""Compare DuckDB with Spark, and measure what grows with files and days."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.figures import Line, at_most, plain
from bench.measure import child
from bench.sizes import Size

OPENED = ("commit", "open")
ENGINE_DAYS = 4
CHOSEN = ("--engine", "spark", "--min-rows", "10000000")
ON_SPARK = ("--engine", "spark", "--min-rows", "0")
LARGE_TABLES = ("--engine", "spark", "--min-rows", "100000")
ON_CLUSTER = (*LARGE_TABLES, "--master", "local-cluster[2,1,1024]")


def engines(size: Size) -> Iterator[Any]:
    """Run the same deliveries with DuckDB and with Spark; see `bench.engines`.

    Small work runs in `local[2]`, with the default limit of rows and with none. Of large work, the
    tables that read 100,000 rows run on two executors of 1 GB, each with one core.
    """
    some = "10 units, 3 days", ("small", 3), (10,)
    demo = "50 units, 14 days", ("small", 14), (50,)
    for case, words, units in (some, demo):
        found = _by_engine(case, words, units, {"chosen": CHOSEN, "Spark": ON_SPARK})
        yield {"case": case, **found}
        yield at_most(case, "chosen ÷ DuckDB", 2, *_ratio(found["chosen"], found["DuckDB"]))
        yield from _engine_lines(case, found)
    for items in size.engine_items:
        case = f"{items / 1e6:g} M items, {ENGINE_DAYS} days"
        found = _by_engine(case, ("large", ENGINE_DAYS), (items,), {"Spark": ON_CLUSTER})
        yield {"case": case, **found}
        yield from _engine_lines(case, found)


def _by_engine(
    case: str,
    days: tuple[str, int],
    amount: tuple[int, ...],
    others: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    """Return what DuckDB and the others used for the same deliveries, one after the other.

    Raises:
        SystemExit: a table has other rows than with DuckDB.
    """
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        root = Path(folder)
        child("bench.landed", *days, root / "landing", *amount)
        found = {
            name: child(
                "bench.engines", "--landing", root / "landing", "--folder", root / name, *words
            )
            for name, words in {"DuckDB": (), **others}.items()
        }
    for name, each in found.items():
        if each["rows"] != found["DuckDB"]["rows"]:
            raise SystemExit(f"{case}: the tables of {name} have other numbers of rows")
    return found


def _ratio(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[float, float]:
    wall, cpu = (round(one[k] / other[k], 2) for k in ("seconds", "cpu_seconds"))
    return wall, cpu


def _engine_lines(case: str, found: Mapping[str, Any]) -> Iterator[Line]:
    spark = found["Spark"]
    yield plain(case, "Spark ÷ DuckDB", *_ratio(spark, found["DuckDB"]))
    yield plain(case, "Spark's jobs", spark["spark_jobs"])
    for name, each in found.items():
        yield plain(case, f"seconds: {name}", each["seconds"], each["cpu_seconds"])
        yield plain(case, f"peak MB: {name}, driver", each["driver_mb"])
    yield plain(case, "peak MB: Spark, executors", spark["executors_mb"])


def growth(size: Size) -> Iterator[Any]:
    """Measure what grows with files and days at several sizes; see `bench.growth`."""
    for files in size.growth_files:
        days = files // 100
        listed, known = (child("bench.growth", w, files) for w in ("listing", "deliveries"))
        log = child("bench.growth", "log", days)
        events = child("bench.noop", "--assets", 26, "--days", max(files // 1_000, 3))
        yield {"listing": listed, "deliveries": known, "log": log, "events": events}
        case = f"{files:,} files"
        yield plain(case, "seconds: listing", listed["seconds"], listed["cpu_seconds"])
        each = (round(1e6 * known[f"{w}_cpu_seconds"] / files, 1) for w in ("write", "look_up"))
        yield plain(case, "µs a file: record, look up", *each)
        yield plain(case, "bytes a file in deliveries", known["bytes_per_file"])
        case = f"{days:,} days of a table"
        yield plain(case, "ms: commit, open", *(1e3 * log[f"{w}_cpu_seconds"] for w in OPENED))
        yield plain(case, "bytes a day in its log", log["log_bytes_per_day"])
        case = f"{26 * events['days']:,} days of tables"
        each_day = (
            round(1e3 * events[k] / events["assets"] / events["days"], 2)
            for k in ("seconds", "cpu_seconds")
        )
        yield plain(case, "Dagster: ms a day of a table", *each_day)
        yield plain(case, "Dagster: KB a day of a table", events["kilobytes_per_asset_day"])

"""Run deliveries of Mr. Health from raw to gold beside bare engines."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import PEAK_MB, Line, at_least, at_most, plain
from bench.measure import child
from bench.sizes import Size

FIRST = "2024-01-01"


def pipeline(case: str, kind: str, days: int, items: int, size: Size) -> Iterator[Any]:
    """Run one landing zone through the platform and through the baselines."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        root = Path(folder)
        landing = root / "landing"
        files = child("bench.landed", kind, days, landing, *([items] if items else []))["files"]
        job = child(
            "bench.job",
            *("--landing", landing, "--lake", root / "lake", "--home", root / "home"),
            *("--first", FIRST, "--days", days),
        )
        bare = child("bench.bare", "--landing", landing, "--out", root / "bare")
        noop = child("bench.noop", "--assets", job["assets"], "--days", days)
        sample = ("--landing", landing, "--sample", size.pandas_days)
        pandas = child("bench.pandas_days", *sample, "--out", root / "pandas")
        floats = child("bench.pandas_days", *sample, "--out", root / "floats", "--floats")
    run, ideal = job["run"], bare["run"]
    rows = job["rows"]["bronze.mrhealth_order_items"] + job["rows"]["bronze.mrhealth_orders"]

    def against(other: dict[str, Any], plus: dict[str, Any] | None = None) -> tuple[float, float]:
        """Return our seconds divided by the other's: wall, processor."""
        wall, cpu = (other[k] + (plus[k] if plus else 0) for k in ("seconds", "cpu_seconds"))
        return round(run["seconds"] / wall, 2), round(run["cpu_seconds"] / cpu, 2)

    def faster(other: dict[str, Any]) -> tuple[float, float]:
        wall, cpu = (round(other[k] / run[k], 2) for k in ("seconds", "cpu_seconds"))
        return wall, cpu

    yield {"case": case, "files": files, "job": job, "bare": bare, "noop": noop, "pandas": pandas}
    per_second = round(files / run["seconds"], 1), round(files / run["cpu_seconds"], 1)
    if kind == "small":
        yield at_least(case, "files a second, end to end", 250, *per_second)
        yield plain(case, "÷ (bare + no-op)", *against(ideal, noop))
    else:
        yield Line(
            case=case,
            what="rows a second",
            reached=round(rows / run["seconds"]),
            cpu=round(rows / run["cpu_seconds"]),
        )
        yield at_most(case, "÷ (bare + no-op)", 1.5, *against(ideal, noop))
    yield at_least(case, "× faster than pandas, exact money", 5, *faster(pandas["run"]))
    yield plain(case, "× faster than pandas, floats", *faster(floats["run"]))
    yield at_most(case, "peak memory, MB", PEAK_MB, job["peak_mb"])
    for layer, seconds in job["layers"].items():
        yield Line(case=case, what=f"seconds: {layer}", reached=seconds)


def small(size: Size) -> Iterator[Any]:
    yield from pipeline(f"{size.small_days} days × 100 files", "small", size.small_days, 0, size)


def large(size: Size) -> Iterator[Any]:
    for items, days in size.large:
        yield from pipeline(f"{items:,} items, {days} days", "large", days, items, size)

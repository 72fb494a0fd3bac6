"""Measure the service: loading, looking for files, latency, idle costs, the dashboard."""

import tempfile
from collections.abc import Iterator
from typing import Any

from bench.figures import Line, at_most, plain
from bench.measure import child
from bench.sizes import Size


def load(size: Size) -> Iterator[Any]:
    found = child("bench.load", "--tables", 100)
    yield {"case": "load", **found}
    took = found["over_dagster_seconds"], found["over_dagster_cpu_seconds"]
    yield at_most("100 tables", "seconds over Dagster's import", 2, *took)
    found = child("bench.load", "--all")
    took = found["over_dagster_seconds"], found["over_dagster_cpu_seconds"]
    yield at_most("all definitions", "seconds over Dagster's import", 1.5, *took)


def listing(size: Size) -> Iterator[Any]:
    found = child("bench.listing", "--files", size.listing_files, "--line")
    yield {"case": "listing", **found}
    case = f"{size.listing_files:,} known files"
    tick = found["whole"]["tick_seconds"]
    yield at_most(case, "seconds of a look", 1, tick)
    yield Line(
        case=case,
        what="÷ the look at a tenth",
        reached=round(tick / found["tenth"]["tick_seconds"], 2),
    )


def history(size: Size) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        found = child("bench.history", "--days", size.history_days, "--folder", folder)
    yield {"case": "history", **found}
    month, long = found["month"], found["long"]
    case = f"{size.history_days} days of history"
    ratios = (round(long[k] / month[k], 2) for k in ("run_seconds", "run_cpu_seconds"))
    yield at_most(case, "daily run ÷ after a month", 1.1, *ratios)
    yield at_most(case, "seconds of a tick, nothing new", 1, long["look_seconds"])


def latency(size: Size) -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        found = child("bench.latency", "--deliveries", size.deliveries, "--folder", folder)
    yield {"case": "latency", **found}
    yield at_most("landed → gold", "seconds, p95", 5, found["p95_seconds"])


def idle(size: Size) -> Iterator[Any]:
    """Measure the fixed costs: idle services, commands that look, a day with few rows."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        days = ("--days", max(1, size.listing_files // 100), "--seconds", size.idle_seconds)
        found = child("bench.idle", "--folder", folder, "--units", 50, *days)
        yield {"case": "idle", **found}
        case = f"idle, {found['files']:,} files"
        yield at_most(case, "% of a core", min(8, found["stock_percent"]), found["percent"])
        yield plain(case, "% of a core, stock Dagster", found["stock_percent"])
        yield plain(case, "KB an hour in the Dagster home", found["home_kb_an_hour"])
        yield at_most(
            "lakehouse up", "seconds until the UI answers", 10, found["answers_after_seconds"]
        )
        for name, took in child("bench.commands", "--folder", folder).items():
            yield at_most(
                "lakehouse", f"seconds: {name}", took["goal"], took["seconds"], took["cpu_seconds"]
            )
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        day = child("bench.trivial_day", "--folder", folder)
    yield {"case": "trivial day", **day}
    yield at_most("one day with few rows", "seconds", 2, day["seconds"], day["cpu_seconds"])


def dashboard(size: Size) -> Iterator[Any]:
    """Measure the dashboard in Chromium with five users at once."""
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        made = child("bench.gold_rows", "--folder", folder, "--rows", size.gold_rows)
        found = child("bench.dashboard", "--folder", folder, "--users", 5)
    case = f"dashboard, {made['rows'] / 1e6:.1f} M rows"
    yield {"case": case, "generated": made, **found}
    yield at_most(case, "ms, change → painted, median", 300, found["median_ms"])
    yield at_most(case, "ms, change → painted, p95", 800, found["p95_ms"])
    yield plain(case, "processor ms of the server a change", found["server_cpu_ms"])
    yield plain(case, "processor ms of the browser a change", found["browser_cpu_ms"])
    yield at_most(case, "seconds, first page", 3, found["first_page_seconds"])
    new = found["first_page_of_a_new_server_seconds"]
    yield plain(case, "seconds, first page, new server", new)
    yield at_most(case, "MB, peak of the server", 600, found["peak_mb"])

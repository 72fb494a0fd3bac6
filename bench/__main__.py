"""Compare the platform with bare DuckDB, pandas day by day and empty Dagster runs.

    python -m bench [--quick | --full] [--json FILE] [--only large,small,load | dashboard …]

Every measurement is a separate process, one after the other. Ratios are given in wall time and in
processor seconds; on a shared machine only the latter are meaningful.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measure import child

FIRST = "2024-01-01"
PEAK_MB = 2048


@dataclass(frozen=True, kw_only=True)
class Size:
    """Define the amount of data; rows and files per day are those of the full size."""

    small_days: int
    large: tuple[tuple[int, int], ...]
    pandas_days: int
    history_days: int
    listing_files: int
    deliveries: int
    clients: tuple[int, ...]
    pollution_step: int
    purchase_runs: int
    forecast_series: int
    forecast_seeds: str
    idle_seconds: int
    gold_rows: int
    engine_items: tuple[int, ...]
    growth_files: tuple[int, ...]


SIZES = {
    "quick": Size(
        small_days=10,
        large=((333_333, 3),),
        pandas_days=1,
        history_days=60,
        listing_files=10_000,
        deliveries=3,
        clients=(10_000,),
        pollution_step=11,
        purchase_runs=5,
        forecast_series=600,
        forecast_seeds="81",
        idle_seconds=60,
        gold_rows=300_000,
        engine_items=(1_000_000,),
        growth_files=(1_000, 3_000, 10_000),
    ),
    "default": Size(
        small_days=72,
        large=((2_000_000, 18), (2_000_000, 73)),
        pandas_days=2,
        history_days=400,
        listing_files=100_000,
        deliveries=10,
        clients=(10_000, 100_000),
        pollution_step=1,
        purchase_runs=100,
        forecast_series=5000,
        forecast_seeds="81-83",
        idle_seconds=120,
        gold_rows=9_400_000,
        engine_items=(1_000_000, 10_000_000),
        growth_files=(10_000, 30_000, 100_000),
    ),
    "full": Size(
        small_days=360,
        large=((10_000_000, 90), (10_000_000, 365)),
        pandas_days=3,
        history_days=3650,
        listing_files=100_000,
        deliveries=20,
        clients=(10_000, 1_000_000),
        pollution_step=1,
        purchase_runs=100,
        forecast_series=5000,
        forecast_seeds="81-83",
        idle_seconds=600,
        gold_rows=9_400_000,
        engine_items=(1_000_000, 10_000_000, 40_000_000),
        growth_files=(10_000, 100_000, 300_000),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """Hold one figure and its goal."""

    case: str
    what: str
    reached: float
    cpu: float | None = None
    """The same figure in processor seconds."""
    goal: str = ""
    met: bool | None = None


def plain(case: str, what: str, reached: float, cpu: float | None = None) -> Line:
    return Line(case=case, what=what, reached=reached, cpu=cpu)


def at_most(case: str, what: str, limit: float, reached: float, cpu: float | None = None) -> Line:
    met = min(reached, reached if cpu is None else cpu) <= limit
    return Line(case=case, what=what, reached=reached, cpu=cpu, goal=f"≤ {limit:g}", met=met)


def at_least(case: str, what: str, limit: float, reached: float, cpu: float | None = None) -> Line:
    met = max(reached, reached if cpu is None else cpu) >= limit
    return Line(case=case, what=what, reached=reached, cpu=cpu, goal=f"≥ {limit:g}", met=met)


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


def book(size: Size) -> Iterator[Any]:
    """Compute the 462 variables of card clients; hand-written SQL gets 10,000 clients at a time."""
    for clients in size.clients:
        with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
            lake = ("--lake", Path(folder) / "lake")
            child("bench.book", "prepare", "--clients", clients, *lake)
            ours = child("bench.book", "platform", *lake)
            slices = ("--slices", -(-clients // 10_000))
            bare = child("bench.book", "bare", *lake, "--out", Path(folder) / "bare", *slices)
        if ours["book"] != bare["book"]:
            raise SystemExit(f"{clients} clients differ: {ours['book']}, {bare['book']}")
        case = f"book of {clients:,} clients"
        yield {"case": case, "platform": ours, "bare": bare}
        run, ideal = ours["run"], bare["run"]
        ratios = (round(run[k] / ideal[k], 2) for k in ("seconds", "cpu_seconds"))
        yield at_most(case, "÷ 462 aggregates by hand", 1.2, *ratios)
        for name, made in (("platform", ours), ("by hand", bare)):
            yield plain(case, f"seconds: {name}", *made["run"].values())
        yield at_most(
            case,
            "seconds of another day",
            1 if clients <= 10_000 else 60,
            *ours["another_day"].values(),
        )
        each = (seconds / ours["dates_together"] for seconds in ours["together"].values())
        yield plain(case, "seconds of a date, six together", *(round(s, 2) for s in each))
        yield at_most(case, "peak memory, MB", PEAK_MB, ours["peak_mb"])
        yield plain(case, "peak memory by hand, MB", bare["peak_mb"])


def pollution(size: Size) -> Iterator[Any]:
    """Read polluted CSV files with five readers; see `bench.pollution`."""
    found = child("bench.pollution", "--step", size.pollution_step)
    yield {"case": "polluted CSV files", **found}
    for name, figures in found.items():
        case = f"polluted files: {name}"
        if name == "platform":
            yield at_least(case, "score, simple, of 10", 9.9, figures["simple"])
            yield at_least(case, "score, weighted, of 10", 9.9, figures["weighted"])
            yield at_most(case, "files with a wrong accepted row", 0, figures["wrong_files"])
            yield at_most(case, "files with a lost line", 0, figures["files_with_lost_lines"])
        else:
            yield plain(case, "score, simple, of 10", figures["simple"])
            yield plain(case, "score, weighted, of 10", figures["weighted"])
            yield plain(case, "files with a wrong accepted row", figures["wrong_files"])


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


def purchases(size: Size) -> Iterator[Any]:
    """Simulate purchases against the generator's true demand; see `bench.purchases`."""
    found = child("bench.purchases", "--runs", size.purchase_runs)
    yield {"case": "purchases", **found}
    for name, figures in found.items():
        case = f"{size.purchase_runs} runs: {name}"
        points = 100 * abs(figures["achieved"] - figures["asked"])
        if name == "recommended":
            yield at_most(case, "service, points from the asked", 2, round(points, 2))
            for group, days in figures["classes"].items():
                apart = 100 * (days["achieved"] - days["asked"])
                yield at_most(case, f"points from the asked, {group}", 2, round(abs(apart), 2))
        else:
            yield plain(case, "service, points from the asked", round(points, 2))
            ratio = round(figures["cost"] / found["recommended"]["cost"], 2)
            if name == "rule of thumb":
                yield at_least(case, "cost ÷ recommended", 1, ratio)
            else:
                yield plain(case, "cost ÷ recommended", ratio)
            yield plain(case, "% of runs that cost more", round(100 * figures["runs dearer"]))
        yield plain(case, "% of pieces served", round(100 * figures["pieces served"], 2))
        for part in ("lost margin", "expired", "holding"):
            yield plain(case, f"BRL: {part}", figures[part])


def forecast(size: Size) -> Iterator[Any]:
    """Measure the demand forecast: seconds and memory, and its quality on generated demand."""
    took = child("bench.forecast", "--series", size.forecast_series)
    yield {"case": "forecast, cost", **took}
    case = f"forecast, {took['series']:,} series"
    yield at_most(case, "seconds, first day", 300, *took["first"].values())
    yield at_most(case, "seconds, another day", 60, *took["update"].values())
    yield at_most(case, "peak memory, MB", 3072, took["peak_mb"])
    for made in child("bench.forecast", "--seeds", size.forecast_seeds)["cases"]:
        yield made
        case = f"{made['case']}, {made['orders']:g} a day, seed {made['seed']}"
        yield at_most(case, "error ÷ optimum", 1.15, made["error_of_optimum"])
        better = 100 * made["beats_seasonal_naive"]
        yield at_least(case, "% better than seasonal naive", 80, round(better, 1))
        apart = abs(100 * made["coverage"] - 90)
        yield at_most(case, "points from 90 % in interval", 2, round(apart, 1))


def risk(_: Size) -> Iterator[Any]:
    """Train and apply the default model of cards with and without a behavior of the clients."""
    for words in ((), ("--behavior",)):
        with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
            found = child("bench.risk", "--folder", folder, *words)
        case = f"risk, {found['clients']:,} clients{', behavior' if words else ''}"
        yield {"case": case, **found}
        brier = found["brier"]
        base, reached = brier["base_rate"], brier[found["published"]]
        yield plain(case, f"Brier, {found['published']} ÷ base rate", round(reached / base, 3))
        yield plain(case, "Brier, boosted ÷ rule", round(brier["boosted"] / brier["rule"], 3))
        if found["optimum"]:
            ratio = round(reached / found["optimum"]["brier"], 3)
            yield plain(case, "Brier ÷ known optimum", ratio)
        yield plain(case, "calibration error", round(found["quality"]["calibration_error"], 3))
        yield plain(case, "seconds: train", *found["train"].values())
        yield plain(case, "seconds: apply, as-of tables", *found["score"].values())
        yield at_most(case, "peak memory, MB", PEAK_MB, found["peak_mb"])


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


ENGINE_DAYS = 4
CHOSEN = ("--engine", "spark", "--min-rows", "10000000")
ON_SPARK = ("--engine", "spark", "--min-rows", "0")
LARGE_TABLES = ("--engine", "spark", "--min-rows", "100000")
ON_CLUSTER = (*LARGE_TABLES, "--master", "local-cluster[2,1,1024]")


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


OPENED = ("commit", "open")

PARTS: dict[str, Callable[[Size], Iterator[Any]]] = {
    "large": large,
    "small": small,
    "load": load,
    "listing": listing,
    "history": history,
    "latency": latency,
    "idle": idle,
    "book": book,
    "pollution": pollution,
    "forecast": forecast,
    "purchases": purchases,
    "risk": risk,
    "dashboard": dashboard,
    "engines": engines,
    "growth": growth,
}


def shown(line: Line) -> str:
    cpu = "" if line.cpu is None else f"{line.cpu:,g}"
    met = {None: "", True: "met", False: "missed"}[line.met]
    return f"{line.case:28} {line.what:36} {line.reached:>10,g} {cpu:>10} {line.goal:>8} {met}"


def main() -> None:
    words = argparse.ArgumentParser(prog="bench", description=__doc__)
    words.add_argument("--quick", action="store_true", help="small sizes; some minutes")
    words.add_argument("--full", action="store_true", help="the sizes of the goals; hours")
    words.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    words.add_argument("parts", nargs="*", help="the same, as words")
    words.add_argument("--json", type=Path, help="write every figure into this file")
    given = words.parse_args()
    size = SIZES["full" if given.full else "quick" if given.quick else "default"]
    print(f"{'case':28} {'what':36} {'wall':>10} {'processor':>10} {'goal':>8}")
    figures: list[dict[str, Any]] = []
    for part in given.parts or given.only.split(","):
        for found in PARTS[part](size):
            if isinstance(found, Line):
                print(shown(found), flush=True)
                figures.append(asdict(found))
            else:
                figures.append(found)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

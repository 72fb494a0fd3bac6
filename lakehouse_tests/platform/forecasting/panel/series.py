"""Series with a known truth."""

import datetime as dt

import numpy as np

from lakehouse.platform.forecasting.panel.panel import Numbers, Panel

FIRST = dt.date(2025, 1, 6)  # a Monday
WEEKDAYS = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.3, 1.0])


def panel_of(values: Numbers, products: int = 1) -> Panel:
    """A panel of these values with one region and no special days."""
    count = len(values)
    return Panel(
        first=FIRST,
        values=values,
        place=np.arange(count) // products,
        product=np.arange(count) % products,
        region=np.zeros(-(-count // products), np.int64),
        calendar=np.zeros((0, 1, 0)),
    )


def sold(
    series: int = 40, days: int = 180, *, mean: float = 10.0, seed: int = 1
) -> tuple[Numbers, Numbers]:
    """Counts of series with a weekly pattern, and their true means."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.6, 1.4, (series, 1)) * mean
    truth = level * WEEKDAYS[np.arange(days) % 7]
    return rng.poisson(truth).astype(np.float64), truth

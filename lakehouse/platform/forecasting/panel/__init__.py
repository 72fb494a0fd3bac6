"""Forecasts of many series of daily counts at once, each with its distribution.

All steps are pure functions over arrays with one row per series and one column per day. NaN means
that a day is unknown, such as a missing delivery; it is never taken for zero.

- `panel`: the series as arrays, from rows.
- `baselines`: seasonal naive and moving averages.
- `intermittent`: Croston, TSB and ADIDA, for series with many days without demand.
- `weekdays`: means and medians of the same weekday.
- `decomposition`, `pooling`: level × trend × calendar × share; common values where data is few.
- `methods`: all of them by name.
- `contest`: rolling-origin back-test of all methods, and which one a group of series publishes.
- `intervals`: quantiles from the errors of the back-test.
- `evaluation`: errors and coverage as rows, and the search for leaks.
- `produce`: the published forecast of a panel.
- `reconcile`: forecasts of parts and of their totals that add up.
- `totals`: forecasts of sums of series, such as a state, with quantiles of their own.

Nothing here opens a file. Only numpy is needed.
"""

MODULES = tuple(
    f"lakehouse.platform.forecasting.panel.{name}"
    for name in (
        "panel",
        "baselines",
        "intermittent",
        "weekdays",
        "pooling",
        "decomposition",
        "methods",
        "contest",
        "intervals",
        "produce",
        "reconcile",
        "evaluation",
    )
)
"""Modules that decide on forecast values: their code is part of a table's definition."""
HORIZON = 28
"""Number of days that are forecast."""
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
"""Quantiles of each forecast."""

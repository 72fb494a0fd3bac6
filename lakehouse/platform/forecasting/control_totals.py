"""Control totals of forecast tables: what holds for every forecast, whatever its method.

How well a forecast fits is measured by the back-test, not here.
"""

from collections.abc import Sequence
from itertools import pairwise

from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.tables.control_total import ControlTotal

_RISING = ("0", "q05", "q25", "q50", "q75", "q95")


def complete_and_ordered(table: str, series: Sequence[str]) -> ControlTotal:
    """Return the control total that no series lacks a day or has quantiles out of order.

    Args:
        table: layer and name of the forecast table.
        series: columns that identify a series.

    >>> complete_and_ordered("gold.demand_forecast", ["product_id"]).expected
    'select product_id, 0 as days, 0 as wrong from gold.demand_forecast where false'
    """
    names = ", ".join(series)
    rising = " and ".join(f"{low} <= {high}" for low, high in pairwise(_RISING))
    wrong = f"count(*) filter (where not coalesce({rising} and expected >= 0, false))"
    days = "count(distinct target_day)"
    span = "max(target_day) - min(target_day) + 1"
    return ControlTotal(
        table=table,
        expected=f"select {names}, 0 as days, 0 as wrong from {table} where false",  # noqa: S608
        found=f"""
            select {names}, {days} as days, {wrong} as wrong from {table} group by {names}
            having {days} <> {HORIZON} or {span} <> {HORIZON} or {wrong} <> 0""",  # noqa: S608
    )

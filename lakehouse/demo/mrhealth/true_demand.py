"""The demand that the generator draws from: true means, and counts drawn from them as arrays.

For measuring forecasts on years of many units: seconds instead of hours. Means and spread of the
counts equal those of generated deliveries, which a test compares.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.demo.mrhealth.business import (
    FIRST_PRODUCT,
    ITEM_COUNT_WEIGHTS,
    PRODUCTS,
    WEEKDAY_FACTORS,
    state_of,
)
from lakehouse.demo.mrhealth.conditions import NOISE, RAIN, RAIN_SHARE, is_holiday
from lakehouse.demo.mrhealth.plan import days_of
from lakehouse.demo.mrhealth.scenario import Scenario
from lakehouse.demo.mrhealth.shipments import sizes

PIECES = (1, 2, 3)
"""Pieces of an item line, equally likely."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TrueDemand:
    """Counts of a scenario without incidents, and the means that can be known in advance.

    Args:
        first: the first day.
        orders: orders by unit and day, NaN where the unit does not exist.
        pieces: pieces by unit, product and day, NaN likewise and where the product left the menu.
        mean_orders: mean of the orders without chance and weather, the same shape.
        mean_pieces: mean of the pieces, the same shape.
        holiday: whether a day is a holiday in the state of a unit, shape (units, days).
    """

    first: dt.date
    orders: Numbers
    pieces: Numbers
    mean_orders: Numbers
    mean_pieces: Numbers
    holiday: Numbers


def true_demand(scenario: Scenario) -> TrueDemand:
    """Draw the orders and pieces of all unit-days of a scenario; its incidents do not happen."""
    plan, conditions = scenario.plan, scenario.conditions
    days = list(days_of(plan))
    units = range(1, plan.units + 1)
    rng = np.random.default_rng(plan.seed)
    exists = np.array([[conditions.is_open(day, unit) for day in days] for unit in units])
    shut = np.array([[conditions.is_shut(day, unit) for day in days] for unit in units])
    factor = np.array([[conditions.predictable(day, unit) for day in days] for unit in units])
    holiday = np.array([[is_holiday(day, state_of(unit)) for day in days] for unit in units])
    states = [state_of(unit) for unit in units]
    by_state = {s: [conditions.weather(day, s) for day in days] for s in set(states)}
    weather = np.array([by_state[state] for state in states])
    usual = np.array([WEEKDAY_FACTORS[day.weekday()] for day in days])
    size = np.array(sizes(plan.units, plan.seed))[:, None]
    expected = plan.orders_per_unit * size * usual * factor * (exists & ~shut)
    mean = expected * float(np.exp(NOISE**2 / 2)) * (1 - RAIN_SHARE * (1 - sum(RAIN) / 2))
    drawn = expected * np.exp(rng.normal(0, NOISE, expected.shape)) * weather
    orders = rng.poisson(drawn)
    items = sum(
        number * count
        for number, count in enumerate(
            np.moveaxis(rng.multinomial(orders, ITEM_COUNT_WEIGHTS), -1, 0), start=1
        )
    )
    count = len(PRODUCTS)
    lines = np.moveaxis(rng.multinomial(items, [1 / count] * count), -1, 1)
    by_pieces = rng.multinomial(lines, [1 / len(PIECES)] * len(PIECES))
    pieces = by_pieces @ np.array(PIECES)
    line_items = sum(n * share for n, share in enumerate(ITEM_COUNT_WEIGHTS, start=1))
    of_product = np.repeat(mean[:, None, :] * line_items * 2 / count, count, axis=1)
    listed = np.repeat(exists[:, None, :], count, axis=1)
    for product, since in conditions.retired.items():
        listed[:, product - FIRST_PRODUCT, [day >= since for day in days]] = False
    return TrueDemand(
        first=plan.first,
        orders=np.where(exists, orders, np.nan),
        pieces=np.where(listed, pieces, np.nan),
        mean_orders=mean,
        mean_pieces=of_product,
        holiday=holiday.astype(np.float64),
    )

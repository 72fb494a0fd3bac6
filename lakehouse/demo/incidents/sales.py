"""Incidents of a company that sells in five regions."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.incidents.labels import ONE_DAY, Label, Scenario, in_turn
from lakehouse.demo.mrhealth.conditions import FIXED_HOLIDAYS, HOLIDAYS_AROUND_EASTER
from lakehouse.domains.sales.sources import REGIONS

Numbers = NDArray[np.float64]


class Mechanism(StrEnum):
    """What happened."""

    TEAM_LEFT = "team_left"  # sellers of a region leave; few of its customers are served
    COMPETITOR = "competitor"  # a competitor takes customers of a region, more every week
    BRANCH_CLOSED = "branch_closed"  # the branch of a region is closed, such as by a flood
    ROWS_LOST = "rows_lost"  # a filter of the export leaves a region out
    REGION_MISCODED = "region_miscoded"  # sales of a region are written with the name of another
    SYSTEM_DOWN = "system_down"  # nobody can write an order for most of the day


LENGTHS: Mapping[str, tuple[int, int]] = {
    Mechanism.TEAM_LEFT: (15, 35),
    Mechanism.COMPETITOR: (45, 70),
    Mechanism.BRANCH_CLOSED: (3, 8),
    Mechanism.ROWS_LOST: (3, 10),
    Mechanism.REGION_MISCODED: (5, 15),
    Mechanism.SYSTEM_DOWN: (1, 2),
}
QUIET_DAYS = 120
"""Days at the beginning without incidents, from which usual values can be learned."""
PAUSE = (20, 35)
DAYS = QUIET_DAYS + sum(most for _, most in LENGTHS.values()) + len(LENGTHS) * PAUSE[1] + 20
SHARES = np.array((0.30, 0.24, 0.20, 0.15, 0.11))
"""Share of each region in the sales."""
WEEKDAYS = np.array((1.05, 1.1, 1.1, 1.05, 1.1, 0.5, 0.25))
HOLIDAY = 0.2
MONTH_END, MONTH_START = 1.6, 0.85
"""Factor of the last three days of a month, when sellers reach for their targets, and of the first
two of the next month."""
NOISE_ALL, NOISE_REGION = 0.05, 0.08
"""Standard deviation of the logarithm of the demand of a day, in all regions and in one."""
BULK_SHARE = 0.01
"""Share of region-days on which one customer orders very much."""


def scenario_of(
    seed: int, *, first: dt.date, sales_per_day: float = 140, clean: bool = False
) -> Scenario:
    """Return the scenario of a seed.

    Args:
        seed: equal seeds give equal rows.
        first: first day.
        sales_per_day: mean number of sales of a day in all regions.
        clean: leave out the incidents; everything else is the same.
    """
    rng = np.random.default_rng([seed, 1])
    days = [first + n * ONE_DAY for n in range(DAYS)]
    demand = sales_per_day * SHARES * _circumstances(rng, days)
    begins = first + QUIET_DAYS * ONE_DAY
    labels = [] if clean else _labels(np.random.default_rng([seed, 2]), begins)
    for label in labels:
        _change_demand(label, demand, days)
    rows = _sold(np.random.default_rng([seed, 3]), demand, days)
    for label in labels:
        rows = _change_export(label, rows)
    return Scenario(
        labels=tuple(labels),
        rows={"fact_sales": rows},
        first=begins,
        last=days[-1],
        places=len(REGIONS),
    )


def _labels(rng: np.random.Generator, begins: dt.date) -> list[Label]:
    found = []
    for mechanism, first, last in in_turn(rng, LENGTHS, begins, PAUSE):
        everywhere = mechanism == Mechanism.SYSTEM_DOWN
        found.append(
            Label(
                mechanism=mechanism,
                first=first,
                last=last,
                place="" if everywhere else REGIONS[int(rng.integers(len(REGIONS)))],
                strength=float(rng.uniform(0.55, 0.9)),
            )
        )
    return found


def _circumstances(rng: np.random.Generator, days: list[dt.date]) -> Numbers:
    """Return the factor of the demand of each day and region when nothing is wrong."""
    count = len(days)
    weekday = WEEKDAYS[[day.weekday() for day in days]]
    to_end = np.array([((day + 3 * ONE_DAY).month != day.month) for day in days])
    month = np.where(to_end, MONTH_END, np.where([day.day <= 2 for day in days], MONTH_START, 1.0))
    holiday = np.where([_is_holiday(day) for day in days], HOLIDAY, 1.0)
    year = 1 + 0.12 * np.sin(2 * np.pi * (np.arange(count) / 365 + rng.random()))
    trend = np.exp(np.outer(np.arange(count) / 365, rng.uniform(-0.15, 0.25, len(SHARES))))
    noise = np.exp(
        NOISE_ALL * rng.standard_normal((count, 1))
        + NOISE_REGION * rng.standard_normal((count, len(SHARES)))
    )
    found = (weekday * month * holiday * year)[:, None] * trend * noise
    for _ in range(4):  # a promotion in a region, and what its customers bought in advance
        start, region = int(rng.integers(20, count - 30)), int(rng.integers(len(SHARES)))
        length = int(rng.integers(5, 11))
        found[start : start + length, region] *= rng.uniform(1.2, 1.5)
        found[start + length : start + 2 * length, region] *= rng.uniform(0.85, 0.95)
    bulk = rng.random((count, len(SHARES))) < BULK_SHARE
    return np.asarray(found * np.where(bulk, rng.uniform(1.5, 2.5, bulk.shape), 1.0), np.float64)


def _is_holiday(day: dt.date) -> bool:
    moving = HOLIDAYS_AROUND_EASTER.get(day.year, ())
    return (day.month, day.day) in (*FIXED_HOLIDAYS, *moving)


def _change_demand(label: Label, demand: Numbers, days: list[dt.date]) -> None:
    """Change what is sold while an incident lasts, and while it is overcome."""
    since = np.array([(day - label.first).days for day in days])
    length = (label.last - label.first).days + 1
    lasts = (since >= 0) & (since < length)
    regions = [REGIONS.index(label.place)] if label.place else list(range(len(REGIONS)))
    if label.mechanism == Mechanism.COMPETITOR:
        lost = label.strength * np.clip(since / length, 0, 1)
        back = np.clip((since - length) / 60, 0, 1)  # customers come back within two months
        factor = 1 - np.where(since >= length, label.strength * (1 - back), lost)
    elif label.mechanism == Mechanism.TEAM_LEFT:
        back = np.clip((since - length) / 15, 0, 1)
        factor = np.where(lasts, 1 - label.strength, 1.0)
        factor = np.where(since >= length, 1 - label.strength * (1 - back), factor)
    elif label.mechanism == Mechanism.BRANCH_CLOSED:
        factor = np.where(lasts, 0.03, 1.0)
    elif label.mechanism == Mechanism.SYSTEM_DOWN:
        factor = np.where(lasts, 1 - label.strength, 1.0)
    else:
        return
    for region in regions:
        demand[:, region] *= factor


def _sold(rng: np.random.Generator, demand: Numbers, days: list[dt.date]) -> pa.Table:
    """Draw the sales of each day and region: independent customers, pieces and prices."""
    counts = rng.poisson(demand)
    total = int(counts.sum())
    place = np.repeat(np.arange(counts.size), counts.ravel())
    quantity = rng.integers(1, 11, total)
    cents = rng.integers(1000, 10_001, total) * quantity
    return pa.table(
        {
            "day": pa.array(np.array(days)[place // len(REGIONS)], pa.date32()),
            "id": np.arange(1, total + 1),
            "region": pa.array(np.array(REGIONS)[place % len(REGIONS)], pa.string()),
            "quantity": quantity,
            "total_value": pa.array(cents / 100).cast(pa.decimal128(10, 2)),
        }
    )


def _change_export(label: Label, rows: pa.Table) -> pa.Table:
    """Change the rows that the export writes while an incident lasts."""
    if label.mechanism not in (Mechanism.ROWS_LOST, Mechanism.REGION_MISCODED):
        return rows
    day = np.array(rows["day"].to_numpy(), "datetime64[D]")
    region = np.array(rows["region"].to_pylist(), object)
    lasts = (day >= np.datetime64(label.first)) & (day <= np.datetime64(label.last))
    hit = lasts & (region == label.place)
    if label.mechanism == Mechanism.ROWS_LOST:
        return rows.filter(pa.array(~hit))
    other = REGIONS[(REGIONS.index(label.place) + 1) % len(REGIONS)]
    some = hit & (np.arange(len(hit)) % 10 < round(10 * label.strength))
    place = rows.schema.get_field_index("region")
    return rows.set_column(place, "region", pa.array(np.where(some, other, region), pa.string()))

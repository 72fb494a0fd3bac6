"""Find products that a unit, a state or the chain has stopped selling though it still sells others.

The orders with other products say how many orders with the missing one were to be expected, so
that a closed day, a holiday or a unit that closes is not taken for a missing product. The chance
that a product is not sold by chance while `expected` orders with it were to come is
exp(-expected); for several products of a unit at once, these chances are multiplied.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import comb, log

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.domains.mrhealth.detection.grid import Flags, Grid
from lakehouse.domains.mrhealth.detection.join import Found, Place
from lakehouse.platform.alerts.usual import Numbers

KIND = KINDS["product_missing"]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Products of a place, by product and day.

    Attributes:
        expected: orders with the product that were to be expected since its last sale; 0 on days
            on which it was sold, or nothing was.
        since: first day without the product.
    """

    expected: Numbers
    since: NDArray[np.int64]


def findings(grid: Grid, sold: pa.Table, menu: pa.Table) -> Iterator[Found]:
    """Yield products that are missing; what a whole state does not sell is not one of its units.

    Args:
        grid: units and days.
        sold: number of orders with each product by unit and day.
        menu: products of each day.
    """
    products = np.unique(sold["product_id"].to_numpy())
    day = sold["n"].to_numpy() - grid.first
    unit = np.searchsorted(grid.units, sold["unit_id"].to_numpy())
    used = (day >= 0) & (day < grid.days) & np.isin(sold["unit_id"].to_numpy(), grid.units)
    of_unit = np.zeros((len(grid.units), len(products), grid.days), np.float32)
    place = np.searchsorted(products, sold["product_id"].to_numpy())
    of_unit[unit[used], place[used], day[used]] = sold["orders"].to_numpy()[used]
    offered = _offered(grid, menu, products)
    chain = missing_of(of_unit.sum(axis=0, dtype=np.float64), offered)
    yield from _single(Place(scope=rules.CHAIN), chain, products)
    wide: dict[str, Flags] = {}
    for state in sorted(set(grid.states)):
        of_state = of_unit[grid.members(rules.STATE, state)].sum(axis=0, dtype=np.float64)
        found = missing_of(of_state, offered & ~_gone(chain))
        wide[state] = _gone(chain) | (_gone(found) if state else False)
        if state:
            yield from _single(Place(scope=rules.STATE, state=state), found, products)
    for row, state in enumerate(grid.states):
        found = missing_of(of_unit[row].astype(np.float64), offered & ~wide[state])
        at = Place(scope=rules.UNIT, unit=row, state=state)
        yield from _single(at, found, products)
        yield from _many(at, found, int(offered.any(axis=1).sum()))


def _offered(grid: Grid, menu: pa.Table, products: NDArray[np.int64]) -> Flags:
    """Return whether a product is on the menu of a day."""
    offered = np.zeros((len(products), grid.days), np.bool_)
    number, day = menu["product_id"].to_numpy(), menu["n"].to_numpy() - grid.first
    used = np.isin(number, products) & (day >= 0) & (day < grid.days)
    offered[np.searchsorted(products, number[used]), day[used]] = True
    return offered


def missing_of(orders: Numbers, offered: Flags) -> Missing:
    """Return what is missing in a place, from the orders with each product by product and day."""
    traded = orders.sum(axis=0)
    open_days = np.flatnonzero(traded > 0)
    expected, since = np.zeros(orders.shape), np.zeros(orders.shape, np.int64)
    if len(open_days):
        had, total = orders[:, open_days], np.cumsum(traded[open_days])
        place = np.arange(len(open_days))
        last = np.maximum.accumulate(np.where(had > 0, place, -1), axis=1)
        upto = np.cumsum(had, axis=1)
        known = np.maximum(last, 0)
        before = last - rules.MISSING_DAYS
        earlier = np.take_along_axis(upto, np.maximum(before, 0), axis=1)
        of_product = np.take_along_axis(upto, known, axis=1) - np.where(before < 0, 0.0, earlier)
        of_all = total[known] - np.where(before < 0, 0.0, total[np.maximum(before, 0)])
        # The share is known from few orders only: take its lower end.
        surely = np.maximum(of_product - 1.5 * np.sqrt(of_product), 0.0)
        passed = total[place][None, :] - total[known]
        missing = (last >= 0) & (had == 0)
        expected[:, open_days] = np.where(missing, surely * passed / np.maximum(of_all, 1.0), 0.0)
        since[:, open_days] = open_days[np.minimum(known + 1, len(open_days) - 1)]
    return Missing(expected=np.where(offered, expected, 0.0), since=since)


def _gone(missing: Missing) -> Flags:
    return missing.expected >= rules.MISSING_EXPECTED


def _single(place: Place, missing: Missing, products: NDArray[np.int64]) -> Iterator[Found]:
    for product, day in zip(*np.nonzero(_gone(missing)), strict=True):
        at = replace(place, product=int(products[product]))
        yield _found(at, int(day), missing, np.array([product]))


def _many(place: Place, missing: Missing, offered: int) -> Iterator[Found]:
    """Yield days on which several products of a unit are missing, none of them long enough."""
    candidates = (missing.expected >= rules.MISSING_FEWEST).sum(axis=0)
    for day in np.flatnonzero(candidates >= rules.MISSING_PRODUCTS):
        order = np.argsort(-missing.expected[:, day], kind="stable")[: int(candidates[day])]
        sums = np.cumsum(missing.expected[order, day])
        enough = [
            count
            for count in range(rules.MISSING_PRODUCTS, len(order) + 1)
            if sums[count - 1] >= rules.MISSING_SUM + log(comb(max(offered, count), count))
        ]
        if enough:
            yield _found(place, int(day), missing, order[: enough[-1]])


def _found(place: Place, day: int, missing: Missing, products: NDArray[np.int64]) -> Found:
    expected = float(missing.expected[products, day].sum())
    many = len(products) > 1
    return Found(
        place=place,
        day=day,
        since=int(missing.since[products, day].min()),
        kind=replace(KIND, title=f"{len(products)} produtos sem vendas") if many else KIND,
        actual=0.0,
        expected=np.floor(expected),
        low=max(1.0, np.floor(expected - 2.5 * expected**0.5)),
        high=np.ceil(expected + 2.5 * expected**0.5),
    )

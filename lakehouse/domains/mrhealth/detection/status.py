"""Find units in which too many orders are cancelled, are never finished, or have wrong values."""

from collections.abc import Iterator

import numpy as np

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS, OfStatus
from lakehouse.domains.mrhealth.detection.grid import Grid
from lakehouse.domains.mrhealth.detection.join import Found, Place
from lakehouse.domains.mrhealth.detection.usual import positive, score
from lakehouse.platform.alerts.kinds import Kind
from lakehouse.platform.alerts.usual import Numbers, earlier, summed


def findings(grid: Grid) -> Iterator[Found]:
    """Yield missing files, cancelled and unfinished orders, and values that differ from items."""
    for rule in rules.STATUSES:
        for days in rule.windows:
            yield from _of_status(grid, rule, days)
    yield from _values(grid)


def _of_status(grid: Grid, rule: OfStatus, days: int) -> Iterator[Found]:
    count, orders = grid.counts[rule.figure], grid.counts["orders"]
    rate = _usual_rate(count, orders, rule)
    expected = summed(np.nan_to_num(rate) * orders, days)
    had, total = summed(count, days), summed(orders, days)
    share = had / positive(total)
    usual = expected / positive(total)
    apart = score(had, positive(expected), np.full(had.shape, rules.RATE_SPREAD**2))
    with np.errstate(invalid="ignore"):
        found = (had >= rule.fewest) & (share > rule.share) & (share > usual * rule.times)
        found &= (apart >= rule.score) & (count > rule.times * rate * orders) & ~np.isnan(rate)
    for unit, day in zip(*np.nonzero(found), strict=True):
        should = float(expected[unit, day])
        width = 2.5 * max(should, 1.0) ** 0.5
        yield _found(
            grid,
            rule.kind,
            int(unit),
            int(day),
            days=days,
            figures=(float(had[unit, day]), should, max(0.0, should - width), should + width),
        )


def _usual_rate(count: Numbers, orders: Numbers, rule: OfStatus) -> Numbers:
    """Return the share of the days before, pulled towards that of all units; NaN at the beginning.

    Days with much more than their share count up to a limit, so that an incident teaches little.
    """
    days = rules.HISTORY_DAYS
    limited = np.minimum(count, orders * rule.share + 1)

    def before(values: Numbers) -> Numbers:
        return np.nan_to_num(earlier(summed(values, days), 1))

    had, total = before(limited), before(orders)
    of_all = had.sum(axis=0) / positive(total.sum(axis=0))
    prior = rules.RATE_ORDERS
    rate = (had + prior * np.nan_to_num(of_all)) / (total + prior)
    learned = before((orders > 0).astype(np.float64)) >= rules.FEWEST_DAYS
    return np.where(learned, np.maximum(rate, rule.usual), np.nan)


def _values(grid: Grid) -> Iterator[Found]:
    goods, items = grid.counts["goods"], grid.counts["items"]
    apart = np.abs(goods - items)
    wrong = (apart >= rules.VALUE_CENTS) & (apart > np.abs(goods) * rules.VALUE_SHARE)
    for unit, day in zip(*np.nonzero(wrong), strict=True):
        had, should = float(goods[unit, day]), float(items[unit, day])
        width = abs(should) * rules.VALUE_SHARE
        figures = (had, should, max(0.0, should - width), should + width)
        yield _found(grid, KINDS["order_values"], int(unit), int(day), figures=figures)


def missing_files(grid: Grid, usual: Numbers) -> Iterator[Found]:
    """Yield unit-days without a file, of units that delivered within some weeks before."""
    came = (
        np.nan_to_num(earlier(summed(grid.delivered.astype(np.float64), rules.DELIVERED_DAYS), 1))
        > 0
    )
    missing = grid.exists & ~grid.delivered & came & (grid.counts["orders"] == 0)
    for unit, day in zip(*np.nonzero(missing), strict=True):
        should = float(usual[unit, day])
        width = 2.5 * (should * 1.2) ** 0.5
        yield _found(
            grid,
            KINDS["no_delivery"],
            int(unit),
            int(day),
            figures=(0.0, should, max(0.0, should - width), should + width),
        )


def _found(
    grid: Grid,
    kind: Kind,
    unit: int,
    day: int,
    *,
    figures: tuple[float, float, float, float],
    days: int = 1,
) -> Found:
    actual, expected, low, high = figures
    return Found(
        place=Place(scope=rules.UNIT, unit=unit, state=grid.states[unit]),
        day=day,
        since=max(0, day - days + 1),
        kind=kind,
        window=days,
        actual=actual,
        expected=expected,
        low=low,
        high=high,
    )

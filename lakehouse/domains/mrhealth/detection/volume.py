"""Find places that sell too little or too much, in windows of one day to four weeks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS, Window
from lakehouse.domains.mrhealth.detection.grid import Flags, Grid
from lakehouse.domains.mrhealth.detection.join import Found, Place
from lakehouse.domains.mrhealth.detection.usual import (
    Usual,
    of_others,
    positive,
    score,
    usual_of,
)
from lakehouse.platform.alerts.kinds import Kind
from lakehouse.platform.alerts.usual import Numbers, summed


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Sums of a window in some places against what was to be expected.

    Attributes:
        actual: sums of the figure up to each day.
        usual: expected sums by the place's own history.
        expected: the same, with what the other places sold more or less.
        score: standard deviations by which they differ; 0 where not compared.
        of_day: figures of each day, 0 where not compared.
        usual_of_day: expected figures of each day.
        units: number of units of each place.
    """

    actual: Numbers
    usual: Numbers
    expected: Numbers
    score: Numbers
    of_day: Numbers
    usual_of_day: Numbers
    units: Numbers

    def recent(self, window: Window) -> Numbers:
        """Return the share of the expected figures in the newest days of a window."""
        days = 1 if window.days < rules.LONG_DAYS else rules.RECENT_DAYS
        factor = self.expected / positive(self.usual)
        should = summed(self.usual_of_day, days) * factor
        return np.asarray(summed(self.of_day, days) / positive(should))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One figure of all units: its values and what is usual."""

    name: str
    values: Numbers
    usual: Usual
    pieces: float


def findings(grid: Grid, orders: Measured) -> Iterator[Found]:
    """Yield what is wrong about orders, channels and revenue of units, states and the chain."""
    worth = max(grid.counts["revenue"].sum() / max(grid.counts["orders"].sum(), 1.0), 1.0)
    for one, windows, kind in (
        (orders, rules.LOW, KINDS["orders_low"]),
        (measured(grid, "online"), rules.CHANNEL, KINDS["online_drop"]),
        (measured(grid, "physical"), rules.CHANNEL, KINDS["physical_drop"]),
        (measured(grid, "revenue", worth), rules.REVENUE_LOW, KINDS["revenue_drop"]),
    ):
        for window in windows:
            of_units = of_unit(grid, one, window.days)
            yield from _low(of_units, window, kind, _places(grid))
    for window in rules.WIDE:
        wide, places = _wide(grid, orders, of_unit(grid, orders, window.days), window)
        yield from _low(wide, window, KINDS["orders_low"], places)
    yield from _surges(grid, orders)
    yield from _on_holidays(grid, orders)


def _surges(grid: Grid, orders: Measured) -> Iterator[Found]:
    """Yield units with too many orders, and those whose orders were surely sent twice.

    When every product was sold an even number of times, in an even number of orders and pieces,
    chance does not explain it: the day was sent twice.
    """
    learned = np.cumsum(grid.known & (orders.values > 0), axis=1) >= rules.SURGE_LEARNED
    for window in rules.SURGE:
        of_units = of_unit(grid, orders, window.days)
        with np.errstate(invalid="ignore"):
            high = of_units.actual > window.share * of_units.expected
            high &= of_units.recent(window) > (1 + window.share) / 2
        high &= learned & (of_units.score >= window.score)
        yield from _found(high, of_units, window, KINDS["orders_surge"], _places(grid))
    of_units = of_unit(grid, orders, 1)
    is_even = (grid.counts["products"] >= rules.EVEN_PRODUCTS) & (grid.counts["odd_products"] == 0)
    with np.errstate(invalid="ignore"):
        twice = is_even & (of_units.actual > rules.EVEN_SHARE * of_units.expected)
    kind = KINDS["orders_repeated"]
    yield from _found(twice, of_units, rules.SURGE[0], kind, _places(grid))


def _on_holidays(grid: Grid, orders: Measured) -> Iterator[Found]:
    """Yield holidays on which a unit that opened sold almost nothing; other days are compared."""
    usual = orders.usual.expected(1)
    spread = orders.usual.spread**2 + _drift(1)
    with np.errstate(invalid="ignore"):
        low = grid.holiday & (orders.values > 0)
        low &= orders.values < rules.SHARE_ON_HOLIDAY * usual
        low &= score(orders.values, usual, spread) <= -rules.HOLIDAY_SCORE
    of_day = Compared(
        actual=orders.values,
        usual=usual,
        expected=usual,
        score=np.zeros_like(usual),
        of_day=orders.values,
        usual_of_day=usual,
        units=np.ones_like(usual),
    )
    yield from _found(low, of_day, rules.LOW[0], KINDS["orders_low"], _places(grid))


def measured(grid: Grid, name: str, pieces: float = 1.0) -> Measured:
    """Return what is usual of a figure; what was much too low or too high teaches nothing."""
    values = grid.counts[name]
    teaches = _plain(grid) & (grid.counts["orders"] > 0)
    usual = usual_of(values, teaches, pieces)
    first = Measured(name=name, values=values, usual=usual, pieces=pieces)
    apart = of_unit(grid, first, 1)
    share = apart.actual / positive(apart.expected)
    with np.errstate(invalid="ignore"):
        odd = (np.abs(apart.score) > rules.ODD_SCORE) & (np.abs(share - 1) > rules.ODD_SHARE)
    again = usual_of(values, teaches & ~odd, pieces)
    return Measured(name=name, values=values, usual=again, pieces=pieces)


def _plain(grid: Grid) -> Flags:
    return grid.known & ~grid.holiday


def of_unit(grid: Grid, one: Measured, days: int) -> Compared:
    """Compare the sums of a window of each unit; on holidays nothing else is expected."""
    expected = one.usual.expected(days)
    compared = _plain(grid) & ~np.isnan(expected)
    of_day = np.where(compared | grid.holiday, one.values, 0.0)
    should = np.where(compared, expected, np.where(grid.holiday, one.values, 0.0))
    is_known = ~np.isnan(expected) & grid.known & ~grid.holiday
    actual, usual = summed(of_day, days), summed(should, days)
    spread = one.usual.spread**2 * summed(should**2, days) / positive(usual) ** 2
    pieces = positive(usual) / one.pieces
    dispersion = spread + _drift(days) + days / (rules.LEARNED_DAYS * pieces)
    states = [np.array([s == name for s in grid.states]) for name in sorted(set(grid.states))]
    known = np.where(is_known, usual, 0.0)
    factor, doubt = of_others(
        np.where(is_known, actual, 0.0), known, 1 / pieces + dispersion, states
    )
    found = score(actual / one.pieces, usual / one.pieces * factor, dispersion + doubt)
    return Compared(
        actual=actual,
        usual=usual,
        expected=usual * factor,
        score=np.where(
            is_known & (usual >= rules.FEWEST_EXPECTED * one.pieces), np.nan_to_num(found), 0.0
        ),
        of_day=of_day,
        usual_of_day=should,
        units=np.ones_like(actual),
    )


def _drift(days: int) -> float:
    """Return the variance of the level itself, which grows with the time since it was learned."""
    return rules.DRIFT**2 + (rules.DRIFT_PER_DAY * days) ** 2


def _wide(
    grid: Grid, one: Measured, of_units: Compared, window: Window
) -> tuple[Compared, list[Place]]:
    """Add up units by state and over the chain; a state is compared with the other states.

    Only places are compared of whose units most are low, too: one large unit is not its state.
    """
    days = window.days
    places = [
        *(Place(scope=rules.STATE, state=name) for name in sorted(set(grid.states)) if name),
        Place(scope=rules.CHAIN),
    ]
    rows = [grid.members(place.scope, place.state) for place in places]
    compared = _plain(grid) & ~np.isnan(one.usual.expected(days))

    def sums(values: Numbers) -> Numbers:
        return np.stack([np.where(compared, values, 0.0)[at].sum(axis=0) for at in rows])

    of_day, should = sums(of_units.of_day), sums(of_units.usual_of_day)
    actual, usual = summed(of_day, days), summed(should, days)
    others = (actual[-1] - actual) / positive(usual[-1] - usual)
    factor = np.clip(np.nan_to_num(others, nan=1.0), rules.WORST_WEATHER, 1 / rules.WORST_WEATHER)
    factor[-1] = 1.0
    spread = np.array([rules.STATE_SPREAD] * (len(rows) - 1) + [rules.CHAIN_SPREAD])[:, None]
    is_low = of_units.actual < (1 + window.share) / 2 * of_units.usual
    known = of_units.usual > 0
    counts = np.stack([known[at].sum(0) for at in rows])
    mostly = np.stack([(known & is_low)[at].sum(0) for at in rows]) >= rules.SHARE_OF_UNITS * counts
    mostly[-1] &= (mostly & (counts > 0))[:-1].sum(0) > 1  # the chain is more than one state
    many = mostly & (counts >= rules.FEWEST_UNITS)
    found = score(actual, usual * factor, spread**2 / days + _drift(days))
    return (
        Compared(
            actual=actual,
            usual=usual,
            expected=usual * factor,
            score=np.where(many & (should > 0), np.nan_to_num(found), 0.0),
            of_day=of_day,
            usual_of_day=should,
            units=counts,
        ),
        places,
    )


def _places(grid: Grid) -> list[Place]:
    return [Place(scope=rules.UNIT, unit=n, state=state) for n, state in enumerate(grid.states)]


def _low(
    compared: Compared, window: Window, kind: Kind, places: Sequence[Place]
) -> Iterator[Found]:
    with np.errstate(invalid="ignore"):
        low = (compared.actual < window.share * compared.expected) & (
            compared.score <= -window.score
        )
        low &= compared.recent(window) < (1 + window.share) / 2
    yield from _found(low, compared, window, kind, places)


def _found(
    flags: Flags,
    compared: Compared,
    window: Window,
    kind: Kind,
    places: Sequence[Place],
) -> Iterator[Found]:
    for row, day in zip(*np.nonzero(flags), strict=True):
        actual, usual = compared.actual[row, day], compared.usual[row, day]
        span = slice(max(0, day - window.days + 1), day + 1)
        apart = compared.usual_of_day[row, span] - compared.of_day[row, span]
        lack = np.cumsum((apart if actual < usual else -apart)[::-1])
        width = usual * (1.2 / max(usual, 1.0) + rules.DAY_TO_DAY**2) ** 0.5 * 2.5
        yield Found(
            place=places[row],
            day=int(day),
            since=int(day) - int(np.argmax(lack)),
            kind=_urgent(kind, actual, usual),
            window=window.days,
            actual=float(actual),
            expected=float(usual),
            low=max(0.0, float(usual - width)),
            high=float(usual + width),
            units=int(compared.units[row, day]),
        )


def _urgent(kind: Kind, actual: float, usual: float) -> Kind:
    """Return the more urgent kind of few orders, when they are halved or none."""
    if kind.name != "orders_low" or actual >= rules.SHARE_OF_ORDERS * usual:
        return kind
    return KINDS["orders_drop" if actual else "silent"]

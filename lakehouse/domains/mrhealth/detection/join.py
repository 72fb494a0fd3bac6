"""Join what is found in units on one day to findings of states or of the chain."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.domains.mrhealth.detection.grid import Grid
from lakehouse.platform.alerts.kinds import Kind

UNKNOWN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is found: a unit, a state or the chain, and perhaps only for one product.

    Attributes:
        scope: unit, state or chain.
        unit: row of the unit in the grid; -1 for others.
        state: name of the state, also that of a unit; empty for the chain and where unknown.
        product: number of the product; 0 for all.
    """

    scope: str
    unit: int = -1
    state: str = ""
    product: int = 0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is unusual in a place up to a day; days are columns of the grid.

    Attributes:
        place: where.
        day: last day of the window.
        since: first day of what is unusual.
        kind: what is wrong.
        window: number of days that the figures add up.
        actual: the figure; cents for amounts.
        expected: the usual figure; NaN while unknown, as are its range.
        low: lower end of the usual range.
        high: upper end of the usual range.
        units: number of units that it is about.
    """

    place: Place
    day: int
    since: int
    kind: Kind
    window: int = 1
    actual: float
    expected: float = UNKNOWN
    low: float = UNKNOWN
    high: float = UNKNOWN
    units: int = 1


def joined(found: Iterable[Found], grid: Grid) -> Iterator[Found]:
    """Yield the findings of a day with those of one cause as one.

    What most units of a state, or of the chain, have on a day is one finding of the state or the
    chain. Revenue that other findings explain is left out, and so is a product of a unit where
    several are missing.
    """
    by_day: dict[int, list[Found]] = defaultdict(list)
    for each in found:
        by_day[each.day].append(each)
    for of_day in by_day.values():
        causes: dict[tuple[str, int], list[Found]] = defaultdict(list)
        for each in _unexplained(of_day):
            causes[each.kind.family, each.place.product].append(each)
        for same in causes.values():
            yield from _widest(same, grid)


def _unexplained(found: Sequence[Found]) -> Iterator[Found]:
    reasons = [each.place for each in found if each.kind.family in rules.EXPLAINS_REVENUE]
    several = [each for each in found if each.kind.family == "product" and not each.place.product]
    many = {each.place.unit for each in several}
    for each in found:
        if each.kind.name == "revenue_drop":
            is_explained = any(_covers(place, each.place) for place in reasons)
        else:
            is_explained = bool(each.place.product) and each.place.unit in many
        if not is_explained:
            yield each


def _covers(wide: Place, place: Place) -> bool:
    if wide.scope == rules.CHAIN:
        return True
    if wide.scope == rules.STATE:
        return place.state == wide.state
    return place.scope == rules.UNIT and place.unit == wide.unit


def _widest(found: Sequence[Found], grid: Grid) -> Iterator[Found]:
    """Yield findings of one family and day, each cause at its widest place only."""
    of_chain = [each for each in found if each.place.scope == rules.CHAIN]
    if not of_chain:
        of_chain = _group([each for each in found if each.place.scope == rules.UNIT], grid, "")
    if of_chain:
        yield from of_chain
        return
    states = {each.place.state: [each] for each in found if each.place.scope == rules.STATE}
    of_units: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        if each.place.scope == rules.UNIT:
            of_units[each.place.state].append(each)
    for state, units in of_units.items():
        if state and state not in states:
            states[state] = _group(units, grid, state)
    for of_state in states.values():
        yield from of_state
    for state, units in of_units.items():
        if not states.get(state):
            yield from units


def _group(found: Sequence[Found], grid: Grid, state: str) -> list[Found]:
    """Return one finding for most units of a state or of the chain; none when they are few."""
    first: dict[int, Found] = {}
    for each in sorted(found, key=lambda one: (one.kind.rank, one.window)):
        first.setdefault(each.place.unit, each)
    scope = rules.STATE if state else rules.CHAIN
    states = {each.place.state for each in first.values()}
    fewest = rules.FEWEST_UNITS
    if len(first) < fewest or (scope == rules.CHAIN and len(states) < 2):
        return []
    day = found[0].day
    known = int(grid.exists[grid.members(scope, state), day].sum())
    if len(first) < rules.SHARE_OF_UNITS * known:
        return []
    counts = Counter(each.kind.name for each in first.values())
    name = min(counts, key=lambda one: (-counts[one], KINDS[one].rank))
    alike = [each for each in first.values() if each.kind.measure == KINDS[name].measure]
    return [
        Found(
            place=replace(found[0].place, scope=scope, unit=-1, state=state),
            day=day,
            since=min(each.since for each in alike),
            kind=KINDS[name],
            window=max(each.window for each in alike),
            actual=sum(each.actual for each in alike),
            expected=sum(each.expected for each in alike),
            low=sum(each.low for each in alike),
            high=sum(each.high for each in alike),
            units=len(alike),
        )
    ]

"""What changes the sales of restaurants without anything being wrong.

Holidays, promotions, price rises, pay days, weather, a unit that opens or closes, a product that
leaves the menu: an alert about any of them is a false alarm.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp

from lakehouse.demo.mrhealth.business import (
    FIRST_PRODUCT,
    PRODUCT,
    PRODUCTS,
    random_of,
    state_of,
)
from lakehouse.demo.mrhealth.incidents import change_price, keep, order_online, priced
from lakehouse.demo.mrhealth.shipments import Shipment

FIXED_HOLIDAYS = ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25))
HOLIDAYS_AROUND_EASTER = {  # Carnival Monday and Tuesday, Good Friday, Corpus Christi
    2024: ((2, 12), (2, 13), (3, 29), (5, 30)),
    2025: ((3, 3), (3, 4), (4, 18), (6, 19)),
    2026: ((2, 16), (2, 17), (4, 3), (6, 4)),
    2027: ((2, 8), (2, 9), (3, 26), (5, 27)),
}
STATE_HOLIDAYS = {43: ((9, 20),)}  # Rio Grande do Sul
NOISE = 0.07
"""Standard deviation of the logarithm of the demand of a unit-day, by chance."""
RAIN = (0.75, 0.9)
"""Factor of a day with bad weather, from and to."""
RAIN_SHARE = 0.06
"""Share of days with bad weather, by state."""
ONLINE_INSTEAD = 0.15
"""Share of the guests of a dining room who order online while the delivery costs half."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The circumstances of a chain over some months.

    Attributes:
        seed: equal seeds give equal circumstances.
        opens: unit → its first day, of units that open later.
        closes: unit → its last day.
        promotions: first day, last day, product and factor of its price.
        rises: first day, product and factor of its price from then on, in every unit.
        retired: product → first day on which it is no longer on the menu.
        events: first day, last day, unit and factor of its guests, such as a fair in the town.
        seasons: first day, last day, state and factor of its guests, such as school holidays.
        free_delivery: first day, last day and state in which the delivery costs half, so that a
            part of the guests of the dining room orders online.
        general_rise: first day and factor of all prices from then on.
    """

    seed: int
    opens: dict[int, dt.date] = field(default_factory=dict)
    closes: dict[int, dt.date] = field(default_factory=dict)
    promotions: tuple[tuple[dt.date, dt.date, int, float], ...] = ()
    rises: tuple[tuple[dt.date, int, float], ...] = ()
    retired: dict[int, dt.date] = field(default_factory=dict)
    events: tuple[tuple[dt.date, dt.date, int, float], ...] = ()
    seasons: tuple[tuple[dt.date, dt.date, int, float], ...] = ()
    free_delivery: tuple[tuple[dt.date, dt.date, int], ...] = ()
    general_rise: tuple[dt.date, float] | None = None

    def is_open(self, day: dt.date, unit: int) -> bool:
        """Return whether a unit exists on a day."""
        return self.opens.get(unit, day) <= day <= self.closes.get(unit, day)

    def demand(self, day: dt.date, unit: int) -> float:
        """Return by what the mean number of orders of a unit-day is multiplied."""
        noise = random_of(self.seed, "noise", day, unit).gauss(0, NOISE)
        return exp(noise) * self.weather(day, state_of(unit)) * self.predictable(day, unit)

    def weather(self, day: dt.date, state: int) -> float:
        """Return the factor of the weather, one for all units of a state."""
        drawn = random_of(self.seed, "weather", day, state)
        return drawn.uniform(*RAIN) if drawn.random() < RAIN_SHARE else 1.0

    def predictable(self, day: dt.date, unit: int) -> float:
        """Return the same without chance and weather, which nobody knows in advance."""
        slope = random_of(self.seed, "trend", unit).uniform(-0.0012, 0.0015)
        trend = exp(slope * (day - dt.date(2026, 1, 1)).days)
        factor = trend * self._month(day) * self._opening(day, unit)
        if any(first <= day <= last for first, last, _, _ in self.promotions):
            factor *= 1.12
        for places, place in ((self.events, unit), (self.seasons, state_of(unit))):
            for first, last, hit, times in places:
                factor *= times if hit == place and first <= day <= last else 1.0
        return factor * (self._holiday(unit) if is_holiday(day, state_of(unit)) else 1.0)

    def is_shut(self, day: dt.date, unit: int) -> bool:
        """Return whether a unit does not open on a holiday; its files then have no orders."""
        shuts = random_of(self.seed, "shut", unit).random() < 0.2
        return shuts and is_holiday(day, state_of(unit))

    def apply(self, shipment: Shipment) -> None:
        """Change prices and products of a unit-day as the circumstances do."""
        if self.is_shut(shipment.day, shipment.unit):
            shipment.orders = []
            return
        self._move_online(shipment)
        day = shipment.day
        factors = {str(p): factor for since, p, factor in self.rises if day >= since}
        for first, last, product, factor in self.promotions:
            if first <= day <= last:
                factors[str(product)] = factors.get(str(product), 1.0) * factor
        if self.general_rise and day >= self.general_rise[0]:
            for name in map(str, range(FIRST_PRODUCT, FIRST_PRODUCT + len(PRODUCTS))):
                factors[name] = factors.get(name, 1.0) * self.general_rise[1]
        gone = {str(product) for product, since in self.retired.items() if day >= since}
        if not factors and not gone:
            return
        for order in shipment.orders:
            order.items = [item for item in order.items if item.fields[PRODUCT] not in gone]
            for item in order.items:
                if item.fields[PRODUCT] in factors:
                    change_price(item, factors[item.fields[PRODUCT]])
            priced(order)
        keep(shipment, [order for order in shipment.orders if order.items])

    def _move_online(self, shipment: Shipment) -> None:
        """Let some guests of the dining room order online while the delivery costs half."""
        day, state = shipment.day, state_of(shipment.unit)
        if not any(
            first <= day <= last and hit == state for first, last, hit in self.free_delivery
        ):
            return
        rng = random_of(self.seed, "free_delivery", day, shipment.unit)
        for order in shipment.orders:
            if not order.fee and rng.random() < ONLINE_INSTEAD:
                order_online(order, rng)

    def _month(self, day: dt.date) -> float:
        """Sell more after the pay day and less at the end of a month."""
        if 5 <= day.day <= 8:
            return 1.12
        return 0.9 if (day + dt.timedelta(days=2)).day <= 2 else 1.0

    def _holiday(self, unit: int) -> float:
        return random_of(self.seed, "holiday", unit).choice((0.5, 0.7, 1.3))

    def _opening(self, day: dt.date, unit: int) -> float:
        opened = self.opens.get(unit)
        return 1.0 if opened is None else min(1.0, 0.3 + (day - opened).days / 30)


def conditions_of(seed: int, units: Sequence[int], first: dt.date, last: dt.date) -> Conditions:
    """Return circumstances with one or two of each kind between two days."""
    rng = random_of(seed, "conditions")

    def some_day(margin: int = 8) -> dt.date:
        return first + dt.timedelta(days=rng.randrange((last - first).days - margin))

    promotions = []
    for _ in range(2):
        begins = some_day()
        ends = begins + dt.timedelta(days=rng.randint(4, 7))
        product = FIRST_PRODUCT + rng.randrange(len(PRODUCTS))
        promotions.append((begins, ends, product, rng.uniform(0.7, 0.85)))
    products = rng.sample(range(FIRST_PRODUCT, FIRST_PRODUCT + len(PRODUCTS)), 3)
    new, closing = rng.sample(list(units), 2)
    return Conditions(
        seed=seed,
        opens={new: some_day(30)},
        closes={closing: some_day()},
        promotions=tuple(promotions),
        rises=tuple((some_day(), product, rng.uniform(1.05, 1.12)) for product in products[:2]),
        retired={products[2]: some_day()},
    )


def with_more(plain: Conditions, units: Sequence[int], first: dt.date, last: dt.date) -> Conditions:
    """Add the circumstances that were thought of later: events, seasons, prices, half fees."""
    rng = random_of(plain.seed, "more conditions")

    def some_days(fewest: int, most: int) -> tuple[dt.date, dt.date]:
        length = rng.randint(fewest, most)
        begins = first + dt.timedelta(days=rng.randrange((last - first).days - length))
        return begins, begins + dt.timedelta(days=length - 1)

    states = sorted({state_of(unit) for unit in units})
    return replace(
        plain,
        events=tuple(
            (*some_days(2, 4), rng.choice(list(units)), rng.uniform(1.2, 1.45)) for _ in range(4)
        ),
        seasons=((*some_days(14, 21), rng.choice(states), rng.uniform(0.85, 0.93)),),
        free_delivery=((*some_days(5, 8), rng.choice(states)),),
        general_rise=(some_days(1, 1)[0], rng.uniform(1.04, 1.09)),
    )


def is_holiday(day: dt.date, state: int) -> bool:
    """Return whether a day is a holiday in a state."""
    date = (day.month, day.day)
    return (
        date in FIXED_HOLIDAYS
        or date in HOLIDAYS_AROUND_EASTER.get(day.year, ())
        or date in STATE_HOLIDAYS.get(state, ())
    )

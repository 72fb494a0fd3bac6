"""Plant incidents in the daily life of the restaurants, each by its mechanism, with its label.

An incident is what happens in the world: a till fails, a road is closed, a supplier does not
deliver. It changes guests, tills, kitchens, prices or deliveries, never a figure that a detector
computes, and nothing here knows a threshold. Its label says what happened, where and when. Labels
stay beside the landing zone, so that alerts can be measured and never read them.

`conditions` has what happens without anything being wrong: holidays, promotions, weather.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from lakehouse.demo.files import money
from lakehouse.demo.mrhealth.business import (
    FIRST_PRODUCT,
    ORDER,
    PARENT,
    PRICE,
    PRODUCT,
    PRODUCTS,
    QUANTITY,
    STATUS,
    VALUE,
    random_of,
    state_of,
)
from lakehouse.demo.mrhealth.shipments import Item, Order, Shipment

ONE_DAY = dt.timedelta(days=1)


class Mechanism(StrEnum):
    """What happened."""

    TILL_DOWN = "till_down"  # orders of most of the day were written on paper
    ROAD_CLOSED = "road_closed"  # couriers cannot leave; some guests stay away, too
    SUPPLIER_OUT = "supplier_out"  # a product cannot be sold in a state or anywhere
    WRONG_PRICE_LIST = "wrong_price_list"  # the till of a unit has other prices
    REGION_OUTAGE = "region_outage"  # no electricity in a state for most of a day
    LINK_DOWN = "link_down"  # the files of a unit are not sent
    KITCHEN_FAILURE = "kitchen_failure"  # accepted orders are cancelled
    TOTALS_BUG = "totals_bug"  # the till adds a charge without an item


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The label of one incident.

    Attributes:
        mechanism: what happened.
        units: the units that it hit.
        first: the first day.
        last: the last day.
        products: the products that it hit, as in the reference table; empty for all.
        strength: how much of the day, of the guests or of the price it changed.
    """

    mechanism: Mechanism
    units: tuple[int, ...]
    first: dt.date
    last: dt.date
    products: tuple[int, ...] = ()
    strength: float

    def hits(self, day: dt.date, unit: int) -> bool:
        """Return whether the incident lasts in a unit on a day."""
        return self.first <= day <= self.last and unit in self.units


Effect = Callable[[Incident, Shipment, Random], None]
EFFECTS: dict[Mechanism, Effect] = {}


def happen(incident: Incident, shipment: Shipment) -> None:
    """Change the delivery of a unit-day as the incident does."""
    seed = (incident.mechanism, incident.first, shipment.day, shipment.unit)
    EFFECTS[incident.mechanism](incident, shipment, random_of("incident", *seed))


def incidents_of(
    seed: int,
    units: Sequence[int],
    first: dt.date,
    last: dt.date,
    rounds: int = 2,
    sold_out: Sequence[int] = (),
) -> list[Incident]:
    """Return incidents between two days: each mechanism as often as there are rounds.

    Between two incidents of a unit there are at least ten quiet days. The supplier never fails
    to bring a product that is `sold_out` for other reasons.
    """
    rng = random_of(seed, "incidents")
    planned: list[Incident] = []
    for mechanism in [m for _ in range(rounds) for m in Mechanism]:
        for _ in range(200):
            drawn = _drawn(mechanism, rng, units, first, last)
            if drawn.mechanism is Mechanism.SUPPLIER_OUT and {*drawn.products} & {*sold_out}:
                continue
            if not any(_too_near(drawn, other) for other in planned):
                planned.append(drawn)
                break
    return sorted(planned, key=lambda incident: (incident.first, incident.units))


def _too_near(one: Incident, other: Incident) -> bool:
    quiet = dt.timedelta(days=10)
    apart = one.first > other.last + quiet or other.first > one.last + quiet
    return not apart and bool({*one.units} & {*other.units})


def _drawn(
    mechanism: Mechanism, rng: Random, units: Sequence[int], first: dt.date, last: dt.date
) -> Incident:
    lengths = {
        Mechanism.TILL_DOWN: (1, 3),
        Mechanism.ROAD_CLOSED: (2, 5),
        Mechanism.SUPPLIER_OUT: (5, 9),
        Mechanism.WRONG_PRICE_LIST: (2, 6),
        Mechanism.REGION_OUTAGE: (1, 1),
        Mechanism.LINK_DOWN: (1, 3),
        Mechanism.KITCHEN_FAILURE: (1, 2),
        Mechanism.TOTALS_BUG: (2, 5),
    }
    days = rng.randint(*lengths[mechanism])
    begins = first + dt.timedelta(days=rng.randrange((last - first).days + 2 - days))
    unit = rng.choice(units)
    hit: tuple[int, ...] = (unit,)
    products: tuple[int, ...] = ()
    strength = rng.uniform(0.7, 1.0)
    if mechanism is Mechanism.REGION_OUTAGE or mechanism is Mechanism.SUPPLIER_OUT:
        hit = tuple(other for other in units if state_of(other) == state_of(unit))
    if mechanism is Mechanism.SUPPLIER_OUT:
        products = (FIRST_PRODUCT + rng.randrange(len(PRODUCTS)),)
        strength = 1.0
    elif mechanism is Mechanism.WRONG_PRICE_LIST:
        count = rng.randint(len(PRODUCTS) // 3, len(PRODUCTS))
        numbers = range(FIRST_PRODUCT, FIRST_PRODUCT + len(PRODUCTS))
        products = tuple(sorted(rng.sample(numbers, count)))
        strength = rng.choice([rng.uniform(0.5, 0.8), rng.uniform(1.25, 2.0)])
    elif mechanism is Mechanism.KITCHEN_FAILURE:
        strength = rng.uniform(0.4, 0.8)
    elif mechanism is Mechanism.TOTALS_BUG:
        strength = rng.choice([rng.uniform(0.08, 0.15), -rng.uniform(0.08, 0.15)])
    return Incident(
        mechanism=mechanism,
        units=hit,
        first=begins,
        last=begins + (days - 1) * ONE_DAY,
        products=products,
        strength=strength,
    )


def _effect(mechanism: Mechanism) -> Callable[[Effect], Effect]:
    """Register what a mechanism does to a unit-day."""

    def register(effect: Effect) -> Effect:
        EFFECTS[mechanism] = effect
        return effect

    return register


@_effect(Mechanism.TILL_DOWN)
def _till_down(incident: Incident, shipment: Shipment, rng: Random) -> None:
    keep(shipment, [order for order in shipment.orders if rng.random() > incident.strength])


@_effect(Mechanism.ROAD_CLOSED)
def _road_closed(incident: Incident, shipment: Shipment, rng: Random) -> None:
    away = {True: incident.strength, False: 0.3}
    kept = [order for order in shipment.orders if rng.random() > away[order.fee > 0]]
    keep(shipment, kept)


@_effect(Mechanism.SUPPLIER_OUT)
def _supplier_out(incident: Incident, shipment: Shipment, rng: Random) -> None:
    """Three of five guests choose another product; the others leave the item or do not order."""
    out = {str(product) for product in incident.products}
    kept = []
    for order in shipment.orders:
        items = []
        for item in order.items:
            if item.fields[PRODUCT] not in out:
                items.append(item)
            elif rng.random() < 0.6:
                items.append(_another(item, out, rng))
        order.items = items
        priced(order)
        if items:
            kept.append(order)
    keep(shipment, kept)


@_effect(Mechanism.WRONG_PRICE_LIST)
def _wrong_price_list(incident: Incident, shipment: Shipment, _rng: Random) -> None:
    wrong = {str(product) for product in incident.products}
    for order in shipment.orders:
        for item in order.items:
            if item.fields[PRODUCT] in wrong:
                change_price(item, incident.strength)
        priced(order)


@_effect(Mechanism.REGION_OUTAGE)
def _region_outage(incident: Incident, shipment: Shipment, rng: Random) -> None:
    keep(shipment, [order for order in shipment.orders if rng.random() > incident.strength])


@_effect(Mechanism.LINK_DOWN)
def _link_down(_incident: Incident, shipment: Shipment, _rng: Random) -> None:
    shipment.orders = []
    shipment.sent = (False, False)


@_effect(Mechanism.KITCHEN_FAILURE)
def _kitchen_failure(incident: Incident, shipment: Shipment, rng: Random) -> None:
    for order in shipment.orders:
        if rng.random() < incident.strength:
            order.fields[STATUS] = "Cancelado"


@_effect(Mechanism.TOTALS_BUG)
def _totals_bug(incident: Incident, shipment: Shipment, _rng: Random) -> None:
    for order in shipment.orders:
        order.cents += round((order.cents - order.fee) * incident.strength)
        order.fields[VALUE] = money(order.cents)


def keep(shipment: Shipment, orders: list[Order]) -> None:
    """Leave these orders in a shipment, numbered as a till numbers them."""
    if not shipment.dialect.uuid_keys:
        for number, order in enumerate(orders, start=1):
            order.fields[ORDER] = str(number)
            for item in order.items:
                item.fields[PARENT] = str(number)
    shipment.orders = orders


def change_price(item: Item, factor: float) -> None:
    """Multiply the price of an item, rounded to ten cents."""
    price = round(_price(item) * factor / 10) * 10
    item.fields[PRICE] = money(price)
    item.cents = price * int(item.fields[QUANTITY])


def priced(order: Order) -> None:
    """Set the value of an order to that of its items and the fee."""
    order.cents = order.fee + sum(item.cents for item in order.items)
    order.fields[VALUE] = money(order.cents)


def _price(item: Item) -> int:
    return item.cents // int(item.fields[QUANTITY])


def _another(item: Item, out: set[str], rng: Random) -> Item:
    """Return an item with another product at its list price."""
    names = [n for n in range(len(PRODUCTS)) if str(FIRST_PRODUCT + n) not in out]
    chosen = rng.choice(names)
    item.fields[PRODUCT] = str(FIRST_PRODUCT + chosen)
    item.fields[PRICE] = money(PRODUCTS[chosen][1])
    item.cents = PRODUCTS[chosen][1] * int(item.fields[QUANTITY])
    return item

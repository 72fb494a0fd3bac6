"""Plant incidents in the daily life of the restaurants, each by its mechanism, with its label.

An incident is what happens in the world: a till fails, a road is closed, a supplier does not
deliver. It changes guests, tills, kitchens, prices or deliveries, never a figure that a detector
computes, and nothing here knows a threshold. Its label says what happened, where and when. Labels
stay beside the landing zone, so that alerts can be measured and never read them.

`conditions` has what happens without anything being wrong: holidays, promotions, weather.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from lakehouse.demo.files import money
from lakehouse.demo.mrhealth.business import (
    ADDRESS,
    FEE,
    FEES,
    FIRST_PRODUCT,
    KIND,
    ORDER,
    PARENT,
    PRICE,
    PRODUCT,
    PRODUCTS,
    QUANTITY,
    STATUS,
    STREETS,
    VALUE,
    random_of,
    state_of,
)
from lakehouse.demo.mrhealth.shipments import Item, Order, Shipment, uuid_of

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
    SENT_TWICE = "sent_twice"  # the till sends every order of the day again, with a new number
    HALF_DAY = "half_day"  # the unit is closed for about half of the day
    COMPETITOR = "competitor"  # a restaurant opens next door and takes guests for weeks
    DINING_CLOSED = "dining_closed"  # the dining room is closed; a third of its guests order online
    WRONG_PRICES_EVERYWHERE = "wrong_prices_everywhere"  # headquarters sends wrong prices to all
    APP_DOWN = "app_down"  # the online shop of a unit cannot be reached
    STATUS_STUCK = "status_stuck"  # the till does not send that orders are finished
    ITEMS_CUT = "items_cut"  # the till stops to write items in the middle of the day
    PRICE_TYPO = "price_typo"  # one price has its decimal mark at the wrong place
    MENU_LOST = "menu_lost"  # some products disappear from the menu of a unit


FIRST = tuple(Mechanism)[:8]
"""Mechanisms for which the alerts were made."""
LATER = tuple(Mechanism)[8:]
"""Mechanisms that were thought of after the first alerts had been made."""


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
    mechanisms: Sequence[Mechanism] = FIRST,
) -> list[Incident]:
    """Return incidents between two days: each mechanism as often as there are rounds.

    Between two incidents of a unit there are at least ten quiet days. The supplier never fails
    to bring a product that is `sold_out` for other reasons.
    """
    rng = random_of(seed, "incidents")
    planned: list[Incident] = []
    missing = (Mechanism.SUPPLIER_OUT, Mechanism.MENU_LOST)
    for mechanism in [m for _ in range(rounds) for m in mechanisms]:
        draw = _drawn if mechanism in FIRST else _drawn_later
        for _ in range(200):
            drawn = draw(mechanism, rng, units, first, last)
            if drawn.mechanism in missing and {*drawn.products} & {*sold_out}:
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


def _drawn_later(
    mechanism: Mechanism, rng: Random, units: Sequence[int], first: dt.date, last: dt.date
) -> Incident:
    """Draw an incident of a later mechanism; the strength is a share, or the factor of a price."""
    shortest, longest, least, most = {
        Mechanism.SENT_TWICE: (1, 2, 1.0, 1.0),
        Mechanism.HALF_DAY: (1, 1, 0.4, 0.6),
        Mechanism.COMPETITOR: (21, 40, 0.2, 0.4),
        Mechanism.DINING_CLOSED: (1, 4, 0.95, 1.0),
        Mechanism.WRONG_PRICES_EVERYWHERE: (1, 4, 0.5, 0.8),
        Mechanism.APP_DOWN: (1, 2, 0.7, 1.0),
        Mechanism.STATUS_STUCK: (1, 4, 0.4, 0.9),
        Mechanism.ITEMS_CUT: (1, 3, 0.3, 0.7),
        Mechanism.PRICE_TYPO: (2, 6, 0.1, 0.1),
        Mechanism.MENU_LOST: (3, 8, 1.0, 1.0),
    }[mechanism]
    days = min(rng.randint(shortest, longest), (last - first).days + 1)
    begins = first + dt.timedelta(days=rng.randrange((last - first).days + 2 - days))
    strength = rng.uniform(least, most)
    everywhere = mechanism is Mechanism.WRONG_PRICES_EVERYWHERE
    count = 0
    if mechanism in (Mechanism.PRICE_TYPO, Mechanism.MENU_LOST):
        count = 1 if mechanism is Mechanism.PRICE_TYPO else rng.randint(3, 6)
    elif everywhere:
        count = rng.randint(len(PRODUCTS) // 3, len(PRODUCTS))
    if everywhere or mechanism is Mechanism.PRICE_TYPO:
        strength = rng.choice([strength, 1 / strength])
    numbers = range(FIRST_PRODUCT, FIRST_PRODUCT + len(PRODUCTS))
    return Incident(
        mechanism=mechanism,
        units=tuple(units) if everywhere else (rng.choice(units),),
        first=begins,
        last=begins + (days - 1) * ONE_DAY,
        products=tuple(sorted(rng.sample(numbers, count))),
        strength=strength,
    )


def _effect(mechanism: Mechanism) -> Callable[[Effect], Effect]:
    """Register what a mechanism does to a unit-day."""

    def register(effect: Effect) -> Effect:
        EFFECTS[mechanism] = effect
        return effect

    return register


@_effect(Mechanism.TILL_DOWN)
@_effect(Mechanism.REGION_OUTAGE)
@_effect(Mechanism.HALF_DAY)
@_effect(Mechanism.COMPETITOR)
def _fewer_orders(incident: Incident, shipment: Shipment, rng: Random) -> None:
    keep(shipment, [order for order in shipment.orders if rng.random() > incident.strength])


@_effect(Mechanism.ROAD_CLOSED)
def _road_closed(incident: Incident, shipment: Shipment, rng: Random) -> None:
    away = {True: incident.strength, False: 0.3}
    kept = [order for order in shipment.orders if rng.random() > away[order.fee > 0]]
    keep(shipment, kept)


@_effect(Mechanism.SUPPLIER_OUT)
def _supplier_out(incident: Incident, shipment: Shipment, rng: Random) -> None:
    """Three of five guests choose another product; the others leave the item or do not order."""
    _without(shipment, {str(product) for product in incident.products}, 0.6, rng)


def _without(shipment: Shipment, out: set[str], replaced: float, rng: Random) -> None:
    """Leave products out of the orders; a share of the items is replaced by other products."""
    kept = []
    for order in shipment.orders:
        items = []
        for item in order.items:
            if item.fields[PRODUCT] not in out:
                items.append(item)
            elif rng.random() < replaced:
                items.append(_another(item, out, rng))
        order.items = items
        priced(order)
        if items:
            kept.append(order)
    keep(shipment, kept)


@_effect(Mechanism.WRONG_PRICE_LIST)
@_effect(Mechanism.WRONG_PRICES_EVERYWHERE)
@_effect(Mechanism.PRICE_TYPO)
def _wrong_price_list(incident: Incident, shipment: Shipment, _rng: Random) -> None:
    wrong = {str(product) for product in incident.products}
    for order in shipment.orders:
        for item in order.items:
            if item.fields[PRODUCT] in wrong:
                change_price(item, incident.strength)
        priced(order)


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


@_effect(Mechanism.SENT_TWICE)
def _sent_twice(_incident: Incident, shipment: Shipment, rng: Random) -> None:
    again = deepcopy(shipment.orders)
    if shipment.dialect.uuid_keys:
        for order in again:
            order.fields[ORDER] = uuid_of(rng)
            for item in order.items:
                item.fields[PARENT] = order.fields[ORDER]
    keep(shipment, shipment.orders + again)


@_effect(Mechanism.DINING_CLOSED)
def _dining_closed(incident: Incident, shipment: Shipment, rng: Random) -> None:
    kept = []
    for order in shipment.orders:
        if not order.fee and rng.random() < incident.strength:
            if rng.random() > 1 / 3:
                continue
            order_online(order, rng)
        kept.append(order)
    keep(shipment, kept)


@_effect(Mechanism.APP_DOWN)
def _app_down(incident: Incident, shipment: Shipment, rng: Random) -> None:
    kept = [o for o in shipment.orders if not o.fee or rng.random() > incident.strength]
    keep(shipment, kept)


@_effect(Mechanism.STATUS_STUCK)
def _status_stuck(incident: Incident, shipment: Shipment, rng: Random) -> None:
    for order in shipment.orders:
        if order.fields[STATUS] == "Finalizado" and rng.random() < incident.strength:
            order.fields[STATUS] = "Pendente"


@_effect(Mechanism.ITEMS_CUT)
def _items_cut(incident: Incident, shipment: Shipment, _rng: Random) -> None:
    """Orders after the moment keep their values and have no items."""
    written = round(len(shipment.orders) * (1 - incident.strength))
    for order in shipment.orders[written:]:
        order.items = []


@_effect(Mechanism.MENU_LOST)
def _menu_lost(incident: Incident, shipment: Shipment, rng: Random) -> None:
    """Half of the guests choose another product; the others leave the item or do not order."""
    _without(shipment, {str(product) for product in incident.products}, 0.5, rng)


def order_online(order: Order, rng: Random) -> None:
    """Make an online order of one of the dining room, with a fee."""
    order.fields[KIND] = "Loja Online"
    order.fields[ADDRESS] = f'"{rng.choice(STREETS)}, {rng.randint(10, 2900)}"'
    order.fee = rng.choice(FEES)
    order.fields[FEE] = money(order.fee)
    priced(order)


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

"""Draw the delivery of one unit on one day, write its files, and count its outcomes."""

import datetime as dt
import math
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from lakehouse.demo.files import LandedFile, money
from lakehouse.demo.mrhealth.business import (
    ADDRESS,
    FEES,
    FIRST_PRODUCT,
    INITIALS,
    ITEM_COLUMNS,
    ITEM_COUNT_LIMITS,
    ITEMS_AFTER,
    NO_ADDRESS,
    ONLINE_SHARE,
    ORDER,
    ORDER_COLUMNS,
    PRODUCTS,
    RESENT_AFTER,
    STATUS,
    STATUS_LIMITS,
    STATUSES,
    STREETS,
    TILLS,
    WEEKDAY_FACTORS,
    WRITTEN_NOTES,
    WRITTEN_PRICES,
    Dialect,
    arrival,
    city_of,
    random_of,
    state_of,
)
from lakehouse.demo.mrhealth.plan import (
    KEPT,
    PARENT_REJECTED,
    Expected,
    Plan,
    PlantedError,
    amount,
)


@dataclass(slots=True)
class Item:
    """An item line: its values as written, its total in cents, and its expected outcome."""

    fields: list[str]
    cents: int
    outcome: str = KEPT


@dataclass(slots=True)
class Order:
    """An order line: its values as written, value and fee in cents, and its expected outcome."""

    fields: list[str]
    cents: int
    fee: int
    day: dt.date
    items: list[Item]
    outcome: str = KEPT


@dataclass(slots=True)
class Shipment:
    """The delivery of one unit on one day, before it is written.

    Attributes:
        day: delivery day.
        unit: number of the unit.
        units: number of units of the plan.
        dialect: how the till of the unit writes.
        orders: orders with their items.
        rng: random numbers of the unit-day.
        error: the planted error, if any.
        superseded: orders of a first file that a corrected file replaces.
        rejected: reason code when the order file is rejected.
        cut: characters missing at the end of the order file.
        reshape: changes the columns of the header and of every order line.
        sent: whether the order file and the item file are sent.
    """

    day: dt.date
    unit: int
    units: int
    dialect: Dialect
    orders: list[Order]
    rng: Random
    error: PlantedError | None
    superseded: list[Order] | None = None
    rejected: str = ""
    cut: int = 0
    reshape: Callable[[list[str]], list[str]] | None = None
    sent: tuple[bool, bool] = (True, True)


def draw(
    plan: Plan, day: dt.date, unit: int, error: PlantedError | None, demand: float = 1.0
) -> Shipment:
    """Draw a unit-day without errors; a planted error needs at least four orders.

    `demand` multiplies the mean number of orders.
    """
    rng = random_of(plan.seed, day, unit)
    size = sizes(plan.units, plan.seed)[unit - 1]
    usual = plan.orders_per_unit * size * WEEKDAY_FACTORS[day.weekday()]
    count = _poisson(rng, usual * demand)
    dialect = TILLS[(unit - 1) % len(TILLS)]
    orders = _orders(rng, day, unit, dialect, max(count, 4) if error else count)
    return Shipment(day, unit, plan.units, dialect, orders, rng, error)


def _orders(rng: Random, day: dt.date, unit: int, dialect: Dialect, count: int) -> list[Order]:
    random, when = rng.random, day.isoformat()
    place = f"{city_of(unit)}, {INITIALS[state_of(unit)]}"
    orders = []
    for number in range(1, count + 1):
        key = uuid_of(rng) if dialect.uuid_keys else str(number)
        items = []
        total = 0
        for n in range(1, bisect(ITEM_COUNT_LIMITS, random()) + 2):
            product, quantity = int(random() * len(PRODUCTS)), int(random() * 3) + 1
            cents = PRODUCTS[product][1] * quantity
            total += cents
            fields = [
                key,
                uuid_of(rng) if dialect.uuid_keys else str(n),
                str(FIRST_PRODUCT + product),
                str(quantity),
                WRITTEN_PRICES[product],
                WRITTEN_NOTES[int(random() * len(WRITTEN_NOTES))],
            ]
            items.append(Item(fields, cents))
        kind, address, fee = dialect.physical, NO_ADDRESS, 0
        if random() < ONLINE_SHARE:
            street = STREETS[int(random() * len(STREETS))]
            kind, fee = "Loja Online", FEES[int(random() * len(FEES))]
            address = f'"{street}, {int(random() * 2900) + 10}, {place}"'
        total += fee
        status = STATUSES[bisect(STATUS_LIMITS, random())]
        fields = [str(unit), key, kind, when, money(total), address, money(fee), status]
        orders.append(Order(fields, total, fee, day, items))
    return orders


@lru_cache(maxsize=8)
def sizes(units: int, seed: int) -> tuple[float, ...]:
    """Return the lasting size factors of the units, 1 on average; a fifth has most of the sales."""
    sizes = [rank**-1.1 for rank in range(1, units + 1)]
    random_of(seed, "sizes").shuffle(sizes)
    mean = sum(sizes) / units
    return tuple(size / mean for size in sizes)


def _poisson(rng: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def uuid_of(rng: Random) -> str:
    """Return a version 4 UUID."""
    bits = rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def files_of(shipment: Shipment) -> Iterator[LandedFile]:
    """Yield the files of a shipment, files sent again included."""
    dialect, folder = shipment.dialect, f"mrhealth/{shipment.day}/unidade_{shipment.unit:03d}"
    at = arrival(shipment.day, shipment.unit)
    orders = LandedFile(
        f"{folder}/{dialect.file(dialect.orders)}",
        dialect.encode(_orders_text(shipment, shipment.superseded or shipment.orders)),
        at,
    )
    items = LandedFile(
        f"{folder}/{dialect.file(dialect.items)}",
        dialect.encode(_items_text(shipment)),
        at + ITEMS_AFTER,
    )
    sent = [file for file, was_sent in zip((orders, items), shipment.sent, strict=True) if was_sent]
    yield from sent
    if shipment.error is PlantedError.DUPLICATE_FILE:
        yield from (_resent(file, file.data) for file in sent)
    if shipment.superseded:
        yield _resent(orders, dialect.encode(_orders_text(shipment, shipment.orders)))


def _resent(file: LandedFile, data: bytes) -> LandedFile:
    folder, name = file.path.rsplit("/", 1)
    return LandedFile(f"{folder}/reenvio/{name}", data, file.modified_at + RESENT_AFTER)


def _orders_text(shipment: Shipment, orders: list[Order]) -> str:
    if shipment.rejected == "empty_file":
        return ""
    dialect = shipment.dialect
    header = [*ORDER_COLUMNS]
    header[ADDRESS] = dialect.address
    rows = [header, *(order.fields for order in orders)]
    if shipment.reshape:
        rows = [shipment.reshape(fields) for fields in rows]
    text = till_csv(rows, dialect)
    return text[: -shipment.cut - len(dialect.line_end)] if shipment.cut else text


def _items_text(shipment: Shipment) -> str:
    rows = [item.fields for order in shipment.orders for item in order.items]
    return till_csv([ITEM_COLUMNS, *rows], shipment.dialect)


def till_csv(rows: list[list[str]], dialect: Dialect) -> str:
    """Return CSV lines of values that are already quoted where they must be."""
    join = dialect.delimiter.join
    return dialect.line_end.join([*map(join, rows), ""])


def tally(total: Expected, shipment: Shipment) -> None:
    """Add the outcomes of a shipment."""
    if shipment.error:
        total.errors[shipment.error] += 1
    if not any(shipment.sent):
        total.missing.append((shipment.day, shipment.unit))
        return
    total.files[shipment.rejected or "loaded"] += 1
    total.files["loaded"] += shipment.sent[1]
    if shipment.error is PlantedError.DUPLICATE_FILE:
        total.files["duplicate"] += 2
    if shipment.superseded:
        total.files["superseded"] += 1
        total.order_rows["superseded"] += len(shipment.superseded)
    for order in shipment.orders:
        if shipment.rejected != "empty_file":
            total.order_rows[shipment.rejected or order.outcome] += 1
        kept = order.outcome == KEPT and not shipment.rejected
        for item in order.items:
            outcome = item.outcome if kept or item.outcome != KEPT else PARENT_REJECTED
            total.item_rows[outcome] += 1
        if kept:
            _count_kept(total, shipment, order)


def _count_kept(total: Expected, shipment: Shipment, order: Order) -> None:
    items = [item.cents for item in order.items if item.outcome == KEPT]
    day = total.day(order.day)
    day.orders += 1
    day.items += len(items)
    if order.fields[STATUS] == "Finalizado":
        day.finished += 1
        day.revenue += amount(order.cents)
    total.other_day += order.day != shipment.day
    total.unreconciled += order.cents != order.fee + sum(items)


def repeated_ids(shipments: list[Shipment]) -> int:
    """Return the number of order lines whose id another shipment uses, too."""
    landed = [
        [order.fields[ORDER] for order in shipment.orders if order.fields[ORDER]]
        for shipment in shipments
        if shipment.rejected != "empty_file"
    ]
    units_with = Counter(key for keys in landed for key in set(keys))
    return sum(units_with[key] > 1 for keys in landed for key in keys)

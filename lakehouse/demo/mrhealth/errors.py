"""Plant errors in shipments, distributed evenly so that every kind occurs."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from lakehouse.demo.files import money
from lakehouse.demo.mrhealth.business import (
    DATE,
    NOTE,
    ORDER,
    ORDER_COLUMNS,
    PARENT,
    PRICE,
    PRODUCT,
    STATUS,
    UNIT,
    UNKNOWN_PRODUCT,
    VALUE,
    quoted,
    random_of,
)
from lakehouse.demo.mrhealth.plan import UNIT_DAYS_PER_BLOCK, Plan, PlantedError
from lakehouse.demo.mrhealth.shipments import Item, Order, Shipment, uuid_of

Planter = Callable[[Shipment], None]
_PLANTERS: dict[PlantedError, Planter] = {}


def plant(shipment: Shipment) -> None:
    """Plant the error of a shipment; duplicate files are added when the files are written."""
    if shipment.error in _PLANTERS:
        _PLANTERS[shipment.error](shipment)


def error_of(plan: Plan, day: dt.date, unit: int) -> PlantedError | None:
    """Return the error of a unit-day, or None."""
    if not plan.errors:
        return None
    size = round(UNIT_DAYS_PER_BLOCK / plan.errors)
    number, place = divmod(day.toordinal() * plan.units + unit - 1, size)
    return _block(plan.seed, size, number).get(place)


@lru_cache(maxsize=64)
def _block(seed: int, size: int, number: int) -> dict[int, PlantedError]:
    """Return place → error of a block of unit-days: each kind once, at different places."""
    places = random_of(seed, "dirt", number).sample(range(size), len(PlantedError))
    return dict(zip(places, PlantedError, strict=True))


def _plants(kind: PlantedError) -> Callable[[Planter], Planter]:
    """Register a function that plants a kind of error."""

    def register(planter: Planter) -> Planter:
        _PLANTERS[kind] = planter
        return planter

    return register


def _copy(order: Order, **changes: object) -> Order:
    """Return a copy of an order with values of its own."""
    return replace(order, **{"fields": list(order.fields), **changes})  # type: ignore[arg-type]


def _reject_an_order(shipment: Shipment, column: int, text: str, reason: str) -> None:
    order = shipment.rng.choice(shipment.orders)
    order.fields[column], order.outcome = text, reason


def _any_item(shipment: Shipment) -> Item:
    return shipment.rng.choice(shipment.rng.choice(shipment.orders).items)


@_plants(PlantedError.CORRECTED_FILE)
def _corrected_file(shipment: Shipment) -> None:
    shipment.superseded = shipment.orders
    shipment.orders = [_copy(order) for order in shipment.orders]
    for n, order in enumerate(shipment.orders):
        if order.fields[STATUS] == "Pendente":
            order.fields[STATUS] = "Finalizado"
        elif n == 0:
            cancelled = order.fields[STATUS] == "Cancelado"
            order.fields[STATUS] = "Finalizado" if cancelled else "Cancelado"


@_plants(PlantedError.MISSING_COLUMN)
def _missing_column(shipment: Shipment) -> None:
    shipment.rejected = "schema"
    shipment.reshape = lambda fields: fields[:STATUS]


@_plants(PlantedError.EXTRA_COLUMN)
def _extra_column(shipment: Shipment) -> None:
    header = ORDER_COLUMNS[0]
    shipment.reshape = lambda f: [*f, "Cupom" if f[0] == header else f"SAUDE{len(f[1])}"]


@_plants(PlantedError.REORDERED_COLUMNS)
def _reordered_columns(shipment: Shipment) -> None:
    shipment.reshape = lambda fields: fields[::-1]


@_plants(PlantedError.TRUNCATED)
def _truncated(shipment: Shipment) -> None:
    shipment.rejected = "truncated"
    shipment.cut = shipment.rng.randrange(1, 25)


@_plants(PlantedError.EMPTY_FILE)
def _empty_file(shipment: Shipment) -> None:
    shipment.rejected = "empty_file"


@_plants(PlantedError.MISSING_DELIVERY)
def _missing_delivery(shipment: Shipment) -> None:
    shipment.orders = []
    shipment.sent = (False, False)


@_plants(PlantedError.MISSING_ITEMS)
def _missing_items(shipment: Shipment) -> None:
    for order in shipment.orders:
        order.items = []
    shipment.sent = (True, False)


@_plants(PlantedError.HEADER_ONLY)
def _header_only(shipment: Shipment) -> None:
    shipment.orders = []


@_plants(PlantedError.ORPHAN_ITEM)
def _orphan_item(shipment: Shipment) -> None:
    order = shipment.rng.choice(shipment.orders)
    fields = list(order.items[-1].fields)
    fields[PARENT] = (
        uuid_of(shipment.rng) if shipment.dialect.uuid_keys else str(80_000 + int(fields[PARENT]))
    )
    order.items.append(Item(fields, 0, "orphan_item"))


@_plants(PlantedError.UNKNOWN_PRODUCT)
def _unknown_product(shipment: Shipment) -> None:
    item = _any_item(shipment)
    item.fields[PRODUCT], item.outcome = UNKNOWN_PRODUCT, "unknown_product"


@_plants(PlantedError.BAD_STATUS)
def _bad_status(shipment: Shipment) -> None:
    _reject_an_order(shipment, STATUS, "Entregue", "bad_status")


@_plants(PlantedError.BAD_AMOUNT)
def _bad_amount(shipment: Shipment) -> None:
    order = shipment.rng.choice(shipment.orders)
    if shipment.rng.random() < 0.5:
        order.fields[VALUE], order.outcome = '"12,5O"', "bad_amount"
    else:
        item = shipment.rng.choice(order.items)
        item.fields[PRICE], item.outcome = '"12,5O"', "bad_amount"


@_plants(PlantedError.BAD_DATE)
def _bad_date(shipment: Shipment) -> None:
    text = shipment.rng.choice([f"{shipment.day.year}-02-30", "amanhã", f"{shipment.day:%Y}-13-01"])
    _reject_an_order(shipment, DATE, text, "bad_date")


@_plants(PlantedError.MISSING_KEY)
def _missing_key(shipment: Shipment) -> None:
    _reject_an_order(shipment, ORDER, "", "missing_required")


@_plants(PlantedError.DUPLICATE_ROW)
def _duplicate_row(shipment: Shipment) -> None:
    place = shipment.rng.randrange(len(shipment.orders))
    order = shipment.orders[place]
    order.items.insert(1, replace(order.items[0], outcome="duplicate_row"))
    shipment.orders.insert(place + 1, _copy(order, items=[], outcome="duplicate_row"))


@_plants(PlantedError.DUPLICATE_KEY)
def _duplicate_key(shipment: Shipment) -> None:
    place = shipment.rng.randrange(len(shipment.orders))
    order = shipment.orders[place]
    order.fields[STATUS] = "Finalizado"
    before = _copy(order, items=[], outcome="duplicate_key")
    before.fields[STATUS] = "Pendente"
    before.fields[VALUE] = money(order.cents - 100)
    shipment.orders.insert(place, before)


@_plants(PlantedError.UNIT_MISMATCH)
def _unit_mismatch(shipment: Shipment) -> None:
    other = shipment.unit % max(shipment.units, 2) + 1
    _reject_an_order(shipment, UNIT, str(other), "unit_mismatch")


@_plants(PlantedError.UNTERMINATED_QUOTE)
def _unterminated_quote(shipment: Shipment) -> None:
    items = [item for order in shipment.orders for item in order.items]
    place = shipment.rng.randrange(len(items) - 1)
    items[place].fields[NOTE], items[place].outcome = '"Sem pressa', "bad_quoting"
    items[place + 1].fields[NOTE] = '"Bem quente"'


@_plants(PlantedError.COLUMN_COUNT)
def _column_count(shipment: Shipment) -> None:
    item = _any_item(shipment)
    item.fields[NOTE:] = ["Sem sal", " por favor"]
    item.outcome = "column_count"


@_plants(PlantedError.PREVIOUS_DAY)
def _previous_day(shipment: Shipment) -> None:
    """Date two orders the day before, with ids that the delivery of that day does not use."""
    day = shipment.day - dt.timedelta(days=1)
    for n, order in enumerate(shipment.orders[:2], start=1):
        key = order.fields[ORDER] if shipment.dialect.uuid_keys else str(90_000 + n)
        order.day = day
        order.fields[DATE], order.fields[ORDER] = day.isoformat(), key
        for item in order.items:
            item.fields[PARENT] = key


@_plants(PlantedError.LINE_BREAK)
def _line_break(shipment: Shipment) -> None:
    text = f"Deixar na portaria,{shipment.dialect.line_end}bloco B"
    _any_item(shipment).fields[NOTE] = quoted(text)


@_plants(PlantedError.VALUE_MISMATCH)
def _value_mismatch(shipment: Shipment) -> None:
    order = shipment.rng.choice(shipment.orders)
    order.cents += 1000
    order.fields[VALUE] = money(order.cents)

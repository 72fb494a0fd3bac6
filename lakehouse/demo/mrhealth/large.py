"""Generate few units with large files as columns: ten million lines in seconds."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.demo.files import LandedFile, joined_columns, money
from lakehouse.demo.mrhealth.business import (
    DIALECT_A,
    FEES,
    FIRST_PRODUCT,
    INITIALS,
    ITEM_COLUMNS,
    ITEM_COUNT_WEIGHTS,
    ITEMS_AFTER,
    NO_ADDRESS,
    ONLINE_SHARE,
    ORDER_COLUMNS,
    PRODUCTS,
    STATUS_LIMITS,
    STATUSES,
    STREETS,
    UNKNOWN_PRODUCT,
    WRITTEN_NOTES,
    arrival,
    city_of,
    state_of,
)
from lakehouse.demo.mrhealth.plan import (
    KEPT,
    PARENT_REJECTED,
    Expected,
    LargePlan,
    amount,
    days_of,
)
from lakehouse.demo.mrhealth.shipments import till_csv

_PRICES = np.array([cents for _, cents in (*PRODUCTS, PRODUCTS[0])])
_STATUSES = (*STATUSES, "Entregue")
_PRODUCTS = [*(str(FIRST_PRODUCT + n) for n in range(len(PRODUCTS))), UNKNOWN_PRODUCT]
_MOST_ITEMS = len(ITEM_COUNT_WEIGHTS)
_MOST_PIECES = 3
_ITEM_POOL = pa.array(
    f",{number},{product},{quantity},{money(price)},"
    for number in range(1, _MOST_ITEMS + 1)
    for product, price in zip(_PRODUCTS, _PRICES.tolist(), strict=True)
    for quantity in range(1, _MOST_PIECES + 1)
)
_NOTE_POOL = pa.array(f"{note}\r\n" for note in WRITTEN_NOTES)
_CENTS_POOL = pa.array(f".{cents:02d}," for cents in range(100))
_END_POOL = pa.array(f",{money(fee)},{status}\r\n" for status in _STATUSES for fee in (0, *FEES))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The orders and items of one large unit-day as columns; text is an index into a pool."""

    counts: np.ndarray  # items of each order
    online: np.ndarray
    status: np.ndarray  # len(STATUSES) is the bad one
    fee: np.ndarray  # index into FEES, used for online orders only
    address: np.ndarray
    product: np.ndarray  # len(PRODUCTS) is the unknown one
    quantity: np.ndarray
    note: np.ndarray
    orphan: np.ndarray

    @property
    def fees(self) -> np.ndarray:
        """Fee of each order in cents."""
        return np.where(self.online, np.array(FEES)[self.fee], 0)

    @property
    def starts(self) -> np.ndarray:
        """Index of the first item of each order."""
        return np.cumsum(self.counts) - self.counts

    @property
    def parents(self) -> np.ndarray:
        """Index of the order of each item."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def lines(self) -> np.ndarray:
        """Total of each item line in cents."""
        return _PRICES[self.product] * self.quantity

    @property
    def values(self) -> np.ndarray:
        """Value of each order in cents: all its lines and the fee."""
        return np.add.reduceat(self.lines, self.starts) + self.fees


def deliveries(plan: LargePlan) -> Iterator[LandedFile]:
    """Yield the files of the plan day by day, an order file and an item file for each unit."""
    for day, unit, lines in _slots(plan):
        yield from _files(day, unit, _draw(plan, day, unit, lines))


def expected(plan: LargePlan) -> Expected:
    """Return the outcomes of all deliveries of the plan on a correct platform."""
    total = Expected()
    for day, unit, lines in _slots(plan):
        _tally(total, day, _draw(plan, day, unit, lines))
    return total


def _slots(plan: LargePlan) -> Iterator[tuple[dt.date, int, int]]:
    """Yield day, unit and number of item lines of each unit-day."""
    lines, rest = divmod(plan.items, plan.days * plan.units)
    slots = ((day, unit) for day in days_of(plan) for unit in range(1, plan.units + 1))
    for n, (day, unit) in enumerate(slots):
        yield day, unit, lines + (n < rest)


def _draw(plan: LargePlan, day: dt.date, unit: int, lines: int) -> _Columns:
    rng = np.random.default_rng([plan.seed, day.toordinal(), unit])
    counts = rng.choice(np.arange(1, _MOST_ITEMS + 1), size=lines, p=ITEM_COUNT_WEIGHTS)
    ends = np.cumsum(counts)
    orders = int(np.searchsorted(ends, lines)) + 1
    counts = counts[:orders]
    counts[-1] -= ends[orders - 1] - lines
    status = np.searchsorted(STATUS_LIMITS, rng.random(orders))
    product = rng.integers(len(PRODUCTS), size=lines)
    return _Columns(
        counts=counts,
        online=rng.random(orders) < ONLINE_SHARE,
        status=np.where(rng.random(orders) < plan.errors, len(STATUSES), status),
        fee=rng.integers(len(FEES), size=orders),
        address=rng.integers(len(STREETS) * 100, size=orders),
        product=np.where(rng.random(lines) < plan.errors, len(PRODUCTS), product),
        quantity=rng.integers(1, _MOST_PIECES + 1, size=lines),
        note=rng.integers(len(WRITTEN_NOTES), size=lines),
        orphan=rng.random(lines) < plan.errors,
    )


def _files(day: dt.date, unit: int, drawn: _Columns) -> Iterator[LandedFile]:
    keys = pc.cast(pa.array(np.arange(1, len(drawn.counts) + 1)), pa.string())
    kinds = pa.array(f",{kind},{day}," for kind in (DIALECT_A.physical, "Loja Online"))
    place = f"{city_of(unit)}, {INITIALS[state_of(unit)]}"
    addresses = [f'"{street}, {7 + 9 * n}, {place}"' for street in STREETS for n in range(100)]
    whole, cents = np.divmod(drawn.values, 100)
    orders = joined_columns(
        f"{unit},",
        keys,
        kinds.take(pa.array(drawn.online.astype(np.int8))),
        pc.cast(pa.array(whole), pa.string()),
        _CENTS_POOL.take(pa.array(cents)),
        pa.array([NO_ADDRESS, *addresses]).take(
            pa.array(np.where(drawn.online, drawn.address + 1, 0))
        ),
        _END_POOL.take(
            pa.array(drawn.status * (len(FEES) + 1) + np.where(drawn.online, drawn.fee + 1, 0))
        ),
    )
    parents = drawn.parents
    number = np.arange(len(parents)) - drawn.starts[parents]
    line = (number * len(_PRODUCTS) + drawn.product) * _MOST_PIECES + drawn.quantity - 1
    key_pool = pa.concat_arrays([pa.array(["0"]), keys])
    items = joined_columns(
        key_pool.take(pa.array(np.where(drawn.orphan, 0, parents + 1))),
        _ITEM_POOL.take(pa.array(line)),
        _NOTE_POOL.take(pa.array(drawn.note)),
    )
    folder = f"mrhealth/{day}/unidade_{unit:03d}"
    at = arrival(day, unit)
    header = till_csv([ORDER_COLUMNS], DIALECT_A).encode(DIALECT_A.encoding)
    yield LandedFile(f"{folder}/{DIALECT_A.orders}", header + orders, at)
    header = till_csv([ITEM_COLUMNS], DIALECT_A).encode(DIALECT_A.encoding)
    yield LandedFile(f"{folder}/{DIALECT_A.items}", header + items, at + ITEMS_AFTER)


def _tally(total: Expected, day: dt.date, drawn: _Columns) -> None:
    kept_orders = drawn.status < len(STATUSES)
    parent_kept = kept_orders[drawn.parents]
    known = ~drawn.orphan & (drawn.product < len(PRODUCTS))
    kept_items = known & parent_kept
    finished = drawn.status == 0
    kept_value = np.add.reduceat(np.where(kept_items, drawn.lines, 0), drawn.starts) + drawn.fees
    total.files["loaded"] += 2
    total.order_rows[KEPT] += int(kept_orders.sum())
    total.order_rows["bad_status"] += int((~kept_orders).sum())
    total.item_rows[KEPT] += int(kept_items.sum())
    total.item_rows["orphan_item"] += int(drawn.orphan.sum())
    total.item_rows["unknown_product"] += int((~drawn.orphan & ~known).sum())
    total.item_rows[PARENT_REJECTED] += int((known & ~parent_kept).sum())
    total.unreconciled += int((kept_orders & (kept_value != drawn.values)).sum())
    sums = total.day(day)
    sums.orders += int(kept_orders.sum())
    sums.items += int(kept_items.sum())
    sums.finished += int(finished.sum())
    sums.revenue += amount(int(drawn.values[finished].sum()))

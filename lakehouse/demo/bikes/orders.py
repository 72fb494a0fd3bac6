"""Draw orders and their lines."""

import datetime as dt
from collections.abc import Iterator

import numpy as np

from lakehouse.demo.bikes.goods import DISCOUNTS, Goods
from lakehouse.demo.bikes.people import People
from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import (
    NULL,
    Rows,
    guids,
    line_total,
    money,
    some,
    timestamp,
)

ONLINE, STORES = 27_659, 3_806
ONLINE_LINES, STORE_LINES = 60_398, 60_919
STORE_PIECES = 214_516
MOST_LINES, MOST_ONLINE_LINES, MOST_PIECES = 72, 8, 44
WITHOUT_CARD, IN_OTHER_CURRENCY = 1_131, 13_976
FIRST_ORDER = 43_659
LATE_TIME = "23:59:59.997"
"""Time of one order in a hundred, which a comparison with the end of the day as a date misses."""


def draw(plan: Plan, people: People, goods: Goods) -> tuple[Rows, Rows]:
    """Draw the rows of Sales.SalesOrderHeader and Sales.SalesOrderDetail."""
    rng = np.random.default_rng([plan.seed, 3])
    online, stores = plan.share(ONLINE), plan.share(STORES)
    placed = _placed(plan, rng, online, stores)
    buyers = _buyers(rng, placed, people)
    counts = np.empty(len(placed), dtype=np.int64)
    is_online = np.array([flag for _, flag in placed])
    counts[is_online] = parts(rng, plan.share(ONLINE_LINES), online, MOST_ONLINE_LINES, 0.7)
    counts[~is_online] = parts(rng, plan.share(STORE_LINES), stores, MOST_LINES, 0.8)
    late = some(rng, range(len(placed)), max(1, len(placed) // 100))
    moments = [
        timestamp(day, LATE_TIME) if n in late else timestamp(day)
        for n, (day, _) in enumerate(placed)
    ]
    lines, totals = _lines(plan, rng, goods, counts, is_online, moments)
    return _headers(plan, rng, placed, moments, buyers, totals), lines


def parts(rng: np.random.Generator, total: int, into: int, most: int, spread: float) -> np.ndarray:
    """Split `total` into `into` integers of 1 to `most` that differ in size."""
    total = min(max(total, into), into * most)
    weights = rng.lognormal(0, spread, into)
    sizes = np.ones(into, dtype=np.int64)
    while left := total - int(sizes.sum()):
        room = sizes < most
        drawn = rng.multinomial(left, weights * room / (weights * room).sum())
        sizes = np.minimum(sizes + drawn, most)
    return sizes


def _placed(
    plan: Plan, rng: np.random.Generator, online: int, stores: int
) -> list[tuple[dt.date, bool]]:
    """Draw day and channel of each order: numbers grow, stores order at the ends of months."""
    days = plan.days
    growth = np.linspace(1, 4, len(days))
    each_day = rng.choice(len(days), size=online, p=growth / growth.sum())
    ends = [n for n, day in enumerate(days) if (day + dt.timedelta(days=1)).day == 1]
    weights = growth[ends]
    at_ends = np.array(ends)[rng.choice(len(ends), size=stores, p=weights / weights.sum())]
    placed = [(days[n], True) for n in each_day] + [(days[n], False) for n in at_ends]
    return sorted(placed)


def _buyers(
    rng: np.random.Generator, placed: list[tuple[dt.date, bool]], people: People
) -> list[int]:
    """Draw a customer for each order; all online customers, and all stores, order in turns."""
    drawn = {True: _in_turns(rng, people.online), False: _in_turns(rng, people.stores)}
    return [next(drawn[is_online]) for _, is_online in placed]


def _in_turns(rng: np.random.Generator, customers: list[int]) -> Iterator[int]:
    while True:
        yield from rng.permutation(customers).tolist()


def _lines(
    plan: Plan,
    rng: np.random.Generator,
    goods: Goods,
    counts: np.ndarray,
    is_online: np.ndarray,
    moments: list[str],
) -> tuple[Rows, list[int]]:
    """Draw the lines of all orders, and return them with the sum of each order in 1/10,000 US$."""
    sold = np.array(list(goods.prices))
    total = int(counts.sum())
    online_line = np.repeat(is_online, counts)
    pieces = np.ones(total, dtype=np.int64)
    store_lines = int((~online_line).sum())
    pieces[~online_line] = parts(rng, plan.share(STORE_PIECES), store_lines, MOST_PIECES, 0.9)
    products = sold[rng.integers(0, len(sold), total)]
    products[: len(sold)] = sold[: min(len(sold), total)]  # each is sold at least once
    lucky = rng.random(total) < 0.2
    tracking = rng.integers(0, 16**10, len(counts)).tolist()
    ids = guids(rng, total)
    rows: Rows = []
    sums: list[int] = []
    at = 0
    for n, count in enumerate(counts.tolist()):
        millionths = 0
        for place in range(at, at + count):
            product, quantity = int(products[place]), int(pieces[place])
            offers = goods.offered.get(product, [])
            is_cheap = not is_online[n] and offers and (lucky[place] or quantity > 10)
            offer = offers[quantity % len(offers)] if is_cheap else 1
            price = goods.prices[product] if is_online[n] else goods.prices[product] * 6 // 10
            amount = quantity * price * (100 - DISCOUNTS[offer - 1])
            millionths += amount
            code = f"{tracking[n]:010X}"
            rows.append(
                [
                    str(FIRST_ORDER + n),
                    str(place + 1),
                    NULL if is_online[n] else f"{code[:4]}-{code[4:8]}-{code[8:]}",
                    str(quantity),
                    str(product),
                    str(offer),
                    money(price),
                    money(DISCOUNTS[offer - 1] * 100),
                    line_total(amount),
                    ids[place],
                    moments[n],
                ]
            )
        sums.append((millionths + 50) // 100)
        at += count
    return rows, sums


def _headers(
    plan: Plan,
    rng: np.random.Generator,
    placed: list[tuple[dt.date, bool]],
    moments: list[str],
    buyers: list[int],
    totals: list[int],
) -> Rows:
    count = len(placed)
    without_card = some(rng, range(count), plan.share(WITHOUT_CARD))
    exchanged = some(rng, range(count), plan.share(IN_OTHER_CURRENCY))
    ids = guids(rng, count)
    rows: Rows = []
    for n, (day, is_online) in enumerate(placed):
        number, total = FIRST_ORDER + n, totals[n]
        tax, freight = total * 8 // 100, total * 25 // 1000
        card = n not in without_card
        rows.append(
            [
                str(number),
                "8",
                moments[n],
                timestamp(day + dt.timedelta(days=12)),
                timestamp(day + dt.timedelta(days=7)),
                "5",
                str(int(is_online)),
                f"SO{number}",
                NULL if is_online else f"PO{522_145_787 + 29 * n}",
                f"10-4020-{buyers[n] % 1_000_000:06d}",
                str(buyers[n]),
                NULL if is_online else str(274 + n % 17),
                str(1 + n % 10),
                str(985 + n % 20_000),
                str(985 + n % 20_000),
                "1" if is_online else "5",
                str(1 + n % 19_000) if card else NULL,
                f"{100_000 + n}Vi{n % 100_000}" if card else NULL,
                str(1 + n % 12_000) if n in exchanged else NULL,
                money(total),
                money(tax),
                money(freight),
                money(total + tax + freight),
                NULL,
                ids[n],
                timestamp(day + dt.timedelta(days=7)),
            ]
        )
    return rows

"""Draw products and the special offers they are sold under."""

from dataclasses import dataclass

import numpy as np

from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import NULL, Rows, guids, money, some

BIKES = {
    "Road-150 Red": 35_782_700,
    "Road-250 Black": 24_433_500,
    "Road-350-W Yellow": 17_009_900,
    "Road-450 Red": 14_579_900,
    "Road-550-W Yellow": 11_204_900,
    "Road-650 Black": 7_829_900,
    "Road-750 Black": 5_399_900,
    "Mountain-100 Silver": 33_999_900,
    "Mountain-200 Black": 23_199_900,
    "Mountain-300 Black": 10_799_900,
    "Mountain-400-W Silver": 7_694_900,
    "Mountain-500 Black": 5_399_900,
    "Touring-1000 Blue": 23_840_700,
    "Touring-2000 Blue": 12_148_500,
    "Touring-3000 Yellow": 7_423_500,
}
CLOTHES = (
    "Long-Sleeve Logo Jersey",
    "Short-Sleeve Classic Jersey",
    "Half-Finger Gloves",
    "Full-Finger Gloves",
    "Classic Vest",
    "Women's Mountain Shorts",
    "Men's Bib-Shorts",
    "Racing Socks",
    "Mountain Bike Socks",
    "Women's Tights",
    "Men's Sports Shorts",
)
REST = (
    "AWC Logo Cap",
    "Sport-100 Helmet, Red",
    "Sport-100 Helmet, Black",
    "Sport-100 Helmet, Blue",
    "Water Bottle - 30 oz.",
    "Patch Kit/8 Patches",
    "Road Bottle Cage",
    "Mountain Bottle Cage",
    "Mountain Tire Tube",
    "Road Tire Tube",
    "Touring Tire Tube",
    "Fender Set - Mountain",
    "Bike Wash - Dissolver",
    "Hitch Rack - 4-Bike",
    "Hydration Pack - 70 oz.",
    "All-Purpose Bike Stand",
    "Chain",
    "Front Brakes",
    "Rear Brakes",
    "Cable Lock",
    "Headlights - Weatherproof",
    "Taillights - Battery-Powered",
    "Minipump",
    "Touring-Panniers, Large",
)
PARTS, FIRST_SOLD = 238, 707
OFFERED_PARTS, PAIRS, OFFERS = 29, 538, 16
DISCOUNTS = (0, 2, 5, 10, 15, 20, 35, 10, 15, 30, 20, 5, 10, 40, 25, 35)
"""Discount of each offer from the first on, in percent of the price."""


@dataclass(frozen=True)
class Goods:
    """The tables of products and offers, and the prices that orders need.

    Attributes:
        products: rows of Production.Product.
        offers: rows of Sales.SpecialOfferProduct.
        prices: list price of each product for sale, in 1/10,000 US$.
        offered: offers of each product except the first one, which has no discount.
    """

    products: Rows
    offers: Rows
    prices: dict[int, int]
    offered: dict[int, list[int]]


def draw(plan: Plan) -> Goods:
    """Draw 504 products, of which 266 are for sale, and 538 pairs of offer and product."""
    rng = np.random.default_rng([plan.seed, 2])
    sold = _sold()
    numbers = [
        *range(1, 5),
        *range(316, 316 + PARTS - 4),
        *range(FIRST_SOLD, FIRST_SOLD + len(sold)),
    ]
    named = [(f"Part {n:03d}", 0, n % 2, "NULL") for n in range(PARTS)] + sold
    ids = guids(rng, len(numbers))
    everything, parts = range(len(numbers)), range(PARTS)
    saleable = range(PARTS, len(numbers))
    unsized = [n for n in saleable if named[n][3] == NULL]
    sized = [n for n in saleable if named[n][3] != NULL]
    missing = {
        "color": {*parts, *some(rng, saleable, 10)},
        "size": {*parts, *unsized, *some(rng, sized, 55 - len(unsized))},
        "weight": {*parts, *some(rng, saleable, 61)},
        "category": some(rng, parts, 209),
        "end": some(rng, everything, 406),
        "style": some(rng, everything, 293),
        "class": some(rng, everything, 257),
        "line": some(rng, everything, 226),
    }
    costs = rng.integers(30, 65, len(numbers)).tolist()

    def text(n: int, column: str, value: str) -> str:
        return NULL if n in missing[column] else value

    products = [
        [
            str(number),
            name,
            f"{'PT' if n < PARTS else 'SO'}-{number:04d}",
            str(int(n < PARTS or days > 0)),
            str(int(n >= PARTS)),
            text(n, "color", _color(name)),
            str(100 * (1 + n % 10)),
            str(75 * (1 + n % 10)),
            money(price * costs[n] // 100),
            money(price),
            text(n, "size", size),
            NULL if n in missing["size"] or not size.isdigit() else '"CM "',
            text(n, "weight", '"LB "'),
            text(n, "weight", f"{2 + n % 30}.{n % 100:02d}"),
            str(days),
            text(n, "line", f'"{"RMTS"[n % 4]} "'),
            text(n, "class", f'"{"HML"[n % 3]} "'),
            text(n, "style", f'"{"WMU"[n % 3]} "'),
            text(n, "category", str(1 + n % 37)),
            text(n, "category", str(1 + n % 128)),
            "2011-05-31 00:00:00.000",
            text(n, "end", "2013-05-29 00:00:00.000"),
            NULL,
            ids[n],
            "2014-02-08 10:01:36.827",
        ]
        for n, (number, (name, price, days, size)) in enumerate(zip(numbers, named, strict=True))
    ]
    first = [(1, number) for number in [*numbers[:OFFERED_PARTS], *numbers[PARTS:]]]
    others = [(o, number) for o in range(2, OFFERS + 1) for number in numbers[PARTS:]]
    chosen = sorted(some(rng, range(len(others)), PAIRS - len(first)))
    pairs = first + [others[n] for n in chosen]
    offered: dict[int, list[int]] = {}
    for offer, number in pairs[len(first) :]:
        offered.setdefault(number, []).append(offer)
    keys = guids(rng, len(pairs))
    return Goods(
        products=products,
        offers=[
            [str(offer), str(number), key, "2011-04-01 00:00:00.000"]
            for (offer, number), key in zip(pairs, keys, strict=True)
        ],
        prices=dict(zip(numbers[PARTS:], (price for _, price, _, _ in sold), strict=True)),
        offered=offered,
    )


def _sold() -> list[tuple[str, int, int, str]]:
    """Return name, price, days to manufacture and size of each product for sale."""
    bikes = [
        (f"{name}, {size}", price, 4, str(size))
        for name, price in BIKES.items()
        for size in (38, 42, 44, 48, 52, 58)
    ]
    frames = [
        (f"{grade} {kind} Frame - {color}, {size}", price, 1, str(size))
        for kind in ("Road", "Mountain", "Touring")
        for grade, price in (("HL", 13_643_500), ("ML", 5_948_300), ("LL", 3_372_200))
        for color in ("Black", "Red")
        for size in (40, 44, 48, 52, 60)
    ]
    wheels = [
        (f"{grade} {kind} {end} Wheel", price, 2, NULL)
        for kind in ("Road", "Mountain", "Touring")
        for grade, price in (("HL", 3_305_600), ("ML", 2_361_600), ("LL", 857_800))
        for end in ("Front", "Rear")
    ]
    clothes = [
        (f"{name}, {size}", 95_000 + 100_000 * place, 0, size)
        for place, name in enumerate(CLOTHES)
        for size in ("S", "M", "L", "XL")
    ]
    rest = [(name, 22_900 + 89_900 * place, 0, NULL) for place, name in enumerate(REST)]
    return bikes + frames + wheels + clothes + rest


def _color(name: str) -> str:
    colors = ("Black", "Red", "Silver", "Yellow", "Blue")
    return next((color for color in colors if color in name), "Multi")

"""Keep the stock of the sample units and write its movements, one file a day for all units.

Stock falls by what the generated orders consume, before errors are planted in their files: so a
count differs from the movements that arrived where a delivery is missing. The files of orders do
not depend on it. A unit never runs out: when the stock is too small, it buys around the corner, a
receipt without a date of order.
"""

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from lakehouse.demo.files import LandedFile, csv_text, moment, money
from lakehouse.demo.mrhealth.business import (
    DIALECT_A,
    FIRST_PRODUCT,
    PRODUCT,
    PRODUCTS,
    QUANTITY,
    UNKNOWN_PRODUCT,
    random_of,
)
from lakehouse.demo.mrhealth.plan import Plan
from lakehouse.demo.mrhealth.shipments import Shipment, sizes

FILE = "MOVIMENTO_ESTOQUE.csv"
COLUMNS = (
    "Id_Unidade",
    "Id_Movimento",
    "Data_Movimento",
    "Tipo_Movimento",
    "Id_Produto",
    "Qtd",
    "Custo_Unitario",
    "Data_Compra",
)
PIECES_PER_ORDER = 2.48 * 2
COVER_DAYS = 1
WASTE, LOSS = 0.02, 0.1
"""Probability that pieces of a product are thrown away on a day, and that a count misses some."""
DAYS_BETWEEN_COUNTS = 7
DAYS_BETWEEN_ERRORS = 4
ERRORS = ("Contagem", "-3", 0), ("Entrada", "12", 1), ("Entrada", "0", 0), ("Devolução", "2", 0)
"""Planted rows: kind, pieces, and whether the product is unknown; the first is a negative count."""


@dataclass(slots=True)
class Shelf:
    """The stock of one product in one unit; purchases are (arrival, day of order, pieces)."""

    level: int
    usual: float
    cost: int
    lead: int
    lot: int
    purchases: list[tuple[dt.date, dt.date, int]] = field(default_factory=list)

    @property
    def target(self) -> int:
        """Return the pieces that cover the usual demand until the delivery after the next one."""
        return math.ceil(1.2 * self.usual * (self.lead + 1 + COVER_DAYS))

    @property
    def reorder_point(self) -> int:
        """Return the pieces at which the unit orders."""
        return self.target - math.ceil(self.usual * COVER_DAYS)


class Stock:
    """The stock of all units of a plan; days must be kept in their order."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.shelves: dict[tuple[int, int], Shelf] = {}
        self.sold: Counter[tuple[int, int]] = Counter()

    def sell(self, shipment: Shipment) -> None:
        """Take the pieces of a unit-day out of the stock; call it before an error is planted."""
        for order in shipment.orders:
            for item in order.items:
                self.sold[shipment.unit, int(item.fields[PRODUCT])] += int(item.fields[QUANTITY])

    def close(self, day: dt.date) -> LandedFile:
        """Return the file with the movements of a day, after its sales."""
        rows: list[tuple[object, ...]] = []
        for unit in range(1, self.plan.units + 1):
            rng = random_of(self.plan.seed, "stock", day, unit)
            number = 0
            for product in range(FIRST_PRODUCT, FIRST_PRODUCT + len(PRODUCTS)):
                for kind, pieces, cost, ordered in self._moves(rng, day, unit, product):
                    number += 1
                    written = (money(cost) if cost else "", ordered or "")
                    rows.append((unit, number, day, kind, product, pieces, *written))
            if unit == 1 and self.plan.errors and day.toordinal() % DAYS_BETWEEN_ERRORS == 0:
                place = day.toordinal() // DAYS_BETWEEN_ERRORS % len(ERRORS)
                kind, written_pieces, is_unknown = ERRORS[place]
                product = int(UNKNOWN_PRODUCT) if is_unknown else FIRST_PRODUCT
                rows.append((unit, number + 1, day, kind, product, written_pieces, "", ""))
        self.sold.clear()
        text = csv_text([COLUMNS, *rows], DIALECT_A.line_end)
        at = moment(day + dt.timedelta(days=1), 2)
        return LandedFile(f"mrhealth/{day}/{FILE}", DIALECT_A.encode(text), at)

    def _moves(
        self, rng: Random, day: dt.date, unit: int, product: int
    ) -> list[tuple[str, int, int, dt.date | None]]:
        """Move the stock of a product through a day; return kind, pieces, cost and day of order."""
        moves: list[tuple[str, int, int, dt.date | None]] = []
        shelf = self.shelves.get((unit, product))
        if shelf is None:
            shelf = self.shelves[unit, product] = self._shelf(day, unit, product)
            moves.append(("Saldo Inicial", shelf.level, shelf.cost, None))
        for arrival in [each for each in shelf.purchases if each[0] <= day]:
            shelf.purchases.remove(arrival)
            shelf.level += arrival[2]
            moves.append(("Entrada", arrival[2], shelf.cost, arrival[1]))
        shelf.level -= self.sold[unit, product]
        if shelf.level < 0:
            moves.append(("Entrada", -shelf.level, round(shelf.cost * 1.3), None))
            shelf.level = 0
        chance = rng.random()
        if chance < WASTE and shelf.level > 2:
            shelf.level -= 1 + int(chance * 100)
            moves.append(("Perda", 1 + int(chance * 100), 0, None))
        if (day.toordinal() + unit) % DAYS_BETWEEN_COUNTS == 0:
            shelf.level -= shelf.level > 0 and rng.random() < LOSS
            moves.append(("Contagem", shelf.level, 0, None))
        waiting = sum(pieces for *_, pieces in shelf.purchases)
        if shelf.level + waiting <= shelf.reorder_point:
            missing = shelf.target - shelf.level - waiting
            pieces = math.ceil(missing / shelf.lot) * shelf.lot
            late = (0, 0, 0, 1, 1, 2)[int(rng.random() * 6)]
            arrives = day + dt.timedelta(days=shelf.lead + late)
            shelf.purchases.append((arrives, day, pieces))
            moves.append(("Compra", pieces, shelf.cost, None))
        return moves

    def _shelf(self, day: dt.date, unit: int, product: int) -> Shelf:
        place = product - FIRST_PRODUCT
        orders = self.plan.orders_per_unit * sizes(self.plan.units, self.plan.seed)[unit - 1]
        usual = orders * PIECES_PER_ORDER / len(PRODUCTS)
        cost = round(PRODUCTS[place][1] * (0.30 + place % 4 * 0.04))
        shelf = Shelf(0, usual, cost, 1 + place % 3, (6, 12, 4)[place % 3])
        shelf.level = shelf.target
        return shelf

"""Generate deliveries of sales: the daily exports of a legacy table, and files of its changes.

Every day one file brings the sales of the day. The planted errors are distributed evenly over the
days, by the day's number and not by chance: files of changes (corrections, sales moved to another
day, deletes), exports of the last days again, the previous file under another name, duplicate
lines, days as ``dd/mm/yyyy``, regions in English, and invalid lines and files.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from lakehouse.demo.files import LandedFile, csv_text, moment, money
from lakehouse.demo.plans import require_between, require_share
from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.sources import COLUMNS, REGIONS

FULL_SIZE = 50_000
"""Sales at scale 1."""
PERIOD = 8
"""Days in which each kind of error occurs once, at errors 1."""
ENGLISH_REGIONS = ("North", "South", "East", "West", "Center")
FIRST_BAD_ID = 1_000_000_001
"""First id of the invalid sales."""

Line = list[str]
"""Values in the order of `HEADER`; a line of a change file has its operation at the end."""

HEADER = list(COLUMNS)
ID, SALE_DATE, PRODUCT, CUSTOMER, QUANTITY, UNIT_PRICE, TOTAL, SELLER, REGION = range(len(HEADER))
BAD_VALUES = (
    (CUSTOMER, ""),
    (PRODUCT, "105x"),
    (SALE_DATE, "2023-02-30"),
    (QUANTITY, "0"),
    (UNIT_PRICE, "dez"),
    (TOTAL, "0.01"),
    (REGION, "Nordeste"),
)


class PlantedError(IntEnum):
    """What is unusual or wrong on a day; the value is its place in the period."""

    DAY_FIRST = 0
    CHANGES = 1
    IN_ENGLISH = 2
    LINES_TWICE = 3
    COPIED_FILE = 4
    RE_EXPORT = 5
    BAD_LINES = 6
    NO_SALE_DATE = 7


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to generate.

    Args:
        seed: equal seeds give equal bytes.
        scale: 1 is 50,000 sales.
        days: number of delivery days.
        first: the first delivery day.
        errors: 0 is none, 1 is each kind once in eight days, 8 is each kind every day.
    """

    seed: int = 7
    scale: float = 1.0
    days: int = 365
    first: dt.date = SPEC.since
    errors: float = 1.0

    def __post_init__(self) -> None:
        require_share("scale", self.scale, 1000)
        require_between("days", self.days, 1)
        require_between("errors", self.errors, 0, PERIOD)

    def has(self, kind: PlantedError, day: int) -> bool:
        """Return whether an error is planted on the day with this number."""
        place = (day - kind) % PERIOD
        return int((place + 1) * self.errors / PERIOD) > int(place * self.errors / PERIOD)


def demo(seed: int) -> Plan:
    """Return the plan of the demo: 700 sales of January and February."""
    return Plan(seed=seed, scale=0.014, days=59)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale of the legacy table; the price is in cents."""

    id: int
    day: dt.date
    product: int
    customer: int
    quantity: int
    cents: int
    seller: int
    region: int


@dataclass(kw_only=True)
class _LegacyTable:
    """The newest version of each sale, and the ids of the sales of each day."""

    sales: dict[int, Sale] = field(default_factory=dict)
    ids: list[list[int]] = field(default_factory=list)

    def recent(self, days: int) -> list[Sale]:
        """Return the sales of the last days before today that were not deleted."""
        ids = [id_ for day in self.ids[-days - 1 : -1] for id_ in day]
        return [self.sales[id_] for id_ in ids if id_ in self.sales]


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Yield the files of the plan in the order of their arrival."""
    table = _LegacyTable()
    count = max(plan.days, round(FULL_SIZE * plan.scale))
    previous = b""
    for n in range(plan.days):
        rng = np.random.default_rng([plan.seed, n])
        day = plan.first + dt.timedelta(days=n)
        first, last = (count * place // plan.days for place in (n, n + 1))
        sales = _draw(rng, day, range(first + 1, last + 1))
        table.sales |= {sale.id: sale for sale in sales}
        table.ids.append([sale.id for sale in sales])
        today = _daily_file(plan, n, sales)
        files = {f"sales_{day}.csv": today}
        if n and plan.has(PlantedError.COPIED_FILE, n):
            files["sales_copia.csv"] = previous
        if n and plan.has(PlantedError.CHANGES, n):
            files[f"sales_cdc_{day}.csv"] = _change_file(table, rng, day)
        if n and plan.has(PlantedError.RE_EXPORT, n):
            lines = [_line(sale, day_first=bool(n % 2)) for sale in table.recent(PERIOD)]
            files["sales_raw.csv"] = _csv(HEADER, lines)
        if plan.has(PlantedError.NO_SALE_DATE, n):
            files["sales_sem_data.csv"] = _without_sale_date(sales[:3])
        previous = today
        for minute, (name, data) in enumerate(files.items()):
            yield LandedFile(f"{SPEC.name}/{day}/{name}", data, moment(day, 22, minute))


def _draw(rng: np.random.Generator, day: dt.date, ids: range) -> list[Sale]:
    columns = {
        "product": rng.integers(101, 111, len(ids)),
        "customer": rng.integers(1001, 2001, len(ids)),
        "quantity": rng.integers(1, 11, len(ids)),
        "cents": rng.integers(1000, 10_001, len(ids)),
        "seller": rng.integers(1, 21, len(ids)),
        "region": rng.integers(0, len(REGIONS), len(ids)),
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [
        Sale(id=id_, day=day, **dict(zip(columns, row, strict=True)))
        for id_, row in zip(ids, rows, strict=True)
    ]


def _daily_file(plan: Plan, n: int, sales: list[Sale]) -> bytes:
    """Return the file of the day's sales with the errors planted on that day."""
    day_first = plan.has(PlantedError.DAY_FIRST, n)
    english = plan.has(PlantedError.IN_ENGLISH, n)
    lines = [_line(sale, day_first=day_first, english=english) for sale in sales]
    if plan.has(PlantedError.LINES_TWICE, n):
        lines += lines[:3]
    if plan.has(PlantedError.BAD_LINES, n):
        start = FIRST_BAD_ID + n * len(BAD_VALUES)
        for id_, (column, value) in enumerate(BAD_VALUES, start=start):
            line = _line(replace(sales[0], id=id_))
            line[column] = value
            lines.insert(len(lines) // 2, line)
    return _csv(HEADER, lines)


def _change_file(table: _LegacyTable, rng: np.random.Generator, today: dt.date) -> bytes:
    """Change a few sales of the last days in the table and return the log of the changes.

    One sale is corrected twice, one moves to another day, one is deleted. Two more lines are
    invalid, by their quantity and by their operation, and leave the table as it is.
    """
    known = table.recent(PERIOD)
    chosen = rng.permutation(len(known)).tolist()[:5]
    if len(chosen) < 5:
        return _csv([*HEADER, "operation"], [])
    corrected, moved, deleted, invalid, unknown = (known[place] for place in chosen)
    once = replace(corrected, quantity=corrected.quantity % 10 + 1)
    twice = replace(once, cents=once.cents + 1)
    elsewhere = replace(moved, day=today, region=(moved.region + 1) % len(REGIONS))
    table.sales |= {twice.id: twice, elsewhere.id: elsewhere}
    del table.sales[deleted.id]
    bad_quantity = _line(invalid)
    bad_quantity[QUANTITY] = "-1"
    lines = [
        [*_line(once), "update"],
        [*_line(elsewhere), "update"],
        [*_line(deleted), "delete"],
        [*_line(twice), "update"],
        [*bad_quantity, "update"],
        [*_line(replace(unknown, quantity=1)), "upsert"],
    ]
    return _csv([*HEADER, "operation"], lines)


def _without_sale_date(sales: list[Sale]) -> bytes:
    lines = [HEADER, *map(_line, sales)]
    header, *rows = [[*line[:SALE_DATE], *line[SALE_DATE + 1 :]] for line in lines]
    return _csv(header, rows)


def _line(sale: Sale, *, day_first: bool = False, english: bool = False) -> Line:
    return [
        str(sale.id),
        sale.day.strftime("%d/%m/%Y") if day_first else sale.day.isoformat(),
        str(sale.product),
        str(sale.customer),
        str(sale.quantity),
        money(sale.cents),
        money(sale.quantity * sale.cents),
        str(sale.seller),
        (ENGLISH_REGIONS if english else REGIONS)[sale.region],
    ]


def _csv(header: Line, lines: list[Line]) -> bytes:
    return csv_text([header, *lines]).encode()

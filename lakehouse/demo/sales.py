"""Invented deliveries of sales: the same plan always gives the same bytes.

Every day the legacy table sends the sales of the day. Beside these come, dealt in turn and not
rolled, what such a source also sends: files of changes (corrections, sales that move to another
day, deletes), exports of the last days once more, the same file again under another name, lines
written twice, days written ``dd/mm/yyyy``, regions in English, and lines and files that are wrong.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from lakehouse.demo.files import LandedFile
from lakehouse.domains.sales import SPEC
from lakehouse.domains.sales.sources import COLUMNS, REGIONS

FULL_SIZE = 50_000
"""Sales at scale 1."""
PERIOD = 8
"""Days in which each kind of errors occurs once, at errors 1."""
IN_ENGLISH = ("North", "South", "East", "West", "Center")
FIRST_BAD_ID = 1_000_000_001
"""From here on are numbers of sales that never existed."""

Line = list[str]
"""Values in the order of `HEADER`; a line of changes has its operation behind them."""

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
    """What is odd or wrong on a day; the number is its place in the period."""

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
    """Which deliveries to invent.

    Args:
        seed: the same seed, the same bytes.
        scale: 1 is fifty thousand sales.
        days: delivery days over which they are spread.
        first: the first day.
        errors: 0 is clean, 1 is each kind once in eight days, 8 is each kind every day.
    """

    seed: int = 7
    scale: float = 1.0
    days: int = 365
    first: dt.date = SPEC.since
    errors: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1000:
            raise ValueError(f"scale must be more than 0 and at most 1000, not {self.scale}")
        if self.days < 1:
            raise ValueError(f"days must be at least 1, not {self.days}")
        if not 0 <= self.errors <= PERIOD:
            raise ValueError(f"errors must be 0 to {PERIOD}, not {self.errors}")

    def has(self, kind: PlantedError, day: int) -> bool:
        """Whether a kind of errors is dealt to the day with this number."""
        place = (day - kind) % PERIOD
        return int((place + 1) * self.errors / PERIOD) > int(place * self.errors / PERIOD)


def demo(seed: int) -> Plan:
    """A small plan for a first look: seven hundred sales of January and February."""
    return Plan(seed=seed, scale=0.014, days=59)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale as the legacy table holds it; the price in cents."""

    id: int
    day: dt.date
    product: int
    customer: int
    quantity: int
    cents: int
    seller: int
    region: int


@dataclass(kw_only=True)
class _Table:
    """The legacy table: the newest version of each sale, and the numbers of each day's sales."""

    sales: dict[int, Sale] = field(default_factory=dict)
    sold: list[list[int]] = field(default_factory=list)

    def recent(self, days: int) -> list[Sale]:
        """What is left of the sales of the last days before today."""
        numbers = [number for day in self.sold[-days - 1 : -1] for number in day]
        return [self.sales[number] for number in numbers if number in self.sales]


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Files of the plan in the order in which they land."""
    table = _Table()
    count = max(plan.days, round(FULL_SIZE * plan.scale))
    before = b""
    for n in range(plan.days):
        rng = np.random.default_rng([plan.seed, n])
        day = plan.first + dt.timedelta(days=n)
        first, last = (count * place // plan.days for place in (n, n + 1))
        sales = _drawn(rng, day, range(first + 1, last + 1))
        table.sales |= {sale.id: sale for sale in sales}
        table.sold.append([sale.id for sale in sales])
        today = _of_today(plan, n, sales)
        files = {f"sales_{day}.csv": today}
        if n and plan.has(PlantedError.COPIED_FILE, n):
            files["sales_copia.csv"] = before
        if n and plan.has(PlantedError.CHANGES, n):
            files[f"sales_cdc_{day}.csv"] = _changes(table, rng, day)
        if n and plan.has(PlantedError.RE_EXPORT, n):
            lines = [_line(sale, day_first=bool(n % 2)) for sale in table.recent(PERIOD)]
            files["sales_raw.csv"] = _csv(HEADER, lines)
        if plan.has(PlantedError.NO_SALE_DATE, n):
            files["sales_sem_data.csv"] = _without_sale_date(sales[:3])
        before = today
        for minute, (name, data) in enumerate(files.items()):
            at = dt.datetime.combine(day, dt.time(22, minute), dt.UTC)
            yield LandedFile(path=f"{SPEC.name}/{day}/{name}", data=data, modified_at=at)


def _drawn(rng: np.random.Generator, day: dt.date, numbers: range) -> list[Sale]:
    size = len(numbers)
    return [
        Sale(
            id=number,
            day=day,
            product=product,
            customer=customer,
            quantity=quantity,
            cents=cents,
            seller=seller,
            region=region,
        )
        for number, product, customer, quantity, cents, seller, region in zip(
            numbers,
            rng.integers(101, 111, size).tolist(),
            rng.integers(1001, 2001, size).tolist(),
            rng.integers(1, 11, size).tolist(),
            rng.integers(1000, 10_001, size).tolist(),
            rng.integers(1, 21, size).tolist(),
            rng.integers(0, len(REGIONS), size).tolist(),
            strict=True,
        )
    ]


def _of_today(plan: Plan, n: int, sales: list[Sale]) -> bytes:
    """The day's own file, as odd as the plan has it."""
    lines = [
        _line(
            sale,
            day_first=plan.has(PlantedError.DAY_FIRST, n),
            english=plan.has(PlantedError.IN_ENGLISH, n),
        )
        for sale in sales
    ]
    if plan.has(PlantedError.LINES_TWICE, n):
        lines += lines[:3]
    if plan.has(PlantedError.BAD_LINES, n):
        start = FIRST_BAD_ID + n * len(BAD_VALUES)
        for number, (column, value) in enumerate(BAD_VALUES, start=start):
            line = _line(replace(sales[0], id=number))
            line[column] = value
            lines.insert(len(lines) // 2, line)
    return _csv(HEADER, lines)


def _changes(table: _Table, rng: np.random.Generator, today: dt.date) -> bytes:
    """A log of changes to a few sales of the last days; each is as the table has it from then on.

    One sale is corrected twice, one moves to another day, one is deleted. A line of another sale
    cannot be read, and one has an operation that does not exist; both leave what was there before.
    """
    known = table.recent(PERIOD)
    chosen = rng.permutation(len(known)).tolist()[:5]
    if len(chosen) < 5:
        return _csv([*HEADER, "operation"], [])
    corrected, moved, deleted, unread, unknown = (known[place] for place in chosen)
    once = replace(corrected, quantity=corrected.quantity % 10 + 1)
    twice = replace(once, cents=once.cents + 1)
    elsewhere = replace(moved, day=today, region=(moved.region + 1) % len(REGIONS))
    table.sales |= {twice.id: twice, elsewhere.id: elsewhere}
    del table.sales[deleted.id]
    broken = _line(unread)
    broken[QUANTITY] = "-1"
    lines = [
        [*_line(once), "update"],
        [*_line(elsewhere), "update"],
        [*_line(deleted), "delete"],
        [*_line(twice), "update"],
        [*broken, "update"],
        [*_line(replace(unknown, quantity=1)), "upsert"],
    ]
    return _csv([*HEADER, "operation"], lines)


def _without_sale_date(sales: list[Sale]) -> bytes:
    lines = [_line(sale) for sale in sales]
    for line in lines:
        del line[SALE_DATE]
    return _csv([name for name in HEADER if name != HEADER[SALE_DATE]], lines)


def _line(sale: Sale, *, day_first: bool = False, english: bool = False) -> Line:
    return [
        str(sale.id),
        sale.day.strftime("%d/%m/%Y") if day_first else sale.day.isoformat(),
        str(sale.product),
        str(sale.customer),
        str(sale.quantity),
        _money(sale.cents),
        _money(sale.quantity * sale.cents),
        str(sale.seller),
        (IN_ENGLISH if english else REGIONS)[sale.region],
    ]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _csv(header: list[str], lines: list[Line]) -> bytes:
    return "".join(f"{','.join(values)}\n" for values in [header, *lines]).encode()

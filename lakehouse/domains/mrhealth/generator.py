"""Invented deliveries of Mr. Health: the same plan always gives the same bytes.

Every unit-day is drawn from its own seed, so a longer plan begins with the files of the shorter
one and two plans agree on the days they share. Dirt is dealt, not rolled: in every block of
unit-days each kind occurs exactly once, at most one kind per unit-day, so that what becomes of
a row never depends on two faults at once. `expected` says what a correct platform makes of it;
it knows the plan, not the platform. Money is counted in cents.
"""

import csv
import datetime as dt
import gzip
import math
import os
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from io import StringIO
from itertools import accumulate, chain
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

STATES = (  # id, country, name
    (43, "BR", "Rio Grande do Sul"),
    (42, "BR", "Santa Catarina"),
    (41, "BR", "Paraná"),
    (61, "AR", "Mendoza"),
    (62, "AR", "Misiones"),
    (71, "CL", "Maule"),
)
COUNTRIES = (("BR", "Brasil"), ("AR", "Argentina"), ("CL", "Chile"))
CITIES = {
    43: ("Gravataí", "Caxias do Sul", "Viamão", "Pelotas", "Ijuí", "São Leopoldo", "Bagé"),
    42: ("Florianópolis", "Joinville", "Chapecó", "Criciúma", "Itajaí", "Tubarão", "Timbó"),
    41: ("Maringá", "Londrina", "Foz do Iguaçu", "Paranaguá", "Araucária", "Ibiporã"),
}
# 8 of 20 units in RS, 7 in SC, 5 in PR, interleaved so that a few units already mix.
STATE_OF_UNIT = (43, 42, 41, 43, 42, 43, 42, 41, 43, 42, 43, 42, 41, 43, 42, 43, 41, 42, 43, 41)
INITIALS = {43: "RS", 42: "SC", 41: "PR"}

PRODUCTS = (  # name, price in cents; the id is the place in this list, from 301
    ("Hambúrguer de Grão-de-Bico", 3490),
    ("Hambúrguer de Lentilha com Beterraba", 3390),
    ("Filé de Tilápia com Purê de Mandioquinha", 5290),
    ("Moqueca de Palmito", 4690),
    ("Strogonoff de Cogumelos", 4490),
    ("Risoto de Abóbora", 4390),
    ("Lasanha de Berinjela", 4190),
    ("Escondidinho de Batata-Doce", 3890),
    ("Nhoque de Mandioca ao Sugo", 3790),
    ("Arroz de Couve-Flor com Legumes", 3290),
    ("Omelete de Espinafre", 2690),
    ("Crepioca de Frango", 2490),
    ("Tapioca de Queijo Coalho", 2290),
    ("Panqueca de Aveia com Banana", 2190),
    ("Caldo Verde", 2390),
    ("Creme de Ervilha", 2290),
    ("Salada Caesar com Grelhado", 3190),
    ("Salada de Quinoa e Manga", 2990),
    ("Ceviche de Caju", 2890),
    ("Pão de Queijo com Chia", 990),
    ("Empada Integral de Palmito", 1290),
    ("Coxinha de Jaca", 1190),
    ("Chips de Mandioca", 1490),
    ("Água de Coco", 1090),
    ("Suco Verde com Gengibre", 1390),
    ("Limonada com Capim-Santo", 1290),
    ("Mate Gelado com Hortelã", 790),
    ("Kombucha de Maracujá", 1690),
    ("Pudim de Leite de Coco", 1590),
    ("Brigadeiro de Biomassa", 890),
)
FIRST_PRODUCT = 301
UNKNOWN_PRODUCT = "999"

STREETS = (
    "Rua das Figueiras",
    "Rua Sete de Abril",
    "Av. Beira-Rio",
    "Rua João de Barro",
    "Av. dos Imigrantes",
    "Travessa do Sabiá",
    "Rua Conceição",
    "Estrada da Serra",
)
NOTES = (
    "",
    "",
    "",
    "",
    "Sem pimenta-do-reino",
    "Pão à parte",
    "Retirar o tomate, por favor",
    "Cliente alérgico a amendoim",
    "Trocar o suco; sem gelo",
    'Escrever "Parabéns, vó" na caixa',
    "Cortar em quatro",
    "Açúcar à parte, colher também",
)
STATUSES = ("Finalizado", "Pendente", "Cancelado")
STATUS_LIMITS = (0.85, 0.95)
ITEM_COUNT_WEIGHTS = (0.25, 0.30, 0.25, 0.12, 0.08)  # of 1 to 5 items, 2.48 in the mean
ITEM_COUNT_LIMITS = tuple(accumulate(ITEM_COUNT_WEIGHTS))[:-1]
ONLINE_SHARE = 0.6
FEES = tuple(range(500, 2501, 50))
WEEKDAY_FACTORS = (0.85, 0.85, 0.90, 0.95, 1.15, 1.25, 1.05)
NO_ADDRESS = '"--"'
KEPT = "kept"
PARENT_REFUSED = "parent_refused"

UNIT, ORDER, KIND, DATE, VALUE, ADDRESS, FEE, STATUS = range(8)
PARENT, ITEM, PRODUCT, QUANTITY, PRICE, NOTE = range(6)
ORDER_COLUMNS = [
    "Id_Unidade",
    "Id_Pedido",
    "Tipo_Pedido",
    "Data_Pedido",
    "Vlr_Pedido",
    "Endereco Entrega",
    "Taxa_Entrega",
    "Status",
]
ITEM_COLUMNS = ["Id_Pedido", "Id_Item_Pedido", "Id_Produto", "Qtd", "Vlr_Item", "Observacao"]


class Dirt(StrEnum):
    """What can be wrong, or merely odd, with one unit's delivery of one day."""

    DUPLICATE_FILE = "duplicate_file"  # both files again, same bytes, under reenvio/
    CORRECTED_FILE = "corrected_file"  # other orders under reenvio/: they replace the first
    MISSING_COLUMN = "missing_column"  # orders without Status
    EXTRA_COLUMN = "extra_column"
    REORDERED_COLUMNS = "reordered_columns"
    TRUNCATED = "truncated"  # orders cut inside the last line
    EMPTY_FILE = "empty_file"  # orders of zero bytes
    MISSING_DELIVERY = "missing_delivery"
    MISSING_ITEMS = "missing_items"  # only the orders were sent
    HEADER_ONLY = "header_only"  # no sales that day
    ORPHAN_ITEM = "orphan_item"
    UNKNOWN_PRODUCT = "unknown_product"
    BAD_STATUS = "bad_status"
    BAD_AMOUNT = "bad_amount"  # in an order or in an item
    BAD_DATE = "bad_date"
    MISSING_KEY = "missing_key"
    DUPLICATE_ROW = "duplicate_row"  # one order line and one item line, each written twice
    DUPLICATE_KEY = "duplicate_key"  # an order written while open and again when closed
    UNIT_MISMATCH = "unit_mismatch"
    UNTERMINATED_QUOTE = "unterminated_quote"  # in an item line that is not the last
    COLUMN_COUNT = "column_count"  # one value too many in an item line
    PREVIOUS_DAY = "previous_day"  # two orders dated the day before their delivery
    LINE_BREAK = "line_break"  # inside a quoted note
    VALUE_MISMATCH = "value_mismatch"  # order value is not items + fee


UNIT_DAYS_PER_BLOCK = 240  # at dirt 1: each kind once, so 1 unit-day in 10 is dirty
MAX_DIRT = UNIT_DAYS_PER_BLOCK / len(Dirt)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to invent.

    `orders_per_unit` is the mean of a unit-day; units differ by a lasting factor (a fifth of
    them makes most of the sales) and weekends sell more. `dirt` scales the share of dirty
    unit-days: 0 is perfectly clean, 1 is one in ten, 10 is every one. From 480 unit-days on,
    dirt of at least 1 contains every kind.
    """

    units: int = 50
    first: dt.date
    days: int = 14
    seed: int = 7
    orders_per_unit: float = 12
    dirt: float = 1.0

    def __post_init__(self) -> None:
        _require(1 <= self.units <= 999, f"units must be 1 to 999, not {self.units}")
        _require(self.days >= 1, f"days must be at least 1, not {self.days}")
        _require(self.orders_per_unit >= 0, f"orders_per_unit is negative: {self.orders_per_unit}")
        _require(0 <= self.dirt <= MAX_DIRT, f"dirt must be 0 to {MAX_DIRT:g}, not {self.dirt}")


@dataclass(frozen=True, kw_only=True)
class LargePlan:
    """Few units with large files: exactly `items` item lines, spread evenly.

    `dirt` is the share of lines with a bad status, an unknown product or no parent.
    """

    items: int = 10_000_000
    first: dt.date
    days: int = 90
    units: int = 10
    seed: int = 7
    dirt: float = 0.0001

    def __post_init__(self) -> None:
        _require(1 <= self.units <= 999, f"units must be 1 to 999, not {self.units}")
        _require(self.days >= 1, f"days must be at least 1, not {self.days}")
        _require(
            self.items >= self.days * self.units,
            f"{self.items} items are not one for each of {self.days} days x {self.units} units",
        )
        _require(0 <= self.dirt <= 1, f"dirt is a share of lines, 0 to 1, not {self.dirt}")


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file as it arrives. `modified_at` (UTC) orders the versions of a delivery."""

    path: str
    data: bytes
    modified_at: dt.datetime


@dataclass(kw_only=True)
class DayTotals:
    """What silver holds for one business day. `revenue` is of finished orders, fee included."""

    orders: int = 0
    items: int = 0
    finished: int = 0
    revenue: Decimal = Decimal("0.00")


@dataclass(kw_only=True)
class Expected:
    """What a correct platform makes of a plan.

    `files`, `order_rows` and `item_rows` count by outcome; `kept` rows end in silver. Files are
    loaded, duplicate, superseded, or refused as schema, truncated or empty_file; rows of a
    refused file count under that reason. Rows of duplicate files are not counted. An item whose
    order was refused is `parent_refused`; a platform may call it an orphan. Of two orders with
    one key in one file the later line is kept. `unreconciled` are kept orders whose value is not
    their kept items + fee. `repeated_ids` are order lines whose id occurs in another unit of
    the same delivery day.
    """

    files: Counter[str] = field(default_factory=Counter)
    dirt: Counter[Dirt] = field(default_factory=Counter)
    order_rows: Counter[str] = field(default_factory=Counter)
    item_rows: Counter[str] = field(default_factory=Counter)
    days: dict[dt.date, DayTotals] = field(default_factory=dict)
    missing: list[tuple[dt.date, int]] = field(default_factory=list)
    other_day: int = 0
    unreconciled: int = 0
    repeated_ids: int = 0

    @property
    def orders(self) -> int:
        """Orders in silver."""
        return self.order_rows[KEPT]

    @property
    def items(self) -> int:
        """Items in silver."""
        return self.item_rows[KEPT]

    @property
    def revenue(self) -> Decimal:
        """Value of the finished orders in silver."""
        return sum((day.revenue for day in self.days.values()), Decimal("0.00"))

    def day(self, day: dt.date) -> DayTotals:
        """Totals of one business day, to be added to."""
        return self.days.setdefault(day, DayTotals())


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one unit's till writes its files."""

    orders: str = "PEDIDO.csv"
    items: str = "ITEM_PEDIDO.csv"
    delimiter: str = ","
    line_end: str = "\r\n"
    encoding: str = "utf-8-sig"
    address: str = "Endereco Entrega"
    physical: str = "Loja Física"
    uuid_keys: bool = False
    gzipped: bool = False

    def encode(self, text: str) -> bytes:
        """Bytes on disk; an empty text is an empty file, without byte order mark."""
        data = text.encode(self.encoding) if text else b""
        return gzip.compress(data, mtime=0) if self.gzipped else data

    def file(self, name: str) -> str:
        """Name of a file as this till writes it."""
        return f"{name}.gz" if self.gzipped else name


DIALECT_A = Dialect()
DIALECT_B = Dialect(
    orders="pedido.csv",
    items="item_pedido.csv",
    delimiter=";",
    line_end="\n",
    encoding="utf-8",
    address="Endereco_Entrega",
    physical="Loja Fisica",
    uuid_keys=True,
)
TILLS = (  # of units 1 to 10, then again
    DIALECT_A,
    DIALECT_B,
    DIALECT_A,
    DIALECT_A,
    replace(DIALECT_A, gzipped=True),
    DIALECT_A,
    replace(DIALECT_A, encoding="latin-1"),
    DIALECT_A,
    replace(DIALECT_B, gzipped=True),
    DIALECT_A,
)


@dataclass(slots=True)
class Item:
    """An item line: its values as written, its line total in cents, and what becomes of it."""

    fields: list[str]
    cents: int
    outcome: str = KEPT


@dataclass(slots=True)
class Order:
    """An order line: its values as written, value and fee in cents, and what becomes of it."""

    fields: list[str]
    cents: int
    fee: int
    day: dt.date
    items: list[Item]
    outcome: str = KEPT


@dataclass(slots=True)
class Shipment:
    """All that one unit sends for one day, before it becomes bytes."""

    day: dt.date
    unit: int
    units: int
    dialect: Dialect
    orders: list[Order]
    dirt: Dirt | None = None
    superseded: list[Order] | None = None
    refused: str = ""
    cut: int = 0
    reshape: Callable[[list[str]], list[str]] | None = None
    sent: tuple[bool, bool] = (True, True)


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Files of the plan, day by day, in the order in which they arrive for that day."""
    for day in _days(plan):
        files = [file for shipment in _shipments(plan, day) for file in _files(shipment)]
        yield from sorted(files, key=lambda file: file.modified_at)


def reference(plan: Plan | LargePlan) -> Iterator[LandedFile]:
    """The four reference tables of the headquarters, as they were on the first day."""
    units = range(1, plan.units + 1)
    tables: dict[str, tuple[tuple[str, ...], Iterable[tuple[object, ...]]]] = {
        "Tabela_Produto": (
            ("Id_Produto", "Nome_Produto"),
            ((FIRST_PRODUCT + n, name) for n, (name, _) in enumerate(PRODUCTS)),
        ),
        "Tabela_Unidade": (
            ("Id_Unidade", "Nome_Unidade", "Id_Estado"),
            ((unit, f"Mr Health - {_city(unit)} {unit:02d}", _state(unit)) for unit in units),
        ),
        "Tabela_Estado": (("id_estado", "id_pais", "nome_estado"), STATES),
        "Tabela_Pais": (("Id_Pais", "Nome_Pais"), COUNTRIES),
    }
    at = dt.datetime.combine(plan.first, dt.time(1), dt.UTC)
    for name, (header, rows) in tables.items():
        text = StringIO(newline="")
        csv.writer(text).writerows([header, *rows])
        yield LandedFile(f"mrhealth/reference/{name}.csv", DIALECT_A.encode(text.getvalue()), at)


def expected(plan: Plan) -> Expected:
    """What a correct platform ends with after all deliveries of the plan."""
    total = Expected()
    for day in _days(plan):
        shipments = list(_shipments(plan, day))
        for shipment in shipments:
            _count(total, shipment)
        total.repeated_ids += _repeated_ids(shipments)
    total.days = dict(sorted(total.days.items()))
    return total


def large_deliveries(plan: LargePlan) -> Iterator[LandedFile]:
    """Files of the large plan, day by day, an order file and an item file for each unit."""
    for day, unit, lines in _large_slots(plan):
        yield from _large_files(day, unit, _large(plan, day, unit, lines))


def large_expected(plan: LargePlan) -> Expected:
    """What a correct platform ends with after all deliveries of the large plan."""
    total = Expected()
    for day, unit, lines in _large_slots(plan):
        _count_large(total, day, _large(plan, day, unit, lines))
    return total


def write(plan: Plan | LargePlan, root: Path) -> int:
    """Put reference tables and deliveries below the root, with their times; gives the files.

    For folders that nobody watches: a file is seen while it grows.
    """
    files = deliveries(plan) if isinstance(plan, Plan) else large_deliveries(plan)
    count = 0
    folders: set[str] = set()
    for file in chain(reference(plan), files):
        path = f"{root}/{file.path}"
        folder = path.rpartition("/")[0]
        if folder not in folders:
            os.makedirs(folder, exist_ok=True)
            folders.add(folder)
        with open(path, "wb") as target:
            target.write(file.data)
        at = int(file.modified_at.timestamp())
        os.utime(path, (at, at))
        count += 1
    return count


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _days(plan: Plan | LargePlan) -> list[dt.date]:
    return [plan.first + dt.timedelta(days=n) for n in range(plan.days)]


def _state(unit: int) -> int:
    return STATE_OF_UNIT[(unit - 1) % len(STATE_OF_UNIT)]


def _city(unit: int) -> str:
    cities = CITIES[_state(unit)]
    return cities[unit % len(cities)]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""


_NOTES = tuple(_quoted(note) for note in NOTES)
_PRICES = tuple(_money(cents) for _, cents in PRODUCTS)


@lru_cache(maxsize=8)
def _sizes(units: int, seed: int) -> tuple[float, ...]:
    """Lasting size factors of the units, 1 in the mean; a fifth of the units has most of it."""
    sizes = [rank**-1.1 for rank in range(1, units + 1)]
    Random(f"{seed}/sizes").shuffle(sizes)
    mean = sum(sizes) / units
    return tuple(size / mean for size in sizes)


@lru_cache(maxsize=64)
def _block(seed: int, size: int, number: int) -> dict[int, Dirt]:
    places = Random(f"{seed}/dirt/{number}").sample(range(size), len(Dirt))
    return dict(zip(places, Dirt, strict=True))


def _dirt(plan: Plan, day: dt.date, unit: int) -> Dirt | None:
    if not plan.dirt:
        return None
    size = round(UNIT_DAYS_PER_BLOCK / plan.dirt)
    number, place = divmod(day.toordinal() * plan.units + unit - 1, size)
    return _block(plan.seed, size, number).get(place)


def _poisson(rng: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _uuid(rng: Random) -> str:
    bits = rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _shipments(plan: Plan, day: dt.date) -> Iterator[Shipment]:
    for unit in range(1, plan.units + 1):
        yield _shipment(plan, day, unit)


def _shipment(plan: Plan, day: dt.date, unit: int) -> Shipment:
    rng = Random(f"{plan.seed}/{day}/{unit}")
    dirt = _dirt(plan, day, unit)
    size = _sizes(plan.units, plan.seed)[unit - 1]
    count = _poisson(rng, plan.orders_per_unit * size * WEEKDAY_FACTORS[day.weekday()])
    dialect = TILLS[(unit - 1) % len(TILLS)]
    orders = _orders(rng, day, unit, dialect, max(count, 4) if dirt else count)
    shipment = Shipment(day, unit, plan.units, dialect, orders, dirt)
    if dirt:
        _SOIL[dirt](shipment, rng)
    return shipment


def _orders(rng: Random, day: dt.date, unit: int, dialect: Dialect, count: int) -> list[Order]:
    random, when, place = rng.random, day.isoformat(), f"{_city(unit)}, {INITIALS[_state(unit)]}"
    orders = []
    for number in range(1, count + 1):
        key = _uuid(rng) if dialect.uuid_keys else str(number)
        items = []
        total = 0
        for n in range(1, bisect(ITEM_COUNT_LIMITS, random()) + 2):
            product, quantity = int(random() * len(PRODUCTS)), int(random() * 3) + 1
            cents = PRODUCTS[product][1] * quantity
            total += cents
            fields = [
                key,
                _uuid(rng) if dialect.uuid_keys else str(n),
                str(FIRST_PRODUCT + product),
                str(quantity),
                _PRICES[product],
                _NOTES[int(random() * len(_NOTES))],
            ]
            items.append(Item(fields, cents))
        kind, address, fee = dialect.physical, NO_ADDRESS, 0
        if random() < ONLINE_SHARE:
            street = STREETS[int(random() * len(STREETS))]
            kind, fee = "Loja Online", FEES[int(random() * len(FEES))]
            address = f'"{street}, {int(random() * 2900) + 10}, {place}"'
        total += fee
        status = STATUSES[bisect(STATUS_LIMITS, random())]
        fields = [str(unit), key, kind, when, _money(total), address, _money(fee), status]
        orders.append(Order(fields, total, fee, day, items))
    return orders


def _again(order: Order, **changes: object) -> Order:
    """Copy of an order line; its values can change without touching the original."""
    return replace(order, **{"fields": list(order.fields), **changes})  # type: ignore[arg-type]


def _refuse(order: Order, column: int, text: str, reason: str) -> None:
    order.fields[column] = text
    order.outcome = reason


def _corrected_file(shipment: Shipment, rng: Random) -> None:
    shipment.superseded = shipment.orders
    shipment.orders = [_again(order) for order in shipment.orders]
    for n, order in enumerate(shipment.orders):
        if order.fields[STATUS] == "Pendente":
            order.fields[STATUS] = "Finalizado"
        elif n == 0:
            cancelled = order.fields[STATUS] == "Cancelado"
            order.fields[STATUS] = "Finalizado" if cancelled else "Cancelado"


def _missing_column(shipment: Shipment, rng: Random) -> None:
    shipment.refused = "schema"
    shipment.reshape = lambda fields: fields[:STATUS]


def _extra_column(shipment: Shipment, rng: Random) -> None:
    header = ORDER_COLUMNS[0]
    shipment.reshape = lambda f: [*f, "Cupom" if f[0] == header else f"SAUDE{len(f[1])}"]


def _reordered_columns(shipment: Shipment, rng: Random) -> None:
    shipment.reshape = lambda fields: fields[::-1]


def _truncated(shipment: Shipment, rng: Random) -> None:
    shipment.refused = "truncated"
    shipment.cut = rng.randrange(1, 25)


def _empty_file(shipment: Shipment, rng: Random) -> None:
    shipment.refused = "empty_file"


def _missing_delivery(shipment: Shipment, rng: Random) -> None:
    shipment.orders = []
    shipment.sent = (False, False)


def _missing_items(shipment: Shipment, rng: Random) -> None:
    for order in shipment.orders:
        order.items = []
    shipment.sent = (True, False)


def _header_only(shipment: Shipment, rng: Random) -> None:
    shipment.orders = []


def _orphan_item(shipment: Shipment, rng: Random) -> None:
    order = rng.choice(shipment.orders)
    fields = list(order.items[-1].fields)
    fields[PARENT] = _uuid(rng) if shipment.dialect.uuid_keys else str(80_000 + int(fields[PARENT]))
    order.items.append(Item(fields, 0, "orphan_item"))


def _unknown_product(shipment: Shipment, rng: Random) -> None:
    item = rng.choice(rng.choice(shipment.orders).items)
    item.fields[PRODUCT], item.outcome = UNKNOWN_PRODUCT, "unknown_product"


def _bad_status(shipment: Shipment, rng: Random) -> None:
    _refuse(rng.choice(shipment.orders), STATUS, "Entregue", "bad_status")


def _bad_amount(shipment: Shipment, rng: Random) -> None:
    order = rng.choice(shipment.orders)
    if rng.random() < 0.5:
        _refuse(order, VALUE, '"12,5O"', "bad_amount")
    else:
        item = rng.choice(order.items)
        item.fields[PRICE], item.outcome = '"12,5O"', "bad_amount"


def _bad_date(shipment: Shipment, rng: Random) -> None:
    text = rng.choice([f"{shipment.day.year}-02-30", "amanhã", f"{shipment.day:%Y}-13-01"])
    _refuse(rng.choice(shipment.orders), DATE, text, "bad_date")


def _missing_key(shipment: Shipment, rng: Random) -> None:
    _refuse(rng.choice(shipment.orders), ORDER, "", "missing_required")


def _duplicate_row(shipment: Shipment, rng: Random) -> None:
    place = rng.randrange(len(shipment.orders))
    order = shipment.orders[place]
    item = order.items[0]
    order.items.insert(1, replace(item, outcome="duplicate_row"))
    shipment.orders.insert(place + 1, _again(order, items=[], outcome="duplicate_row"))


def _duplicate_key(shipment: Shipment, rng: Random) -> None:
    place = rng.randrange(len(shipment.orders))
    order = shipment.orders[place]
    order.fields[STATUS] = "Finalizado"
    before = _again(order, items=[], outcome="duplicate_key")
    before.fields[STATUS] = "Pendente"
    before.fields[VALUE] = _money(order.cents - 100)
    shipment.orders.insert(place, before)


def _unit_mismatch(shipment: Shipment, rng: Random) -> None:
    other = shipment.unit % max(shipment.units, 2) + 1
    _refuse(rng.choice(shipment.orders), UNIT, str(other), "unit_mismatch")


def _unterminated_quote(shipment: Shipment, rng: Random) -> None:
    items = [item for order in shipment.orders for item in order.items]
    place = rng.randrange(len(items) - 1)
    items[place].fields[NOTE], items[place].outcome = '"Sem pressa', "bad_quoting"
    items[place + 1].fields[NOTE] = '"Bem quente"'


def _column_count(shipment: Shipment, rng: Random) -> None:
    item = rng.choice(rng.choice(shipment.orders).items)
    item.fields[NOTE:] = ["Sem sal", " por favor"]
    item.outcome = "column_count"


def _previous_day(shipment: Shipment, rng: Random) -> None:
    """After-hours orders have numbers of their own: the day before used the low ones."""
    day = shipment.day - dt.timedelta(days=1)
    for n, order in enumerate(shipment.orders[:2], start=1):
        key = order.fields[ORDER] if shipment.dialect.uuid_keys else str(90_000 + n)
        order.day = day
        order.fields[DATE], order.fields[ORDER] = day.isoformat(), key
        for item in order.items:
            item.fields[PARENT] = key


def _line_break(shipment: Shipment, rng: Random) -> None:
    item = rng.choice(rng.choice(shipment.orders).items)
    item.fields[NOTE] = _quoted(f"Deixar na portaria,{shipment.dialect.line_end}bloco B")


def _value_mismatch(shipment: Shipment, rng: Random) -> None:
    order = rng.choice(shipment.orders)
    order.cents += 1000
    order.fields[VALUE] = _money(order.cents)


_SOIL: dict[Dirt, Callable[[Shipment, Random], None]] = {
    Dirt.DUPLICATE_FILE: lambda shipment, rng: None,  # resent where files are made
    Dirt.CORRECTED_FILE: _corrected_file,
    Dirt.MISSING_COLUMN: _missing_column,
    Dirt.EXTRA_COLUMN: _extra_column,
    Dirt.REORDERED_COLUMNS: _reordered_columns,
    Dirt.TRUNCATED: _truncated,
    Dirt.EMPTY_FILE: _empty_file,
    Dirt.MISSING_DELIVERY: _missing_delivery,
    Dirt.MISSING_ITEMS: _missing_items,
    Dirt.HEADER_ONLY: _header_only,
    Dirt.ORPHAN_ITEM: _orphan_item,
    Dirt.UNKNOWN_PRODUCT: _unknown_product,
    Dirt.BAD_STATUS: _bad_status,
    Dirt.BAD_AMOUNT: _bad_amount,
    Dirt.BAD_DATE: _bad_date,
    Dirt.MISSING_KEY: _missing_key,
    Dirt.DUPLICATE_ROW: _duplicate_row,
    Dirt.DUPLICATE_KEY: _duplicate_key,
    Dirt.UNIT_MISMATCH: _unit_mismatch,
    Dirt.UNTERMINATED_QUOTE: _unterminated_quote,
    Dirt.COLUMN_COUNT: _column_count,
    Dirt.PREVIOUS_DAY: _previous_day,
    Dirt.LINE_BREAK: _line_break,
    Dirt.VALUE_MISMATCH: _value_mismatch,
}


ITEMS_AFTER = dt.timedelta(seconds=2)
RESENT_AFTER = dt.timedelta(hours=20)


def _arrival(day: dt.date, unit: int) -> dt.datetime:
    """Just after midnight, one unit a minute."""
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    return midnight + dt.timedelta(minutes=5 + unit)


def _files(shipment: Shipment) -> Iterator[LandedFile]:
    dialect, folder = shipment.dialect, f"mrhealth/{shipment.day}/unidade_{shipment.unit:03d}"
    at = _arrival(shipment.day, shipment.unit)
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
    if shipment.dirt is Dirt.DUPLICATE_FILE:
        yield from (_resent(file, file.data) for file in sent)
    if shipment.superseded:
        yield _resent(orders, dialect.encode(_orders_text(shipment, shipment.orders)))


def _resent(file: LandedFile, data: bytes) -> LandedFile:
    folder, name = file.path.rsplit("/", 1)
    return LandedFile(f"{folder}/reenvio/{name}", data, file.modified_at + RESENT_AFTER)


def _orders_text(shipment: Shipment, orders: list[Order]) -> str:
    if shipment.refused == "empty_file":
        return ""
    dialect = shipment.dialect
    header = [*ORDER_COLUMNS]
    header[ADDRESS] = dialect.address
    rows = [header, *(order.fields for order in orders)]
    if shipment.reshape:
        rows = [shipment.reshape(fields) for fields in rows]
    text = _lines(rows, dialect)
    return text[: -shipment.cut - len(dialect.line_end)] if shipment.cut else text


def _items_text(shipment: Shipment) -> str:
    rows = [item.fields for order in shipment.orders for item in order.items]
    return _lines([ITEM_COLUMNS, *rows], shipment.dialect)


def _lines(rows: list[list[str]], dialect: Dialect) -> str:
    join = dialect.delimiter.join
    return dialect.line_end.join([*map(join, rows), ""])


def _count(total: Expected, shipment: Shipment) -> None:
    if shipment.dirt:
        total.dirt[shipment.dirt] += 1
    if not any(shipment.sent):
        total.missing.append((shipment.day, shipment.unit))
        return
    total.files[shipment.refused or "loaded"] += 1
    total.files["loaded"] += shipment.sent[1]
    total.files["duplicate"] += 2 * (shipment.dirt is Dirt.DUPLICATE_FILE)
    if shipment.superseded:
        total.files["superseded"] += 1
        total.order_rows["superseded"] += len(shipment.superseded)
    for order in shipment.orders:
        if shipment.refused != "empty_file":
            total.order_rows[shipment.refused or order.outcome] += 1
        kept = order.outcome == KEPT and not shipment.refused
        for item in order.items:
            outcome = item.outcome if kept or item.outcome != KEPT else PARENT_REFUSED
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
        day.revenue += _amount(order.cents)
    total.other_day += order.day != shipment.day
    total.unreconciled += order.cents != order.fee + sum(items)


def _repeated_ids(shipments: list[Shipment]) -> int:
    landed = [
        [order.fields[ORDER] for order in shipment.orders if order.fields[ORDER]]
        for shipment in shipments
        if shipment.refused != "empty_file"
    ]
    units_with = Counter(key for keys in landed for key in set(keys))
    return sum(units_with[key] > 1 for keys in landed for key in keys)


@dataclass(frozen=True, slots=True)
class _Large:
    """One large unit-day as columns, orders and items; what is text later is a place in a pool."""

    counts: np.ndarray  # items of each order
    online: np.ndarray
    status: np.ndarray  # len(STATUSES) is the bad one
    fee: np.ndarray  # place in FEES, read for online orders only
    address: np.ndarray
    product: np.ndarray  # len(PRODUCTS) is the unknown one
    quantity: np.ndarray
    note: np.ndarray
    orphan: np.ndarray

    @property
    def fees(self) -> np.ndarray:
        """Cents of each order's fee."""
        return np.where(self.online, np.array(FEES)[self.fee], 0)

    @property
    def starts(self) -> np.ndarray:
        """Place of each order's first item."""
        return np.cumsum(self.counts) - self.counts

    @property
    def parents(self) -> np.ndarray:
        """Place of each item's order."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def lines(self) -> np.ndarray:
        """Cents of each item line."""
        return _LARGE_PRICES[self.product] * self.quantity

    @property
    def values(self) -> np.ndarray:
        """Cents of each order: all its lines and the fee."""
        return np.add.reduceat(self.lines, self.starts) + self.fees


_LARGE_PRICES = np.array([cents for _, cents in (*PRODUCTS, PRODUCTS[0])])
_LARGE_STATUSES = (*STATUSES, "Entregue")
_LARGE_PRODUCTS = [*(str(FIRST_PRODUCT + n) for n in range(len(PRODUCTS))), UNKNOWN_PRODUCT]
_MOST_ITEMS = len(ITEM_COUNT_WEIGHTS)
_MOST_PIECES = 3
_ITEM_POOL = pa.array(
    f",{number},{product},{quantity},{_money(price)},"
    for number in range(1, _MOST_ITEMS + 1)
    for product, price in zip(_LARGE_PRODUCTS, _LARGE_PRICES.tolist(), strict=True)
    for quantity in range(1, _MOST_PIECES + 1)
)
_NOTE_POOL = pa.array(f"{note}\r\n" for note in _NOTES)
_CENTS_POOL = pa.array(f".{cents:02d}," for cents in range(100))
_END_POOL = pa.array(
    f",{_money(fee)},{status}\r\n" for status in _LARGE_STATUSES for fee in (0, *FEES)
)


def _large_slots(plan: LargePlan) -> Iterator[tuple[dt.date, int, int]]:
    """Day, unit and number of item lines of each large unit-day."""
    lines, rest = divmod(plan.items, plan.days * plan.units)
    slots = ((day, unit) for day in _days(plan) for unit in range(1, plan.units + 1))
    for n, (day, unit) in enumerate(slots):
        yield day, unit, lines + (n < rest)


def _large(plan: LargePlan, day: dt.date, unit: int, lines: int) -> _Large:
    rng = np.random.default_rng([plan.seed, day.toordinal(), unit])
    counts = rng.choice(np.arange(1, _MOST_ITEMS + 1), size=lines, p=ITEM_COUNT_WEIGHTS)
    ends = np.cumsum(counts)
    orders = int(np.searchsorted(ends, lines)) + 1
    counts = counts[:orders]
    counts[-1] -= ends[orders - 1] - lines
    status = np.searchsorted(STATUS_LIMITS, rng.random(orders))
    product = rng.integers(len(PRODUCTS), size=lines)
    return _Large(
        counts=counts,
        online=rng.random(orders) < ONLINE_SHARE,
        status=np.where(rng.random(orders) < plan.dirt, len(STATUSES), status),
        fee=rng.integers(len(FEES), size=orders),
        address=rng.integers(len(STREETS) * 100, size=orders),
        product=np.where(rng.random(lines) < plan.dirt, len(PRODUCTS), product),
        quantity=rng.integers(1, _MOST_PIECES + 1, size=lines),
        note=rng.integers(len(_NOTES), size=lines),
        orphan=rng.random(lines) < plan.dirt,
    )


def _large_files(day: dt.date, unit: int, drawn: _Large) -> Iterator[LandedFile]:
    keys = pc.cast(pa.array(np.arange(1, len(drawn.counts) + 1)), pa.string())
    kinds = pa.array(f",{kind},{day}," for kind in (DIALECT_A.physical, "Loja Online"))
    place = f"{_city(unit)}, {INITIALS[_state(unit)]}"
    addresses = [f'"{street}, {7 + 9 * n}, {place}"' for street in STREETS for n in range(100)]
    whole, cents = np.divmod(drawn.values, 100)
    orders = _body(
        pa.scalar(f"{unit},"),
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
    line = (number * len(_LARGE_PRODUCTS) + drawn.product) * _MOST_PIECES + drawn.quantity - 1
    key_pool = pa.concat_arrays([pa.array(["0"]), keys])
    items = _body(
        key_pool.take(pa.array(np.where(drawn.orphan, 0, parents + 1))),
        _ITEM_POOL.take(pa.array(line)),
        _NOTE_POOL.take(pa.array(drawn.note)),
    )
    folder = f"mrhealth/{day}/unidade_{unit:03d}"
    at = _arrival(day, unit)
    header = _lines([ORDER_COLUMNS], DIALECT_A).encode(DIALECT_A.encoding)
    yield LandedFile(f"{folder}/{DIALECT_A.orders}", header + orders, at)
    header = _lines([ITEM_COLUMNS], DIALECT_A).encode(DIALECT_A.encoding)
    yield LandedFile(f"{folder}/{DIALECT_A.items}", header + items, at + ITEMS_AFTER)


def _body(*pieces: pa.Array | pa.Scalar) -> memoryview:
    """The pieces of each row joined, all rows after each other: the data buffer of the array."""
    rows = pc.binary_join_element_wise(*pieces, "")
    _, offsets, data = rows.buffers()
    return memoryview(data)[: int(np.frombuffer(offsets, np.int32)[len(rows)])]


def _count_large(total: Expected, day: dt.date, drawn: _Large) -> None:
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
    total.item_rows[PARENT_REFUSED] += int((known & ~parent_kept).sum())
    total.unreconciled += int((kept_orders & (kept_value != drawn.values)).sum())
    sums = total.day(day)
    sums.orders += int(kept_orders.sum())
    sums.items += int(kept_items.sum())
    sums.finished += int(finished.sum())
    sums.revenue += _amount(int(drawn.values[finished].sum()))

"""What can be asked of the generator and what comes back."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

KEPT = "kept"
PARENT_REJECTED = "parent_rejected"


class PlantedError(StrEnum):
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


UNIT_DAYS_PER_BLOCK = 240  # at errors 1: each kind once, so 1 unit-day in 10 is dirty
MAX_ERRORS = UNIT_DAYS_PER_BLOCK / len(PlantedError)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to invent.

    `orders_per_unit` is the mean of a unit-day; units differ by a lasting factor (a fifth of
    them makes most of the sales) and weekends sell more. `errors` scales the share of dirty
    unit-days: 0 is perfectly clean, 1 is one in ten, 10 is every one. From 480 unit-days on,
    errors of at least 1 contains every kind.
    """

    units: int = 50
    first: dt.date
    days: int = 14
    seed: int = 7
    orders_per_unit: float = 12
    errors: float = 1.0

    def __post_init__(self) -> None:
        _require(1 <= self.units <= 999, f"units must be 1 to 999, not {self.units}")
        _require(self.days >= 1, f"days must be at least 1, not {self.days}")
        _require(self.orders_per_unit >= 0, f"orders_per_unit is negative: {self.orders_per_unit}")
        _require(
            0 <= self.errors <= MAX_ERRORS, f"errors must be 0 to {MAX_ERRORS:g}, not {self.errors}"
        )


@dataclass(frozen=True, kw_only=True)
class LargePlan:
    """Few units with large files: exactly `items` item lines, spread evenly.

    `errors` is the share of lines with a bad status, an unknown product or no parent.
    """

    items: int = 10_000_000
    first: dt.date
    days: int = 90
    units: int = 10
    seed: int = 7
    errors: float = 0.0001

    def __post_init__(self) -> None:
        _require(1 <= self.units <= 999, f"units must be 1 to 999, not {self.units}")
        _require(self.days >= 1, f"days must be at least 1, not {self.days}")
        _require(
            self.items >= self.days * self.units,
            f"{self.items} items are not one for each of {self.days} days x {self.units} units",
        )
        _require(0 <= self.errors <= 1, f"errors is a share of lines, 0 to 1, not {self.errors}")


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
    loaded, duplicate, superseded, or rejected as schema, truncated or empty_file; rows of a
    rejected file count under that reason. Rows of duplicate files are not counted. An item whose
    order was rejected is `parent_rejected`; a platform may call it an orphan. Of two orders with
    one key in one file the later line is kept. `unreconciled` are kept orders whose value is not
    their kept items + fee. `repeated_ids` are order lines whose id occurs in another unit of
    the same delivery day.
    """

    files: Counter[str] = field(default_factory=Counter)
    errors: Counter[PlantedError] = field(default_factory=Counter)
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


def days_of(plan: Plan | LargePlan) -> list[dt.date]:
    """Delivery days of a plan."""
    return [plan.first + dt.timedelta(days=n) for n in range(plan.days)]


def amount(cents: int) -> Decimal:
    """Cents as money."""
    return Decimal(cents).scaleb(-2)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)

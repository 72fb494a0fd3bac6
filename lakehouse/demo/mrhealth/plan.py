"""Define the plans of the generator and the outcomes that a correct platform must reach."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lakehouse.demo.plans import require_between

KEPT = "kept"
PARENT_REJECTED = "parent_rejected"


class PlantedError(StrEnum):
    """What is wrong or unusual about the delivery of one unit on one day."""

    DUPLICATE_FILE = "duplicate_file"  # both files again, equal bytes, below reenvio/
    CORRECTED_FILE = "corrected_file"  # other orders below reenvio/: they supersede the first
    MISSING_COLUMN = "missing_column"  # orders without Status
    EXTRA_COLUMN = "extra_column"
    REORDERED_COLUMNS = "reordered_columns"
    TRUNCATED = "truncated"  # orders cut inside the last line
    EMPTY_FILE = "empty_file"  # orders of zero bytes
    MISSING_DELIVERY = "missing_delivery"
    MISSING_ITEMS = "missing_items"  # only the order file was sent
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


UNIT_DAYS_PER_BLOCK = 240  # at errors 1, each kind once: 1 unit-day in 10 has an error
MAX_ERRORS = UNIT_DAYS_PER_BLOCK / len(PlantedError)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to generate.

    Args:
        units: number of restaurants.
        first: the first delivery day.
        days: number of delivery days.
        seed: equal seeds give equal bytes.
        orders_per_unit: mean number of orders of a unit-day. Units differ by a lasting factor (a
            fifth of them makes most of the sales), and weekends sell more.
        errors: 0 is none, 1 is an error in one of ten unit-days, 10 in every unit-day. With 1 or
            more, 480 unit-days contain every kind.
        stock: also write stock movements, one file a day; other files do not change.

    Raises:
        ValueError: a value is outside its range.
    """

    units: int = 50
    first: dt.date
    days: int = 14
    seed: int = 7
    orders_per_unit: float = 12
    errors: float = 1.0
    stock: bool = False

    def __post_init__(self) -> None:
        require_between("units", self.units, 1, 999)
        require_between("days", self.days, 1)
        require_between("orders_per_unit", self.orders_per_unit, 0)
        require_between("errors", self.errors, 0, MAX_ERRORS)


@dataclass(frozen=True, kw_only=True)
class LargePlan:
    """Few units with large files.

    Args:
        items: exact number of item lines, distributed evenly over units and days.
        first: the first delivery day.
        days: number of delivery days.
        units: number of restaurants.
        seed: equal seeds give equal bytes.
        errors: share of lines with an invalid status, an unknown product or no order.

    Raises:
        ValueError: a value is outside its range.
    """

    items: int = 10_000_000
    first: dt.date
    days: int = 90
    units: int = 10
    seed: int = 7
    errors: float = 0.0001

    def __post_init__(self) -> None:
        require_between("units", self.units, 1, 999)
        require_between("days", self.days, 1)
        require_between("items, at least one per unit-day,", self.items, self.days * self.units)
        require_between("errors", self.errors, 0, 1)


@dataclass(kw_only=True)
class DayTotals:
    """Rows of silver on one business day; `revenue` is of finished orders, fees included."""

    orders: int = 0
    items: int = 0
    finished: int = 0
    revenue: Decimal = Decimal("0.00")


@dataclass(kw_only=True)
class Expected:
    """The outcomes of a plan on a correct platform.

    Attributes:
        files: files by outcome: loaded, duplicate, superseded, or rejected as schema, truncated or
            empty_file.
        errors: unit-days by planted error.
        order_rows: order lines by outcome; `kept` ones are in silver. Lines of a rejected file
            count under its reason, lines of duplicate files are not counted. Of two orders with
            the same key in one file the later line is kept.
        item_rows: item lines by outcome. An item of a rejected order is `parent_rejected`; a
            platform may report it as an orphan.
        days: totals by business day.
        missing: days and units without a delivery.
        other_day: kept orders whose business day is not their delivery day.
        unreconciled: kept orders whose value is not the sum of their kept items and the fee.
        repeated_ids: order lines whose id another unit uses on the same delivery day.
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
        """Return the totals of one business day, to add to them."""
        return self.days.setdefault(day, DayTotals())


def days_of(plan: Plan | LargePlan) -> list[dt.date]:
    """Return the delivery days of a plan."""
    return [plan.first + dt.timedelta(days=n) for n in range(plan.days)]


def amount(cents: int) -> Decimal:
    """Return cents as a decimal amount."""
    return Decimal(cents).scaleb(-2)

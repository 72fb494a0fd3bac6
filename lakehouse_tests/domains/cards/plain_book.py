"""The stage and the book in plain Python: one client and one variable at a time."""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

BY_DATE = ("PAGAMENTO_NO_PRAZO", "PAGAMENTO_ANTECIPADO", "SEM_PAGAMENTO", "PAGAMENTO_EM_ATRASO")
BY_AMOUNT = ("VALOR_TOTAL", "VALOR_PARCIAL", "SEM_VALOR")
WINDOWS = (None, 1, 3, 6, 9, 12)
AGGREGATES = {
    "value": ("SUM", "AVG", "MIN", "MAX"),
    "count": ("SUM",),
    "days": ("AVG", "MIN", "MAX"),
    "percent": ("AVG", "MIN", "MAX"),
}


@dataclass(frozen=True, kw_only=True)
class Invoice:
    client: int
    number: int
    issued: dt.date
    due: dt.date
    value: Decimal
    least: Decimal | None = None
    made: str = "20240101000000"


@dataclass(frozen=True, kw_only=True)
class Payment:
    client: int
    number: int
    invoice: int
    paid: dt.date
    value: Decimal
    made: str = "20240101000000"


@dataclass(frozen=True, kw_only=True)
class Row:
    client: int
    made: str
    by_date: str
    by_amount: str
    value: Decimal
    days: int
    percent: int
    age: float
    count: int = 1


def months_between(later: dt.date, earlier: dt.date) -> float:
    """Return the function as Spark documents it."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    ends = [calendar.monthrange(day.year, day.month)[1] == day.day for day in (later, earlier)]
    if later.day == earlier.day or all(ends):
        return float(months)
    return round(months + (later.day - earlier.day) / 31, 8)


def stage(
    on: dt.date, invoices: Sequence[Invoice], payments: Sequence[Payment], *, native: bool
) -> Iterator[Row]:
    def ref(day: dt.date) -> str:
        return day.strftime("%Y%m")

    is_leap_day = (on.month, on.day) == (2, 29)
    first = on.replace(year=on.year - 1, day=28 if is_leap_day else on.day)

    def seen(day: dt.date) -> bool:
        return first <= day <= on if native else ref(first) <= ref(day) <= ref(on)

    found = defaultdict(list)
    for payment in payments:
        if payment.paid <= on if native else seen(payment.paid):
            found[payment.client, payment.invoice].append(payment)
    for invoice in filter(lambda each: seen(each.issued), invoices):
        of_invoice = found[invoice.client, invoice.number]
        if not of_invoice:
            days = (on - invoice.due).days
            yield _row(on, invoice, "SEM_PAGAMENTO", "SEM_VALOR", days, 0, invoice.made)
        for together in [of_invoice] if native and of_invoice else [[p] for p in of_invoice]:
            paid = sum((p.value for p in together), Decimal(0))
            on_day = max(p.paid for p in together)
            late = (on_day - invoice.due).days
            by_date = BY_DATE[0] if not late else BY_DATE[1] if late < 0 else BY_DATE[3]
            by_amount, percent = _amount(paid, invoice.value, native=native)
            made = max(invoice.made, *(p.made for p in together))
            yield _row(on, invoice, by_date, by_amount, max(late, -1), percent, made)


def _amount(paid: Decimal, value: Decimal, *, native: bool) -> tuple[str, int]:
    if paid == value:
        return "VALOR_TOTAL", 100
    if paid > value and not native:
        return "SEM_VALOR", 0
    percent = int(half_up(paid * 100 / value, 0)) if value else 0
    return "VALOR_PARCIAL" if paid < value else "VALOR_EXCEDENTE", percent


def _row(
    on: dt.date, of: Invoice, by_date: str, by_amount: str, days: int, percent: int, made: str
) -> Row:
    return Row(
        client=of.client,
        made=made,
        by_date=by_date,
        by_amount=by_amount,
        value=of.value,
        days=days,
        percent=percent,
        age=months_between(on, of.issued),
    )


def half_up(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def book(
    on: dt.date, invoices: Sequence[Invoice], payments: Sequence[Payment], *, native: bool
) -> dict[int, dict[str, Any]]:
    """Return the variables of each client by column."""
    clients = defaultdict(list)
    for row in stage(on, invoices, payments, native=native):
        clients[row.client].append(row)
    return {
        client: {
            "dt_proc": max(row.made for row in rows),
            **{f"var_{n}": value for n, value in enumerate(_variables(rows, native), start=1)},
        }
        for client, rows in clients.items()
    }


def _variables(rows: Sequence[Row], native: bool) -> Iterator[Any]:
    for name in (*BY_DATE, *BY_AMOUNT):
        for value, aggregates in AGGREGATES.items():
            for window in WINDOWS:
                chosen = [
                    getattr(row, value)
                    for row in rows
                    if name == (row.by_date if name in BY_DATE else row.by_amount)
                    and (window is None or (row.age <= window and (row.age >= 0 or not native)))
                ]
                for aggregate in aggregates:
                    yield _aggregate(aggregate, value, chosen) if chosen else None


def _aggregate(aggregate: str, value: str, chosen: Sequence[Any]) -> Any:
    if aggregate == "AVG":
        if value == "days":
            return sum(chosen) / len(chosen)
        return half_up(Decimal(sum(chosen)) / len(chosen), 6 if value == "value" else 4)
    if aggregate == "SUM":
        return sum(chosen)
    return min(chosen) if aggregate == "MIN" else max(chosen)

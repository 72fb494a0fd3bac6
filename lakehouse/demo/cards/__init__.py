"""Invented invoices and payments: the same plan always gives the same bytes.

Without errors two files like the originals': thirteen monthly invoices of each client on the first of
the month, due nine days later, seven in ten paid once and in part. With errors every case occurs that
the book tells apart, as full payments, overpayments and several payments of one invoice, and

- an update a week later: invoices whose payments came before them, invoices issued shortly before,
  on and after the first of the next month, corrected and repeated rows, late payments;
- the update's payments once more under another name;
- other clients in the second layout;
- lines at the end of each first file that no table can trust, of every kind.
"""

import datetime as dt
from collections.abc import Iterator

from lakehouse.demo.cards import lines
from lakehouse.demo.cards.draw import Drawn, draw, second_layout
from lakehouse.demo.cards.plan import PIECE, WEEK, Plan
from lakehouse.demo.files import LandedFile

__all__ = ["Plan", "deliveries", "demo"]

FAULTS = 0.0005
"""Lines of each faulty kind, as a share of the invoices; at least one."""


def demo(seed: int) -> Plan:
    """A small plan with every case."""
    return Plan(seed=seed, scale=0.02)


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Files of the plan in the order in which they land."""
    pieces = range(0, plan.clients, PIECE)
    for number, _ in enumerate(pieces):
        yield from _first(plan, number, draw(plan, number))
    if not plan.errors:
        return
    for number, _ in enumerate(pieces):
        yield from _update(plan, number, draw(plan, number))
    yield from _second(plan)


def _first(plan: Plan, piece: int, drawn: Drawn) -> Iterator[LandedFile]:
    at = _moment(plan.delivered, piece)
    faults = max(1, round(FAULTS * plan.errors * len(drawn.late))) if plan.errors else 0
    client = 1 + piece * PIECE
    invoices = lines.invoices(drawn.invoices.where(~drawn.late))
    bad = lines.bad_invoices(plan, client, faults)
    yield _file("tb_faturas", at, lines.INVOICES, invoices, bad)
    payments = lines.payments(drawn.payments)
    bad = lines.bad_payments(plan, client, faults)
    yield _file("tb_pagamentos", at, lines.PAYMENTS, payments, bad)


def _update(plan: Plan, piece: int, drawn: Drawn) -> Iterator[LandedFile]:
    at = _moment(plan.delivered + WEEK, piece)
    invoices = drawn.invoices.where(drawn.late) + drawn.amended + drawn.newer
    yield _file("tb_faturas", at, lines.INVOICES, lines.invoices(invoices))
    payments = lines.payments(drawn.payments.where(drawn.repeated) + drawn.newer_payments)
    yield _file("tb_pagamentos", at, lines.PAYMENTS, payments)
    yield _file("tb_pagamentos", at + dt.timedelta(hours=1), lines.PAYMENTS, payments)


def _second(plan: Plan) -> Iterator[LandedFile]:
    at = _moment(plan.delivered + 2 * WEEK, 0)
    invoices, payments = second_layout(plan)
    yield _file("tb_fatura", at, lines.SECOND_INVOICES, lines.second_invoices(invoices))
    yield _file("tb_pagamentos", at, lines.SECOND_PAYMENTS, lines.second_payments(payments))


def _moment(day: dt.date, piece: int) -> dt.datetime:
    """When a file was generated; each piece of clients a second after the one before."""
    return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(seconds=piece)


def _file(table: str, at: dt.datetime, *parts: bytes) -> LandedFile:
    reference = at.date() - dt.timedelta(days=1)
    name = f"{table}_{reference:%Y%m%d}_{at:%Y%m%d%H%M%S}.csv"
    return LandedFile(f"cards/{at:%Y-%m-%d}/{name}", b"".join(parts), at)

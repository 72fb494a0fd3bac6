"""Generate invoices and payments of cards.

Without planted errors there are two files like the original ones: thirteen monthly invoices of each
client, issued on the first of the month and due nine days later, of which seven in ten are paid
once and in part. With planted errors every case occurs that the tables distinguish, such as full
payments, overpayments and several payments of one invoice, and

- an update a week later: invoices whose payments came before them, invoices issued shortly before,
  on and after the first of the next month, corrected and repeated rows, late payments;
- the payments of the update again, under another file name;
- other clients in the second layout;
- invalid lines of every kind at the end of each first file.

`plan` says how much, `draw` draws invoices and payments as columns, `lines` writes them as CSV.
"""

import datetime as dt
from collections.abc import Iterator

from lakehouse.demo.cards import lines
from lakehouse.demo.cards.draw import Drawn, draw, second_layout
from lakehouse.demo.cards.plan import PIECE, WEEK, Plan
from lakehouse.demo.files import LandedFile, moment

__all__ = ["Plan", "deliveries", "demo"]

BAD_LINES = 0.0005
"""Invalid lines of each kind, as a share of the invoices; at least one."""


def demo(seed: int) -> Plan:
    """Return the plan of the demo: 200 clients with every case."""
    return Plan(seed=seed, scale=0.02)


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Yield the files of the plan in the order of their arrival."""
    pieces = range(0, plan.clients, PIECE)
    for number, _ in enumerate(pieces):
        yield from _first_delivery(plan, number, draw(plan, number))
    if not plan.errors:
        return
    for number, _ in enumerate(pieces):
        yield from _update(plan, number, draw(plan, number))
    yield from _second_layout(plan)


def _first_delivery(plan: Plan, piece: int, drawn: Drawn) -> Iterator[LandedFile]:
    at = _generated_at(plan.delivered, piece)
    count = max(1, round(BAD_LINES * plan.errors * len(drawn.late))) if plan.errors else 0
    client = 1 + piece * PIECE
    invoices = lines.invoices(drawn.invoices.where(~drawn.late))
    bad = lines.bad_invoices(plan, client, count)
    yield _file("tb_faturas", at, lines.INVOICES, invoices, bad)
    payments = lines.payments(drawn.payments)
    bad = lines.bad_payments(plan, client, count)
    yield _file("tb_pagamentos", at, lines.PAYMENTS, payments, bad)


def _update(plan: Plan, piece: int, drawn: Drawn) -> Iterator[LandedFile]:
    at = _generated_at(plan.delivered + WEEK, piece)
    invoices = drawn.invoices.where(drawn.late) + drawn.amended + drawn.newer
    yield _file("tb_faturas", at, lines.INVOICES, lines.invoices(invoices))
    payments = lines.payments(drawn.payments.where(drawn.repeated) + drawn.newer_payments)
    yield _file("tb_pagamentos", at, lines.PAYMENTS, payments)
    yield _file("tb_pagamentos", at + dt.timedelta(hours=1), lines.PAYMENTS, payments)


def _second_layout(plan: Plan) -> Iterator[LandedFile]:
    at = _generated_at(plan.delivered + 2 * WEEK, 0)
    invoices, payments = second_layout(plan)
    yield _file("tb_fatura", at, lines.SECOND_INVOICES, lines.second_invoices(invoices))
    yield _file("tb_pagamentos", at, lines.SECOND_PAYMENTS, lines.second_payments(payments))


def _generated_at(day: dt.date, piece: int) -> dt.datetime:
    """Return when the files of a piece of clients were generated: one second after the other."""
    return moment(day) + dt.timedelta(seconds=piece)


def _file(table: str, at: dt.datetime, *parts: bytes) -> LandedFile:
    reference = at.date() - dt.timedelta(days=1)
    name = f"{table}_{reference:%Y%m%d}_{at:%Y%m%d%H%M%S}.csv"
    return LandedFile(f"cards/{at:%Y-%m-%d}/{name}", b"".join(parts), at)

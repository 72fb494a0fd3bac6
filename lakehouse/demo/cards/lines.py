"""Write invoices and payments as CSV: ISO dates, amounts in their shortest form (``10.5``)."""

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.demo.cards.draw import DUE_AFTER, Array, Invoices, Payments
from lakehouse.demo.cards.plan import Plan
from lakehouse.demo.files import joined_columns

INVOICES = (
    b"id_fatura,id_cliente,data_emissao,data_vencimento,valor_fatura,valor_pagamento_minimo\n"
)
PAYMENTS = b"id_pagamento,id_fatura,id_cliente,data_pagamento,valor_pagamento\n"
SECOND_INVOICES = b"id_cliente,id_fatura,dt_emissao_fatura,dt_vencimento_fatura,valor_fatura\n"
SECOND_PAYMENTS = b"id_pagamento,id_fatura,id_cliente,dt_pagamento,valor_pagamento\n"
MINIMUM = 30
"""Minimum payment in percent of the invoice."""
FIRST_BAD = 900_000
"""Number of the first invalid invoice or payment."""
_CENTS = pa.array([f".{cents:02d}"[: 2 if cents % 10 == 0 else 3] for cents in range(100)])


def invoices(rows: Invoices) -> bytes:
    """Return lines of the first layout."""
    client = _text(rows.client)
    minimum = (rows.value * MINIMUM + 50) // 100
    return _joined(
        *(client, "-", _text(rows.number), ",", client, ",", _dates(rows.issued), ","),
        *(_dates(rows.due), ",", *_money(rows.value), ",", *_money(minimum)),
    )


def payments(rows: Payments) -> bytes:
    """Return lines of the first layout."""
    client = _text(rows.client)
    return _joined(
        *("PG-", client, "-", _text(rows.number), ",", client, "-", _text(rows.invoice), ","),
        *(client, ",", _dates(rows.paid), ",", *_money(rows.value)),
    )


def second_invoices(rows: Invoices) -> bytes:
    """Return lines of the second layout, which has no minimum payment."""
    return _joined(
        *(_text(rows.client), ",", _text(rows.number), ",", _dates(rows.issued), ","),
        *(_dates(rows.due), ",", *_money(rows.value)),
    )


def second_payments(rows: Payments) -> bytes:
    """Return lines of the second layout."""
    return _joined(
        *(_text(rows.number), ",", _text(rows.invoice), ",", _text(rows.client), ","),
        *(_dates(rows.paid), ",", *_money(rows.value)),
    )


def bad_invoices(plan: Plan, client: int, count: int) -> bytes:
    """Return `count` lines of each kind of invalid invoice of a client."""

    def bad_lines() -> Iterator[str]:
        issued = plan.first.isoformat()
        due = (plan.first + dt.timedelta(days=DUE_AFTER)).isoformat()
        before = (plan.first - dt.timedelta(days=1)).isoformat()
        never = f"{plan.first.year}-02-30"
        for n in range(FIRST_BAD, FIRST_BAD + 10 * count, 10):
            yield f"{n},,{issued},{due},10.0,3.0"
            yield f"fatura-{n + 1},{client},{issued},{due},10.0,3.0"
            yield f"{client + 1}-{n + 2},{client},{issued},{due},10.0,3.0"
            yield f"{client}-{n + 3},{client},{never},{due},10.0,3.0"
            yield f"{client}-{n + 4},{client},{issued},,10.0,3.0"
            yield f"{client}-{n + 5},{client},{issued},{due},,3.0"
            yield f"{client}-{n + 6},{client},{issued},{due},-10.0,3.0"
            yield f"{client}-{n + 7},{client},{issued},{before},10.0,3.0"
            yield f"{client}-{n + 8},{client},{issued},{due},10.0,3.0"
            yield f"{client}-{n + 8},{client},{issued},{due},20.0,6.0"
            yield f"{client}-{n + 9},{client},{issued},{due},10.0,3.0,0"

    return "".join(f"{line}\n" for line in bad_lines()).encode()


def bad_payments(plan: Plan, client: int, count: int) -> bytes:
    """Return `count` lines of each kind of invalid payment of a client."""

    def bad_lines() -> Iterator[str]:
        paid = plan.first.isoformat()
        future = plan.delivered + dt.timedelta(days=2)
        for n in range(FIRST_BAD, FIRST_BAD + 10 * count, 10):
            yield f"{n},{client}-1,,{paid},10.0"
            yield f"PG-1,{client}-1,{client},{paid},10.0"
            yield f"PG-{client + 1}-{n + 2},{client}-1,{client},{paid},10.0"
            yield f"PG-{client}-{n + 3},{client}-1,{client},{future},10.0"
            yield f"PG-{client}-{n + 4},{client}-1,{client},,10.0"
            yield f"PG-{client}-{n + 5},{client}-1,{client},{paid},"
            yield f"PG-{client}-{n + 6},{client}-1,{client},{paid},-0.01"
            yield f"PG-{client}-{n + 7},{client}-{n + 7},{client},{paid},10.0"
            yield f"PG-{client}-{n + 8},{client}-1,{client},{paid},10.0"
            yield f"PG-{client}-{n + 8},{client}-1,{client},{paid},20.0"
            yield f"PG-{client}-{n + 9},{client}-1,{client},{paid},10.0,0"

    return "".join(f"{line}\n" for line in bad_lines()).encode()


def _joined(*pieces: pa.Array | str) -> bytes:
    """Return the concatenated pieces of each row as a line."""
    return bytes(joined_columns(*pieces, "\n"))


def _text(numbers: Array) -> pa.Array:
    return pc.cast(pa.array(numbers), pa.string())


def _dates(days: Array) -> pa.Array:
    first = int(days.min()) if len(days) else 1
    count = int(days.max()) - first + 1 if len(days) else 0
    pool = pa.array([dt.date.fromordinal(first + n).isoformat() for n in range(count)], pa.string())
    return pool.take(pa.array(days - first))


def _money(cents: Array) -> tuple[pa.Array, pa.Array]:
    whole, rest = np.divmod(cents, 100)
    return _text(whole), _CENTS.take(pa.array(rest))

"""Incidents of a card company whose clients pay one invoice a month."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.cards.draw import DUE_AFTER
from lakehouse.demo.incidents.labels import ONE_DAY, Label, Scenario
from lakehouse.platform.tables.table import months_after

Numbers = NDArray[np.int64]


class Mechanism(StrEnum):
    """What happened."""

    CHANNEL_DOWN = "channel_down"  # clients cannot pay; most of them pay when they can again
    PAYMENTS_LOST = "payments_lost"  # the bank's files of some days never arrive
    LAYOFFS = "layoffs"  # many clients lose their income and stop to pay for some months
    MINIMUM_ONLY = "minimum_only"  # the application proposes the minimum instead of the total
    REMINDERS_STOPPED = "reminders_stopped"  # no reminder is sent: payments are late or never come
    BILLED_TWICE = "billed_twice"  # the billing run issues many invoices twice


QUIET_MONTHS = 9
APART = 4
"""Months from the beginning of one incident to that of the next one."""
MONTHS = QUIET_MONTHS + APART * len(Mechanism)
PAYS, FULL = 0.86, 0.55
"""Share of the invoices that are paid, and share of these that are paid in full."""
DECEMBER, JANUARY = 1.25, 0.95
"""Factor of what is spent before Christmas, and of the share that is paid after it."""
WORKDAYS = np.array((1.0, 1.0, 1.0, 1.0, 1.0, 0.25, 0.1))
"""How likely it is that somebody pays on a weekday; the others pay on the next one."""


@dataclass(kw_only=True)
class _Billed:
    """The invoices of one month with their payments; a payment of 0 cents is none."""

    client: Numbers
    number: Numbers
    issued: dt.date
    cents: Numbers
    paid_cents: Numbers
    paid_after: Numbers


def scenario_of(
    seed: int, *, first: dt.date, clients: int = 2_000, clean: bool = False
) -> Scenario:
    """Return the scenario of a seed.

    Args:
        seed: equal seeds give equal rows.
        first: a day of the first month.
        clients: clients of the first month; their number grows.
        clean: leave out the incidents; everything else is the same.
    """
    first = first.replace(day=1)
    rng = np.random.default_rng([seed, 1])
    growth = rng.uniform(0.0, 0.015)
    numbers = np.random.default_rng([seed, 2])
    labels = [] if clean else _labels(numbers, months_after(first, QUIET_MONTHS))
    billed = []
    for n in range(MONTHS):
        issued = months_after(first, n)
        of_month = _billed(rng, issued, n, round(clients * (1 + growth) ** n))
        for label in labels:
            of_month = _changed(label, of_month, np.random.default_rng([seed, 3, n]))
        billed.append(of_month)
    last = months_after(first, MONTHS) - ONE_DAY
    rows = _rows(billed, [each for each in labels if each.mechanism == "payments_lost"], last)
    begins = months_after(first, QUIET_MONTHS)
    return Scenario(labels=tuple(labels), rows=rows, first=begins, last=last, places=1)


def _labels(rng: np.random.Generator, begins: dt.date) -> list[Label]:
    found = []
    for place, n in enumerate(rng.permutation(len(Mechanism)).tolist()):
        mechanism = list(Mechanism)[n]
        month = months_after(begins, APART * place)
        if mechanism in (Mechanism.CHANNEL_DOWN, Mechanism.PAYMENTS_LOST):
            first = month + int(rng.integers(3, 13)) * ONE_DAY
            last = first + int(rng.integers(2, 6)) * ONE_DAY
        else:
            count = 1 if mechanism == Mechanism.BILLED_TWICE else int(rng.integers(1, 3))
            first, last = month, months_after(month, count) - ONE_DAY
        strength = float(rng.uniform(0.3, 0.6))
        found.append(Label(mechanism=mechanism, first=first, last=last, strength=strength))
    return found


def _billed(rng: np.random.Generator, issued: dt.date, n: int, clients: int) -> _Billed:
    """Draw the invoices of a month and how they are paid when nothing is wrong."""
    spent = np.exp(6.5 + 0.8 * rng.standard_normal(clients)) * 100
    cents = np.maximum(spent * (DECEMBER if issued.month in (12, 1) else 1.0), 100).astype(np.int64)
    discipline = np.random.default_rng([7, 1]).beta(6, 1, 50_000)[:clients]
    share = PAYS / 0.857 * (JANUARY if issued.month in (1, 2) else 1.0)
    pays = rng.random(clients) < discipline * share
    full = rng.random(clients) < FULL + (0.08 if issued.month == 12 else 0.0)
    part = np.where(full, 1.0, rng.uniform(0.3, 0.95, clients))
    kind = rng.random(clients)
    after = np.where(
        kind < 0.45,
        rng.integers(5, DUE_AFTER + 1, clients),
        np.where(
            kind < 0.7, rng.integers(0, DUE_AFTER, clients), 10 + rng.geometric(0.12, clients)
        ),
    )
    if rng.random() < 0.08:  # money back for early payments
        after = np.where(rng.random(clients) < 0.3, rng.integers(0, 5, clients), after)
    after = _on_workdays(rng, issued, np.minimum(after, 38))
    return _Billed(
        client=np.arange(1, clients + 1),
        number=np.full(clients, n + 1),
        issued=issued,
        cents=cents,
        paid_cents=np.where(pays, np.maximum(cents * part, 1), 0).astype(np.int64),
        paid_after=after,
    )


def _on_workdays(rng: np.random.Generator, issued: dt.date, after: Numbers) -> Numbers:
    """Move payments from days on which few people pay to the next days."""
    for _ in range(3):
        weekday = (issued.weekday() + after) % 7
        after = np.where(rng.random(len(after)) < WORKDAYS[weekday], after, after + 1)
    return after


def _changed(label: Label, of: _Billed, rng: np.random.Generator) -> _Billed:
    """Change what clients pay of the invoices of a month while an incident lasts."""
    count = len(of.client)
    hit = rng.random(count) < label.strength
    if label.mechanism == Mechanism.CHANNEL_DOWN:
        start, length = (label.first - of.issued).days, (label.last - label.first).days + 1
        down = (of.paid_after >= start) & (of.paid_after < start + length)
        never = down & (rng.random(count) < 0.15)
        later = start + length + rng.geometric(0.5, count) - 1
        of.paid_after = np.where(down, later, of.paid_after)
        of.paid_cents = np.where(never, 0, of.paid_cents)
        return of
    if not label.hits(of.issued):
        return of
    if label.mechanism == Mechanism.LAYOFFS:
        of.paid_cents = np.where(hit & (rng.random(count) < 0.7), 0, of.paid_cents)
    elif label.mechanism == Mechanism.MINIMUM_ONLY:
        least = np.maximum(of.cents * 3 // 10, 1)
        of.paid_cents = np.where(hit & (of.paid_cents > 0), least, of.paid_cents)
    elif label.mechanism == Mechanism.REMINDERS_STOPPED:
        forgets = hit & (of.paid_after <= DUE_AFTER)
        of.paid_after = np.where(forgets, of.paid_after + rng.integers(8, 21, count), of.paid_after)
        of.paid_cents = np.where(forgets & (rng.random(count) < 0.2), 0, of.paid_cents)
    elif label.mechanism == Mechanism.BILLED_TWICE:
        again = of.client[hit]
        of.client = np.append(of.client, again)
        of.number = np.append(of.number, of.number[hit] + 500)
        of.cents = np.append(of.cents, of.cents[hit])
        of.paid_cents = np.append(of.paid_cents, np.zeros(len(again), np.int64))
        of.paid_after = np.append(of.paid_after, np.zeros(len(again), np.int64))
    return of


def _rows(billed: list[_Billed], lost: list[Label], last: dt.date) -> dict[str, pa.Table]:
    """Return invoices and payments up to the last day as rows of the silver tables."""
    issued = np.concatenate(
        [np.full(len(of.client), np.datetime64(of.issued), "datetime64[D]") for of in billed]
    )
    columns = {
        name: np.concatenate([getattr(of, name) for of in billed])
        for name in ("client", "number", "cents", "paid_cents", "paid_after")
    }
    paid_on = issued + columns["paid_after"]
    is_known = (columns["paid_cents"] > 0) & (paid_on <= np.datetime64(last))
    for label in lost:
        first, ends = np.datetime64(label.first), np.datetime64(label.last)
        is_known &= ~((paid_on >= first) & (paid_on <= ends))
    places = np.flatnonzero(is_known)
    invoices = {
        "day": pa.array(issued, pa.date32()),
        "id_cliente": columns["client"],
        "id_fatura": columns["number"],
        "dt_emissao": pa.array(issued, pa.date32()),
        "dt_vencimento": pa.array(issued + DUE_AFTER, pa.date32()),
        "vlr_fatura": pa.array(columns["cents"] / 100).cast(pa.decimal128(14, 2)),
    }
    payments = {
        "day": pa.array(paid_on[places], pa.date32()),
        "id_pagamento": columns["number"][places],
        "id_cliente": columns["client"][places],
        "id_fatura": columns["number"][places],
        "dt_pagamento": pa.array(paid_on[places], pa.date32()),
        "vlr_pagamento": pa.array(columns["paid_cents"][places] / 100).cast(pa.decimal128(14, 2)),
    }
    return {"tb_faturas": pa.table(invoices), "tb_pagamentos": pa.table(payments)}

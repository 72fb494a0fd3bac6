"""Draw invoices and payments as columns of numbers: money in cents, days as date ordinals."""

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from lakehouse.demo.cards.behavior import Behavior, behavior_of
from lakehouse.demo.cards.engagement import Engagement, engagement_of
from lakehouse.demo.cards.plan import MONTHS, PIECE, WEEK, Plan
from lakehouse.platform.tables.table import months_after

Array = np.ndarray

MOST = 7_000_000
"""Cents of the largest invoice."""
DUE_AFTER, DUE_AFTER_SECOND, LONGEST = 9, 5, 38
"""Days from issue to due date in the first and second layout, and to the latest payment."""
PAID, PUNCTUAL = 0.7, 0.42
"""Share of invoices that are paid, and share of those that are paid by the due date."""
FULL, EXCEEDING, SEVERAL = 0.1, 0.05, 0.06
"""Shares of payments at errors 1: full, above the invoice, followed by further payments."""
LATE, AMENDED, CHANGED, REPEATED, PAID_LATER, NEWER = 0.01, 0.02, 0.5, 0.01, 0.02, 0.2
"""Shares at errors 1 of what the update brings: invoices after their payments, amended invoices,
amended invoices with another value, repeated payments, unpaid invoices paid later, clients with
newer invoices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    client: Array
    number: Array
    value: Array

    def where(self, chosen: Array | slice) -> Self:
        """Return the chosen rows."""
        return type(self)(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def __add__(self, other: Self) -> Self:
        """Return the rows of both, sorted by client and number."""
        both = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
        }
        order = np.lexsort((both["number"], both["client"]))
        return type(self)(**{name: column[order] for name, column in both.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoices(_Rows):
    """Invoices by client and number."""

    issued: Array
    due: Array

    @property
    def places(self) -> Array:
        """Client and invoice number as one number."""
        return _places(self.client, self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Payments(_Rows):
    """Payments by client and number."""

    invoice: Array
    paid: Array

    @property
    def places(self) -> Array:
        """Client and invoice number as one number."""
        return _places(self.client, self.invoice)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Invoices and payments of a piece of the clients.

    Attributes:
        invoices: all of the thirteen months.
        payments: those of the first delivery.
        late: which invoices are delivered after their payments, in the update.
        repeated: which payments are delivered again in the update.
        amended: invoices that the update corrects.
        newer: invoices that only the update has.
        newer_payments: payments that only the update has.
    """

    invoices: Invoices
    payments: Payments
    late: Array
    repeated: Array
    amended: Invoices
    newer: Invoices
    newer_payments: Payments


def clients_of(plan: Plan, piece: int) -> Array:
    """Return the numbers of the clients of a piece."""
    return np.arange(piece * PIECE, min((piece + 1) * PIECE, plan.clients)) + 1


def behavior(plan: Plan, piece: int) -> Behavior:
    """Draw the behavior of the clients of a piece, in the thirteen months."""
    rng = np.random.default_rng([plan.seed, plan.first.toordinal(), 3, piece])
    return behavior_of(rng, len(clients_of(plan, piece)), MONTHS)


def engagement(plan: Plan, piece: int) -> Engagement:
    """Draw the engagement of the clients of a piece, in the thirteen months."""
    rng = np.random.default_rng([plan.seed, plan.first.toordinal(), 4, piece])
    return engagement_of(rng, len(clients_of(plan, piece)), MONTHS)


def draw(plan: Plan, piece: int) -> Drawn:
    """Draw one piece of the clients; planted errors do not change the other rows."""
    origin, errors = plan.first.toordinal(), plan.errors
    clients = clients_of(plan, piece)
    rng = np.random.default_rng([plan.seed, origin, 0, piece])
    invoices = _monthly(plan, rng, clients, DUE_AFTER)
    uses: Array | slice = slice(None)
    if plan.leaving:
        engaged = engagement(plan, piece)
        uses = engaged.uses.ravel()
        spent = np.maximum(invoices.value * engaged.spent.ravel(), 1).astype(np.int64)
        invoices = replace(invoices, value=spent).where(uses)
    if plan.behavior:
        drawn = behavior(plan, piece)
        shares = drawn.paid.ravel()[uses], drawn.punctual.ravel()[uses]
        payments = _paid_in_part(rng, invoices, *shares)
    else:
        payments = _paid_in_part(rng, invoices)
    rng = np.random.default_rng([plan.seed, origin, 1, piece])
    payments = _varied(plan, rng, invoices, payments)
    count = len(invoices.client)
    amended = invoices.where(rng.random(count) < AMENDED * errors)
    changed = rng.random(len(amended.client)) < CHANGED
    other = rng.integers(1, MOST + 1, len(changed))
    newer = _newer(plan, rng, clients[rng.random(len(clients)) < NEWER * errors])
    newer_payments = _paid_in_part(rng, newer)
    by_then = newer_payments.paid <= (plan.delivered + WEEK).toordinal()
    return Drawn(
        invoices=invoices,
        payments=payments,
        late=(rng.random(count) < LATE * errors) & ~np.isin(invoices.places, amended.places),
        repeated=rng.random(len(payments.client)) < REPEATED * errors,
        amended=replace(amended, value=np.where(changed, other, amended.value)),
        newer=newer,
        newer_payments=newer_payments.where(by_then) + _later(plan, rng, invoices, payments),
    )


def second_layout(plan: Plan) -> tuple[Invoices, Payments]:
    """Draw a tenth as many other clients, whose invoices and payments have consecutive numbers."""
    rng = np.random.default_rng([plan.seed, plan.first.toordinal(), 2])
    clients = plan.clients + 1 + np.arange(max(1, plan.clients // 10))
    invoices = _monthly(plan, rng, clients, DUE_AFTER_SECOND)
    payments = _paid_in_part(rng, invoices)
    through = (payments.client - clients[0]) * MONTHS + payments.invoice
    return (
        replace(invoices, number=1 + np.arange(len(invoices.client))),
        replace(payments, number=1 + np.arange(len(payments.client)), invoice=through),
    )


def _places(client: Array, invoice: Array) -> Array:
    return client * 1000 + invoice


def _monthly(plan: Plan, rng: np.random.Generator, clients: Array, due_after: int) -> Invoices:
    months = np.array([months_after(plan.first, n).toordinal() for n in range(MONTHS)])
    return _issued(rng, clients, months, 1, due_after)


def _newer(plan: Plan, rng: np.random.Generator, clients: Array) -> Invoices:
    """Draw three more invoices: a week before the next month, on its first day, a month later."""
    following = months_after(plan.first, MONTHS)
    days = (following - WEEK, following, months_after(following, 1))
    issued = np.array([day.toordinal() for day in days])
    return _issued(rng, clients, issued, MONTHS + 1, DUE_AFTER)


def _issued(
    rng: np.random.Generator, clients: Array, days: Array, number: int, due_after: int
) -> Invoices:
    issued = np.tile(days, len(clients))
    return Invoices(
        client=np.repeat(clients, len(days)),
        number=np.tile(number + np.arange(len(days)), len(clients)),
        value=rng.integers(1, MOST + 1, len(issued)),
        issued=issued,
        due=issued + due_after,
    )


def _paid_in_part(
    rng: np.random.Generator,
    invoices: Invoices,
    paid_share: float | Array = PAID,
    punctual_share: float | Array = PUNCTUAL,
) -> Payments:
    """Pay invoices once and in part, except invoices of one cent; by default seven in ten."""
    count = len(invoices.client)
    paid = (rng.random(count) < paid_share) & (invoices.value > 1)
    in_time = rng.random(count) < punctual_share
    window = invoices.due - invoices.issued
    early = (rng.random(count) * (window + 1)).astype(np.int64)
    late = window + 1 + (rng.random(count) * (LONGEST - window)).astype(np.int64)
    part = (rng.random(count) * (invoices.value - 1)).astype(np.int64)
    return Payments(
        client=invoices.client,
        number=invoices.number,
        value=1 + part,
        invoice=invoices.number,
        paid=invoices.issued + np.where(in_time, early, late),
    ).where(paid)


def _varied(
    plan: Plan, rng: np.random.Generator, invoices: Invoices, payments: Payments
) -> Payments:
    """Make some payments full, some exceed the invoice, and add one or two more to others."""
    invoiced = invoices.value[np.searchsorted(invoices.places, payments.places)]
    drawn = rng.random(len(invoiced))
    full, exceeding, several = np.cumsum([FULL, EXCEEDING, SEVERAL]) * plan.errors
    beyond = invoiced + 1 + (rng.random(len(invoiced)) * invoiced / 2).astype(np.int64)
    value = np.where(drawn < full, invoiced, np.where(drawn < exceeding, beyond, payments.value))
    varied = replace(payments, value=value)
    followed = payments.where((drawn >= exceeding) & (drawn < several))
    last = plan.delivered.toordinal() - 1
    for number, some in enumerate((slice(None), slice(None, None, 2)), start=1):
        more = followed.where(some)
        count = len(more.client)
        varied += replace(
            more,
            number=more.number + 100 * number,
            value=rng.integers(1, MOST // 4, count),
            paid=np.minimum(more.paid + rng.integers(0, LONGEST, count), last),
        )
    return varied


def _later(plan: Plan, rng: np.random.Generator, invoices: Invoices, paid: Payments) -> Payments:
    """Pay some of the unpaid invoices in full, in the week before the update."""
    unpaid = ~np.isin(invoices.places, paid.places)
    some = invoices.where(unpaid & (rng.random(len(unpaid)) < PAID_LATER * plan.errors))
    first = plan.delivered.toordinal()
    return Payments(
        client=some.client,
        number=some.number,
        value=some.value,
        invoice=some.number,
        paid=first + rng.integers(0, WEEK // dt.timedelta(days=1), len(some.client)),
    )

"""How clients with a behavior pay: by their discipline, and by an income that may fall and return.

A client has a discipline, the probability to remember an invoice, and in each month a regular or a
reduced income. Incomes change as a chain: jobs are lost and found. Whoever has a reduced income
pays fewer invoices, and later. Neither is delivered: only invoices and payments are.

`true_default` is the probability of default of somebody who knows both, the best that is possible.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

DISCIPLINE = (6.0, 1.2)
"""Parameters of the beta distribution of disciplines; the mean is 0.83."""
LOSS, RETURN = 0.03, 0.15
"""Probability in a month that a regular income falls, and that a reduced one returns."""
PAYS = (0.98, 0.35)
"""Probability to pay an invoice that is remembered, with a regular and with a reduced income."""
PUNCTUAL = (0.7, 0.15)
"""Share of the payments until the due date, with a regular and with a reduced income."""


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """Disciplines by client, and whether the income is reduced by client and month."""

    discipline: Numbers
    reduced: NDArray[np.bool_]

    @property
    def paid(self) -> Numbers:
        """Return the probability that each invoice is paid, by client and month."""
        return self.discipline[:, None] * np.where(self.reduced, PAYS[1], PAYS[0])

    @property
    def punctual(self) -> Numbers:
        """Return the share of punctual payments, by client and month."""
        return np.where(self.reduced, PUNCTUAL[1], PUNCTUAL[0])

    def true_default(self, month: int) -> Numbers:
        """Return the probability that the invoice of a month or the next one is not paid.

        It follows from the discipline and from the income in the month before.
        """
        change = np.array([[1 - LOSS, LOSS], [RETURN, 1 - RETURN]])
        pays = self.discipline[:, None] * np.array(PAYS)
        both = pays * (pays @ change.T)
        return np.asarray(1 - (change[self.reduced[:, month - 1].astype(int)] * both).sum(axis=1))


def behavior_of(rng: np.random.Generator, clients: int, months: int) -> Behavior:
    """Draw the behavior of clients; the chain of incomes begins in its long-run shares."""
    reduced = np.empty((clients, months), bool)
    reduced[:, 0] = rng.random(clients) < LOSS / (LOSS + RETURN)
    for month in range(1, months):
        before, drawn = reduced[:, month - 1], rng.random(clients)
        reduced[:, month] = np.where(before, drawn >= RETURN, drawn < LOSS)
    return Behavior(discipline=rng.beta(*DISCIPLINE, clients), reduced=reduced)

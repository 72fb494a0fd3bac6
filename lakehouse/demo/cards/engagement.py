"""How clients use their card: they may lose interest, use it less, and leave.

A client is active, fading or has left. Whoever fades spends half as much and skips months; some of
them return. Neither state is delivered: only invoices and payments are.

`true_churn` is the probability of churn of somebody who knows the state, the best that is possible.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

ACTIVE, FADING, LEFT = 0, 1, 2
CHANGE = np.array(((0.935, 0.06, 0.005), (0.15, 0.6, 0.25), (0.0, 0.0, 1.0)))
"""Probability to be in a state in the next month, by the state of a month."""
USES = np.array((0.97, 0.6, 0.0))
"""Probability of an invoice in a month, by state."""
SPENT = np.array((1.0, 0.5, 1.0))
"""Factor of the value of an invoice, by state."""


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """State of each client in each month, and whether the client uses the card in it."""

    state: NDArray[np.int64]
    uses: NDArray[np.bool_]

    @property
    def spent(self) -> Numbers:
        """Return the factor of the value of each invoice, by client and month."""
        return np.asarray(SPENT[self.state], np.float64)

    def true_churn(self, month: int, following: int) -> Numbers:
        """Return the probability that none of the following months has an invoice.

        It follows from the state in the month of the reference date.
        """
        silent = np.ones(len(USES))
        for _ in range(following):
            silent = CHANGE @ (silent * (1 - USES))
        return np.asarray(silent[self.state[:, month]], np.float64)


def engagement_of(rng: np.random.Generator, clients: int, months: int) -> Engagement:
    """Draw the engagement of clients; all of them use the card in the first month."""
    state = np.zeros((clients, months), np.int64)
    state[:, 0] = rng.random(clients) < 0.1
    ends = CHANGE.cumsum(axis=1)
    for month in range(1, months):
        drawn = rng.random(clients)[:, None]
        state[:, month] = (drawn >= ends[state[:, month - 1]][:, :2]).sum(axis=1)
    uses = rng.random((clients, months)) < USES[state]
    uses[:, 0] = True
    return Engagement(state=state, uses=uses)

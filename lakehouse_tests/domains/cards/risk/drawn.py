"""Examples for tests, whose outcome follows from two variables."""

import numpy as np

from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.examples import Examples
from lakehouse.domains.cards.risk.scorecard import sigmoid

DATES = tuple(19_400 + 30 * n for n in range(9))


def drawn(clients: int = 400, *, signal: float = 1.5, seed: int = 3) -> Examples:
    """Clients on nine dates; without a signal outcomes do not depend on the variables."""
    rng = np.random.default_rng(seed)
    count = clients * len(DATES)
    values = np.full((count, len(known.ALL)), np.nan)
    for name in (*known.TEN, "perc_no_prazo_u6m"):
        values[:, known.ALL.index(name)] = rng.normal(size=count)
    values[:, known.ALL.index(known.RULE)] = rng.integers(0, 6, count)
    unpaid = values[:, known.ALL.index("perc_sem_pagamento_u3m")]
    unpaid[rng.random(count) < 0.1] = np.nan
    late = values[:, known.ALL.index("perc_em_atraso_u3m")]
    share = sigmoid(signal * (np.nan_to_num(unpaid) + 0.5 * late))
    return Examples(
        values=values,
        outcome=(rng.random(count) < share).astype(np.float64),
        client=np.tile(np.arange(clients), len(DATES)),
        day=np.repeat(np.array(DATES), clients),
        mean_value=rng.uniform(1, 100, count),
    )

"""What the models predict: default and churn, with their variables and their simple rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.domains.cards.positions import RISK_INVOICES
from lakehouse.domains.cards.risk import variables as known


@dataclass(frozen=True, kw_only=True)
class Target:
    """One outcome that a model predicts.

    Attributes:
        model: name of the model.
        label: column of `gold.cards_default_labels` with the outcome.
        variables: variables that a model may use, known on the reference date.
        ten: variables of the logistic regression, chosen by their meaning.
        rule: variable of the simple rule.
        rule_cut: a client is at risk by the rule from this value on.
        is_about_activity: whether only clients with an invoice in the `ACTIVE_DAYS` before the
            reference date are examples; others have left already.
    """

    model: str
    label: str
    variables: tuple[str, ...]
    ten: tuple[str, ...]
    rule: str
    rule_cut: float
    is_about_activity: bool = False

    def place(self, variable: str) -> int:
        """Return the column of a variable among the values of examples."""
        return self.variables.index(variable)


DEFAULT = Target(
    model="default_risk",
    label="inadimplente",
    variables=known.ALL,
    ten=known.TEN,
    rule=known.RULE,
    rule_cut=float(RISK_INVOICES),
)
CHURN = Target(
    model="churn_risk",
    label="evadido",
    variables=(*known.BOOK, *known.SHARES, *known.ACTIVITY),
    ten=(
        *known.ACTIVITY,
        "perc_sem_pagamento_u3m",
        "perc_em_atraso_u3m",
        "perc_antecipado_u6m",
    ),
    rule=known.RECENCY,
    rule_cut=known.SKIPPED_DAYS,
    is_about_activity=True,
)
TARGETS: Mapping[str, Target] = {each.model: each for each in (DEFAULT, CHURN)}
"""Name of a model → what it predicts."""

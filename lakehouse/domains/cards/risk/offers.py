"""Offers to clients at risk, and what they are assumed to cost and to achieve.

The figures are assumptions of the business, not measurements: change them here when results of
offers are known.
"""

from dataclasses import dataclass
from decimal import Decimal

LOSS_SHARE = Decimal("0.60")
"""Share of the open amount that is lost when a client defaults."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One offer.

    Attributes:
        name: name in Portuguese.
        fixed_cost: cost for each client, in BRL.
        cost_share: cost as a share of the open amount, 0 to 1.
        effect_share: share of the defaults that it prevents, 0 to 1.
    """

    name: str
    fixed_cost: Decimal
    cost_share: Decimal
    effect_share: Decimal


OFFERS = (
    Offer(
        name="lembrete",
        fixed_cost=Decimal("2.00"),
        cost_share=Decimal("0.000"),
        effect_share=Decimal("0.08"),
    ),
    Offer(
        name="parcelamento",
        fixed_cost=Decimal("15.00"),
        cost_share=Decimal("0.040"),
        effect_share=Decimal("0.30"),
    ),
    Offer(
        name="desconto",
        fixed_cost=Decimal("15.00"),
        cost_share=Decimal("0.100"),
        effect_share=Decimal("0.45"),
    ),
)

"""Parameters of the alerts of cards, each with its meaning and unit.

They were chosen on generated seeds 1 to 8 and measured on other ones, see docs/alerts.md.
"""

from dataclasses import dataclass

from lakehouse.domains.alert_text import BRL
from lakehouse.platform.alerts.kinds import CRITICAL, HIGH, MEDIUM, Kind

KEEP_DAYS = 90
"""Days for which an alert stays in the table after its last day."""
GAP_DAYS = 14
"""Days without a finding after which the next finding is another incident. Invoices come due once
a month, so an incident is not seen on some days between."""
HISTORY_DAYS = 1200
"""Days of invoices that are read; an incident that began earlier has left the table."""
MONTHS, FEWEST_MONTHS = 6, 4
"""Months of invoices before a month from which its usual payments are learned, and the fewest."""
AGES = (-12, 32)
"""Working days from the due date to a payment, first and last, that are compared."""
SPREAD_DAYS, FEWEST_DAYS = 120, 30
"""Working days whose differences say how much payments vary, and the fewest of them."""
DRIFT = 0.08
"""Standard deviation by which the usual payments themselves are wrong, as a share of them."""
LARGEST_SPREAD = 0.28
"""Largest standard deviation of a day, as a share of the usual payments."""
FEWEST_PAYMENTS = 40
"""Payments that must be expected in a window before their absence means anything."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the payments of some working days are too low: below a share, and by a score."""

    days: int
    share: float
    score: float


STOPPED = Window(days=2, share=0.15, score=3.0)
DROP = Window(days=5, share=0.62, score=3.5)

OPEN_AGES = (5, 21)
"""Working days after the due date, first and last, on which the open share is compared."""
OPEN_MORE = 0.075
"""Share of the invoiced value, above the usual one, that must be open."""
OPEN_SCORE = 4.0
"""And this many standard deviations of the months before."""
OPEN_SPREAD = 0.012
"""Smallest standard deviation of the open share of a month."""

BILLED_MONTHS = 3
"""Months whose number of invoices is usual."""
BILLED_SHARE = 1.2
"""Invoices of a month above this share of the usual number are a jump."""
BILLED_FEWEST = 30
"""Fewest invoices above the usual number."""
JUMP_DAYS = 45
"""Days after a jump on which it explains that more is open and less is paid."""

SCOPE = "portfolio"
PLACES = 1
"""Places that can have an alert of their own."""
INVOICES = "invoices"
MEASURES = (BRL, INVOICES)

PAYMENTS_STOPPED = Kind(
    name="payments_stopped",
    family="payments",
    rank=1,
    severity=CRITICAL,
    measure=BRL,
    title="quase nenhum pagamento",
    action="Verificar com o banco os canais de pagamento e se os arquivos chegaram.",
    owner="Financeiro",
)
PAYMENTS_DROP = Kind(
    name="payments_drop",
    family="payments",
    rank=2,
    severity=HIGH,
    measure=BRL,
    title="pagamentos muito abaixo do usual",
    action="Verificar os arquivos do banco, os lembretes e os canais de pagamento.",
    owner="Financeiro",
)
OPEN_GROWING = Kind(
    name="open_growing",
    family="payments",
    rank=3,
    severity=HIGH,
    measure=BRL,
    title="valor em aberto crescendo após o vencimento",
    action="Ver quem deixou de pagar ou paga só parte; preparar lembretes e parcelamentos.",
    owner="Cobrança",
)
BILLING_JUMP = Kind(
    name="billing_jump",
    family="billing",
    rank=1,
    severity=MEDIUM,
    measure=INVOICES,
    title="mais faturas do que o usual",
    action="Verificar se o faturamento do mês saiu duas vezes.",
    owner="Faturamento",
)
KINDS = {kind.name: kind for kind in (PAYMENTS_STOPPED, PAYMENTS_DROP, OPEN_GROWING, BILLING_JUMP)}

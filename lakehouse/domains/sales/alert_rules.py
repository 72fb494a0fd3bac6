"""Parameters of the alerts of sales, each with its meaning and unit.

They were chosen on generated seeds 1 to 8 and measured on other ones, see docs/alerts.md.
"""

from dataclasses import dataclass

from lakehouse.domains.alert_text import BRL
from lakehouse.domains.sales.sources import REGIONS
from lakehouse.platform.alerts.kinds import CRITICAL, HIGH, Kind

KEEP_DAYS = 90
"""Days for which an alert stays in the table after its last day."""
GAP_DAYS = 7
"""Days without a finding after which the next finding is another incident."""
HISTORY_DAYS = 800
"""Days of sales that are read; an incident that began earlier has left the table."""
WEEKS, FEWEST_WEEKS, WITHIN_WEEKS = 8, 4, 16
"""Equal weekdays before a day from which its usual sales are learned, the fewest of them, and the
number of weeks in which they are looked for. Days that were too low teach nothing."""
SPREAD_DAYS, FEWEST_DAYS = 56, 21
"""Days whose differences from the usual sales say how much days vary, and the fewest of them."""
DAY_TO_DAY = 0.10
"""Smallest standard deviation of a day beside chance, as a share of the usual sales."""
LARGEST_RATIO = 1.5
"""Most by which earlier days that varied more make a deviation larger."""
DRIFT = 0.05
"""Standard deviation by which the usual sales themselves are wrong, as a share of them."""
FEWEST_SALES = 10
"""Sales that must be expected in a window before their absence means anything."""
OTHERS = (0.2, 3.0)
"""Range of the factor by which the sales of the other regions explain those of a region."""
RECENT_DAYS = 3
"""Newest days of a window, which must be low, too: else the incident is over."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the sales of some days are too low.

    Attributes:
        days: number of days.
        share: sales below this share of the expected ones are too low.
        score: and this many standard deviations below them.
        weeks_before: weeks before a day from which nothing is learned, to see a slow fall.
    """

    days: int
    share: float
    score: float
    weeks_before: int = 0


OF_REGION = (
    Window(days=2, share=0.20, score=4.0),
    Window(days=4, share=0.40, score=4.0),
    Window(days=5, share=0.55, score=4.5),
    Window(days=10, share=0.65, score=4.5),
    Window(days=28, share=0.78, score=4.0, weeks_before=4),
)
OF_COMPANY = (
    Window(days=1, share=0.50, score=3.0),
    Window(days=2, share=0.60, score=3.5),
    Window(days=5, share=0.65, score=4.0),
)

REGION, COMPANY = "region", "company"
PLACES = len(REGIONS)
"""Places that can have an alert of their own."""
SCOPES = (REGION, COMPANY)
MEASURES = [BRL]

NO_SALES = Kind(
    name="no_sales",
    family="company",
    rank=1,
    severity=CRITICAL,
    measure=BRL,
    title="nenhuma venda",
    action="Verificar a exportação do dia e se o sistema de vendas estava no ar.",
    owner="TI",
)
SALES_DROP = Kind(
    name="sales_drop",
    family="company",
    rank=2,
    severity=CRITICAL,
    measure=BRL,
    title="queda das vendas em todas as regiões",
    action="Verificar o sistema de vendas e se a exportação está completa.",
    owner="TI",
)
REGION_SILENT = Kind(
    name="region_silent",
    family="region",
    rank=1,
    severity=CRITICAL,
    measure=BRL,
    title="nenhuma venda na região",
    action="Verificar se a exportação traz a região e se a filial está aberta.",
    owner="Comercial",
)
REGION_DROP = Kind(
    name="region_drop",
    family="region",
    rank=2,
    severity=HIGH,
    measure=BRL,
    title="vendas da região muito abaixo do usual",
    action="Falar com a equipe da região: vendedores, clientes perdidos, códigos de região.",
    owner="Comercial",
)
REGION_FALLING = Kind(
    name="region_falling",
    family="region",
    rank=3,
    severity=HIGH,
    measure=BRL,
    title="vendas da região em queda",
    action="Comparar clientes e produtos da região com os meses anteriores; ver concorrentes.",
    owner="Comercial",
)
KINDS = {
    kind.name: kind for kind in (NO_SALES, SALES_DROP, REGION_SILENT, REGION_DROP, REGION_FALLING)
}

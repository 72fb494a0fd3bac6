"""Parameters of the alerts, in one place, each with its meaning and unit.

They were chosen with the command in docs/alerts.md on seeds 1 to 8 and measured on other ones.
`lakehouse alerts backtest` shows what they would have raised.
"""

from dataclasses import dataclass

from lakehouse.domains.alert_text import BRL
from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.alerts.kinds import CRITICAL, HIGH, MEDIUM, Kind

KEEP_DAYS = 90
"""Days for which an alert stays in the table after its last day."""
LONGEST_DAYS = 70
"""Days before the kept ones that are searched, so that a lasting incident keeps its first day.

What has lasted for more than `KEEP_DAYS` + `LONGEST_DAYS` is usual by then and leaves the table."""
GAP_DAYS = 3
"""Days without a finding after which the next finding is another incident."""
ORIGIN = SPEC.since
"""Day with the number 0."""

HISTORY_DAYS = 56
"""Days before a day from which weekdays, usual shares and the spread of days are learned."""
HALF_LIFE = 14.0
"""Days after which a day counts half for the level of a unit."""
WEEKS = 8
"""Number of equal weekdays before a day from which the weekday is learned."""
WEEKDAY_ORDERS = 100.0
"""Orders on a weekday of which a unit's own weekday counts as much as that of all units."""
FEWEST_DAYS = 14
"""Days with orders before anything is usual."""
FEWEST_EXPECTED = 8
"""Orders that must be expected in a window before their absence means anything."""

DAY_TO_DAY = 0.08
"""Smallest standard deviation of usual days beside chance, as a share of the usual number."""
LARGEST_SPREAD = 0.3
"""And the largest one, because earlier days may contain an incident."""
DRIFT = 0.03
"""Share of a level by which it is wrong when it was just learned, as a standard deviation."""
DRIFT_PER_DAY = 0.0015
"""And for each day since it was learned."""
LEARNED_DAYS = 20.0
"""Days with full weight that a level is worth."""
ODD_SCORE, ODD_SHARE = 3.5, 0.35
"""Score and share by which a day must differ, so that it teaches nothing."""

OTHERS_CLIPPED = (0.5, 1.5)
"""Range in which the share of another unit counts for what all of them sell more or less."""
OTHERS_SCORE = 3.0
"""Score from which another unit does not count."""
CHAIN_SPREAD, STATE_SPREAD = 0.10, 0.08
"""Standard deviation of a day of the chain, and of a state beside the chain."""
WORST_WEATHER = 0.7
"""Lowest factor by which other units explain fewer orders, such as weather; its reciprocal is the
highest one."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """When the sum of some days is too low, or too high.

    Attributes:
        days: number of days.
        share: share of the expected sum, below or above which it is odd.
        score: and this many standard deviations.
    """

    days: int
    share: float
    score: float


LOW = (
    Window(days=1, share=0.65, score=3.4),
    Window(days=2, share=0.70, score=3.4),
    Window(days=3, share=0.72, score=3.5),
    Window(days=5, share=0.75, score=3.6),
    Window(days=14, share=0.84, score=3.3),
    Window(days=28, share=0.86, score=3.0),
)
"""Orders of a unit."""
CHANNEL = (
    Window(days=1, share=0.50, score=3.5),
    Window(days=2, share=0.55, score=3.5),
    Window(days=4, share=0.60, score=3.7),
)
"""Orders of one channel of a unit."""
REVENUE_LOW = (
    Window(days=1, share=0.60, score=4.0),
    Window(days=3, share=0.65, score=4.0),
)
"""Revenue of a unit, where nothing else explains it."""
WIDE = (
    Window(days=1, share=0.58, score=4.0),
    Window(days=3, share=0.65, score=4.0),
)
"""Orders of a state, or of the chain."""
SURGE = (
    Window(days=1, share=1.6, score=5.0),
    Window(days=2, share=1.6, score=5.5),
)
"""Too many orders of a unit, such as a file that was sent with new numbers."""
SURGE_LEARNED = 35
"""Days with orders before a surge is one: new units grow."""
EVEN_PRODUCTS, EVEN_SHARE = 8, 1.2
"""Products that must all be sold an even number of times, and the share of the usual orders above
which that means that the day was sent twice."""
LONG_DAYS, RECENT_DAYS = 14, 3
"""The newest days of a window must be odd, too, else the incident is over: the last day, and of a
window with at least `LONG_DAYS` this number of days."""
SHARE_OF_ORDERS = 0.5
"""Orders below this share of the usual number are a drop, else they are low."""
SHARE_ON_HOLIDAY, HOLIDAY_SCORE = 0.15, 3.8
"""On a holiday, orders below this share are a drop; no other rule about volume applies."""

DELIVERED_DAYS = 28
"""Days before a day of which one must have brought a file, before a missing file is reported."""

RATE_ORDERS = 100.0
"""Orders of which a unit's own share of a status counts as much as that of all units."""
RATE_SPREAD = 0.2
"""Standard deviation of a usual share from day to day beside chance, as a share of that share."""

VALUE_SHARE = 0.04
"""Share of the revenue by which orders may differ from their items and fees."""
VALUE_CENTS = 10_000
"""And the difference in cents from which it is an alert."""

PRICE_SHARE = 0.10
"""Share by which a price may differ from the chain's price of the day and from the unit's own."""
PRICE_DAYS = 28
"""Days with sales of a product in a unit, before a day, from which its usual price is learned."""
PRICE_UNITS = 3
"""Fewest units that sell a product before their prices are compared."""
PRICE_PIECES = 3
"""Fewest pieces of a day with such prices."""
CHAIN_PRICE_SHARE = 0.18
"""Share by which a price in the entire chain must differ from the one before to be odd: rises are
smaller, and promotions are about few products."""
CHAIN_PRODUCTS, CHAIN_PIECES = 5, 0.15
"""Fewest products with odd prices, and their smallest share of the pieces."""

MISSING_DAYS = 28
"""Days with orders, up to the last sale, from which the share of a product is learned."""
MISSING_EXPECTED = 12
"""Orders with a product that must be expected since its last sale."""
MISSING_PRODUCTS, MISSING_FEWEST = 3, 3.0
"""Fewest products of a unit that are missing at once, and the orders expected with each."""
MISSING_SUM = 9.5
"""Logarithm of the chance against it, by which the orders with all of them must be expected; beside
that of choosing as many products from the menu."""

SHARE_OF_UNITS = 0.5
"""Share of the units of a state, or of all states, from which they have one common alert."""
FEWEST_UNITS = 3
"""And the fewest units."""

UNIT, STATE, CHAIN = "unit", "state", "chain"
SCOPES = (UNIT, STATE, CHAIN)


ORDERS, SHARE, MISSING = "orders", "cancelled orders", "orders with the product"
PENDING = "pending orders"
MEASURES = (ORDERS, BRL, SHARE, PENDING, MISSING)
EXPLAINS_REVENUE = frozenset({"delivery", "cancellation", "status", "price", "value"})
"""Families of kinds that explain a low revenue."""

_KINDS = (
    Kind(
        name="no_delivery",
        family="delivery",
        rank=1,
        severity=CRITICAL,
        measure=ORDERS,
        title="sem arquivo de pedidos válido",
        action="Verificar o envio da unidade e pedir os arquivos do dia.",
        owner="TI",
    ),
    Kind(
        name="silent",
        family="volume",
        rank=1,
        severity=CRITICAL,
        measure=ORDERS,
        title="nenhum pedido",
        action="Ligar para a unidade: está aberta? O caixa registra pedidos?",
        owner="Operações",
    ),
    Kind(
        name="orders_drop",
        family="volume",
        rank=2,
        severity=CRITICAL,
        measure=ORDERS,
        title="queda de mais de 50 % nos pedidos",
        action="Ligar para a unidade: caixa, energia, acesso e equipe.",
        owner="Operações",
    ),
    Kind(
        name="online_drop",
        family="volume",
        rank=3,
        severity=HIGH,
        measure=ORDERS,
        title="queda nos pedidos da loja online",
        action="Verificar o aplicativo, os entregadores e as vias de acesso.",
        owner="Operações",
    ),
    Kind(
        name="physical_drop",
        family="volume",
        rank=4,
        severity=HIGH,
        measure=ORDERS,
        title="queda nos pedidos da loja física",
        action="Verificar o caixa do salão e o acesso à unidade.",
        owner="Operações",
    ),
    Kind(
        name="cancellations",
        family="cancellation",
        rank=1,
        severity=HIGH,
        measure=SHARE,
        title="cancelamentos acima do usual",
        action="Perguntar à cozinha e ler os motivos dos cancelamentos.",
        owner="Operações",
    ),
    Kind(
        name="unfinished",
        family="status",
        rank=1,
        severity=HIGH,
        measure=PENDING,
        title="pedidos sem conclusão acima do usual",
        action="Verificar se o caixa envia a conclusão dos pedidos, e enviar o dia de novo.",
        owner="TI",
    ),
    Kind(
        name="revenue_drop",
        family="volume",
        rank=5,
        severity=HIGH,
        measure=BRL,
        title="queda de mais de 40 % na receita",
        action="Comparar pedidos, preços e status dos pedidos com a semana anterior.",
        owner="Operações",
    ),
    Kind(
        name="orders_low",
        family="volume",
        rank=6,
        severity=MEDIUM,
        measure=ORDERS,
        title="pedidos abaixo do usual",
        action="Perguntar à unidade o que houve no dia.",
        owner="Operações",
    ),
    Kind(
        name="orders_repeated",
        family="volume",
        rank=7,
        severity=HIGH,
        measure=ORDERS,
        title="pedidos enviados duas vezes",
        action="Comparar os pedidos do dia: cada um vem duas vezes. Enviar o arquivo certo.",
        owner="TI",
    ),
    Kind(
        name="orders_surge",
        family="volume",
        rank=8,
        severity=MEDIUM,
        measure=ORDERS,
        title="pedidos muito acima do usual",
        action="Verificar se pedidos foram enviados duas vezes; se não, reforçar o estoque.",
        owner="TI",
    ),
    Kind(
        name="prices",
        family="price",
        rank=1,
        severity=HIGH,
        measure=BRL,
        title="preços diferentes dos da rede",
        action="Comparar a tabela de preços do caixa com a da matriz.",
        owner="Comercial",
    ),
    Kind(
        name="order_values",
        family="value",
        rank=1,
        severity=HIGH,
        measure=BRL,
        title="valor dos pedidos difere dos itens",
        action="Verificar taxas e descontos do caixa e se o arquivo de itens está completo.",
        owner="TI",
    ),
    Kind(
        name="product_missing",
        family="product",
        rank=1,
        severity=MEDIUM,
        measure=MISSING,
        title="produto sem vendas",
        action="Verificar o estoque e o pedido ao fornecedor.",
        owner="Compras",
    ),
)
KINDS = {kind.name: kind for kind in _KINDS}
"""Kinds of alerts by name."""


@dataclass(frozen=True, kw_only=True)
class OfStatus:
    """When too many orders of a unit have a status.

    Attributes:
        figure: name of the figure.
        kind: kind of the alert.
        share: share of the orders, strictly above which it can be an alert.
        times: and this many times the usual share.
        usual: lowest usual share.
        score: and this many standard deviations above it.
        fewest: fewest orders with the status.
        windows: days that are added up.
    """

    figure: str
    kind: Kind
    share: float
    times: float
    usual: float
    score: float
    fewest: int
    windows: tuple[int, ...] = (1, 2, 3)


STATUSES = (
    OfStatus(
        figure="cancelled",
        kind=KINDS["cancellations"],
        share=0.15,
        times=2.0,
        usual=0.03,
        score=3.6,
        fewest=4,
    ),
    OfStatus(
        figure="pending",
        kind=KINDS["unfinished"],
        share=0.25,
        times=2.0,
        usual=0.05,
        score=3.6,
        fewest=5,
    ),
)

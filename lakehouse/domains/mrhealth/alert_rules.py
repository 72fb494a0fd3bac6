"""Parameters of the alerts, in one place, each with its meaning and unit.

They were chosen with the command in docs/alerts.md on seeds 1 to 8 and measured on other ones.
`lakehouse alerts backtest` shows what they would have raised.
"""

from lakehouse.platform.alerts.kinds import CRITICAL, HIGH, MEDIUM, Kind

KEEP_DAYS = 90
"""Days for which an alert stays in the table after its last day."""
LONGEST_DAYS = 70
"""Days before the kept ones that are searched, so that a lasting incident keeps its first day.

What has lasted for more than `KEEP_DAYS` + `LONGEST_DAYS` is usual by then and leaves the table."""
WEEKS = 8
"""Number of equal weekdays before a day from which its usual values are learned."""
FEWEST_WEEKS = 4
"""Fewest equal weekdays with orders; with fewer, only what needs no usual value is reported."""
GAP_DAYS = 3
"""Days without a finding after which the next finding is another incident."""

DELIVERED_DAYS = 28
"""Days before a day of which one must have brought a file, before a missing file is reported."""

FEWEST_EXPECTED = 8
"""Orders that must be expected on a day before their absence means anything."""
SHARE_OF_ORDERS = 0.5
"""Orders below this share of the usual number are a drop."""
SHARE_OF_REVENUE = 0.6
"""Revenue below this share of the usual revenue is a drop."""
SHARE_OF_CHANNEL = 0.45
"""Orders of one channel below this share of their usual number are a drop of the channel."""
SHARE_ON_HOLIDAY = 0.15
"""On a holiday, orders below this share are a drop; no other rule about volume applies."""
SHARE_OF_SURGE = 1.8
"""Orders above this share of the usual number are a surge, such as a file sent with new numbers."""
DROP_SCORE = -3.8
"""Score at which a drop is not chance: roughly standard deviations."""
REVENUE_SCORE = -3.4
"""The same for the revenue, which varies with what guests order, too."""
CHANNEL_SCORE = -4.5
"""The same for one channel alone; there are two of them, and each varies more than their sum."""
LOW_SCORE = -5.0
"""Score at which orders are unusually few though they did not halve."""
SURGE_SCORE = 7.0
"""Score at which a surge is not chance."""
DAY_TO_DAY = 0.10
"""Standard deviation of usual days beside chance, as a share of the usual number."""
WORST_WEATHER = 0.7
"""Lowest share by which the weather of a state explains fewer orders of a unit."""

CANCELLED_SHARE = 0.15
"""Share of cancelled orders, strictly above which it can be an alert."""
CANCELLED_TIMES = 2.0
"""And this many times the usual share."""
CANCELLED_USUAL = 0.05
"""Lowest usual share: the median of eight days with few orders is often zero by chance."""
CANCELLED_SCORE = 4.8
"""Standard deviations of the number of cancelled orders above the usual share."""
FEWEST_CANCELLED = 7
"""Fewest cancelled orders of a day."""

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

MISSING_DAYS = 28
"""Days with orders, up to the last sale, from which the share of a product is learned."""
MISSING_EXPECTED = 12
"""Orders with a product that must be expected since its last sale."""

SHARE_OF_UNITS = 0.5
"""Share of the units of a state, or of all states, from which they have one common alert."""
FEWEST_UNITS = 3
"""And the fewest units."""

UNIT, STATE, CHAIN = "unit", "state", "chain"
SCOPES = (UNIT, STATE, CHAIN)


ORDERS, REVENUE, SHARE, MISSING = "orders", "brl", "cancelled orders", "orders with the product"
MEASURES = (ORDERS, REVENUE, SHARE, MISSING)

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
        name="revenue_drop",
        family="volume",
        rank=5,
        severity=HIGH,
        measure=REVENUE,
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
        name="orders_surge",
        family="volume",
        rank=7,
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
        measure=REVENUE,
        title="preços diferentes dos da rede",
        action="Comparar a tabela de preços do caixa com a da matriz.",
        owner="Comercial",
    ),
    Kind(
        name="order_values",
        family="value",
        rank=1,
        severity=HIGH,
        measure=REVENUE,
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

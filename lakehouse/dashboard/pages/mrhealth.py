"""Sources and measures of Mr. Health that several pages show."""

from lakehouse.dashboard.declare import Measure, Source, Term
from lakehouse.dashboard.words import Words

USUAL = """(SELECT avg({column}) FROM gold.mrhealth_unit_day u
     WHERE u.unit_id = m.unit_id AND u.delivered
       AND u.day IN (m.day - 7, m.day - 14, m.day - 21, m.day - 28))"""
"""Mean of a column over the same weekday of the four weeks before."""


def _usual(column: str) -> str:
    return USUAL.replace("{column}", column)


GAPS = f"""
WITH unit_state AS (SELECT day, unit_id, state_name FROM gold.mrhealth_unit_day),
sender AS (
  SELECT file, digest, any_value(unit) AS unit_id FROM ops.deliveries
  WHERE domain = 'mrhealth' GROUP BY ALL
),
rejected AS (
  SELECT q.reasons[1] AS reason, q.day, sender.unit_id, state_name,
    try_cast(json_extract_string(q."values", '$.Vlr_Pedido') AS DECIMAL(14, 2)) AS amount,
    json_extract_string(q."values", '$.Status') AS status
  FROM ops.quarantine q
  LEFT JOIN sender USING (file, digest)
  LEFT JOIN unit_state ON unit_state.day = q.day AND unit_state.unit_id = sender.unit_id
  WHERE q.domain = 'mrhealth' AND q.layer = 'silver' AND q."table" = 'orders'
),
missing AS (
  SELECT m.day, m.unit_id, {_usual("revenue")} AS revenue, {_usual("orders")} AS orders,
    {_usual("items_sold")} AS items_sold
  FROM gold.mrhealth_unit_day m
  WHERE NOT delivered AND {{where}}
)
SELECT 'quarantine' AS kind, reason, count(*) AS rows, count(*) AS orders,
  coalesce(sum(amount) FILTER (status = 'Finalizado'), 0) AS revenue, NULL AS items_sold
FROM rejected WHERE {{where}} GROUP BY reason
UNION ALL
SELECT 'missing', 'no_delivery', count(*), round(sum(orders)), round(sum(revenue), 2),
  round(sum(items_sold))
FROM missing HAVING count(*) > 0
ORDER BY kind, rows DESC, reason
"""  # noqa: S608  declared
"""Rejected orders by reason, and deliveries that did not come with their usual value."""

UNIT_DAY = Source(
    table="gold.mrhealth_unit_day",
    columns={"periodo": "day", "uf": "state_name", "unidade": "unit_id"},
    gaps=GAPS,
)
PRODUCT_DAY = Source(
    table="gold.mrhealth_unit_product_day",
    columns={"periodo": "day", "unidade": "unit_id", "produto": "product_id"},
)
PRODUCT_NAMES = """(SELECT product_id, arg_max(product_name, day) AS product_name
  FROM gold.mrhealth_product_day GROUP BY product_id)"""
"""The newest known name of each product."""
UNIT_PLACES = """(SELECT unit_id, unit_name, state_name FROM gold.mrhealth_dim_unit
  QUALIFY rank() OVER (ORDER BY day DESC) = 1)"""
"""Name and state of each unit of the newest day."""

ORDERS_FROM = """gold.mrhealth_fact_orders
JOIN (SELECT day, unit_id, unit_name, state_name FROM gold.mrhealth_unit_day)
USING (day, unit_id)"""
"""Orders with the unit's name and state on their day."""
ORDERS_COLUMNS = UNIT_DAY.columns

REVENUE = Measure(
    id="receita",
    label=Words("Receita", "Revenue"),
    meaning=Words(
        "Valor dos pedidos finalizados, com taxa de entrega.",
        "Value of finished orders, delivery fee included.",
    ),
    source=UNIT_DAY,
    term=Term(column="revenue"),
    kind="brl",
)
ORDERS = Measure(
    id="pedidos",
    label=Words("Pedidos", "Orders"),
    meaning=Words("Pedidos de qualquer status.", "Orders of any status."),
    source=UNIT_DAY,
    term=Term(column="orders"),
)
TICKET = Measure(
    id="ticket",
    label=Words("Ticket médio", "Average ticket"),
    meaning=Words("Receita ÷ pedidos finalizados.", "Revenue ÷ finished orders."),
    source=UNIT_DAY,
    term=Term(column="revenue"),
    per=Term(column="completed_orders"),
    kind="brl",
)
CANCELLED = Measure(
    id="cancelamento",
    label=Words("Cancelamento", "Cancellation"),
    meaning=Words("Pedidos cancelados ÷ todos os pedidos.", "Cancelled orders ÷ all orders."),
    source=UNIT_DAY,
    term=Term(column="cancelled_orders"),
    per=Term(column="orders"),
    kind="percent",
    good="less",
)
DELIVERED = Measure(
    id="entregas",
    label=Words("Entregas recebidas", "Deliveries received"),
    meaning=Words(
        "Dias de unidade com arquivo de pedidos legível ÷ dias de unidade esperados.",
        "Unit-days with a readable file of orders ÷ expected unit-days.",
    ),
    source=UNIT_DAY,
    term=Term(column="delivered", equals=True),
    per=Term(),
    kind="percent",
)
SILENT = Measure(
    id="sem_entrega",
    label=Words("Dias sem entrega", "Days without delivery"),
    meaning=Words(
        "Dias de unidade sem arquivo de pedidos legível.",
        "Unit-days without a readable file of orders.",
    ),
    source=UNIT_DAY,
    term=Term(column="delivered", equals=False),
    good="less",
)
PRODUCT_REVENUE = Measure(
    id="receita_itens",
    label=Words("Receita de itens", "Line revenue"),
    meaning=Words(
        "Quantidade × preço dos itens, pedidos de qualquer status, sem taxa de entrega.",
        "Quantity × price of the items, orders of any status, without delivery fee.",
    ),
    source=PRODUCT_DAY,
    term=Term(column="line_revenue"),
    kind="brl",
)
PRODUCT_QUANTITY = Measure(
    id="quantidade",
    label=Words("Peças pedidas", "Pieces ordered"),
    meaning=Words("Peças de pedidos de qualquer status.", "Pieces of orders of any status."),
    source=PRODUCT_DAY,
    term=Term(column="quantity"),
)
PRODUCT_PRICE = Measure(
    id="preco_medio",
    label=Words("Preço médio", "Average price"),
    meaning=Words("Receita de itens ÷ peças.", "Line revenue ÷ pieces."),
    source=PRODUCT_DAY,
    term=Term(column="line_revenue"),
    per=Term(column="quantity"),
    kind="brl",
    good="neither",
)

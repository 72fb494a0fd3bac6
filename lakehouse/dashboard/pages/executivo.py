"""Executive page: yesterday beside the week before, and what needs attention."""

from lakehouse.dashboard.declare import (
    Cards,
    Chart,
    Column,
    Notices,
    Page,
    Query,
    Series,
    Table,
    breakdown,
)
from lakehouse.dashboard.pages.mrhealth import (
    CANCELLED,
    ORDERS,
    REVENUE,
    TICKET,
    UNIT_DAY,
)
from lakehouse.dashboard.words import Words

TREND = Query(
    sql="""
WITH by_day AS (
  SELECT day, sum(revenue) AS revenue FROM gold.mrhealth_unit_day
  WHERE day BETWEEN least({from}, {to} - 29) - 7 AND {to} AND {scope}
  GROUP BY day
)
SELECT now.day AS label, now.revenue AS receita, before.revenue AS antes
FROM by_day now LEFT JOIN by_day before ON before.day = now.day - 7
WHERE now.day >= least({from}, {to} - 29)
ORDER BY label
""",
    columns=UNIT_DAY.columns,
)
BY_STATE = breakdown(
    UNIT_DAY, "coalesce(state_name, '–')", [REVENUE], order="receita DESC, label", limit=12
)
BY_UNIT = breakdown(UNIT_DAY, "unit_name", [REVENUE], order="receita DESC, label", limit=10)
BY_CHANNEL = Query(
    sql="""
SELECT order_type AS label, sum(revenue) AS receita
FROM gold.mrhealth_unit_channel_day
WHERE {where}
GROUP BY order_type ORDER BY receita DESC, label
""",
    columns=UNIT_DAY.columns,
)
CHANNELS = {
    "ONLINE": Words("Loja online", "Online shop"),
    "PHYSICAL": Words("Loja física", "Restaurant"),
    "UNKNOWN": Words("Canal desconhecido", "Unknown channel"),
}

ATTENTION = Query(
    sql="""
WITH history AS (
  SELECT day, unit_id, unit_name, orders, revenue, delivered,
    cancelled_orders / nullif(orders, 0) AS cancelled,
    avg(orders) OVER before AS usual_orders,
    avg(revenue) OVER before AS usual_revenue,
    avg(cancelled_orders / nullif(orders, 0)) OVER before AS usual_cancelled
  FROM gold.mrhealth_unit_day
  WHERE day BETWEEN {to} - 7 AND {to} AND {scope}
  WINDOW before AS (PARTITION BY unit_id ORDER BY day
    RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING)
),
alerts AS (
  SELECT *, CASE
    WHEN NOT delivered THEN 'no_delivery'
    WHEN orders = 0 THEN 'no_orders'
    WHEN orders < 0.5 * usual_orders THEN 'orders_halved'
    WHEN revenue < 0.6 * usual_revenue THEN 'revenue_down'
    WHEN cancelled > 2 * usual_cancelled THEN 'cancellations_doubled'
    WHEN cancelled > 0.15 THEN 'cancellations_high' END AS code
  FROM history WHERE day = {to}
)
SELECT CASE WHEN code IN ('no_delivery', 'no_orders', 'orders_halved') THEN 1
    WHEN code IN ('revenue_down', 'cancellations_doubled') THEN 2 ELSE 3 END AS severity,
  code, unit_name AS subject,
  CASE WHEN code LIKE 'cancel%' THEN cancelled WHEN code = 'revenue_down' THEN revenue
    ELSE orders END AS value,
  CASE WHEN code LIKE 'cancel%' THEN usual_cancelled WHEN code = 'revenue_down' THEN usual_revenue
    ELSE usual_orders END AS expected,
  '/unidades?unidade=' || unit_id AS link
FROM alerts WHERE code IS NOT NULL
UNION ALL
SELECT 3, 'quarantine', list_first(reasons), count(*), NULL,
  '/qualidade?dominio=mrhealth&de=' || {to} || '&ate=' || {to}
FROM ops.quarantine WHERE domain = 'mrhealth' AND day = {to} GROUP BY list_first(reasons)
UNION ALL
SELECT 2, 'check_failed', check_name, count(*), NULL,
  '/qualidade?dominio=mrhealth&de=' || {to} || '&ate=' || {to}
FROM ops.data_quality_log WHERE domain = 'mrhealth' AND day = {to} AND result = 'fail'
GROUP BY check_name
ORDER BY severity, code, subject
""",
    columns=UNIT_DAY.columns,
)
ATTENTION_TEXTS = {
    "no_delivery": Words("{subject}: nenhum arquivo chegou", "{subject}: no file arrived"),
    "no_orders": Words("{subject}: nenhum pedido", "{subject}: not one order"),
    "orders_halved": Words(
        "{subject}: pedidos {value}, média de 7 dias {expected}",
        "{subject}: orders {value}, mean of 7 days {expected}",
    ),
    "revenue_down": Words(
        "{subject}: receita de {value:brl}, a média é {expected:brl}",
        "{subject}: revenue of {value:brl}, the mean is {expected:brl}",
    ),
    "cancellations_doubled": Words(
        "{subject}: cancelamento de {value:percent}, a média é {expected:percent}",
        "{subject}: {value:percent} cancelled, the mean is {expected:percent}",
    ),
    "cancellations_high": Words(
        "{subject}: cancelamento de {value:percent}", "{subject}: {value:percent} cancelled"
    ),
    "quarantine": Words(
        "{value} linhas em quarentena: {subject}", "{value} rows in quarantine: {subject}"
    ),
    "check_failed": Words("Verificação falhou: {subject}", "Check failed: {subject}"),
}

PAGE = Page(
    name="executivo",
    title=Words("Executivo", "Executive"),
    lead=Words("O último dia fechado, comparado.", "The last closed day, compared."),
    filters=("periodo", "uf", "unidade"),
    views=(
        Cards(
            id="resumo",
            title=Words("Resumo", "Summary"),
            measures=(REVENUE, ORDERS, TICKET, CANCELLED),
        ),
        Chart(
            id="receita-por-dia",
            title=Words("Receita por dia", "Revenue by day"),
            note=Words("tracejado: sete dias antes", "dashed: seven days before"),
            span=8,
            form="area",
            height=420,
            query=TREND,
            series=(
                Series(name="receita", label=Words("Receita", "Revenue")),
                Series(
                    name="antes",
                    label=Words("Sete dias antes", "Seven days before"),
                    color="gray.6",
                ),
            ),
        ),
        Notices(
            id="atencao",
            title=Words("Precisa de atenção", "Needs attention"),
            span=4,
            query=ATTENTION,
            texts=ATTENTION_TEXTS,
            coded=("quarantine", "check_failed"),
        ),
        Chart(
            id="receita-por-uf",
            title=Words("Receita por estado", "Revenue by state"),
            span=4,
            form="ranking",
            query=BY_STATE,
            series=(Series(name="receita", label=Words("Receita", "Revenue")),),
        ),
        Chart(
            id="receita-por-unidade",
            title=Words("Dez maiores unidades", "Ten largest units"),
            span=4,
            form="ranking",
            query=BY_UNIT,
            series=(Series(name="receita", label=Words("Receita", "Revenue")),),
        ),
        Chart(
            id="receita-por-canal",
            title=Words("Receita por canal", "Revenue by channel"),
            span=4,
            form="donut",
            query=BY_CHANNEL,
            series=(Series(name="receita", label=Words("Receita", "Revenue")),),
            labels=CHANNELS,
        ),
        Table(
            id="dias",
            title=Words("Dia a dia", "Day by day"),
            query=Query(
                sql="""
SELECT day, sum(orders) AS pedidos, sum(completed_orders) AS finalizados,
  sum(cancelled_orders) AS cancelados, sum(revenue) AS receita,
  CAST(sum(revenue) AS DOUBLE) / nullif(sum(completed_orders), 0) AS ticket,
  sum(cancelled_orders) / nullif(sum(orders), 0) AS cancelamento,
  count(*) FILTER (NOT delivered) AS sem_entrega
FROM gold.mrhealth_unit_day
WHERE day BETWEEN least({from}, {to} - 13) AND {to} AND {scope}
GROUP BY day ORDER BY day DESC
""",
                columns=UNIT_DAY.columns,
            ),
            columns=(
                Column(
                    name="day",
                    label=Words("Dia", "Day"),
                    kind="day",
                    link="/executivo?de={day}&ate={day}",
                ),
                Column(name="pedidos", label=Words("Pedidos", "Orders"), kind="count"),
                Column(name="finalizados", label=Words("Finalizados", "Finished"), kind="count"),
                Column(name="cancelados", label=Words("Cancelados", "Cancelled"), kind="count"),
                Column(name="receita", label=Words("Receita", "Revenue"), kind="brl"),
                Column(name="ticket", label=Words("Ticket médio", "Average ticket"), kind="brl"),
                Column(
                    name="cancelamento", label=Words("Cancelamento", "Cancellation"), kind="percent"
                ),
                Column(
                    name="sem_entrega",
                    label=Words("Sem entrega", "No delivery"),
                    kind="count",
                ),
            ),
        ),
    ),
)

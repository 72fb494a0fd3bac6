"""Executive page: yesterday beside the week before, and what needs attention."""

from lakehouse.dashboard.alert_queries import present
from lakehouse.dashboard.alert_words import KINDS
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

ATTENTION = present(
    r"""SELECT urgency AS severity, kind AS code, subject,
  regexp_replace(message, '\. Último dia: .*$', '') AS message,
  '/alertas?busca=' || alert_id AS link
FROM present WHERE domain = 'mrhealth' AND waits AND {scope}
ORDER BY urgency, last_day DESC, alert_id
"""
)
ATTENTION_TEXTS = {
    kind: Words("{message}", f"{{subject}}: {name.en[:1].lower()}{name.en[1:]}")
    for kind, name in KINDS.items()
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
            title=Words("Precisa de atenção hoje", "Needs attention today"),
            note=Words("alertas que esperam por alguém", "alerts that wait for somebody"),
            span=4,
            query=ATTENTION,
            texts=ATTENTION_TEXTS,
            more="/alertas",
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

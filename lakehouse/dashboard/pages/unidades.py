"""Units: ranking, states, one unit over time, silence and deliveries."""

from lakehouse.dashboard.declare import (
    Cards,
    Chart,
    Column,
    Page,
    Query,
    Series,
    Table,
    TileMap,
    breakdown,
)
from lakehouse.dashboard.pages.mrhealth import DELIVERED, ORDERS, REVENUE, SILENT, UNIT_DAY
from lakehouse.dashboard.words import Words

RANKING = Query(
    sql="""
SELECT unit_id, arg_max(unit_name, day) AS unit_name, arg_max(state_name, day) AS state_name,
  sum(revenue) AS receita, sum(orders) AS pedidos,
  CAST(sum(revenue) AS DOUBLE) / nullif(sum(completed_orders), 0) AS ticket,
  sum(cancelled_orders) / nullif(sum(orders), 0) AS cancelamento,
  count(*) FILTER (delivered) / count(*) AS entregas,
  count(*) FILTER (NOT delivered) AS sem_entrega
FROM gold.mrhealth_unit_day
WHERE {where}
GROUP BY unit_id ORDER BY receita DESC, unit_id
""",
    columns=UNIT_DAY.columns,
)
SILENT_UNITS = Query(
    sql="""
WITH shown AS (SELECT * FROM gold.mrhealth_unit_day WHERE {where})
SELECT s.unit_id, s.unit_name, s.day,
  (SELECT max(day) FROM gold.mrhealth_unit_day l
   WHERE l.unit_id = s.unit_id AND l.delivered AND l.day < s.day) AS last_delivery,
  (SELECT avg(revenue) FROM gold.mrhealth_unit_day u WHERE u.unit_id = s.unit_id AND u.delivered
   AND u.day IN (s.day - 7, s.day - 14, s.day - 21, s.day - 28)) AS usual
FROM shown s WHERE NOT s.delivered
ORDER BY s.day DESC, s.unit_id
""",
    columns=UNIT_DAY.columns,
)
OVER_TIME = Query(
    sql="""
SELECT day AS label, sum(revenue) AS receita,
  avg(sum(revenue)) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS media
FROM gold.mrhealth_unit_day WHERE day BETWEEN least({from}, {to} - 59) AND {to} AND {scope}
GROUP BY day ORDER BY day
""",
    columns=UNIT_DAY.columns,
)
ON_TIME = Query(
    sql="""
SELECT day AS label, count(*) FILTER (delivered) AS entregues,
  count(*) FILTER (NOT delivered) AS faltam
FROM gold.mrhealth_unit_day WHERE day BETWEEN least({from}, {to} - 29) AND {to} AND {scope}
GROUP BY day ORDER BY day
""",
    columns=UNIT_DAY.columns,
)

PAGE = Page(
    name="unidades",
    title=Words("Unidades", "Units"),
    lead=Words(
        "Quem vende, quem entrega, quem silenciou.", "Who sells, who delivers, who is silent."
    ),
    filters=("periodo", "uf", "unidade"),
    period="last 30 days",
    views=(
        Cards(
            id="resumo",
            title=Words("Resumo", "Summary"),
            measures=(REVENUE, ORDERS, DELIVERED, SILENT),
        ),
        Chart(
            id="receita-no-tempo",
            title=Words("Receita no tempo", "Revenue over time"),
            note=Words(
                "das unidades filtradas; linha: média de 7 dias",
                "of the filtered units; line: mean of 7 days",
            ),
            span=8,
            form="line",
            height=400,
            query=OVER_TIME,
            series=(
                Series(name="receita", label=Words("Receita", "Revenue"), color="gray.5"),
                Series(name="media", label=Words("Média de 7 dias", "Mean of 7 days")),
            ),
        ),
        TileMap(
            id="mapa",
            title=Words("Receita por estado", "Revenue by state"),
            span=4,
            query=breakdown(UNIT_DAY, "state_name", [REVENUE], order="receita DESC, label"),
        ),
        Table(
            id="ranking",
            title=Words("Ranking de unidades", "Ranking of units"),
            query=RANKING,
            page_size=15,
            columns=(
                Column(
                    name="unit_name",
                    label=Words("Unidade", "Unit"),
                    link="/unidades?unidade={unit_id}",
                    width=210,
                    wraps=True,
                ),
                Column(name="state_name", label=Words("Estado", "State"), width=150),
                Column(name="receita", label=Words("Receita", "Revenue"), kind="brl"),
                Column(name="pedidos", label=Words("Pedidos", "Orders"), kind="count"),
                Column(name="ticket", label=Words("Ticket médio", "Average ticket"), kind="brl"),
                Column(
                    name="cancelamento", label=Words("Cancelamento", "Cancellation"), kind="percent"
                ),
                Column(name="entregas", label=Words("Entregas", "Deliveries"), kind="percent"),
                Column(
                    name="sem_entrega",
                    label=Words("Dias sem entrega", "Days missing"),
                    kind="count",
                ),
            ),
        ),
        Chart(
            id="entregas-por-dia",
            title=Words("Entregas por dia", "Deliveries by day"),
            span=6,
            form="bars",
            kind="count",
            query=ON_TIME,
            series=(
                Series(name="entregues", label=Words("Chegaram", "Arrived"), color="teal.6"),
                Series(name="faltam", label=Words("Não chegaram", "Missing"), color="red.6"),
            ),
        ),
        Table(
            id="silenciosas",
            title=Words("Dias sem entrega", "Days without delivery"),
            span=6,
            query=SILENT_UNITS,
            page_size=6,
            empty=Words("Todas as unidades entregaram.", "Every unit delivered."),
            columns=(
                Column(
                    name="unit_name",
                    label=Words("Unidade", "Unit"),
                    link="/unidades?unidade={unit_id}",
                    width=180,
                    wraps=True,
                ),
                Column(name="day", label=Words("Dia", "Day"), kind="day"),
                Column(
                    name="last_delivery", label=Words("Última entrega", "Last delivery"), kind="day"
                ),
                Column(name="usual", label=Words("Receita usual", "Usual revenue"), kind="brl"),
            ),
        ),
    ),
)

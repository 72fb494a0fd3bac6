"""Products: top and bottom, share, units that sell them, trend."""

from lakehouse.dashboard.declare import Cards, Chart, Column, Page, Query, Series, Table
from lakehouse.dashboard.pages.mrhealth import (
    PRODUCT_DAY,
    PRODUCT_NAMES,
    PRODUCT_PRICE,
    PRODUCT_QUANTITY,
    PRODUCT_REVENUE,
)
from lakehouse.dashboard.words import Words

RANKING = Query(
    sql=f"""
WITH period AS (SELECT CAST(greatest({{to}} - {{from}} + 1, 1) AS INTEGER) AS days),
shown AS (
  SELECT product_id, sum(line_revenue) AS receita, sum(quantity) AS quantidade,
    sum(orders) AS pedidos, count(DISTINCT unit_id) AS unidades
  FROM gold.mrhealth_unit_product_day WHERE {{where}} GROUP BY product_id
),
earlier AS (
  SELECT product_id, sum(line_revenue) AS antes
  FROM gold.mrhealth_unit_product_day, period
  WHERE day BETWEEN {{from}} - period.days AND {{from}} - 1 AND {{scope}} GROUP BY product_id
),
units AS (
  SELECT count(DISTINCT unit_id) AS known FROM gold.mrhealth_unit_day
  WHERE day BETWEEN {{from}} AND {{to}}
)
SELECT product_id, product_name, receita, quantidade, pedidos,
  CAST(receita AS DOUBLE) / nullif(sum(receita) OVER (), 0) AS participacao,
  CAST(receita AS DOUBLE) / nullif(quantidade, 0) AS preco,
  unidades, unidades / nullif(known, 0) AS penetracao,
  CAST(receita AS DOUBLE) / nullif(antes, 0) - 1 AS tendencia
FROM shown LEFT JOIN earlier USING (product_id) LEFT JOIN {PRODUCT_NAMES} USING (product_id), units
ORDER BY receita DESC, product_id
""",  # noqa: S608  declared
    columns=PRODUCT_DAY.columns,
)


def _ten(order: str) -> Query:
    return Query(
        sql=f"""
SELECT product_name AS label, sum(line_revenue) AS receita
FROM gold.mrhealth_unit_product_day LEFT JOIN {PRODUCT_NAMES} USING (product_id)
WHERE {{where}}
GROUP BY product_id, product_name ORDER BY {order}, product_id LIMIT 10
""",  # noqa: S608  declared
        columns=PRODUCT_DAY.columns,
    )


TREND = Query(
    sql="""
SELECT day AS label, sum(line_revenue) AS receita,
  avg(sum(line_revenue)) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS media
FROM gold.mrhealth_unit_product_day
WHERE day BETWEEN least({from}, {to} - 59) AND {to} AND {scope}
GROUP BY day ORDER BY day
""",
    columns=PRODUCT_DAY.columns,
)
REVENUE_SERIES = (Series(name="receita", label=Words("Receita de itens", "Line revenue")),)

PAGE = Page(
    name="produtos",
    title=Words("Produtos", "Products"),
    lead=Words(
        "O que vende e o que não vende. Pedidos de qualquer status, sem taxa de entrega.",
        "What sells and what does not. Orders of any status, without delivery fee.",
    ),
    filters=("periodo", "unidade", "produto"),
    period="last 30 days",
    views=(
        Cards(
            id="resumo",
            title=Words("Resumo", "Summary"),
            measures=(PRODUCT_REVENUE, PRODUCT_QUANTITY, PRODUCT_PRICE),
        ),
        Chart(
            id="receita-no-tempo",
            title=Words("Receita no tempo", "Revenue over time"),
            note=Words("linha: média de 7 dias", "line: mean of 7 days"),
            form="line",
            query=TREND,
            height=260,
            series=(
                Series(name="receita", label=Words("Receita", "Revenue"), color="gray.5"),
                Series(name="media", label=Words("Média de 7 dias", "Mean of 7 days")),
            ),
        ),
        Chart(
            id="maiores",
            title=Words("Dez maiores", "Top ten"),
            span=6,
            form="ranking",
            query=_ten("receita DESC"),
            series=REVENUE_SERIES,
        ),
        Chart(
            id="menores",
            title=Words("Dez menores", "Bottom ten"),
            span=6,
            form="ranking",
            query=_ten("receita"),
            series=REVENUE_SERIES,
        ),
        Table(
            id="ranking",
            title=Words("Todos os produtos", "All products"),
            note=Words(
                "penetração: parte das unidades que venderam; tendência: ante o período anterior",
                "penetration: share of units that sold; trend: against the period before",
            ),
            query=RANKING,
            page_size=15,
            columns=(
                Column(
                    name="product_name",
                    label=Words("Produto", "Product"),
                    link="/produtos?produto={product_id}",
                    width=216,
                    wraps=True,
                ),
                Column(name="receita", label=Words("Receita", "Revenue"), kind="brl"),
                Column(name="participacao", label=Words("Parte", "Share"), kind="percent"),
                Column(name="quantidade", label=Words("Peças", "Pieces"), kind="count"),
                Column(name="pedidos", label=Words("Pedidos", "Orders"), kind="count"),
                Column(name="preco", label=Words("Preço médio", "Average price"), kind="brl"),
                Column(name="unidades", label=Words("Unidades", "Units"), kind="count"),
                Column(name="penetracao", label=Words("Penetração", "Penetration"), kind="percent"),
                Column(name="tendencia", label=Words("Tendência", "Trend"), kind="percent"),
            ),
        ),
    ),
)

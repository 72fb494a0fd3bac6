"""Forecast: what is expected on the next days, with its intervals, beside what came.

Only means may be added up over units and days, so intervals are those of one unit, of all units of
a state, or of the chain.
"""

from collections.abc import Mapping

from lakehouse.dashboard.declare import (
    Chart,
    Column,
    Embedded,
    FilterName,
    Page,
    Query,
    Series,
    Table,
    Totals,
)
from lakehouse.dashboard.forecast_words import MODELS, method_in_words
from lakehouse.dashboard.pages.mrhealth import PRODUCT_NAMES, UNIT_PLACES
from lakehouse.dashboard.words import Words

MEASURES = {
    "orders": Words("pedidos", "orders"),
    "pieces": Words("peças", "pieces"),
    "revenue": Words("receita (R$)", "revenue (R$)"),
}
OF_UNIT: Mapping[FilterName, str] = {"unidade": "unit_id", "uf": "state_name"}
NEXT = Query(
    sql=f"""
SELECT sum(expected) FILTER (measure = 'revenue' AND target_day <= day + 7) AS receita_7,
  sum(expected) FILTER (measure = 'revenue') AS receita_28,
  sum(expected) FILTER (measure = 'orders' AND target_day <= day + 7) AS pedidos_7,
  sum(expected) FILTER (measure = 'pieces' AND target_day <= day + 7) AS pecas_7
FROM gold.mrhealth_unit_forecast LEFT JOIN {UNIT_PLACES} USING (unit_id)
WHERE {{scope}}
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
DAYS = Query(
    sql=f"""
WITH units AS (SELECT unit_id, state_name FROM {UNIT_PLACES} WHERE {{scope}}),
chosen AS (
  SELECT count(*) AS units, count(DISTINCT coalesce(state_name, '')) AS states,
    any_value(unit_id) AS unit_id, any_value(state_name) AS state_name FROM units
),
bands AS (
  SELECT target_day AS day, q05, q95, 'unit' AS level
  FROM gold.mrhealth_unit_forecast f JOIN chosen USING (unit_id)
  WHERE measure = 'revenue' AND units = 1
  UNION ALL
  SELECT target_day, q05, q95, level
  FROM gold.mrhealth_area_forecast f JOIN chosen USING (units)
  WHERE measure = 'revenue' AND (level = 'chain'
    OR states = 1 AND f.state_name IS NOT DISTINCT FROM chosen.state_name)
),
came AS (
  SELECT day, sum(revenue) AS veio FROM gold.mrhealth_unit_day
  WHERE day > {{to}} - 28 AND {{scope}} GROUP BY day
),
ahead AS (
  SELECT target_day AS day, sum(expected) AS esperado
  FROM gold.mrhealth_unit_forecast LEFT JOIN {UNIT_PLACES} USING (unit_id)
  WHERE measure = 'revenue' AND {{scope}} GROUP BY target_day
),
band AS (
  SELECT day, arg_max(q05, level) AS minimo, arg_max(q95, level) AS maximo
  FROM bands GROUP BY day
)
SELECT day AS label, veio, esperado, minimo, maximo
FROM came FULL JOIN ahead USING (day) LEFT JOIN band USING (day) ORDER BY label
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
UNITS = Query(
    sql=f"""
SELECT unit_id, unit_name, sum(expected) FILTER (measure = 'revenue') AS receita,
  sum(expected) FILTER (measure = 'orders') AS pedidos, before.receita AS antes,
  CAST(sum(expected) FILTER (measure = 'revenue') AS DOUBLE) / nullif(before.receita, 0) - 1
    AS mudanca
FROM gold.mrhealth_unit_forecast f LEFT JOIN {UNIT_PLACES} USING (unit_id)
LEFT JOIN (
  SELECT unit_id, sum(revenue) AS receita
  FROM gold.mrhealth_unit_day WHERE day BETWEEN {{to}} - 6 AND {{to}} GROUP BY unit_id
) before USING (unit_id)
WHERE target_day <= f.day + 7 AND {{scope}}
GROUP BY unit_id, unit_name, before.receita ORDER BY receita DESC, unit_id
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
PRODUCTS = Query(
    sql=f"""
SELECT product_id, product_name, sum(expected) FILTER (target_day <= day + 7) AS pecas_7,
  sum(expected) AS pecas_28
FROM gold.mrhealth_demand_forecast LEFT JOIN {PRODUCT_NAMES} USING (product_id)
LEFT JOIN {UNIT_PLACES} USING (unit_id)
WHERE {{scope}}
GROUP BY product_id, product_name ORDER BY pecas_7 DESC, product_id
""",  # noqa: S608  declared
    columns={**OF_UNIT, "produto": "product_id"},
)
AREAS = Query(
    sql="""
SELECT target_day, CASE level WHEN 'chain' THEN level ELSE state_name END AS place,
  measure, units, expected, q05, q25, q50, q75, q95, coverage_pct / 100 AS dentro
FROM gold.mrhealth_area_forecast WHERE {scope}
ORDER BY target_day, level, place, measure
""",
    columns={"uf": "state_name"},
)
INTERVALS = Query(
    sql=f"""
SELECT target_day, unit_id, unit_name, measure, expected, q05, q25, q50, q75, q95, model
FROM gold.mrhealth_unit_forecast LEFT JOIN {UNIT_PLACES} USING (unit_id)
WHERE {{scope}}
ORDER BY target_day, unit_name, unit_id, measure
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
ACCURACY = Query(
    sql=f"""
SELECT target_day AS label, sum(actual) AS veio, sum(expected) AS previsto,
  CASE WHEN count(*) = 1 THEN any_value(q05) END AS minimo,
  CASE WHEN count(*) = 1 THEN any_value(q95) END AS maximo
FROM gold.mrhealth_forecast_accuracy LEFT JOIN {UNIT_PLACES} USING (unit_id)
WHERE measure = 'revenue' AND step = 1 AND {{scope}}
GROUP BY target_day ORDER BY label
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
QUALITY = Query(
    sql=f"""
SELECT measure, step, count(*) AS comparacoes,
  CAST(sum(abs(error)) AS DOUBLE) / nullif(sum(abs(actual)), 0) AS erro,
  CAST(sum(error) AS DOUBLE) / nullif(sum(abs(actual)), 0) AS vies,
  count(*) FILTER (is_inside) / count(*) AS dentro,
  CAST(sum(products_inside) AS DOUBLE) / nullif(sum(products), 0) AS produtos_dentro
FROM gold.mrhealth_forecast_accuracy LEFT JOIN {UNIT_PLACES} USING (unit_id)
WHERE {{scope}}
GROUP BY measure, step ORDER BY measure, step
""",  # noqa: S608  declared
    columns=OF_UNIT,
)
BACK_TEST = Query(
    sql="""
SELECT level, series_group, method, week, series, forecasts, mase,
  coverage_pct / 100 AS dentro
FROM gold.mrhealth_forecast_models WHERE is_published
ORDER BY level, series_group, week, method
"""
)
LEVELS = {
    "product pieces": Words("peças por produto", "pieces by product"),
    "unit orders": Words("pedidos da unidade", "orders of the unit"),
    "unit pieces": Words("peças da unidade", "pieces of the unit"),
    "unit revenue": Words("receita da unidade", "revenue of the unit"),
}
GROUPS = {
    "new": Words("novas", "new"),
    "smooth": Words("regulares", "smooth"),
    "erratic": Words("irregulares", "erratic"),
    "intermittent": Words("intermitentes", "intermittent"),
    "lumpy": Words("raras e irregulares", "lumpy"),
}
UNIT = Column(
    name="unit_name",
    label=Words("Unidade", "Unit"),
    link="/previsao?unidade={unit_id}",
    width=184,
    wraps=True,
)


QUANTILES = tuple(
    Column(name=f"q{n:02}", label=Words(f"{n}%", f"{n}%"), kind="decimal", width=98)
    for n in (5, 25, 50, 75, 95)
)


PAGE = Page(
    name="previsao",
    title=Words("Previsão", "Forecast"),
    lead=Words(
        "O que se espera para os próximos 28 dias, ao lado do que veio.",
        "What is expected for the next 28 days, beside what came.",
    ),
    filters=("uf", "unidade", "produto"),
    views=(
        Totals(
            id="proximos",
            title=Words("Próximos dias", "Next days"),
            query=NEXT,
            columns=(
                Column(
                    name="receita_7",
                    label=Words("Receita, 7 dias", "Revenue, 7 days"),
                    kind="brl",
                ),
                Column(
                    name="receita_28",
                    label=Words("Receita, 28 dias", "Revenue, 28 days"),
                    kind="brl",
                ),
                Column(
                    name="pedidos_7", label=Words("Pedidos, 7 dias", "Orders, 7 days"), kind="count"
                ),
                Column(
                    name="pecas_7", label=Words("Peças, 7 dias", "Pieces, 7 days"), kind="count"
                ),
            ),
        ),
        Chart(
            id="dias",
            title=Words("Receita: o que veio e o que se espera", "Revenue: what came, and next"),
            note=Words(
                "intervalo de 90% da rede, de um estado ou de uma unidade",
                "interval of 90% of the chain, of a state or of a unit",
            ),
            form="line",
            height=360,
            query=DAYS,
            series=(
                Series(name="veio", label=Words("Veio", "Came")),
                Series(name="esperado", label=Words("Esperado", "Expected"), color="indigo.5"),
                Series(name="minimo", label=Words("5%", "5%"), color="gray.6"),
                Series(name="maximo", label=Words("95%", "95%"), color="gray.6"),
            ),
        ),
        Embedded(
            id="metodo",
            title=Words("Como esta previsão é feita", "How this forecast is made"),
            draw=method_in_words,
            has_form=False,
        ),
        Table(
            id="unidades",
            title=Words("Próximos 7 dias por unidade", "Next 7 days by unit"),
            span=8,
            query=UNITS,
            columns=(
                UNIT,
                Column(name="receita", label=Words("Receita", "Revenue"), kind="brl"),
                Column(name="antes", label=Words("Últimos 7 dias", "Last 7 days"), kind="brl"),
                Column(name="mudanca", label=Words("Mudança", "Change"), kind="percent"),
                Column(name="pedidos", label=Words("Pedidos", "Orders"), kind="count"),
            ),
        ),
        Table(
            id="produtos",
            title=Words("Peças por produto", "Pieces by product"),
            span=4,
            query=PRODUCTS,
            columns=(
                Column(
                    name="product_name", label=Words("Produto", "Product"), width=180, wraps=True
                ),
                Column(name="pecas_7", label=Words("7 dias", "7 days"), kind="count"),
                Column(name="pecas_28", label=Words("28 dias", "28 days"), kind="count"),
            ),
        ),
        Chart(
            id="previsto-e-veio",
            title=Words("Receita: previsto na véspera e o que veio", "Revenue: promised and came"),
            note=Words(
                "últimos 28 dias, previsões guardadas de cada dia",
                "last 28 days, forecasts as stored on each day",
            ),
            form="line",
            query=ACCURACY,
            series=(
                Series(name="veio", label=Words("Veio", "Came")),
                Series(name="previsto", label=Words("Previsto", "Forecast"), color="indigo.5"),
                Series(name="minimo", label=Words("5%", "5%"), color="gray.6"),
                Series(name="maximo", label=Words("95%", "95%"), color="gray.6"),
            ),
        ),
        Table(
            id="acertos",
            title=Words("Qualidade medida", "Measured quality"),
            note=Words(
                "previsões guardadas contra o que veio, 28 dias",
                "stored forecasts against what came, 28 days",
            ),
            query=QUALITY,
            empty=Words(
                "Ainda não há previsões guardadas de dias que já vieram.",
                "No stored forecast of a day that has come yet.",
            ),
            columns=(
                Column(name="measure", label=Words("Medida", "Measure"), texts=MEASURES, width=120),
                Column(name="step", label=Words("Dias antes", "Days ahead"), kind="count"),
                Column(name="comparacoes", label=Words("Casos", "Cases"), kind="count"),
                Column(name="erro", label=Words("Erro", "Error"), kind="percent"),
                Column(name="vies", label=Words("Viés", "Bias"), kind="percent"),
                Column(name="dentro", label=Words("No intervalo", "In interval"), kind="percent"),
                Column(
                    name="produtos_dentro",
                    label=Words("Produtos no intervalo", "Products in interval"),
                    kind="percent",
                ),
            ),
        ),
        Table(
            id="metodos",
            title=Words("Métodos em uso", "Methods in use"),
            note=Words(
                "teste retroativo; erro de 1 = mudança de uma semana para outra",
                "back-test; an error of 1 = the change from week to week",
            ),
            query=BACK_TEST,
            columns=(
                Column(name="level", label=Words("Série", "Series"), texts=LEVELS, width=180),
                Column(name="series_group", label=Words("Grupo", "Group"), texts=GROUPS, width=120),
                Column(name="method", label=Words("Método", "Method"), texts=MODELS, width=200),
                Column(name="week", label=Words("Semana", "Week"), kind="count"),
                Column(name="mase", label=Words("Erro", "Error"), kind="decimal"),
                Column(name="dentro", label=Words("No intervalo", "In interval"), kind="percent"),
                Column(name="series", label=Words("Séries", "Series"), kind="count"),
                Column(name="forecasts", label=Words("Casos", "Cases"), kind="count"),
            ),
        ),
        Table(
            id="estados",
            title=Words("Rede e estados: cada dia", "Chain and states: each day"),
            note=Words(
                "as quantidades esperadas somam as das unidades; os intervalos são próprios,"
                " porque os das unidades não se somam",
                "expected values add up those of the units; intervals are their own, because those"
                " of the units do not add up",
            ),
            query=AREAS,
            empty=Words(
                "Ainda não há esta conta; a próxima execução a faz: lakehouse ingest",
                "Not computed yet; the next run does it: lakehouse ingest",
            ),
            columns=(
                Column(name="target_day", label=Words("Dia", "Day"), kind="day"),
                Column(
                    name="place",
                    label=Words("Estado", "State"),
                    texts={"chain": Words("toda a rede", "all units")},
                    width=150,
                    wraps=True,
                ),
                Column(name="measure", label=Words("Medida", "Measure"), texts=MEASURES, width=120),
                Column(name="units", label=Words("Unidades", "Units"), kind="count", hidden=True),
                Column(name="expected", label=Words("Esperado", "Expected"), kind="decimal"),
                *QUANTILES,
                Column(name="dentro", label=Words("No intervalo", "In interval"), kind="percent"),
            ),
        ),
        Table(
            id="intervalos",
            title=Words("Cada dia com seus intervalos", "Each day with its intervals"),
            note=Words(
                "intervalo de 90%: de 5% a 95%; acima está quanto acertou no teste",
                "interval of 90%: from 5% to 95%; how often it held in the test is above",
            ),
            query=INTERVALS,
            columns=(
                Column(name="target_day", label=Words("Dia", "Day"), kind="day"),
                UNIT,
                Column(name="measure", label=Words("Medida", "Measure"), texts=MEASURES, width=120),
                Column(name="expected", label=Words("Esperado", "Expected"), kind="decimal"),
                *QUANTILES,
                Column(name="model", label=Words("Método", "Method"), texts=MODELS, width=150),
            ),
        ),
    ),
)

"""Cards: key figures, ageing, clients at risk, and a search of clients."""

from lakehouse.dashboard.declare import (
    OTHERS,
    Chart,
    Column,
    Page,
    Query,
    Series,
    Table,
    Totals,
    coded,
    found,
)
from lakehouse.dashboard.pages import client_risk
from lakehouse.dashboard.pages.cards import (
    BUCKETS,
    DAYS_LATE,
    LAST_PAID,
    NUMBER,
    OPEN,
    OVERDUE,
    PAID,
    SITUATIONS,
    UNPAID,
)
from lakehouse.dashboard.words import Words

AT_RISK = {"sim": Words("em risco", "at risk"), "não": Words("não", "no")}
KPIS = Query(
    sql="""
SELECT vlr_aberto, vlr_vencido, vlr_vencido_90, qtd_clientes_em_risco, vlr_faturado, vlr_pago,
  CAST(vlr_pago AS DOUBLE) / nullif(vlr_faturado, 0) AS pago,
  CAST(vlr_vencido AS DOUBLE) / nullif(vlr_aberto, 0) AS vencido,
  qtd_sem_pagamento / nullif(qtd_faturas, 0) AS sem_pagamento,
  CAST(vlr_vencido_90 AS DOUBLE) / nullif(vlr_aberto, 0) AS vencido_90,
  qtd_clientes, qtd_faturas, qtd_sem_pagamento, dt_referencia
FROM gold.cards_kpis
"""
)
NEWEST = "(SELECT max(dt_referencia) FROM gold.cards_ageing)"
AGEING = Query(
    sql=f"""
SELECT faixa AS label,
  coalesce(sum(vlr_aberto) FILTER (situacao = 'SEM_PAGAMENTO'), 0) AS sem_pagamento,
  coalesce(sum(vlr_aberto) FILTER (situacao = 'PARCIAL'), 0) AS parcial,
  sum(qtd_faturas) AS faturas, sum(vlr_aberto) AS aberto
FROM gold.cards_ageing WHERE dt_referencia = {NEWEST}
GROUP BY faixa, ordem ORDER BY ordem
"""  # noqa: S608  declared
)
AGEING_OVER_TIME = Query(
    sql="""
SELECT CASE WHEN day(dt_referencia) = 1 THEN strftime(dt_referencia, '%m/%Y')
    ELSE strftime(dt_referencia, '%d/%m/%Y') END AS label,
  coalesce(sum(vlr_aberto) FILTER (ordem = 1), 0) AS a_vencer,
  coalesce(sum(vlr_aberto) FILTER (ordem = 2), 0) AS ate_30,
  coalesce(sum(vlr_aberto) FILTER (ordem = 3), 0) AS ate_90,
  coalesce(sum(vlr_aberto) FILTER (ordem = 4), 0) AS acima_90
FROM gold.cards_ageing GROUP BY dt_referencia ORDER BY dt_referencia
"""
)
RISK = Query(
    sql=f"""
SELECT posicao, {coded("id_cliente")}, qtd_sem_pagamento_recente, dias_vencidos_max,
  vlr_aberto, vlr_vencido, vlr_vencido_90, dt_ultimo_pagamento
FROM gold.cards_clients_at_risk WHERE {found("id_cliente")} ORDER BY posicao
"""  # noqa: S608  declared
)
CLIENTS = Query(
    sql=f"""
SELECT {coded("c.id_cliente", "id_cliente")}, qtd_faturas, vlr_faturado, vlr_pago,
  CAST(vlr_pago AS DOUBLE) / nullif(vlr_faturado, 0) AS pago, qtd_sem_pagamento, vlr_aberto,
  vlr_vencido, CASE WHEN em_risco THEN 'sim' ELSE 'não' END AS em_risco
FROM gold.cards_clients c WHERE {found("id_cliente")} ORDER BY vlr_vencido DESC, c.id_cliente
"""  # noqa: S608  declared
)
BY_BUCKET = (
    Series(name="a_vencer", label=BUCKETS["A vencer"], color="gray.5"),
    Series(name="ate_30", label=BUCKETS["1-30 dias"], color="yellow.6"),
    Series(name="ate_90", label=BUCKETS["31-90 dias"], color="orange.6"),
    Series(name="acima_90", label=BUCKETS["Acima de 90 dias"], color="red.7"),
)

PAGE = Page(
    name="cartoes",
    title=Words("Cartões", "Cards"),
    lead=Words(
        "Quanto está em aberto, há quanto tempo, e de quem.",
        "How much is open, for how long, and by whom.",
    ),
    filters=("busca",),
    search=Words("Cliente: código ou número", "Client: code or number"),
    period="all",
    domain="cards",
    daily=False,
    group=OTHERS,
    views=(
        Totals(
            id="resumo",
            title=Words("Resumo", "Summary"),
            query=KPIS,
            columns=(
                Column(
                    name="vlr_aberto",
                    label=Words("Em aberto", "Open"),
                    kind="brl",
                    below=Column(name="dt_referencia", label=Words("em {}", "on {}"), kind="day"),
                ),
                Column(
                    name="vlr_vencido",
                    label=Words("Vencido", "Overdue"),
                    kind="brl",
                    below=Column(
                        name="vencido", label=Words("{} do aberto", "{} of open"), kind="percent"
                    ),
                ),
                Column(
                    name="vlr_vencido_90",
                    label=Words("Vencido > 90 dias", "Overdue > 90 days"),
                    kind="brl",
                    below=Column(
                        name="vencido_90", label=Words("{} do aberto", "{} of open"), kind="percent"
                    ),
                ),
                Column(
                    name="pago",
                    label=Words("Pago", "Paid"),
                    kind="percent",
                    below=Column(
                        name="vlr_faturado",
                        label=Words("de {} faturados", "of {} billed"),
                        kind="brl",
                    ),
                ),
                Column(
                    name="sem_pagamento",
                    label=Words("Sem pagamento", "Not paid"),
                    kind="percent",
                    below=Column(
                        name="qtd_faturas",
                        label=Words("de {} faturas", "of {} invoices"),
                        kind="count",
                    ),
                ),
                Column(
                    name="qtd_clientes_em_risco",
                    label=Words("Clientes em risco", "Clients at risk"),
                    kind="count",
                    below=Column(name="qtd_clientes", label=Words("de {}", "of {}"), kind="count"),
                ),
            ),
        ),
        Chart(
            id="vencidos-por-faixa",
            title=Words("Em aberto por faixa de atraso", "Open by days overdue"),
            span=5,
            form="bars",
            query=AGEING,
            labels=BUCKETS,
            series=(
                Series(name="sem_pagamento", label=SITUATIONS["SEM_PAGAMENTO"], color="red.6"),
                Series(name="parcial", label=SITUATIONS["PARCIAL"], color="orange.5"),
            ),
        ),
        Chart(
            id="vencidos-no-tempo",
            title=Words("Faixas no tempo", "Buckets over time"),
            note=Words(
                "no dia 1º de cada mês e no último dia", "on the 1st of each month, and last day"
            ),
            span=7,
            form="bars",
            query=AGEING_OVER_TIME,
            series=BY_BUCKET,
        ),
        client_risk.DEFAULT,
        client_risk.CHURN,
        Table(
            id="em-risco",
            title=Words("Clientes em maior risco", "Clients at highest risk"),
            note=Words(
                "três ou mais faturas dos últimos 180 dias sem pagamento",
                "three or more invoices of the last 180 days not paid",
            ),
            query=RISK,
            page_size=10,
            empty=Words("Nenhum cliente em risco.", "No client at risk."),
            columns=(
                Column(name="posicao", label=Words("Posição", "Rank")),
                NUMBER,
                Column(
                    name="qtd_sem_pagamento_recente",
                    label=Words("Sem pagamento em 180 dias", "Unpaid in 180 days"),
                    kind="count",
                ),
                Column(name="dias_vencidos_max", label=DAYS_LATE, kind="count"),
                OPEN,
                OVERDUE,
                LAST_PAID,
            ),
        ),
        Table(
            id="clientes",
            title=Words("Todos os clientes", "All clients"),
            query=CLIENTS,
            empty=Words(
                "Nenhum cliente encontrado. Sem o papel privacidade a busca conhece só os códigos.",
                "No client was found. Without the role privacidade the search knows codes only.",
            ),
            columns=(
                NUMBER,
                Column(name="qtd_faturas", label=Words("Faturas", "Invoices"), kind="count"),
                Column(name="vlr_faturado", label=Words("Faturado", "Billed"), kind="brl"),
                PAID,
                Column(name="pago", label=Words("Parte paga", "Share paid"), kind="percent"),
                UNPAID,
                OPEN,
                OVERDUE,
                Column(
                    name="em_risco",
                    label=Words("Risco", "Risk"),
                    texts=AT_RISK,
                    badges={"sim": "red", "não": "gray"},
                ),
            ),
        ),
    ),
)

"""Cards: key figures, ageing, clients at risk, and one client with invoices and variables."""

from lakehouse.dashboard.declare import OTHERS, Chart, Column, Page, Query, Series, Table, Totals
from lakehouse.dashboard.words import Words

SITUATIONS = {
    "SEM_PAGAMENTO": Words("Sem pagamento", "Not paid"),
    "PARCIAL": Words("Paga em parte", "Paid in part"),
    "TOTAL": Words("Paga", "Paid"),
    "EXCEDENTE": Words("Paga a mais", "Overpaid"),
}
SITUATION_BADGES = {
    "SEM_PAGAMENTO": "red",
    "PARCIAL": "orange",
    "TOTAL": "green",
    "EXCEDENTE": "green",
}
BUCKETS = {
    "A vencer": Words("A vencer", "Not yet due"),
    "1-30 dias": Words("1–30 dias", "1–30 days"),
    "31-90 dias": Words("31–90 dias", "31–90 days"),
    "Acima de 90 dias": Words("> 90 dias", "> 90 days"),
}
BUCKET_BADGES = {
    "A vencer": "gray",
    "1-30 dias": "orange",
    "31-90 dias": "orange",
    "Acima de 90 dias": "red",
}
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
FOUND = "({search} = '' OR contains(CAST(id_cliente AS VARCHAR), {search}))"
RISK = Query(
    sql=f"""
SELECT posicao, id_cliente, qtd_sem_pagamento_recente, dias_vencidos_max, vlr_aberto, vlr_vencido,
  vlr_vencido_90, dt_ultimo_pagamento
FROM gold.cards_clients_at_risk WHERE {FOUND} ORDER BY posicao
"""  # noqa: S608  declared
)
CLIENTS = Query(
    sql=f"""
SELECT id_cliente, qtd_faturas, vlr_faturado, vlr_pago,
  CAST(vlr_pago AS DOUBLE) / nullif(vlr_faturado, 0) AS pago, qtd_sem_pagamento, vlr_aberto,
  vlr_vencido, CASE WHEN em_risco THEN 'sim' ELSE 'não' END AS em_risco
FROM gold.cards_clients WHERE {FOUND} ORDER BY vlr_vencido DESC, id_cliente
"""  # noqa: S608  declared
)
CLIENT = Query(
    sql="""
SELECT c.id_cliente, vlr_aberto, vlr_vencido, vlr_pago, vlr_faturado,
  CAST(vlr_pago AS DOUBLE) / nullif(vlr_faturado, 0) AS pago, qtd_faturas, qtd_sem_pagamento,
  dias_vencidos_max, dt_ultimo_pagamento, posicao
FROM (SELECT * FROM gold.cards_clients WHERE {where}) c
LEFT JOIN (SELECT id_cliente, posicao FROM gold.cards_clients_at_risk) USING (id_cliente)
""",
    columns={"cliente": "id_cliente"},
)
INVOICES = Query(
    sql="""
SELECT id_fatura, dt_emissao, dt_vencimento, vlr_fatura, vlr_pagto_min, vlr_pago, vlr_aberto,
  dt_ultimo_pagamento, situacao, dias_vencidos, faixa
FROM gold.cards_invoices WHERE {where} ORDER BY dt_emissao DESC, id_fatura DESC
""",
    columns={"cliente": "id_cliente"},
)
INVOICES_BY_MONTH = Query(
    sql="""
SELECT strftime(dt_emissao, '%m/%Y') AS label, sum(least(vlr_pago, vlr_fatura)) AS pago,
  sum(vlr_aberto) AS aberto
FROM gold.cards_invoices WHERE {where}
GROUP BY label, date_trunc('month', dt_emissao) ORDER BY date_trunc('month', dt_emissao)
""",
    columns={"cliente": "id_cliente"},
)
VARIABLES = Query(
    sql="""
WITH book AS (
  SELECT upper(variavel) AS variavel, valor FROM (
    UNPIVOT (
      SELECT CAST(COLUMNS('^var_[0-9]+$') AS DECIMAL(30, 6))
      FROM gold.cards_book_fatura WHERE {where}
    ) ON COLUMNS('^var_[0-9]+$') INTO NAME variavel VALUE valor
  )
)
SELECT d.variavel, book.valor, d.significado, d.nome, d.classe, d.janela, d.agregacao
FROM gold.cards_book_dictionary d LEFT JOIN book ON book.variavel = upper(d.variavel)
WHERE d.livro = 'book_fatura' AND ({search} = ''
  OR contains(lower(d.variavel || ' ' || d.nome || ' ' || d.significado), lower({search})))
ORDER BY book.valor IS NULL, d.numero
""",
    columns={"cliente": "id_cliente"},
)
DAYS_LATE = Words("Dias vencidos", "Days overdue")
NUMBER = Column(
    name="id_cliente", label=Words("Cliente", "Client"), link="/cliente?cliente={id_cliente}"
)
OPEN = Column(name="vlr_aberto", label=Words("Em aberto", "Open"), kind="brl")
OVERDUE = Column(name="vlr_vencido", label=Words("Vencido", "Overdue"), kind="brl")
PAID = Column(name="vlr_pago", label=Words("Pago", "Paid"), kind="brl")
LAST_PAID = Column(
    name="dt_ultimo_pagamento",
    label=Words("Último pagamento", "Last payment"),
    kind="day",
    width=122,
)
UNPAID = Column(
    name="qtd_sem_pagamento", label=Words("Faturas sem pagamento", "Unpaid"), kind="count"
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
    search=Words("Número do cliente", "Number of the client"),
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
            empty=Words("Nenhum cliente com este número.", "No client with this number."),
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

CLIENT_PAGE = Page(
    name="cliente",
    title=Words("Cliente", "Client"),
    lead=Words(
        "Um cliente com suas faturas e suas 462 variáveis.",
        "One client with the invoices and the 462 variables.",
    ),
    filters=("cliente", "busca"),
    needs=("cliente",),
    back="/cartoes",
    search=Words("Variável: código, nome ou descrição", "Variable: code, name or meaning"),
    period="all",
    domain="cards",
    daily=False,
    in_menu=False,
    group=OTHERS,
    views=(
        Totals(
            id="cliente",
            title=Words("Cliente", "Client"),
            query=CLIENT,
            columns=(
                Column(
                    name="id_cliente",
                    label=Words("Cliente", "Client"),
                    below=Column(
                        name="posicao",
                        label=Words("posição de risco: {}", "risk rank: {}"),
                        kind="count",
                    ),
                ),
                OPEN,
                OVERDUE,
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
                    name="qtd_sem_pagamento",
                    label=Words("Faturas sem pagamento", "Unpaid invoices"),
                    kind="count",
                    below=Column(name="qtd_faturas", label=Words("de {}", "of {}"), kind="count"),
                ),
                Column(
                    name="dias_vencidos_max",
                    label=DAYS_LATE,
                    kind="count",
                    below=Column(
                        name="dt_ultimo_pagamento",
                        label=Words("último pagamento: {}", "last payment: {}"),
                        kind="day",
                    ),
                ),
            ),
        ),
        Chart(
            id="faturas-por-mes",
            title=Words("Faturas por mês de emissão", "Invoices by month of issue"),
            form="bars",
            height=240,
            query=INVOICES_BY_MONTH,
            series=(
                Series(name="pago", label=Words("Pago", "Paid"), color="teal.6"),
                Series(name="aberto", label=Words("Em aberto", "Open"), color="red.6"),
            ),
        ),
        Table(
            id="faturas",
            title=Words("Faturas", "Invoices"),
            query=INVOICES,
            page_size=13,
            columns=(
                Column(name="id_fatura", label=Words("Fatura", "Invoice")),
                Column(name="dt_emissao", label=Words("Emissão", "Issued"), kind="day"),
                Column(
                    name="dt_vencimento", label=Words("Vencimento", "Due"), kind="day", width=122
                ),
                Column(name="vlr_fatura", label=Words("Valor", "Value"), kind="brl"),
                PAID,
                OPEN,
                Column(
                    name="situacao",
                    label=Words("Situação", "Status"),
                    texts=SITUATIONS,
                    badges=SITUATION_BADGES,
                    width=146,
                ),
                Column(name="dias_vencidos", label=DAYS_LATE, kind="count"),
                Column(
                    name="faixa",
                    label=Words("Faixa", "Bucket"),
                    texts=BUCKETS,
                    badges=BUCKET_BADGES,
                ),
            ),
        ),
        Table(
            id="variaveis",
            title=Words("Variáveis do book", "Variables of the book"),
            note=Words(
                "na data de referência mais nova; sem valor: nenhuma fatura conta",
                "on the newest reference date; no value: no invoice counts",
            ),
            query=VARIABLES,
            page_size=15,
            empty=Words("Nenhuma variável encontrada.", "No variable found."),
            columns=(
                Column(name="variavel", label=Words("Código", "Code"), width=110),
                Column(name="valor", label=Words("Valor", "Value"), kind="decimal", width=110),
                Column(name="significado", label=Words("Descrição", "Meaning"), width=520),
                Column(name="nome", label=Words("Nome", "Name"), width=330),
            ),
        ),
    ),
)

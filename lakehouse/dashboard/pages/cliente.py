"""One client of the cards with invoices and variables."""

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
)
from lakehouse.dashboard.pages.cards import (
    BUCKET_BADGES,
    BUCKETS,
    DAYS_LATE,
    OPEN,
    OVERDUE,
    PAID,
    SITUATION_BADGES,
    SITUATIONS,
)
from lakehouse.dashboard.words import Words

CLIENT = Query(
    sql=f"""
SELECT {coded("c.id_cliente", "id_cliente")}, vlr_aberto, vlr_vencido, vlr_pago, vlr_faturado,
  CAST(vlr_pago AS DOUBLE) / nullif(vlr_faturado, 0) AS pago, qtd_faturas, qtd_sem_pagamento,
  dias_vencidos_max, dt_ultimo_pagamento, posicao
FROM (SELECT * FROM gold.cards_clients WHERE {{where}}) c
LEFT JOIN (SELECT id_cliente, posicao FROM gold.cards_clients_at_risk) r
  ON r.id_cliente = c.id_cliente
""",  # noqa: S608  declared
    columns={"cliente": "id_cliente"},
)
INVOICES = Query(
    sql="""
SELECT id_fatura, dt_emissao, dt_vencimento, vlr_fatura, vlr_pagto_min, vlr_pago, vlr_aberto,
  dt_ultimo_pagamento, situacao, CASE WHEN dias_vencidos > 0 THEN dias_vencidos END
    AS dias_vencidos, faixa
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

PAGE = Page(
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
                Column(
                    name="significado", label=Words("Descrição", "Meaning"), width=500, wraps=True
                ),
                Column(name="nome", label=Words("Nome", "Name"), width=330),
            ),
        ),
    ),
)

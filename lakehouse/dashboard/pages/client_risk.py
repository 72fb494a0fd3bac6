"""Clients by their probability of default and of churn, with the reasons in words.

Clients who have left already are not listed.
"""

from lakehouse.dashboard.declare import Column, Query, Table, coded, found
from lakehouse.dashboard.pages.cards import NUMBER, OPEN, OVERDUE
from lakehouse.dashboard.words import Words

SITUATIONS = {
    "avaliado": Words("avaliado", "evaluated"),
    "sem_historico": Words("sem histórico", "no history"),
}
SITUATION_BADGES = {"avaliado": "blue", "sem_historico": "gray"}
MODELS = {
    "base_rate": Words("taxa média", "base rate"),
    "rule": Words("regra", "rule"),
    "logistic": Words("regressão logística", "logistic regression"),
    "boosted": Words("árvores", "boosted trees"),
}
_KINDS = {
    "sem_pagamento": "sem pagamento",
    "no_prazo": "pagas no prazo",
    "antecipado": "pagas antes do prazo",
    "em_atraso": "pagas em atraso",
}
OWN_WORDS = {
    f"perc_{kind}_u{months}m": f"parte das faturas {words} em {months} meses"
    for kind, words in _KINDS.items()
    for months in (3, 6, 12)
} | {
    "qtd_sem_pagamento_recente": "faturas sem pagamento em 180 dias",
    "dias_desde_ultima_fatura": "dias desde a última fatura",
    "qtd_faturas_u1m": "faturas no último mês",
    **{f"qtd_faturas_u{months}m": f"faturas em {months} meses" for months in (3, 6, 12)},
    "perc_valor_u1m": "valor do último mês ante a média do cliente",
    "perc_valor_u3m": "valor de 3 meses ante a média do cliente",
}
"""Variables that are not in the book → what they mean."""
MOST_NAMED = 3
_OWN = ", ".join(f"('{name}', '{words}')" for name, words in OWN_WORDS.items())


def _clients(table: str) -> Query:
    """Return the query of a table of probabilities, the highest first, with words for reasons."""
    return Query(
        sql=f"""
WITH risk AS (
  SELECT * FROM gold.{table}
  WHERE situacao NOT IN ('sem_modelo', 'evadido') AND {found("id_cliente")}
),
parts AS (
  SELECT id_cliente, part.key AS nome, CAST(part.value AS DOUBLE) AS peso,
    row_number() OVER (PARTITION BY id_cliente ORDER BY abs(CAST(part.value AS DOUBLE)) DESC,
      part.key) AS n
  FROM risk, json_each(contributions) part WHERE part.key NOT IN ('base', 'outras')
),
meanings AS (
  SELECT nome, significado FROM gold.cards_book_dictionary WHERE livro = 'book_fatura'
  UNION ALL SELECT * FROM (VALUES {_OWN}) own(nome, significado)
),
words AS (
  SELECT id_cliente, string_agg(CASE WHEN peso > 0 THEN '▲ ' ELSE '▼ ' END
    || coalesce(significado, nome), ' · ' ORDER BY n) AS motivos
  FROM parts LEFT JOIN meanings USING (nome) WHERE n <= {MOST_NAMED} GROUP BY id_cliente
)
SELECT rank AS posicao, {coded("risk.id_cliente", "id_cliente")}, probability, situacao,
  coalesce(motivos, CASE model WHEN 'base_rate' THEN 'taxa média de todos os clientes' END)
    AS motivos, vlr_aberto, vlr_vencido, model, dt_referencia
FROM risk LEFT JOIN words ON words.id_cliente = risk.id_cliente
LEFT JOIN (SELECT id_cliente, vlr_aberto, vlr_vencido FROM gold.cards_clients) c
  ON c.id_cliente = risk.id_cliente
ORDER BY rank NULLS LAST, risk.id_cliente
"""  # noqa: S608  declared
    )


def _table(name: str, title: Words, of: str, model: str) -> Table:
    command = f"lakehouse models train cards/{model}"
    return Table(
        id=name,
        title=title,
        note=Words("▲ aumenta, ▼ diminui a probabilidade", "▲ raises, ▼ lowers the probability"),
        query=_clients(of),
        page_size=7,
        empty=Words(
            f"Nenhum cliente avaliado. Um modelo é treinado com: {command}"
            " e usado na execução seguinte (lakehouse ingest --domain cards)",
            f"No client was evaluated. A model is trained by: {command}"
            " and used by the next run (lakehouse ingest --domain cards)",
        ),
        columns=(
            Column(name="posicao", label=Words("Posição", "Rank"), kind="count", width=90),
            NUMBER,
            Column(
                name="situacao",
                label=Words("Situação", "Status"),
                texts=SITUATIONS,
                badges=SITUATION_BADGES,
                width=126,
            ),
            Column(name="probability", label=Words("Probabilidade", "Probability"), kind="percent"),
            Column(name="motivos", label=Words("Por quê", "Why"), width=350, wraps=True),
            OPEN,
            OVERDUE,
            Column(name="model", label=Words("Modelo", "Model"), texts=MODELS, hidden=True),
            Column(
                name="dt_referencia",
                label=Words("Referência", "Reference"),
                kind="day",
                hidden=True,
            ),
        ),
    )


DEFAULT = _table(
    "probabilidade",
    Words(
        "Clientes que podem não pagar: probabilidade de inadimplência",
        "Clients who may not pay: probability of default",
    ),
    "cards_default_risk",
    "default_risk",
)
CHURN = _table(
    "podem-sair",
    Words(
        "Clientes que podem sair: probabilidade de nenhuma fatura em 90 dias",
        "Clients who may leave: probability of no invoice in 90 days",
    ),
    "cards_churn_risk",
    "churn_risk",
)

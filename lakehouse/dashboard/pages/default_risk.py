"""Clients by their probability of default, with what raises and lowers it in words."""

from lakehouse.dashboard.declare import Column, Query, Table, masked
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
} | {"qtd_sem_pagamento_recente": "faturas sem pagamento em 180 dias"}
"""Variables that are not in the book → what they mean."""
MOST_NAMED = 3
_OWN = ", ".join(f"('{name}', '{words}')" for name, words in OWN_WORDS.items())
RISK = Query(
    sql=f"""
WITH risk AS (
  SELECT * FROM gold.cards_default_risk
  WHERE situacao <> 'sem_modelo'
    AND ({{search}} = '' OR contains(CAST(id_cliente AS VARCHAR), {{search}}))
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
SELECT rank AS posicao, {masked("id_cliente")}, probability, situacao,
  coalesce(motivos, CASE model WHEN 'base_rate' THEN 'taxa média de todos os clientes' END)
    AS motivos, vlr_aberto, vlr_vencido, model, dt_referencia
FROM risk LEFT JOIN words USING (id_cliente)
LEFT JOIN (SELECT id_cliente, vlr_aberto, vlr_vencido FROM gold.cards_clients) USING (id_cliente)
ORDER BY rank NULLS LAST, risk.id_cliente
"""  # noqa: S608  declared
)
TABLE = Table(
    id="probabilidade",
    title=Words("Probabilidade de inadimplência", "Probability of default"),
    note=Words(
        "▲ aumenta, ▼ diminui",
        "▲ raises, ▼ lowers",
    ),
    query=RISK,
    empty=Words(
        "Nenhum cliente avaliado. Um modelo é treinado com: lakehouse models train"
        " cards/default_risk",
        "No client was evaluated. A model is trained by: lakehouse models train cards/default_risk",
    ),
    columns=(
        Column(name="posicao", label=Words("Posição", "Rank"), width=90),
        NUMBER,
        Column(
            name="situacao",
            label=Words("Situação", "Status"),
            texts=SITUATIONS,
            badges=SITUATION_BADGES,
            width=130,
        ),
        Column(name="probability", label=Words("Probabilidade", "Probability"), kind="percent"),
        Column(name="motivos", label=Words("Por quê", "Why"), width=520, wraps=True),
        OPEN,
        OVERDUE,
        Column(name="model", label=Words("Modelo", "Model"), texts=MODELS, width=150),
        Column(name="dt_referencia", label=Words("Referência", "Reference"), kind="day"),
    ),
)

"""Repair: the money in quarantine by unit and reason, the rejected rows, and one row's form."""

from collections.abc import Mapping

from lakehouse.dashboard import repair_trail, repair_view
from lakehouse.dashboard.declare import Column, Embedded, FilterName, Page, Query, Table
from lakehouse.dashboard.reasons import REASONS
from lakehouse.dashboard.words import DOMAINS, Words

FOUND = """
WITH sender AS (
  SELECT domain, file, digest, any_value(unit) AS unit_id, max(status = 'loaded') AS is_loaded
  FROM ops.deliveries GROUP BY ALL
),
unit_names AS (
  SELECT unit_id, arg_max(unit_name, day) AS unit_name FROM gold.mrhealth_unit_day GROUP BY ALL
),
rejected AS (
  SELECT q.*, sender.unit_id, list_first(q.reasons) AS reason,
    coalesce(unit_name, sender.unit_id::VARCHAR, q.domain) AS unit_name,
    CASE WHEN q.domain = 'mrhealth' AND q.layer = 'silver' AND q."table" = 'orders'
      AND json_extract_string(q."values", '$.Status') = 'Finalizado'
      THEN try_cast(json_extract_string(q."values", '$.Vlr_Pedido') AS DECIMAL(14, 2))
    END AS amount,
    concat_ws('/', q.domain, q."table", q.day::VARCHAR, q.line::VARCHAR,
      left(sha256(concat(q.file, q.digest)), 16)) AS id
  FROM ops.quarantine q
  LEFT JOIN sender USING (domain, file, digest)
  LEFT JOIN unit_names ON q.domain = 'mrhealth' AND unit_names.unit_id = sender.unit_id
  WHERE (q.layer = 'silver' OR (q.layer = 'bronze' AND sender.is_loaded))
    AND ({search} = '' OR list_contains(q.reasons, {search})
      OR contains(lower(q.file), lower({search})))
)
"""
COLUMNS: Mapping[FilterName, str] = {"periodo": "day", "dominio": "domain", "unidade": "unit_id"}
MONEY = Query(
    sql=FOUND
    + """
SELECT domain, unit_id, unit_name, reason, count(*) AS rows, sum(amount) AS amount
FROM rejected WHERE {where}
GROUP BY ALL ORDER BY amount DESC NULLS LAST, rows DESC, domain, unit_name, reason
""",
    columns=COLUMNS,
    domain="",
)
ROWS = Query(
    sql=FOUND
    + """
SELECT day, domain, "table", unit_name, reason, amount, file, line, id,
  'Corrigir' AS action
FROM rejected WHERE {where}
ORDER BY amount DESC NULLS LAST, day DESC, domain, "table", file, line
""",
    columns=COLUMNS,
    domain="",
)
OPERATION = Words("Operação", "Operations")

PAGE = Page(
    name="reparo",
    title=Words("Reparo", "Repair"),
    lead=Words(
        "Linhas rejeitadas: quanto valem, onde estão e o que foi corrigido.",
        "Rejected rows: what they are worth, where they are and what was corrected.",
    ),
    filters=("periodo", "dominio", "unidade", "busca"),
    search=Words("Motivo ou arquivo", "Reason or file"),
    period="all",
    domain="",
    group=OPERATION,
    views=(
        Table(
            id="dinheiro",
            title=Words("Dinheiro em quarentena", "Money in quarantine"),
            note=Words(
                "Valor legível de pedidos finalizados, por unidade e motivo.",
                "Readable value of finished orders, by unit and reason.",
            ),
            query=MONEY,
            empty=Words("Nada em quarentena.", "Nothing in quarantine."),
            columns=(
                Column(name="unit_name", label=Words("Unidade", "Unit"), texts=DOMAINS, width=200),
                Column(
                    name="reason",
                    label=Words("Motivo", "Reason"),
                    link="/reparo?dominio={domain}&unidade={unit_id}&busca={reason}",
                    texts=REASONS,
                    width=180,
                ),
                Column(name="rows", label=Words("Linhas", "Rows"), kind="count"),
                Column(name="amount", label=Words("Valor", "Value"), kind="brl"),
            ),
        ),
        Table(
            id="linhas",
            title=Words("Linhas rejeitadas", "Rejected rows"),
            query=ROWS,
            empty=Words("Nenhuma linha em quarentena.", "Not one row in quarantine."),
            columns=(
                Column(
                    name="action",
                    label=Words("Linha", "Row"),
                    link="/linha?busca={id}",
                    width=110,
                ),
                Column(name="day", label=Words("Dia", "Day"), kind="day"),
                Column(
                    name="unit_name",
                    label=Words("Unidade", "Unit"),
                    texts=DOMAINS,
                    width=160,
                    wraps=True,
                ),
                Column(name="table", label=Words("Conjunto", "Dataset"), wraps=True),
                Column(
                    name="reason",
                    label=Words("Motivo", "Reason"),
                    texts=REASONS,
                    width=160,
                    wraps=True,
                ),
                Column(name="amount", label=Words("Valor", "Value"), kind="brl"),
                Column(name="file", label=Words("Arquivo", "File"), width=250, wraps=True),
                Column(name="line", label=Words("Nº da linha", "Line"), kind="count"),
            ),
        ),
        Embedded(
            id="trilha",
            title=Words("O que foi corrigido", "What was corrected"),
            draw=repair_trail.trail,
        ),
    ),
)
ROW = Page(
    name="linha",
    title=Words("Corrigir uma linha", "Correct a row"),
    lead=Words(
        "A correção chega como arquivo e passa pelas mesmas verificações.",
        "The correction lands as a file and passes the same checks.",
    ),
    filters=(),
    period="all",
    domain="",
    group=OPERATION,
    in_menu=False,
    views=(
        Embedded(
            id="linha",
            title=Words("Linha rejeitada", "Rejected row"),
            draw=repair_view.row,
        ),
    ),
)

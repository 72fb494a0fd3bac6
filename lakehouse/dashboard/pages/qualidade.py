"""Quality of the data of all domains: reconciliation, quarantine, deliveries, checks, freshness."""

from collections.abc import Mapping

from lakehouse.dashboard.declare import (
    Chart,
    Column,
    FilterName,
    Page,
    Query,
    Series,
    Table,
    Totals,
)
from lakehouse.dashboard.reasons import REASONS
from lakehouse.dashboard.words import DOMAINS, Words

DELIVERY: Mapping[FilterName, str] = {"periodo": "day", "dominio": "domain"}
RESULTS = {
    "pass": Words("passou", "passed"),
    "warn": Words("aviso", "warning"),
    "fail": Words("falhou", "failed"),
}
RESULT_BADGES = {"pass": "green", "warn": "orange", "fail": "red"}
STATUSES = {
    "loaded": Words("carregado", "loaded"),
    "superseded": Words("substituído", "superseded"),
    "duplicate": Words("cópia", "duplicate"),
    "rejected": Words("rejeitado", "rejected"),
    "held": Words("retido", "held"),
}
STATUS_BADGES = {"rejected": "red", "held": "orange", "duplicate": "gray", "superseded": "gray"}

TOTALS = Query(
    sql="""
SELECT count(*) AS arquivos, coalesce(sum(physical_lines), 0) AS linhas,
  coalesce(sum(silver_rows), 0) AS aceitas,
  coalesce(sum(quarantined_rows + unparsable_lines), 0) AS quarentena,
  coalesce(sum(excluded_lines), 0) AS excluidas,
  count(*) FILTER (balance = 'unbalanced') AS desbalanceados
FROM ops.reconciliation WHERE {where}
""",
    columns=DELIVERY,
)
FRESHNESS = Query(
    sql="""
SELECT domain, "table", max(day) FILTER (silver_rows > 0 OR bronze_rows > 0) AS newest,
  count(*) AS files, count(*) FILTER (status IN ('rejected', 'held')) AS not_loaded,
  sum(physical_lines) AS lines, count(*) FILTER (balance = 'waiting') AS waiting,
  count(*) FILTER (balance = 'unbalanced') AS unbalanced
FROM ops.reconciliation WHERE {where}
GROUP BY ALL ORDER BY domain, "table"
""",
    columns=DELIVERY,
)
QUARANTINE = Query(
    sql="""
SELECT domain, layer, "table", list_first(reasons) AS reason, count(*) AS rows,
  count(DISTINCT file) AS files, min(day) AS first_day, max(day) AS last_day,
  min_by(file, (day, file, line)) AS example, min_by(line, (day, file, line)) AS example_line
FROM ops.quarantine WHERE {where}
GROUP BY ALL ORDER BY rows DESC, domain, layer, "table", reason
""",
    columns=DELIVERY,
)
BY_DAY = Query(
    sql="""
SELECT day AS label, sum(quarantined_rows + unparsable_lines) AS quarentena,
  sum(excluded_lines) AS excluidas
FROM ops.reconciliation WHERE {where} GROUP BY day ORDER BY day
""",
    columns=DELIVERY,
)
CHECKS = Query(
    sql="""
SELECT day, domain, table_name, check_name, category, result, expected_value, actual_value, details
FROM ops.data_quality_log WHERE {where} AND result <> 'pass'
ORDER BY result, day DESC, table_name, check_name
""",
    columns=DELIVERY,
)
FILES = Query(
    sql="""
SELECT day, domain, "table", unit, file, status, reason, detail
FROM ops.deliveries WHERE {where} AND status IN ('rejected', 'held')
ORDER BY day DESC, domain, file
""",
    columns=DELIVERY,
)
MISSING = Query(
    sql="""
SELECT day, unit_id, unit_name, state_name FROM gold.mrhealth_unit_day
WHERE {where} AND NOT delivered ORDER BY day DESC, unit_id
""",
    columns={"periodo": "day", "dominio": "'mrhealth'"},
)
DOMAIN = Column(name="domain", label=Words("Sistema", "System"), texts=DOMAINS, width=110)
DAY = Column(name="day", label=Words("Dia", "Day"), kind="day")
DATASET = Column(name="table", label=Words("Conjunto", "Dataset"), width=130, wraps=True)

PAGE = Page(
    name="qualidade",
    title=Words("Qualidade", "Quality"),
    lead=Words(
        "Cada linha que chegou tem um destino; aqui estão as que não viraram número.",
        "Each line that arrived has one outcome; here are those that are not in a figure.",
    ),
    filters=("periodo", "dominio"),
    period="all",
    domain="",
    group=Words("Operação", "Operations"),
    views=(
        Totals(
            id="reconciliacao",
            title=Words("Reconciliação", "Reconciliation"),
            query=TOTALS,
            columns=(
                Column(name="arquivos", label=Words("Arquivos", "Files"), kind="count"),
                Column(name="linhas", label=Words("Linhas", "Lines"), kind="count"),
                Column(name="aceitas", label=Words("Aceitas", "Accepted rows"), kind="count"),
                Column(name="quarentena", label=Words("Em quarentena", "Rejected"), kind="count"),
                Column(
                    name="excluidas",
                    label=Words("Em arquivos rejeitados", "In files"),
                    kind="count",
                ),
                Column(
                    name="desbalanceados",
                    label=Words("Sem balanço", "Unbalanced files"),
                    kind="count",
                ),
            ),
        ),
        Chart(
            id="rejeicoes-por-dia",
            title=Words("Linhas fora dos números por dia", "Lines not in figures by day"),
            form="bars",
            kind="count",
            height=240,
            query=BY_DAY,
            series=(
                Series(
                    name="quarentena", label=Words("Em quarentena", "Rejected"), color="orange.6"
                ),
                Series(
                    name="excluidas",
                    label=Words("Em arquivos rejeitados", "In rejected files"),
                    color="red.6",
                ),
            ),
        ),
        Table(
            id="quarentena",
            title=Words("Quarentena por motivo", "Quarantine by reason"),
            query=QUARANTINE,
            empty=Words("Nenhuma linha em quarentena.", "Nothing in quarantine."),
            columns=(
                DOMAIN,
                Column(name="layer", label=Words("Camada", "Layer"), width=92),
                DATASET,
                Column(
                    name="reason",
                    label=Words("Motivo", "Reason"),
                    link="/reparo?dominio={domain}&busca={reason}",
                    texts=REASONS,
                    width=190,
                    wraps=True,
                ),
                Column(name="rows", label=Words("Linhas", "Rows"), kind="count"),
                Column(name="files", label=Words("Arquivos", "Files"), kind="count"),
                Column(name="last_day", label=Words("Último dia", "Last day"), kind="day"),
                Column(name="example", label=Words("Exemplo", "Example"), width=208, wraps=True),
                Column(name="example_line", label=Words("Linha", "Line"), kind="count"),
            ),
        ),
        Table(
            id="verificacoes",
            title=Words("Verificações que não passaram", "Checks that did not pass"),
            note=Words(
                "esperado, encontrado e detalhes: textos das verificações, em inglês",
                "expected, found and details: texts of the checks",
            ),
            query=CHECKS,
            empty=Words("Todas passaram.", "All passed."),
            columns=(
                DAY,
                Column(name="table_name", label=Words("Tabela", "Table"), width=190, wraps=True),
                Column(
                    name="check_name", label=Words("Verificação", "Check"), width=160, wraps=True
                ),
                Column(
                    name="result",
                    label=Words("Resultado", "Result"),
                    texts=RESULTS,
                    badges=RESULT_BADGES,
                ),
                Column(
                    name="expected_value",
                    label=Words("Esperado", "Expected"),
                    width=180,
                    wraps=True,
                ),
                Column(
                    name="actual_value", label=Words("Encontrado", "Found"), width=130, wraps=True
                ),
                Column(name="details", label=Words("Detalhes", "Details"), width=240, wraps=True),
            ),
        ),
        Table(
            id="arquivos",
            title=Words("Arquivos não carregados", "Files that were not loaded"),
            note=Words("detalhe: a mensagem do erro, em inglês", "detail: the error's message"),
            span=12,
            query=FILES,
            page_size=8,
            empty=Words("Todos os arquivos foram carregados.", "Every file was loaded."),
            columns=(
                DAY,
                DOMAIN,
                Column(name="file", label=Words("Arquivo", "File"), width=280, wraps=True),
                Column(
                    name="status",
                    label=Words("Situação", "Status"),
                    texts=STATUSES,
                    badges=STATUS_BADGES,
                ),
                Column(
                    name="reason",
                    label=Words("Motivo", "Reason"),
                    texts=REASONS,
                    width=190,
                    wraps=True,
                ),
                Column(name="detail", label=Words("Detalhe", "Detail"), width=420, wraps=True),
            ),
        ),
        Table(
            id="faltam",
            title=Words("Entregas que não chegaram", "Deliveries that did not arrive"),
            span=6,
            query=MISSING,
            page_size=8,
            empty=Words("Nenhuma falta.", "Nothing is missing."),
            columns=(
                DAY,
                Column(name="unit_name", label=Words("Unidade", "Unit"), width=220),
                Column(name="state_name", label=Words("Estado", "State")),
            ),
        ),
        Table(
            id="atualidade",
            title=Words("Atualidade por conjunto", "Freshness by dataset"),
            span=6,
            query=FRESHNESS,
            page_size=8,
            columns=(
                DOMAIN,
                DATASET,
                Column(name="newest", label=Words("Último dia", "Newest day"), kind="day"),
                Column(name="files", label=Words("Arquivos", "Files"), kind="count"),
                Column(name="not_loaded", label=Words("Fora", "Not loaded"), kind="count"),
            ),
        ),
    ),
)

"""Pipeline of all domains: published runs and checks with their durations, and what waits.

Runs that failed publish nothing; they are in the Dagster UI.
"""

from lakehouse.dashboard.declare import Chart, Column, Page, Query, Series, Table, Totals
from lakehouse.dashboard.reasons import REASONS
from lakehouse.dashboard.words import DOMAINS, Words

DOMAIN = Column(name="domain", label=Words("Sistema", "System"), texts=DOMAINS, width=110)

TOTALS = Query(
    sql="""
SELECT (SELECT max(published_at) FROM publications WHERE {scope}) AS ultima,
  (SELECT count(*) FROM ops.reconciliation WHERE balance = 'waiting' AND {scope}) AS esperando,
  (SELECT count(*) FROM ops.deliveries WHERE status = 'held' AND {scope}) AS retidos,
  (SELECT count(DISTINCT run_id) FROM ops.data_quality_log WHERE {scope}) AS execucoes,
  (SELECT count(*) FROM ops.data_quality_log WHERE result = 'fail' AND {scope}) AS falhas
""",
    columns={"dominio": "domain"},
)
PUBLICATIONS = Query(
    sql="""
SELECT domain, number, published_at, job, seconds, tables, row_count,
  row_count - lag(row_count) OVER (PARTITION BY domain ORDER BY number) AS more_rows, run_id
FROM publications WHERE {where} ORDER BY published_at DESC, domain, number DESC
""",
    columns={"dominio": "domain"},
)
MOST_SECONDS = 30 * 60
"""Time in which a run must publish."""
COSTS = Query(
    sql=f"""
SELECT domain, count(seconds) AS runs, sum(seconds) AS total, avg(seconds) AS mean,
  max(seconds) AS longest, avg(CAST(seconds <= {MOST_SECONDS} AS INTEGER)) AS on_time,
  arg_max(row_count, number) AS row_count, max(published_at) AS newest
FROM publications WHERE {{where}} GROUP BY domain ORDER BY total DESC NULLS LAST, domain
""",  # noqa: S608  declared
    columns={"dominio": "domain"},
)
DURATIONS = Query(
    sql="""
SELECT strftime(published_at, '%d/%m %H:%M') || ' · ' || domain AS label, seconds AS segundos
FROM (
  SELECT * FROM publications WHERE {where} AND seconds IS NOT NULL
  ORDER BY published_at DESC, domain, number DESC LIMIT 30
)
ORDER BY published_at, domain, number
""",
    columns={"dominio": "domain"},
)
RUNS = Query(
    sql="""
SELECT run_id, domain, min(execution_timestamp) AS started, count(DISTINCT day) AS days,
  count(*) AS checks, count(*) FILTER (result = 'warn') AS warnings,
  count(*) FILTER (result = 'fail') AS failures, sum(seconds) AS seconds
FROM (
  SELECT *, duration_seconds / count(*) OVER (PARTITION BY run_id, check_id) AS seconds
  FROM ops.data_quality_log WHERE {where}
)
GROUP BY ALL ORDER BY started DESC, run_id
""",
    columns={"dominio": "domain"},
)
SLOWEST = Query(
    sql="""
SELECT table_name || ' · ' || check_name AS label, max(duration_seconds) AS segundos
FROM ops.data_quality_log WHERE {where}
GROUP BY label ORDER BY segundos DESC, label LIMIT 10
""",
    columns={"dominio": "domain"},
)
BACKLOG = Query(
    sql="""
SELECT day, domain, "table", file, balance AS state, waiting_days AS detail
FROM ops.reconciliation WHERE balance <> 'balanced' AND {where}
UNION ALL
SELECT day, domain, "table", file, 'held', reason
FROM ops.deliveries WHERE status = 'held' AND {where}
ORDER BY day DESC, domain, file
""",
    columns={"dominio": "domain"},
)
STATES = {
    "waiting": Words("espera outro dia", "waits for a day"),
    "held": Words("arquivo incompleto", "incomplete file"),
    "unbalanced": Words("não fecha", "unbalanced"),
}

PAGE = Page(
    name="pipeline",
    title=Words("Pipeline", "Pipeline"),
    lead=Words(
        "O que foi publicado, o que foi verificado e o que espera.",
        "What was published, what was checked and what waits.",
    ),
    filters=("dominio",),
    period="all",
    domain="",
    group=Words("Operação", "Operations"),
    views=(
        Totals(
            id="situacao",
            title=Words("Situação", "State"),
            query=TOTALS,
            columns=(
                Column(name="ultima", label=Words("Última publicação", "Published"), kind="moment"),
                Column(name="esperando", label=Words("Em espera", "Waiting"), kind="count"),
                Column(name="retidos", label=Words("Arquivos retidos", "Held files"), kind="count"),
                Column(
                    name="execucoes",
                    label=Words("Execuções verificadas", "Checked runs"),
                    kind="count",
                ),
                Column(
                    name="falhas",
                    label=Words("Verificações com falha", "Failed checks"),
                    kind="count",
                ),
            ),
        ),
        Table(
            id="publicacoes",
            title=Words("Publicações", "Publications"),
            note=Words("as 10 mais novas de cada sistema", "the 10 newest of each system"),
            span=12,
            query=PUBLICATIONS,
            columns=(
                DOMAIN,
                Column(name="number", label=Words("Número", "Number"), kind="count"),
                Column(
                    name="published_at", label=Words("Quando", "When"), kind="moment", width=150
                ),
                Column(name="job", label=Words("Tarefa", "Job"), width=170),
                Column(name="seconds", label=Words("Duração", "Duration"), kind="seconds"),
                Column(name="tables", label=Words("Tabelas", "Tables"), kind="count"),
                Column(name="row_count", label=Words("Linhas", "Rows"), kind="count"),
                Column(name="more_rows", label=Words("A mais", "More"), kind="count"),
            ),
        ),
        Table(
            id="prazo-e-custo",
            title=Words("Prazo e custo por sistema", "Deadline and cost by domain"),
            note=Words(
                "as 10 últimas execuções que publicaram; prazo: 30 minutos",
                "the last 10 runs that published; deadline: 30 minutes",
            ),
            query=COSTS,
            columns=(
                DOMAIN,
                Column(name="runs", label=Words("Execuções", "Runs"), kind="count"),
                Column(name="on_time", label=Words("No prazo", "In time"), kind="percent"),
                Column(name="total", label=Words("Tempo ao todo", "Time in all"), kind="seconds"),
                Column(name="mean", label=Words("Média", "Mean"), kind="seconds"),
                Column(name="longest", label=Words("A mais longa", "Longest"), kind="seconds"),
                Column(
                    name="row_count",
                    label=Words("Linhas publicadas", "Published rows"),
                    kind="count",
                ),
                Column(name="newest", label=Words("Última", "Newest"), kind="moment"),
            ),
        ),
        Chart(
            id="duracoes",
            title=Words("Duração das execuções", "Duration of runs"),
            note=Words(
                "as 30 últimas que publicaram, do início à publicação",
                "the last 30 that published, from start to publication",
            ),
            span=8,
            form="bars",
            kind="seconds",
            height=380,
            query=DURATIONS,
            series=(Series(name="segundos", label=Words("Segundos", "Seconds")),),
        ),
        Chart(
            id="mais-lentas",
            title=Words("Verificações mais lentas", "Slowest checks"),
            span=4,
            form="ranking",
            kind="seconds",
            query=SLOWEST,
            series=(Series(name="segundos", label=Words("Segundos", "Seconds")),),
        ),
        Table(
            id="execucoes",
            title=Words("Execuções com verificações", "Runs with checks"),
            query=RUNS,
            page_size=8,
            columns=(
                DOMAIN,
                Column(name="started", label=Words("Início (UTC)", "Start (UTC)"), kind="moment"),
                Column(name="days", label=Words("Dias", "Days"), kind="count"),
                Column(name="checks", label=Words("Verificações", "Checks"), kind="count"),
                Column(name="warnings", label=Words("Avisos", "Warnings"), kind="count"),
                Column(name="failures", label=Words("Falhas", "Failures"), kind="count"),
                Column(name="seconds", label=Words("Duração", "Duration"), kind="seconds"),
            ),
        ),
        Table(
            id="fila",
            title=Words("O que espera", "What waits"),
            query=BACKLOG,
            empty=Words("Nada espera.", "Nothing waits."),
            columns=(
                Column(name="day", label=Words("Dia", "Day"), kind="day"),
                DOMAIN,
                Column(name="file", label=Words("Arquivo", "File"), width=360),
                Column(
                    name="state",
                    label=Words("Motivo", "Reason"),
                    texts=STATES,
                    badges={"waiting": "gray", "held": "orange", "unbalanced": "red"},
                ),
                Column(name="detail", label=Words("Detalhe", "Detail"), texts=REASONS, width=180),
            ),
        ),
    ),
)

"""Alerts: what waits for somebody, why, what to do, and how well alerts find incidents."""

from dataclasses import replace

from lakehouse.dashboard import alert_view
from lakehouse.dashboard.alert_queries import present
from lakehouse.dashboard.alert_words import (
    KINDS,
    SEVERITIES,
    SEVERITY_BADGES,
    STATE_BADGES,
    STATES,
)
from lakehouse.dashboard.declare import (
    Chart,
    Column,
    Embedded,
    Page,
    Query,
    Series,
    Table,
    Totals,
)
from lakehouse.dashboard.words import DOMAINS, Words

OPEN = present(
    """SELECT 'Decidir' AS decide, alert_id, severity, state, kind, subject,
  substr(message, length(subject) + 3) AS message, action, owner, actual, expected,
  expected_low, expected_high, measure, first_day, last_day, days, unit_id,
  domain,
  CASE domain WHEN 'sales' THEN '/vendas?de=' || first_day || '&ate=' || last_day
    WHEN 'cards' THEN '/cartoes' WHEN 'people' THEN '/pessoas'
    ELSE '/unidades?' || coalesce('unidade=' || unit_id || '&', '')
      || 'de=' || first_day || '&ate=' || last_day END AS link
FROM present WHERE waits AND {scope} AND {found}
ORDER BY urgency, last_day DESC, alert_id
"""
)
OTHERS = present(
    """SELECT 'Decidir' AS decide, domain, alert_id, severity, state, kind, subject, message, owner,
  outcome, note, until, first_day, last_day
FROM present WHERE NOT waits AND {scope} AND {found}
ORDER BY last_day DESC, urgency, alert_id
"""
)
COUNTS = present(
    """SELECT count(*) FILTER (waits) AS abertos,
  count(*) FILTER (waits AND severity = 'critical') AS criticos,
  count(*) FILTER (state = 'acknowledged') AS em_analise,
  count(*) FILTER (NOT waits) AS outros
FROM present WHERE {scope} AND {found}
"""
)
BY_KIND = present(
    """SELECT kind AS label, count(*) AS alertas FROM present WHERE {scope} AND {found}
GROUP BY kind ORDER BY alertas DESC, label
"""
)
QUALITY = Query(
    sql="""
SELECT domain, day, source, kind, incidents, found, recall, alerts, false_alerts, precision,
  days_to_detection, alerts_per_unit_month
FROM ops.alert_quality
ORDER BY day DESC, domain, source, kind
"""
)
DECIDE = Column(
    name="decide",
    label=Words("Decisão", "Decision"),
    link="/alertas?busca={alert_id}",
    texts={"Decidir": Words("Decidir", "Decide")},
    width=100,
)
SEVERITY = Column(
    name="severity",
    label=Words("Gravidade", "Severity"),
    texts=SEVERITIES,
    badges=SEVERITY_BADGES,
    width=110,
)
STATE = Column(
    name="state", label=Words("Situação", "State"), texts=STATES, badges=STATE_BADGES, width=110
)
DOMAIN = Column(name="domain", label=Words("Área", "Area"), texts=DOMAINS, hidden=True)
KIND = Column(name="kind", label=Words("Tipo", "Kind"), texts=KINDS, hidden=True)
MESSAGE = Column(name="message", label=Words("O que houve", "What happened"), width=230, wraps=True)
OWNER = Column(name="owner", label=Words("Responsável", "Owner"), width=120)
FIRST = Column(name="first_day", label=Words("Desde", "Since"), kind="day", hidden=True)
LAST = Column(name="last_day", label=Words("Último dia", "Last day"), kind="day")
IDENTIFIER = Column(name="alert_id", label=Words("Alerta", "Alert"), hidden=True)

PAGE = Page(
    name="alertas",
    title=Words("Alertas", "Alerts"),
    lead=Words(
        "O que espera por alguém, por quê, e o que fazer.",
        "What waits for somebody, why, and what to do.",
    ),
    filters=("uf", "unidade", "busca"),
    search=Words("Alerta ou parte do texto", "Alert or part of the text"),
    views=(
        Totals(
            id="contagem",
            title=Words("Alertas", "Alerts"),
            query=COUNTS,
            columns=(
                Column(name="abertos", label=Words("Esperam", "Waiting"), kind="count"),
                Column(name="criticos", label=Words("Críticos", "Critical"), kind="count"),
                Column(name="em_analise", label=Words("Em análise", "Acknowledged"), kind="count"),
                Column(name="outros", label=Words("Terminados", "Ended"), kind="count"),
            ),
        ),
        Table(
            id="abertos",
            title=Words("Alertas abertos", "Open alerts"),
            query=OPEN,
            empty=Words("Nenhum alerta espera por alguém.", "No alert waits for anybody."),
            columns=(
                DECIDE,
                Column(
                    name="subject",
                    label=Words("Onde", "Where"),
                    link="{link}",
                    width=150,
                    wraps=True,
                ),
                SEVERITY,
                MESSAGE,
                Column(
                    name="action", label=Words("O que fazer", "What to do"), width=180, wraps=True
                ),
                Column(name="actual", label=Words("Valor", "Figure"), hidden=True),
                Column(name="expected", label=Words("Esperado", "Expected"), hidden=True),
                Column(name="expected_low", label=Words("De", "From"), hidden=True),
                Column(name="expected_high", label=Words("Até", "To"), hidden=True),
                STATE,
                OWNER,
                DOMAIN,
                FIRST,
                LAST,
                KIND,
                IDENTIFIER,
            ),
        ),
        Embedded(
            id="decisao",
            title=Words("Decisões", "Decisions"),
            draw=alert_view.decisions_of_page,
        ),
        Chart(
            id="por-tipo",
            title=Words(
                "Alertas dos últimos 90 dias por tipo", "Alerts of the last 90 days by kind"
            ),
            span=6,
            form="ranking",
            query=BY_KIND,
            series=(Series(name="alertas", label=Words("Alertas", "Alerts")),),
            kind="count",
            labels=KINDS,
        ),
        Table(
            id="qualidade",
            title=Words("Qualidade dos alertas", "Quality of the alerts"),
            note=Words(
                "medida em dias com incidentes conhecidos", "measured on days with known incidents"
            ),
            span=6,
            query=QUALITY,
            empty=Words(
                "Nada medido: lakehouse alerts backtest --seeds 21-30 --keep",
                "Not measured: lakehouse alerts backtest --seeds 21-30 --keep",
            ),
            columns=(
                Column(name="day", label=Words("Dia", "Day"), kind="day"),
                replace(DOMAIN, hidden=False),
                Column(name="kind", label=Words("Incidente", "Incident")),
                Column(name="incidents", label=Words("Incidentes", "Incidents"), kind="count"),
                Column(name="recall", label=Words("Encontrados", "Found"), kind="percent"),
                Column(name="precision", label=Words("Precisão", "Precision"), kind="percent"),
                Column(
                    name="days_to_detection", label=Words("Dias até", "Days to"), kind="decimal"
                ),
                Column(name="source", label=Words("Medido em", "Measured on")),
            ),
        ),
        Table(
            id="outros",
            title=Words("Terminados, adiados e encerrados", "Ended, snoozed and closed"),
            query=OTHERS,
            columns=(
                DECIDE,
                SEVERITY,
                STATE,
                DOMAIN,
                MESSAGE,
                Column(name="outcome", label=Words("Resultado", "Outcome"), width=130),
                Column(name="note", label=Words("Nota", "Note"), width=130),
                Column(name="until", label=Words("Adiado até", "Snoozed until"), kind="day"),
                replace(OWNER, hidden=True),
                FIRST,
                LAST,
                IDENTIFIER,
            ),
        ),
    ),
)

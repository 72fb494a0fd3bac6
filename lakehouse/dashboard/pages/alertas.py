"""Alerts: what waits for somebody, why, what to do, and how well alerts find incidents."""

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
from lakehouse.dashboard.words import Words

PLACE: Mapping[FilterName, str] = {"unidade": "unit_id", "uf": "state_name"}
SEVERITIES = {
    "critical": Words("crítico", "critical"),
    "high": Words("alto", "high"),
    "medium": Words("médio", "medium"),
}
SEVERITY_BADGES = {"critical": "red", "high": "orange", "medium": "yellow"}
STATES = {
    "open": Words("aberto", "open"),
    "ended": Words("terminou", "ended"),
    "acknowledged": Words("em análise", "acknowledged"),
    "explained": Words("explicado", "explained"),
    "closed": Words("encerrado", "closed"),
    "snoozed": Words("adiado", "snoozed"),
}
STATE_BADGES = {
    "open": "red",
    "acknowledged": "orange",
    "explained": "blue",
    "closed": "green",
    "ended": "gray",
    "snoozed": "gray",
}
KINDS = {
    "no_delivery": Words("Sem entrega", "No delivery"),
    "silent": Words("Sem pedidos", "No orders"),
    "orders_drop": Words("Queda de pedidos", "Drop of orders"),
    "online_drop": Words("Queda da loja online", "Drop of the online shop"),
    "physical_drop": Words("Queda da loja física", "Drop of the restaurant"),
    "revenue_drop": Words("Queda de receita", "Drop of revenue"),
    "cancellations": Words("Cancelamentos", "Cancellations"),
    "prices": Words("Preços", "Prices"),
    "order_values": Words("Valor e itens", "Value and items"),
    "orders_low": Words("Pedidos abaixo do usual", "Fewer orders than usual"),
    "orders_surge": Words("Pedidos acima do usual", "More orders than usual"),
    "product_missing": Words("Produto sem vendas", "Product without sales"),
}
PRESENT = """
WITH steps AS (
  SELECT alert_id,
    arg_max(step, (day, decided_at)) FILTER (step NOT IN ('snoozed', 'assigned')) AS step,
    arg_max(outcome, (day, decided_at)) FILTER (step = 'closed') AS outcome,
    arg_max(note, (day, decided_at)) FILTER (note IS NOT NULL) AS note,
    arg_max(owner, (day, decided_at)) FILTER (owner IS NOT NULL) AS owner,
    arg_max(until, (day, decided_at)) FILTER (step = 'snoozed') AS until
  FROM ops.alert_decisions WHERE domain = 'mrhealth' GROUP BY alert_id
),
found AS (
  SELECT a.* EXCLUDE (state, owner), a.state = 'open' AS is_found, s.outcome, s.note, s.until,
    coalesce(s.owner, a.owner) AS owner,
    CASE WHEN s.step IN ('closed', 'explained', 'acknowledged') THEN s.step
      WHEN a.state = 'ended' THEN 'ended'
      WHEN s.until >= current_date THEN 'snoozed'
      ELSE 'open' END AS state,
    CASE a.severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 ELSE 3 END AS urgency
  FROM gold.mrhealth_alerts a LEFT JOIN steps s USING (alert_id)
),
present AS (
  SELECT *, is_found AND state <> 'closed' AND NOT coalesce(until >= current_date, false) AS waits
  FROM found
)
"""
"""The alerts with their present state: that of people where they decided, else that of the data."""


def _present(sql: str) -> Query:
    """Return a query over the alerts with their present state."""
    return Query(sql=f"{PRESENT}{sql}", columns=PLACE)


OPEN = _present(
    """SELECT alert_id, severity, state, kind, subject,
  substr(message, length(subject) + 3) AS message, action, owner, actual, expected,
  expected_low, expected_high, measure, first_day, last_day, days, unit_id,
  CASE WHEN unit_id IS NULL THEN '/unidades?de=' || first_day || '&ate=' || last_day
    ELSE '/unidades?unidade=' || unit_id || '&de=' || first_day || '&ate=' || last_day END AS link
FROM present WHERE waits AND {scope}
ORDER BY urgency, last_day DESC, alert_id
"""
)
OTHERS = _present(
    """SELECT alert_id, severity, state, kind, subject, message, owner, outcome, note, until,
  first_day, last_day
FROM present WHERE NOT waits AND {scope}
ORDER BY last_day DESC, urgency, alert_id
"""
)
COUNTS = _present(
    """SELECT count(*) FILTER (waits) AS abertos,
  count(*) FILTER (waits AND severity = 'critical') AS criticos,
  count(*) FILTER (state = 'acknowledged') AS em_analise,
  count(*) FILTER (NOT waits) AS outros
FROM present WHERE {scope}
"""
)
BY_KIND = _present(
    """SELECT kind AS label, count(*) AS alertas FROM present WHERE {scope}
GROUP BY kind ORDER BY alertas DESC, label
"""
)
QUALITY = Query(
    sql="""
SELECT day, source, kind, incidents, found, recall, alerts, false_alerts, precision,
  days_to_detection, alerts_per_unit_month
FROM ops.alert_quality WHERE domain = 'mrhealth'
ORDER BY day DESC, source, kind
"""
)
SEVERITY = Column(
    name="severity",
    label=Words("Gravidade", "Severity"),
    texts=SEVERITIES,
    badges=SEVERITY_BADGES,
    width=130,
)
STATE = Column(
    name="state", label=Words("Situação", "State"), texts=STATES, badges=STATE_BADGES, width=120
)
KIND = Column(name="kind", label=Words("Tipo", "Kind"), texts=KINDS, width=170)
MESSAGE = Column(name="message", label=Words("O que houve", "What happened"), width=300, wraps=True)
OWNER = Column(name="owner", label=Words("Responsável", "Owner"), width=120)
FIRST = Column(name="first_day", label=Words("Desde", "Since"), kind="day")
LAST = Column(name="last_day", label=Words("Último dia", "Last day"), kind="day")
IDENTIFIER = Column(name="alert_id", label=Words("Alerta", "Alert"), width=200)

PAGE = Page(
    name="alertas",
    title=Words("Alertas", "Alerts"),
    lead=Words(
        "O que espera por alguém, por quê, e o que fazer.",
        "What waits for somebody, why, and what to do.",
    ),
    filters=("uf", "unidade"),
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
            note=Words(
                "Responda com: lakehouse alerts ack | explain | close | snooze",
                "Answer with: lakehouse alerts ack | explain | close | snooze",
            ),
            query=OPEN,
            empty=Words("Nenhum alerta espera por alguém.", "No alert waits for anybody."),
            columns=(
                SEVERITY,
                STATE,
                Column(name="subject", label=Words("Onde", "Where"), link="{link}", width=200),
                MESSAGE,
                Column(
                    name="action", label=Words("O que fazer", "What to do"), width=260, wraps=True
                ),
                Column(name="actual", label=Words("Valor", "Figure"), kind="decimal", width=110),
                Column(
                    name="expected", label=Words("Esperado", "Expected"), kind="decimal", width=110
                ),
                Column(name="expected_low", label=Words("De", "From"), kind="decimal", width=100),
                Column(name="expected_high", label=Words("Até", "To"), kind="decimal", width=100),
                OWNER,
                FIRST,
                LAST,
                KIND,
                IDENTIFIER,
            ),
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
                SEVERITY,
                STATE,
                MESSAGE,
                Column(name="outcome", label=Words("Resultado", "Outcome"), width=220),
                Column(name="note", label=Words("Nota", "Note"), width=220),
                Column(name="until", label=Words("Adiado até", "Snoozed until"), kind="day"),
                OWNER,
                FIRST,
                LAST,
                IDENTIFIER,
            ),
        ),
    ),
)

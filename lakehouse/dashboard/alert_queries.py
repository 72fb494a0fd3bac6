"""Alerts with their present state: of people where they decided, else of the data."""

from collections.abc import Mapping

from lakehouse.dashboard.declare import FilterName, Query

DOMAINS = ("mrhealth", "sales", "cards", "people")
"""Domains with a table of alerts; no identifier of an alert is in two of them."""
PLACE: Mapping[FilterName, str] = {"unidade": "unit_id", "uf": "state_name"}
ALERTS = " UNION ALL BY NAME ".join(
    f"SELECT '{domain}' AS domain, * FROM gold.{domain}_alerts"  # noqa: S608  names of our domains
    for domain in DOMAINS
)
PRESENT = """
WITH alerts AS (__ALERTS__),
steps AS (
  SELECT domain, alert_id,
    arg_max(step, (day, decided_at)) FILTER (step NOT IN ('snoozed', 'assigned')) AS step,
    arg_max(outcome, (day, decided_at)) FILTER (step = 'closed') AS outcome,
    arg_max(note, (day, decided_at)) FILTER (note IS NOT NULL) AS note,
    arg_max(owner, (day, decided_at)) FILTER (owner IS NOT NULL) AS owner,
    arg_max_null(until, (day, decided_at)) FILTER (step IN ('snoozed', 'reopened')) AS until
  FROM ops.alert_decisions GROUP BY domain, alert_id
),
found AS (
  SELECT a.* EXCLUDE (state, owner), a.state = 'open' AS is_found,
    CASE WHEN s.step = 'closed' THEN s.outcome END AS outcome, s.note, s.until,
    coalesce(s.owner, a.owner) AS owner,
    CASE WHEN s.step IN ('closed', 'explained', 'acknowledged') THEN s.step
      WHEN a.state = 'ended' THEN 'ended'
      WHEN s.until >= current_date THEN 'snoozed'
      ELSE 'open' END AS state,
    CASE a.severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 ELSE 3 END AS urgency
  FROM alerts a LEFT JOIN steps s USING (domain, alert_id)
),
present AS (
  SELECT *, is_found AND state <> 'closed' AND NOT coalesce(until >= current_date, false) AS waits
  FROM found
)
""".replace("__ALERTS__", ALERTS)
"""Tables of SQL before each query: ``present`` has the alerts, ``waits`` for somebody or not."""
FOUND = "({search} = '' OR alert_id = {search} OR contains(lower(message), lower({search})))"


def present(sql: str) -> Query:
    """Return a query over the alerts with their present state.

    ``{found}`` in its text stands for: the search names the alert, or is part of its message.
    """
    return Query(sql=f"{PRESENT}{sql.replace('{found}', FOUND)}", columns=PLACE)

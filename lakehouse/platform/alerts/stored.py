"""Read the alerts of a domain as known at its newest day."""

from typing import Any

from lakehouse.platform.alerts.kinds import SEVERITIES
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId


def alerts_table(domain: str) -> TableId:
    """Return the table of a domain's alerts."""
    return TableId("gold", domain, "alerts")


def stored_alerts(lake: Lake, domain: str) -> list[dict[str, Any]]:
    """Return the rows of the newest day, the most urgent and newest first; none without a table."""
    stored = lake.table(alerts_table(domain))
    snapshot = stored.snapshot()
    if not snapshot.files:
        return []
    newest = snapshot.files[-1]
    if not newest.rows:
        return []
    rows: list[dict[str, Any]] = stored.read([newest.day], snapshot=snapshot).to_pylist()
    rows.sort(key=lambda row: (SEVERITIES.index(row["severity"]), -row["last_day"].toordinal()))
    return rows

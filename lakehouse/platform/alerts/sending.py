"""Send each open alert once over every channel, and once more when it becomes more urgent."""

import datetime as dt
import logging
import time
from collections.abc import Mapping
from typing import Any

from lakehouse.platform.alerts.decisions import UNTOUCHED, Handling, decisions, handling_of
from lakehouse.platform.alerts.kinds import ENDED, SEVERITIES
from lakehouse.platform.alerts.stored import stored_alerts
from lakehouse.platform.notifications.delivery import configured_channels, notify, record_path
from lakehouse.platform.notifications.links import ALERTS, link
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings

NEWEST_DAYS = 7
"""An alert whose last day is older is history, such as that of files loaded years later."""
SECONDS = 20.0
"""Time after which no further message is begun; the rest is sent after the next run."""


def due_alerts(
    alerts: list[dict[str, Any]], handled: Mapping[str, Handling], today: dt.date
) -> list[dict[str, Any]]:
    """Return the alerts that somebody must know of: open, recent, not snoozed and not closed."""
    oldest = today - dt.timedelta(days=NEWEST_DAYS)
    found = []
    for alert in alerts:
        handling = handled.get(alert["alert_id"], UNTOUCHED)
        is_done = alert["state"] == ENDED or handling.state in ("closed", "explained")
        if not is_done and alert["last_day"] >= oldest and not handling.is_snoozed(today):
            found.append(alert)
    return found


def send_alerts(domain: str, settings: Settings, log: logging.Logger) -> int:
    """Send the alerts of a domain that are due; return how many every channel has now.

    Never raises for a channel that does not answer. An alert that was sent as more urgent is not
    sent again as less urgent.
    """
    if not configured_channels(settings):
        return 0
    lake = Lake(settings.root, settings.file_mb)
    today = dt.datetime.now(settings.zone).date()
    due = due_alerts(stored_alerts(lake, domain), handling_of(decisions(lake, domain)), today)
    deadline = time.monotonic() + SECONDS
    sent = 0
    for alert in due:
        if time.monotonic() > deadline:
            log.warning("not sent yet, the next run sends it: alert %s", alert["alert_id"])
            continue
        severity = alert["severity"]
        more_urgent = SEVERITIES[: SEVERITIES.index(severity)]
        if _was_sent(domain, alert["alert_id"], more_urgent, settings):
            continue
        sent += notify(
            _text(alert, settings),
            cause_of(domain, alert["alert_id"], severity),
            is_error=severity != SEVERITIES[-1],
            settings=settings,
            log=log,
        )
    return sent


def _text(alert: dict[str, Any], settings: Settings) -> str:
    text = f"{alert['message']}\n{alert['action']} ({alert['owner']}; {alert['alert_id']})"
    page = link(settings, ALERTS, busca=alert["alert_id"])
    return f"{text}\n{page}" if page else text


def cause_of(domain: str, alert_id: str, severity: str) -> str:
    """Return what identifies the message about an alert of a severity."""
    return f"{domain}/alert/{alert_id}/{severity}"


def _was_sent(domain: str, alert_id: str, severities: tuple[str, ...], settings: Settings) -> bool:
    store = ObjectStore.at(settings.root)
    return any(
        store.stat(record_path(channel.name, cause_of(domain, alert_id, severity))) is not None
        for channel in configured_channels(settings)
        for severity in severities
    )

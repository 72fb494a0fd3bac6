"""Send a message when a forecast method is replaced because its accuracy fell."""

import datetime as dt
import logging
from collections.abc import Callable, Sequence

from lakehouse.platform.notifications.delivery import notify
from lakehouse.platform.notifications.links import FORECAST, link
from lakehouse.platform.notifications.method_changes import MethodChange, method_changes
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

NEWEST_DAYS = 7
"""A change before these days is history, such as that of days computed years later."""
Text = Callable[[str, dt.date, Sequence[MethodChange]], str]
"""Takes the domain, the day and the changes of that day."""


def methods_table(domain: str) -> TableId:
    """Return the table with the errors of a domain's forecast methods as of each day."""
    return TableId("gold", domain, "forecast_models")


def send_replaced_methods(domain: str, text: Text, settings: Settings, log: logging.Logger) -> int:
    """Send what changed between the two newest days; return the number of groups that did.

    Each day is sent once. Never raises for a channel that does not answer.
    """
    stored = Lake(settings.root, settings.file_mb).table(methods_table(domain))
    snapshot = stored.snapshot()
    newest = snapshot.days[-2:]
    oldest = dt.datetime.now(settings.zone).date() - dt.timedelta(days=NEWEST_DAYS)
    if len(newest) < 2 or newest[1] < oldest:
        return 0
    before, after = (stored.read([day], snapshot=snapshot).to_pylist() for day in newest)
    changes = method_changes(before, after)
    if changes:
        message = text(domain, newest[1], changes)
        page = link(settings, FORECAST)
        cause = f"{domain}/forecast methods/{newest[1]}"
        notify(f"{message}\n{page}" if page else message, cause, settings=settings, log=log)
    return len(changes)

"""One message when sensors cannot look at the landing zone or the lake for a minute."""

import datetime as dt
import logging
import time
from dataclasses import dataclass, field

from lakehouse.platform.notifications.delivery import configured_channels, notify
from lakehouse.platform.notifications.run_messages import MessageTemplates, outage_of
from lakehouse.platform.notifications.texts import safe_text
from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.storage.outside_causes import is_outside_cause, problem_of
from lakehouse.settings import Settings

OUTAGE_SECONDS = 60.0
"""How long evaluations of a domain fail until a message is sent."""
LOG = logging.getLogger("lakehouse.notices")


@dataclass
class Outages:
    """The evaluations that fail for causes outside of the data; one object for a process."""

    _began: dict[str, float] = field(default_factory=dict)
    """Domain → when its evaluations began to fail, by a clock that is never set."""
    _sent: set[str] = field(default_factory=set)

    def failed(
        self, domain: str, error: Exception, templates: MessageTemplates, settings: Settings
    ) -> None:
        """Remember that the evaluation of a domain failed; send the message when it is time."""
        if not is_outside_cause(error):
            return
        now = time.monotonic()
        is_long = now - self._began.setdefault(domain, now) >= OUTAGE_SECONDS
        if not is_long or not configured_channels(settings):
            return
        text = f"{type(error).__name__}: {error}"
        cause = safe_text(plain_cause(text) or problem_of(error), settings)
        day = dt.datetime.now(settings.zone).date()
        about = f"{outage_of(cause, day) or f'outage/{day}/{cause}'}/0"
        if about in self._sent:
            return
        self._sent.add(about)  # before it is sent: evaluations of other domains run at once
        message = templates.outage(cause)
        if not notify(
            message.text, about, is_error=True, hint=message.hint, settings=settings, log=LOG
        ):
            self._sent.discard(about)

    def succeeded(self, domain: str) -> None:
        """Forget the failures of a domain."""
        self._began.pop(domain, None)


OUTAGES = Outages()

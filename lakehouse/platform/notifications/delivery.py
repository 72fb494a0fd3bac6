"""Delivery of messages: once per cause and channel, a few attempts, never in the way of data.

What was delivered is recorded in the lake below ``ops/_notifications/<channel>/``: one object per
cause, without the text of the message.
"""

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from lakehouse.platform.notifications.channels import Channel, NotDelivered
from lakehouse.platform.notifications.mail import Mail
from lakehouse.platform.notifications.sns import SnsTopic
from lakehouse.platform.notifications.webhook import Webhook
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_cause
from lakehouse.settings import Settings

FOLDER = "ops/_notifications"
FIRST_WAIT = 0.5
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT = 10.0
"""Seconds between two attempts at most, even if the receiver asks for more."""


def configured_channels(settings: Settings) -> tuple[Channel, ...]:
    """Return the channels that the settings name."""
    timeout = settings.notify_timeout
    urls = {"slack": settings.slack_webhook, "webhook": settings.webhook}
    found: list[Channel] = [
        Webhook(name=name, url=url, timeout=timeout, is_slack=name == "slack")
        for name, url in urls.items()
        if url
    ]
    if settings.smtp and settings.mail_from:
        found.append(
            Mail(
                server=settings.smtp,
                sender=settings.mail_from,
                recipients=settings.recipients,
                errors_only=settings.mail_about == "errors",
                error_label=settings.error_label,
                timeout=timeout,
            )
        )
    if settings.sns_topic:
        found.append(
            SnsTopic(arn=settings.sns_topic, error_label=settings.error_label, timeout=timeout)
        )
    return tuple(found)


def notify(
    message: str,
    cause: str,
    *,
    is_error: bool = False,
    hint: str = "",
    settings: Settings,
    log: logging.Logger,
    sleep: Callable[[float], Any] = time.sleep,
) -> bool:
    """Send a message over every configured channel that has not received its cause yet.

    Never raises. A failed delivery is logged and not recorded, so that the next message with the
    same cause is sent.

    Args:
        message: text for people.
        cause: identifies the event; equal texts are the same cause.
        is_error: whether the message reports an error.
        hint: what to do about the error.
        settings: name the channels, the attempts and the lake that holds the records.
        log: receives what went wrong.
        sleep: waits some seconds.

    Returns:
        Whether every channel that accepts such messages has it, from this or an earlier call.
    """
    delivered = True
    store = ObjectStore.at(settings.root)
    for channel in configured_channels(settings):
        if channel.errors_only and not is_error:
            continue
        for part, text in _parts(channel, message, cause, hint).items():
            try:
                path = record_path(channel.name, part)
                if not _is_sent(store, path):
                    problem = _send(channel, text, is_error, settings.notify_attempts, sleep)
                    _sent_without_record.add(store.url(path))
                    store.write(path, _record(channel.name, text, part))
                    _sent_without_record.discard(store.url(path))
                    if problem:
                        log.warning("%s received %s, but: %s", channel.name, part, problem)
            except NotDelivered as error:
                delivered = False
                log.warning("%s did not receive %s: %s", channel.name, part, error)
            except Exception as error:  # noqa: BLE001  a message never fails a run
                delivered = False
                log.warning("%s and %s: %s", channel.name, part, type(error).__name__)
    return delivered


_sent_without_record: set[str] = set()
"""Records of messages that this process sent while the lake was away or full."""


def _is_sent(store: ObjectStore, path: str) -> bool:
    """Return whether a record says so; of a lake that is away, only this process's memory knows."""
    if store.url(path) in _sent_without_record:
        return True
    try:
        return store.stat(path) is not None
    except Exception as error:
        if is_outside_cause(error):
            return False
        raise


def _parts(channel: Channel, message: str, cause: str, hint: str) -> Mapping[str, str]:
    """Return the texts to send over a channel by their causes."""
    if not hint:
        return {cause: message}
    if channel.joins_hint:
        return {cause: f"{message}\n\n{hint}"}
    return {cause: message, f"{cause}/hint": hint}


def _send(
    channel: Channel,
    text: str,
    is_error: bool,
    attempts: int,
    sleep: Callable[[float], Any],
) -> str | None:
    """Deliver a text; try again after a temporary failure, and raise `NotDelivered` at the end."""
    attempt = 1
    while True:
        try:
            return channel.send(text, is_error=is_error)
        except NotDelivered as error:
            if not error.temporary:
                raise
            if attempt >= attempts:
                raise NotDelivered(f"{error}, {attempts} times", temporary=True) from error
            sleep(min(LONGEST_WAIT, max(error.wait, FIRST_WAIT * 2 ** (attempt - 1))))
        attempt += 1


def record_path(channel: str, cause: str) -> str:
    """Return the place of the record that a channel received a cause."""
    return f"{FOLDER}/{channel}/{digest(cause)}.json"


def _record(channel: str, message: str, cause: str) -> bytes:
    record = {
        "channel": channel,
        "cause": cause,
        "message_digest": digest(message),
        "sent_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def digest(text: str) -> str:
    """Return a short name of a text: the first 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]

"""Messages as JSON to a webhook, in the form that Slack accepts."""

import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from lakehouse.platform.notifications.channels import NotDelivered
from lakehouse.platform.notifications.texts import for_slack, without_mentions

TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts JSON ``{"text": message}``.

    Args:
        name: of the channel.
        url: address; a secret, because whoever knows it can post.
        timeout: seconds for the complete answer.
        is_slack: the receiver is Slack, for which ``& < >`` of a text are escaped.
    """

    name: str
    url: str = field(repr=False)
    timeout: float = 5.0
    is_slack: bool = False
    errors_only: ClassVar[bool] = False
    joins_hint: ClassVar[bool] = False

    def send(self, message: str, *, is_error: bool = False) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise NotDelivered("its address is not an http(s) URL", temporary=False)
        text = for_slack(message) if self.is_slack else without_mentions(message)
        body = json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "replace")
        try:
            request = urllib.request.Request(  # noqa: S310  the scheme is checked
                self.url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8"},
                method="POST",
            )
            _within(self.timeout, lambda: _OPENER.open(request, timeout=self.timeout).close())
        except urllib.error.HTTPError as error:
            raise NotDelivered(
                f"HTTP {error.code}",
                temporary=error.code >= 500 or error.code == TOO_MANY_REQUESTS,
                wait=_seconds(error.headers.get("Retry-After", "")),
            ) from None
        except (ValueError, http.client.InvalidURL) as error:
            raise NotDelivered(
                f"its address cannot be used ({type(error).__name__})", temporary=False
            ) from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            raise NotDelivered(f"no answer ({type(cause).__name__})", temporary=True) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects: a redirected POST becomes a GET without its message."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Run ``work``, whose own timeout applies to each read only; TimeoutError after all of them."""
    done: Future[None] = Future()

    def worker() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  raised again by `result` below
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=worker, daemon=True).start()
    done.result(seconds)


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,4}", text.strip()) else 0.0

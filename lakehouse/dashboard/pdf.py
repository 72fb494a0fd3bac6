"""Print a page as PDF with a Chromium of this machine, which is driven through a pipe.

The browser is started for one page and reads it from this server alone, with the headers of the
person who asks. A page that greets somebody else is not printed. At most one page is printed at a
time, and a browser that takes too long is ended.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lakehouse.platform.web.limits import Limit
from lakehouse.platform.web.roles import Person
from lakehouse.platform.web.sessions import COOKIE, session_cookie

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MOST_SECONDS = 45.0
"""After this time the browser is ended."""
LOOK_EVERY = 0.2
WIDTH, HEIGHT, SCALE = 1308, 900, 0.8
"""Size of the window in pixels; scaled, it is the width of a landscape A4 page without margins."""
MARGIN, PAPER = 0.39, (8.27, 11.69)
"""Inches."""
OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
)
PASSED_ON = ("authorization", "forwarded", "via")
"""Headers that say who asks and through whom; so does every header that begins with ``x-``."""
PAINTED = """
(() => {
  const page = document.querySelector("#conteudo > *"), person = document.querySelector("#pessoa");
  const all = (list, inner) => [...document.querySelectorAll(list)].every(inner);
  const ready = page && person && document.querySelector("#cabecalho h1")
    && all("[id^=grafico-]", (each) => each.querySelector(".recharts-surface"))
    && all("[id^=tabela-]", (each) => each.querySelector(".ag-row, .ag-overlay"));
  return ready ? [person.textContent, document.querySelectorAll("*").length] : null;
})()
"""
_one = threading.Lock()
OFTEN = Limit(most=20, within=60.0)
"""Pages that one person prints."""


class PdfError(Exception):
    """A page that was not printed.

    Args:
        status: status of the answer.
        reason: why, for the person who asked.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def program() -> str | None:
    """Return the path of a Chromium on this machine; None without one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def printed(
    server: tuple[str, int], target: str, who: Person, headers: Iterable[tuple[str, str]]
) -> bytes:
    """Return a page of this server as PDF, as a person sees it.

    Args:
        server: address and port that this server listens on.
        target: path and query of the page.
        who: the person; another one's page is not printed.
        headers: those of the person's request.

    Raises:
        PdfError: there is no Chromium, too much is printed, or the page was not painted in time.
    """
    path = program()
    if path is None:
        raise PdfError(501, "no Chromium on this machine; print the page in your browser instead")
    if not OFTEN.count(who.name) or not _one.acquire(blocking=False):
        raise PdfError(503, "another page is being printed; try again in a minute")
    try:
        host, port = server
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}{target}"  # noqa: S104
        with _browser(path) as browser:
            return _print(browser, address, f"{who.name} · {who.shown_role.value}", dict(headers))
    except OSError as error:
        raise PdfError(500, f"Chromium could not be used: {error}") from error
    finally:
        _one.release()


def _print(browser: "_Browser", address: str, greeting: str, headers: Mapping[str, str]) -> bytes:
    given = {name.lower(): value for name, value in headers.items()}
    passed = {n: v for n, v in given.items() if n in PASSED_ON or n.startswith("x-")}
    browser.send("Network.enable")
    browser.send("Network.setExtraHTTPHeaders", headers=passed)
    if cookie := session_cookie(given.get("cookie")):
        browser.send("Network.setCookie", name=COOKIE, value=cookie, url=address)
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.send("Emulation.setDeviceMetricsOverride", **size)
    light = [{"name": "prefers-color-scheme", "value": "light"}]
    browser.send("Emulation.setEmulatedMedia", media="print", features=light)
    browser.send("Page.navigate", url=address)
    before = None
    while True:
        found = browser.send("Runtime.evaluate", expression=PAINTED, returnByValue=True)
        now = found["result"].get("value")
        if now and now == before:
            break
        before = now
        time.sleep(LOOK_EVERY)
    if now[0] != greeting:
        raise PdfError(403, "the page could not be read as the same person; print it yourself")
    page = {
        "landscape": True,
        "printBackground": True,
        "scale": SCALE,
        "paperWidth": PAPER[0],
        "paperHeight": PAPER[1],
        **{f"margin{side}": MARGIN for side in ("Top", "Bottom", "Left", "Right")},
    }
    return base64.b64decode(browser.send("Page.printToPDF", **page)["data"])


class _Browser:
    """A tab that is driven through two pipes; messages end with a zero byte."""

    def __init__(self, writes_to: int, reads_from: int, deadline: float) -> None:
        self._writes_to, self._reads_from = writes_to, reads_from
        self._deadline = deadline
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def send(self, method: str, **params: Any) -> Any:
        """Return the result of a command.

        Raises:
            PdfError: it failed, or the time is over.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writes_to, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise PdfError(500, f"Chromium: {method}: {answer['error'].get('message')}")
                return answer["result"]

    def _message(self) -> bytes:
        while b"\0" not in self._buffer:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._reads_from], [], [], left)[0]:
                raise PdfError(504, f"the page was not printed within {MOST_SECONDS:.0f} s")
            piece = os.read(self._reads_from, 1 << 20)
            if not piece:
                raise PdfError(500, "Chromium ended before the page was printed")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return message


@contextlib.contextmanager
def _browser(path: str) -> Iterator[_Browser]:
    """Start a browser with an empty profile; end it and everything that it started afterwards."""
    with tempfile.TemporaryDirectory(
        prefix="lakehouse-print-", ignore_cleanup_errors=True
    ) as profile:
        commands, writes_to = os.pipe()
        reads_from, answers = os.pipe()
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
        arguments = [path, *OPTIONS, *sandbox, f"--user-data-dir={profile}"]
        actions = [
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, commands, 3),
            (os.POSIX_SPAWN_DUP2, answers, 4),
        ]
        env = os.environ | {"HOME": str(Path(profile))}
        process = os.posix_spawn(path, arguments, env, file_actions=actions, setpgroup=0)
        os.close(commands)
        os.close(answers)
        try:
            yield _Browser(writes_to, reads_from, time.monotonic() + MOST_SECONDS)
        finally:
            os.close(writes_to)
            os.close(reads_from)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)

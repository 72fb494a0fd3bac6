"""The text of a home's ``dagster.yaml``: which one to write, and how an edited one is adapted.

``dagster.yaml`` beside this module is the one source. A home's copy starts with a line that holds
the digest of the rest, so that an unedited copy is recognized and renewed. An edited copy is kept:
only names of modules that were moved are replaced, and the parts that belong to the local runtime
are commented out or in.
"""

import hashlib
import re
from pathlib import Path

from lakehouse.platform.local_runtime.runtime import Runtime

SOURCE = Path(__file__).with_name("dagster.yaml")
MOVED = {
    "lakehouse.platform.runlog": "lakehouse.platform.local_runtime.run_storage",
    "lakehouse.platform.launcher": "lakehouse.platform.local_runtime.launcher",
    "WarmLauncher": "PreloadedLauncher",
}
"""Names in files written by earlier versions, and their present names."""
UNMARKED = ("df106d17d1394887f06bbb99c347ba321e4c7c2d1c716bdc947806913d52d0b6",)
"""SHA-256 of the files that earlier versions wrote without the first line."""

_FIRST_LINE = "# Written by lakehouse; once edited, it is kept. Digest of the rest: {digest}\n"
_WRITTEN = re.compile(r"# Written by lakehouse;.*: (?P<digest>[0-9a-f]{16})\n")
_SECTION = re.compile(
    r"^\w+:[^\n]*(?:\n|\Z)(?:(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[^\s#][^\n]*(?:\n|\Z))*", re.MULTILINE
)
"""A top-level key with its indented lines, and the blank lines and comments between them."""
_DISABLED = "#local# "
_OURS = "lakehouse.platform.local_runtime."


def renewed(found: str | None, source: str, runtime: Runtime) -> str:
    """Return the text that a home's ``dagster.yaml`` must have.

    Args:
        found: its present text; None when the home has none.
        source: the text of the packaged ``dagster.yaml``.
        runtime: the runtime that opens the home.
    """
    if found is not None and not _is_unedited(found, source):
        return adapted(found, runtime)
    body = adapted(source, runtime)
    if found == body:
        return found
    return _FIRST_LINE.format(digest=_digest(body)[:16]) + body


def adapted(text: str, runtime: Runtime) -> str:
    r"""Return the text with present module names and with the local sections on or off.

    >>> adapted("storage: {custom: {module: lakehouse.platform.runlog}}\n", Runtime.STOCK)
    '#local# storage: {custom: {module: lakehouse.platform.local_runtime.run_storage}}\n'
    """
    text = _with_present_names(text.replace(f"\n{_DISABLED}", "\n").removeprefix(_DISABLED))
    if runtime is Runtime.LOCAL:
        return text
    return _SECTION.sub(lambda section: _disabled(section[0]), text)


def storage_change(before: str, after: str) -> str | None:
    """Return the sentence about the history of runs when the event storage changes; else None."""
    was_local, is_local = _has_local_storage(before), _has_local_storage(after)
    if was_local == is_local:
        return None
    used, left, place = (
        ("local", "stock", "runs") if is_local else ("stock", "local", "event_log.db")
    )
    return (
        f"Dagster now uses the {used} storage: the runs and ticks recorded so far stay listed; the"
        f" events of these runs (logs, materializations) stay in history/{place} and are shown"
        f" again with LAKEHOUSE_RUNTIME={left}. Tables are not affected."
    )


def _has_local_storage(text: str) -> bool:
    lines = _with_present_names(text).splitlines()
    return any(f"{_OURS}run_storage" in line for line in lines if not line.startswith("#"))


def _with_present_names(text: str) -> str:
    for former, present in MOVED.items():
        text = text.replace(former, present)
    return text


def _disabled(section: str) -> str:
    if _OURS not in section:
        return section
    return "".join(f"{_DISABLED}{line}" for line in section.splitlines(keepends=True))


def _is_unedited(text: str, source: str) -> bool:
    written = _WRITTEN.match(text)
    if written:
        return _digest(text[written.end() :]).startswith(written["digest"])
    return text == source or _digest(text) in UNMARKED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

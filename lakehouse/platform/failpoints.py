"""Points where a test can kill the process, like a power cut.

A failpoint does nothing unless the environment variable LAKEHOUSE_FAILPOINT names it: ``name``
kills the process at its first hit, ``name:2`` at its second. The signal is SIGKILL, so that no
handler, ``finally`` or ``atexit`` runs.
"""

import os
import signal
import threading
from collections import Counter

STORAGE: tuple[str, ...] = (
    "storage.staging",
    "storage.written",
    "storage.staged",
    "storage.committing",
    "storage.evolved",
    "storage.publishing",
    "storage.published",
    "storage.vacuuming",
)
"""Steps of one table's commit and vacuum, in their order."""

PRIVACY: tuple[str, ...] = (
    "privacy.marked",
    "privacy.planned",
    "privacy.stored",
    "privacy.deliveries_committed",
    "privacy.redacted",
    "privacy.refreshed",
    "privacy.forgotten",
)
"""Steps of erasing a person, in their order."""

RUN: tuple[str, ...] = (
    "ingest.storing",
    "ingest.stored",
    "ingest.staged",
    "ingest.bronze_committed",
    "ingest.quarantine_committed",
    "ingest.deliveries_committed",
    "materialize.companion_committed",
    "materialize.committed",
)
"""Steps of a run between the commits of its tables, in their order."""

PUBLISHING: tuple[str, ...] = ("publish.writing", "publish.written")
"""Steps at the end of a run, after the commits of all its tables."""

EXTRACTION: tuple[str, ...] = (
    "extraction.named",
    "extraction.slot_made",
    "extraction.drafted",
    "extraction.staged",
    "extraction.pending",
    "extraction.landed",
    "extraction.advanced",
    "extraction.confirmed",
    "extraction.settled",
)
"""Steps of an extraction, in their order; the first two only when a slot is created."""

FAILPOINTS = STORAGE + RUN + PUBLISHING + EXTRACTION + PRIVACY

_known = frozenset(FAILPOINTS)
_hits: Counter[str] = Counter()
_lock = threading.Lock()


def failpoint(name: str) -> None:
    """Kill the process when the environment names this failpoint.

    Raises:
        KeyError: the name is not in `FAILPOINTS`, from which the tests take all names.
    """
    if name not in _known:
        raise KeyError(f"failpoint {name!r} is not listed in FAILPOINTS")
    requested, _, hit = os.environ.get("LAKEHOUSE_FAILPOINT", "").partition(":")
    if requested != name:
        return
    with _lock:
        _hits[name] += 1
        if _hits[name] == int(hit or 1):
            os.kill(os.getpid(), signal.SIGKILL)

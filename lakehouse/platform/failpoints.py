"""Places where a test makes the process die as a power cut would.

A failpoint does nothing unless the environment variable LAKEHOUSE_FAILPOINT names it: ``name``
for its first hit, ``name:2`` for its second. Then the process gets SIGKILL, which no handler,
``finally`` or ``atexit`` sees.
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
"""Steps of one table's commit, in the order in which a write meets them."""

PRIVACY: tuple[str, ...] = (
    "privacy.marked",
    "privacy.planned",
    "privacy.stored",
    "privacy.deliveries_committed",
    "privacy.redacted",
    "privacy.refreshed",
    "privacy.forgotten",
)
"""Steps of taking a person out, in their order."""

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
"""Steps of an extraction, in their order; the first two when a slot is made."""

FAILPOINTS = STORAGE + RUN + EXTRACTION + PRIVACY

_known = frozenset(FAILPOINTS)
_hits: Counter[str] = Counter()
_lock = threading.Lock()


def failpoint(name: str) -> None:
    """Kill the process here when the environment asks for it.

    Raises KeyError for a name that is not in FAILPOINTS, so that none is left untested.
    """
    if name not in _known:
        raise KeyError(f"failpoint {name!r} is not listed in FAILPOINTS")
    asked, _, hit = os.environ.get("LAKEHOUSE_FAILPOINT", "").partition(":")
    if asked != name:
        return
    with _lock:
        _hits[name] += 1
        if _hits[name] == int(hit or 1):
            os.kill(os.getpid(), signal.SIGKILL)

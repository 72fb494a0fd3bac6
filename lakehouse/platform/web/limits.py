"""Limit how often somebody may do something."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 1_000
"""Keys that are kept in memory; those that were counted longest ago are forgotten first."""


class Limit:
    """At most so many events of a key within so many seconds.

    Args:
        most: events that are allowed.
        within: seconds.
        clock: seconds that never go back.
    """

    def __init__(self, most: int, within: float, clock: Callable[[], float] = time.monotonic):
        self.most, self.within = most, within
        self._clock = clock
        self._events: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def is_reached(self, key: str) -> bool:
        """Return whether a key has no event left."""
        with self._lock:
            return len(self._recent(key)) >= self.most

    def count(self, key: str) -> bool:
        """Count an event of a key; return False, without counting, when none was left."""
        with self._lock:
            recent = self._recent(key)
            if len(recent) >= self.most:
                return False
            self._events[key] = [*recent, self._clock()]
            self._events.move_to_end(key)
            while len(self._events) > REMEMBERED:
                self._events.popitem(last=False)
            return True

    def _recent(self, key: str) -> list[float]:
        now = self._clock()
        return [at for at in self._events.get(key, ()) if now - at < self.within]

"""Choose the delivery days that a sensor tick lists: recent, changed and, in rotation, older."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.listing import Listing

CHANGED_WITHIN = dt.timedelta(minutes=10)
"""How long after its last change a day folder is listed by every tick."""
FILES_PER_DAY = 100
"""Assumed files of a delivery day until a listing has counted them."""

_ONE_DAY = dt.timedelta(days=1)


@dataclass
class Sweep:
    """Position of the rotation over older days, kept between ticks.

    Losing it only delays when an older day is listed again; no file is missed.
    """

    recent_days: int
    budget: int
    """Files of older days that one tick lists in rotation, and at most as many of changed days."""
    position: dt.date | None = None
    """The older day that was listed last."""
    files_per_day: int = FILES_PER_DAY
    rotates: bool = True
    """Whether this tick lists the next older days; else it lists only the other ones."""
    watched: Collection[dt.date] = ()
    """Days that this tick lists in any case, such as those with files that were not loaded."""

    def listing(self, landing: LandingZone, *, now: dt.datetime, quiet: dt.timedelta) -> Listing:
        """List the days of one tick, and everything outside of day folders; move the position."""
        days, self.position = due_days(
            landing.days(),
            today=now.astimezone(landing.rules.zone).date(),
            recent_days=self.recent_days,
            position=self.position,
            budget=self.budget,
            files_per_day=self.files_per_day,
            changed=landing.days_changed_since(now - CHANGED_WITHIN),
            watched=self.watched,
            rotates=self.rotates,
        )
        listing = landing.listing(days=days, now=now, quiet=quiet)
        dated = [file.day for file in listing.files if file.dated]
        if dated:
            self.files_per_day = -(-len(dated) // len(set(dated)))
        return listing


def due_days(
    days: Iterable[dt.date],
    *,
    today: dt.date,
    recent_days: int,
    position: dt.date | None,
    budget: int,
    files_per_day: int = FILES_PER_DAY,
    changed: Collection[dt.date] = (),
    watched: Collection[dt.date] = (),
    rotates: bool = True,
) -> tuple[list[dt.date], dt.date | None]:
    """Return the days that a tick lists, sorted, and the position for the next tick.

    Recent days (tomorrow included) are always due. Of the older days, the next
    ``budget // files_per_day`` after `position` are due, at least one, starting over after the
    last. With that many days per tick, each of ``n`` older days is listed within ``n / that + 1``
    ticks that rotate, from any position. The same number of `changed` days, in the given order, is
    added, and every one of the `watched` days.

    >>> days = [dt.date(2026, 1, n) for n in (1, 2, 3, 4, 30)]
    >>> today = dt.date(2026, 1, 31)
    >>> due_days(days, today=today, recent_days=5, position=days[1], budget=200)[0] == days[2:]
    True
    """
    existing = set(days)
    since = today - dt.timedelta(days=recent_days)
    recent = {day for day in existing if since < day <= today + _ONE_DAY}
    older = sorted(existing - recent)
    share = max(1, budget // max(1, files_per_day))
    start = 0 if position is None else sum(day <= position for day in older)
    rotation = [*older[start:], *older[:start]][: share if rotates else 0]
    first_changed = [day for day in changed if day in existing - recent][:share]
    listed = recent.union(rotation, first_changed, existing.intersection(watched))
    return sorted(listed), rotation[-1] if rotation else position

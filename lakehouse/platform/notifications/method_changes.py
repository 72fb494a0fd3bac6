"""Messages about forecast methods that were replaced because their accuracy fell."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WORSE = 1.02
"""Factor by which the error of a method must rise; less is chance."""


@dataclass(frozen=True, kw_only=True)
class MethodChange:
    """A group of series that is forecast with another method, because the error of its own rose.

    Args:
        level: kind of series.
        group: group of series.
        before: name of the method that was published.
        after: name of the method that replaces it.
        error_then: error (MASE) of the replaced method on the day when it was published last.
        error_now: its error in the newest back-test.
        error_after: error of the method that replaces it, in the newest back-test.
    """

    level: str
    group: str
    before: str
    after: str
    error_then: float
    error_now: float
    error_after: float


def method_changes(
    before: Collection[Mapping[str, Any]], after: Collection[Mapping[str, Any]]
) -> list[MethodChange]:
    """Return the groups whose method was replaced because it became worse, by level and group.

    A method that is replaced by a better one, without having become worse, is not among them.

    Args:
        before: rows of a table of forecast methods as of a day, one for each method and week.
        after: the same of a later day.
    """
    then, now = _errors(before), _errors(after)
    published = {place: _published(before, place) for place in then}
    found = []
    for place, errors in sorted(now.items()):
        old, new = published.get(place), _published(after, place)
        if old is None or new is None or old == new or old not in errors:
            continue
        change = MethodChange(
            level=place[0],
            group=place[1],
            before=old,
            after=new,
            error_then=then[place][old],
            error_now=errors[old],
            error_after=errors[new],
        )
        if change.error_now > WORSE * change.error_then:
            found.append(change)
    return found


def methods_replaced(domain: str, day: dt.date, changes: Iterable[MethodChange]) -> str:
    """Return the English text about methods that were replaced on a day."""
    lines = (
        f"• {each.level}, {each.group} series: {each.before} is replaced by {each.after}; its error"
        f" (MASE) rose from {each.error_then:.2f} to {each.error_now:.2f},"
        f" that of {each.after} is {each.error_after:.2f}"
        for each in changes
    )
    return "\n".join([f"*[{domain}: forecast methods of {day} replaced]*", "", *lines])


Place = tuple[str, str]


def _errors(rows: Iterable[Mapping[str, Any]]) -> dict[Place, dict[str, float]]:
    """Return the mean error of each method by level and group, over all its forecasts."""
    sums: dict[Place, dict[str, list[float]]] = {}
    for row in rows:
        place = row["level"], row["series_group"]
        of_method = sums.setdefault(place, {}).setdefault(row["method"], [0.0, 0.0])
        of_method[0] += float(row["mase"]) * row["forecasts"]
        of_method[1] += row["forecasts"]
    return {
        place: {method: total / count for method, (total, count) in methods.items()}
        for place, methods in sums.items()
    }


def _published(rows: Iterable[Mapping[str, Any]], place: Place) -> str | None:
    """Return the method that a group is forecast with."""
    return next(
        (
            row["method"]
            for row in rows
            if (row["level"], row["series_group"]) == place and row["is_published"]
        ),
        None,
    )

"""Labels of planted incidents, and the comparison of alerts with them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pyarrow as pa

ONE_DAY = dt.timedelta(days=1)
EVERYWHERE = ""
"""Place of an incident that hits the whole company."""


class Incident(Protocol):
    """What the comparison needs of a label."""

    @property
    def mechanism(self) -> str:
        """What happened."""

    @property
    def first(self) -> dt.date:
        """First day."""


Labelled = TypeVar("Labelled", bound=Incident)


@dataclass(frozen=True, kw_only=True)
class Label:
    """The label of one incident.

    Attributes:
        mechanism: what happened.
        first: the first day.
        last: the last day.
        place: name of the region that it hit; empty for the whole company.
        strength: how much of the day, of the customers or of the rows it changed, 0 to 1.
    """

    mechanism: str
    first: dt.date
    last: dt.date
    place: str = EVERYWHERE
    strength: float

    def hits(self, day: dt.date) -> bool:
        """Return whether the incident lasts on a day."""
        return self.first <= day <= self.last


def labels_from(rows: Iterable[Mapping[str, Any]]) -> list[Label]:
    """Return the labels of a file, one JSON object each."""
    return [
        Label(
            mechanism=row["mechanism"],
            first=dt.date.fromisoformat(row["first"]),
            last=dt.date.fromisoformat(row["last"]),
            place=row.get("place", EVERYWHERE),
            strength=row["strength"],
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The life of a business over some months.

    Attributes:
        labels: incidents that were planted.
        rows: rows of the tables that alerts read, by the name of the table.
        first: first day on which an incident can begin; the days before teach what is usual.
        last: last day.
        places: number of places that can have an alert of their own.
    """

    labels: tuple[Label, ...]
    rows: Mapping[str, pa.Table]
    first: dt.date
    last: dt.date
    places: int


def in_turn(
    rng: np.random.Generator,
    lengths: Mapping[str, tuple[int, int]],
    first: dt.date,
    pause: tuple[int, int],
) -> list[tuple[str, dt.date, dt.date]]:
    """Return each mechanism once with its first and last day, in a drawn order and with pauses.

    Args:
        rng: source of chance.
        lengths: mechanism → fewest and most days.
        first: first possible day.
        pause: fewest and most days from the end of one incident to the beginning of the next one.
    """
    found = []
    begins = first + dt.timedelta(days=int(rng.integers(0, pause[0] + 1)))
    for place in rng.permutation(len(lengths)).tolist():
        mechanism, (fewest, most) = list(lengths.items())[place]
        ends = begins + dt.timedelta(days=int(rng.integers(fewest, most + 1)) - 1)
        found.append((mechanism, begins, ends))
        begins = ends + dt.timedelta(days=int(rng.integers(pause[0], pause[1] + 1)))
    return found


@dataclass(kw_only=True)
class Quality:
    """Counts of one kind of incident, or of all; false alerts count for all only."""

    incidents: int = 0
    found: int = 0
    alerts: int = 0
    false_alerts: int = 0
    days: list[int] = field(default_factory=list)

    def add(self, other: "Quality") -> None:
        """Add the counts of other incidents."""
        self.incidents += other.incidents
        self.found += other.found
        self.alerts += other.alerts
        self.false_alerts += other.false_alerts
        self.days += other.days

    @property
    def precision(self) -> float | None:
        """Share of the alerts that are about an incident."""
        total = self.alerts + self.false_alerts
        return self.alerts / total if total else None

    @property
    def recall(self) -> float | None:
        """Share of the incidents that were found."""
        return self.found / self.incidents if self.incidents else None

    @property
    def days_to_detection(self) -> float | None:
        """Mean number of days from the beginning of an incident to the data that show it."""
        return sum(self.days) / len(self.days) if self.days else None


@dataclass(frozen=True, kw_only=True)
class Comparison(Generic[Labelled]):
    """What was found on some days.

    Attributes:
        by_kind: counts by mechanism; `all` is their sum.
        missed: incidents without an alert.
        false: alerts without an incident.
    """

    by_kind: Mapping[str, Quality]
    missed: Sequence[Labelled]
    false: Sequence[Mapping[str, Any]]


def compared(
    incidents: Sequence[Labelled],
    alerts: Iterable[Mapping[str, Any]],
    mechanisms: Iterable[str],
    is_about: Callable[[Mapping[str, Any], Labelled], bool],
) -> Comparison[Labelled]:
    """Compare alerts with labels.

    Args:
        incidents: the labels.
        alerts: rows of a table of alerts.
        mechanisms: names of all mechanisms, which are counted also without an incident.
        is_about: whether an alert helps somebody who has to deal with an incident.
    """
    total = Quality()
    by_kind = {str(mechanism): Quality() for mechanism in mechanisms}
    first: dict[int, dt.date] = {}
    false = []
    for alert in alerts:
        about = [n for n, incident in enumerate(incidents) if is_about(alert, incident)]
        if not about:
            false.append(alert)
            continue
        newest = max(about, key=lambda n: incidents[n].first)
        by_kind[incidents[newest].mechanism].alerts += 1
        for n in about:
            detected = alert["detected_day"]
            first[n] = min(first.get(n, detected), detected)
    for n, incident in enumerate(incidents):
        one = by_kind[incident.mechanism]
        one.incidents += 1
        if n in first:
            one.found += 1
            one.days.append(max(0, (first[n] - incident.first).days))
    for one in by_kind.values():
        total.add(one)
    total.false_alerts = len(false)
    missed = [incident for n, incident in enumerate(incidents) if n not in first]
    return Comparison(by_kind={**by_kind, "all": total}, missed=missed, false=false)

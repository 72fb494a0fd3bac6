"""Join findings to incidents, and make the rows of a table of alerts of them.

For detectors in Python: a detector returns findings, what is unusual in a place on a day. Findings
of one family in one place that follow each other are one incident, and so one alert.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from math import isnan
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from lakehouse.platform.alerts.kinds import ENDED, OPEN, Kind

EVERYWHERE = ""
"""Place of what hits everything."""
MONEY = pa.decimal128(18, 2)
COLUMNS = {
    "alert_id": pa.string(),
    "kind": pa.string(),
    "scope": pa.string(),
    "subject": pa.string(),
    "severity": pa.string(),
    "first_day": pa.date32(),
    "detected_day": pa.date32(),
    "last_day": pa.date32(),
    "days": pa.int64(),
    "measure": pa.string(),
    "actual": MONEY,
    "expected": MONEY,
    "expected_low": MONEY,
    "expected_high": MONEY,
    "message": pa.string(),
    "action": pa.string(),
    "owner": pa.string(),
    "state": pa.string(),
}
"""Columns of `AlertColumns` with their types in Arrow."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is unusual in a place on a day.

    Attributes:
        day: day whose data show it.
        since: first day of what is unusual, not after `day`.
        kind: what is wrong.
        place: where; empty for everywhere.
        window: number of days that the figures add up.
        actual: the figure, in the measure of the kind.
        expected: the usual figure.
        low: lower end of the usual range.
        high: upper end of the usual range; NaN while unknown, as are `expected` and `low`.
        places: number of smaller places that it is about.
    """

    day: dt.date
    since: dt.date
    kind: Kind
    place: str = EVERYWHERE
    window: int = 1
    actual: float
    expected: float
    low: float
    high: float
    places: int = 1


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Findings of one cause.

    Attributes:
        worst: most urgent finding; it gives the severity.
        last: most urgent finding of the last day; it gives kind and figures.
        first_day: first day of the incident.
        detected_day: first day whose data show it.
        days: number of days with findings.
    """

    worst: Finding
    last: Finding
    first_day: dt.date
    detected_day: dt.date
    days: int

    @property
    def place(self) -> str:
        """Return where it is."""
        return self.last.place

    @property
    def kind(self) -> Kind:
        """Return what is wrong."""
        return self.last.kind


@dataclass(frozen=True, kw_only=True)
class Named:
    """What people read of an incident: scope, name of the place and its key, and the message.

    `columns` has the values of the columns that only the table of one domain has.
    """

    scope: str
    subject: str
    key: str
    message: str
    columns: Mapping[str, object] = field(default_factory=dict)


def incidents_of(findings: Iterable[Finding], gap_days: int) -> Iterator[Incident]:
    """Yield the incidents of findings, by family, place and day.

    Args:
        findings: in any order.
        gap_days: days without a finding after which the next finding is another incident.
    """

    def cause(finding: Finding) -> tuple[str, str]:
        return finding.kind.family, finding.place

    ordered = sorted(findings, key=lambda each: (cause(each), each.day, each.kind.rank))
    for _, of_cause in groupby(ordered, cause):
        run: list[Finding] = []
        for finding in of_cause:
            if run and (finding.day - run[-1].day).days > gap_days:
                yield _incident(run)
                run = []
            run.append(finding)
        yield _incident(run)


def _incident(run: Sequence[Finding]) -> Incident:
    """Return the incident of findings of one cause, ordered by day and rank."""
    return Incident(
        worst=min(run, key=lambda each: each.kind.rank),
        last=next(each for each in run if each.day == run[-1].day),
        first_day=run[0].since,
        detected_day=run[0].day,
        days=len({each.day for each in run}),
    )


def alert_rows(
    incidents: Iterable[Incident],
    newest: dt.date,
    *,
    keep_days: int,
    gap_days: int,
    name: Callable[[Incident], Named],
    columns: Mapping[str, pa.DataType] = MappingProxyType({}),
) -> pa.Table:
    """Return the rows of the incidents whose last day is among the newest ones.

    Args:
        incidents: in any order.
        newest: last day of the data.
        keep_days: days for which an alert stays after its last day.
        gap_days: days without a finding after which an incident has ended.
        name: what people read of an incident.
        columns: columns that only this table has, with their types; `name` has their values.
    """
    rows: list[dict[str, Any]] = []
    for each in incidents:
        if (newest - each.last.day).days >= keep_days:
            continue
        named = name(each)
        has_ended = (newest - each.last.day).days > gap_days
        figures = {
            "actual": each.last.actual,
            "expected": each.last.expected,
            "expected_low": each.last.low,
            "expected_high": each.last.high,
        }
        rows.append(
            {
                "alert_id": f"{each.kind.family}-{named.key}-{each.first_day:%Y%m%d}",
                "kind": each.kind.name,
                "scope": named.scope,
                "subject": named.subject,
                "severity": each.worst.kind.severity,
                "first_day": each.first_day,
                "detected_day": each.detected_day,
                "last_day": each.last.day,
                "days": each.days,
                "measure": each.kind.measure,
                **{column: _money(value) for column, value in figures.items()},
                "message": named.message,
                "action": each.kind.action,
                "owner": each.kind.owner,
                "state": ENDED if has_ended else OPEN,
                **named.columns,
            }
        )
    rows.sort(key=lambda row: row["alert_id"])
    return pa.Table.from_pylist(rows, schema=pa.schema([*COLUMNS.items(), *columns.items()]))


def _money(value: float) -> Decimal | None:
    return None if isnan(value) else Decimal(f"{value:.2f}")

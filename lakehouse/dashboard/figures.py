"""Compute the figures of cards: their value, the period before and the usual value.

All comparisons move the period by full weeks, so that a Monday is compared with Mondays.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lakehouse.dashboard.declare import Measure, Source, Term
from lakehouse.dashboard.filters import Selection, conditions
from lakehouse.dashboard.snapshots import Snapshot

USUAL_WEEKS = 4
"""How many earlier periods the usual value is the mean of."""
FEWEST_PERIODS = 2
SPARK_DAYS = 30
"""Days of the small line below a figure."""

Sums = Mapping[Term, Decimal]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measure for a selection."""

    measure: Measure
    value: Decimal | None
    """None without rows, or when it would be divided by zero."""
    before: Decimal | None
    """Value of the period moved back by the fewest full weeks that make it another period."""
    usual: Decimal | None
    """Mean over the four such periods before."""
    line: tuple[tuple[dt.date, float | None], ...] = ()
    """Values of the last days."""


def weeks_back(selection: Selection) -> int:
    """Return by how many days the period before is moved: the fewest full weeks that suffice."""
    return 7 * -(-max(selection.days, 1) // 7)


def figures(measures: Sequence[Measure], selection: Selection, snapshot: Snapshot) -> list[Figure]:
    """Compute measures of one source for a selection, in one query.

    Raises:
        DataError: the query failed.
    """
    if selection.first is None or selection.last is None:
        return [Figure(measure=m, value=None, before=None, usual=None) for m in measures]
    source = measures[0].source
    terms = list(dict.fromkeys(t for m in measures for t in (m.term, m.per) if t is not None))
    shift = weeks_back(selection)
    start = min(
        selection.first - dt.timedelta(days=shift * USUAL_WEEKS),
        selection.last - dt.timedelta(days=SPARK_DAYS - 1),
    )
    by_day = _sums_by_day(source, terms, selection, start, snapshot)

    def sums(first: dt.date, last: dt.date) -> Sums | None:
        """Add the days of a period up; None when one of its days has no rows."""
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        if not all(day in by_day for day in days):
            return None
        return {term: sum((by_day[day][term] for day in days), Decimal(0)) for term in terms}

    def moved(weeks: int) -> Sums | None:
        back = selection.moved(shift * weeks)
        return sums(back.first, back.last) if back.first and back.last else None

    shown = [sum_ for day, sum_ in by_day.items() if selection.first <= day <= selection.last]
    now = {term: sum((each[term] for each in shown), Decimal(0)) for term in terms}
    earlier = [found for week in range(1, USUAL_WEEKS + 1) if (found := moved(week)) is not None]
    before = moved(1)
    line_days = [selection.last - dt.timedelta(days=n) for n in reversed(range(SPARK_DAYS))]
    return [
        Figure(
            measure=measure,
            value=value_of(measure, now) if shown else None,
            before=value_of(measure, before) if before else None,
            usual=_mean(measure, earlier),
            line=tuple(
                (day, _float(value_of(measure, by_day[day]))) for day in line_days if day in by_day
            ),
        )
        for measure in measures
    ]


def value_of(measure: Measure, sums: Sums) -> Decimal | None:
    """Return a measure's value from the sums of its terms; None when divided by zero."""
    if measure.per is None:
        return sums[measure.term]
    below = sums[measure.per]
    return sums[measure.term] / below if below else None


def figure_sql(measure: Measure, selection: Selection) -> str:
    """Return the SQL whose only row is the value of a measure and its terms."""
    terms = [f"{measure.term.sql} AS numerator"]
    if measure.per is not None:
        terms.append(f"{measure.per.sql} AS denominator")
    return (
        f"SELECT {', '.join(terms)}, count(*) AS rows\n"
        f"FROM {measure.source.table}\nWHERE {_where(measure.source, selection)}"
    )


def _where(source: Source, selection: Selection) -> str:
    column = source.columns["periodo"]
    period = f"{column} BETWEEN DATE '{selection.first}' AND DATE '{selection.last}'"
    return "\n  AND ".join([period, *conditions(selection, source.columns)])


def _sums_by_day(
    source: Source,
    terms: Sequence[Term],
    selection: Selection,
    start: dt.date,
    snapshot: Snapshot,
) -> dict[dt.date, dict[Term, Decimal]]:
    day = source.columns["periodo"]
    shown = ", ".join(f"{term.sql} AS t{n}" for n, term in enumerate(terms))
    where = _where(source, replace(selection, first=start))
    rows = snapshot.rows(
        f"SELECT {day} AS day, {shown} FROM {source.table} WHERE {where} GROUP BY {day} ORDER BY 1"  # noqa: S608  declared
    )
    return {
        row["day"]: {term: _decimal(row[f"t{n}"]) for n, term in enumerate(terms)} for row in rows
    }


def _mean(measure: Measure, periods: Iterable[Sums]) -> Decimal | None:
    """Return the mean of a sum over periods; of a quotient the quotient of all sums.

    One period is not a mean: it is shown as the period before.
    """
    found = list(periods)
    if len(found) < FEWEST_PERIODS:
        return None
    total = {term: sum((each[term] for each in found), Decimal(0)) for term in found[0]}
    value = value_of(measure, total)
    return value / len(found) if value is not None and measure.per is None else value


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

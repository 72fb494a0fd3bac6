"""Find regions whose sales fall, and days without the sales of the company.

A region is compared with its own earlier weeks and with what the other regions sell on the same
days, so holidays, month ends and seasons, which all regions have, explain themselves.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.domains.alert_text import sentence
from lakehouse.domains.calendar import is_national_holiday
from lakehouse.domains.sales import alert_rules as rules
from lakehouse.domains.sales.alert_rules import Window
from lakehouse.platform.alerts.incidents import (
    EVERYWHERE,
    Finding,
    Incident,
    Named,
    alert_rows,
    incidents_of,
)
from lakehouse.platform.alerts.kinds import Kind
from lakehouse.platform.alerts.usual import Numbers, spread_of, summed, usual_of_weekday

MODULES = (
    *(f"lakehouse.platform.alerts.{name}" for name in ("incidents", "kinds", "usual")),
    *(f"lakehouse.domains.{name}" for name in ("alert_text", "calendar")),
    *(f"lakehouse.domains.sales.{name}" for name in ("alert_rules", "detection")),
)
"""Modules whose code is part of the definition of the table."""
Flags = NDArray[np.bool_]
ONE_DAY = dt.timedelta(days=1)
COMPANY_NAME = "Todas as regiões"
SUMS = ("sales", "value", "squares")


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Sales of each day against what is expected; both are 0 on days that are not compared.

    Attributes:
        actual: value of the sales of each day in BRL.
        expected: the expected value.
        pieces: the expected number of sales.
        spread: relative standard deviation of earlier days; NaN while unknown.
        dispersion: by how much the values of sales add to the chance of their number.
    """

    actual: Numbers
    expected: Numbers
    pieces: Numbers
    spread: Numbers
    dispersion: float

    def deviation(self, days: int) -> Numbers:
        """Return the relative standard deviation of the sum of a window.

        It follows from chance and from the differences between days, and is larger where earlier
        days varied more; but not much larger, because they may contain an incident.
        """
        pieces = _positive(summed(self.pieces, days))
        chance = self.dispersion / pieces + rules.DAY_TO_DAY**2 / days
        of_day = np.sqrt(self.dispersion * days / pieces + rules.DAY_TO_DAY**2)
        more = np.clip(self.spread / of_day, 1.0, rules.LARGEST_RATIO)
        return np.sqrt(more**2 * chance + rules.DRIFT**2)

    def is_low(self, window: Window) -> Flags:
        """Return on which days the sum of a window, and of its newest days, is too low."""
        days = window.days
        had, should = summed(self.actual, days), summed(self.expected, days)
        score = (had / _positive(should) - 1) / self.deviation(days)
        recent = min(days, rules.RECENT_DAYS)
        half = (1 + window.share) / 2
        still = summed(self.actual, recent) < half * summed(self.expected, recent)
        enough = summed(self.pieces, days) >= rules.FEWEST_SALES
        low = (had < window.share * should) & (score <= -window.score)
        return np.asarray(enough & still & low, np.bool_)


def inputs_of(sales: ir.Table) -> dict[str, ir.Table]:
    """Return number and value of the sales by day and region."""
    recent = sales.filter(sales.day > sales.day.max() - ibis.interval(days=rules.HISTORY_DAYS))
    value = recent.total_value.cast("decimal(19, 2)")  # products of up to 18 digits overflow
    return {
        "sold": recent.group_by("day", "region").agg(
            sales=recent.count(),
            value=recent.total_value.sum().cast("float64"),
            squares=(value * value).sum().cast("float64"),
        )
    }


def rows_of(
    _: dt.date, inputs: Mapping[str, pa.Table], keep_days: int = rules.KEEP_DAYS
) -> pa.Table:
    """Return the alerts whose last day is among the newest `keep_days` days with sales."""
    sold = inputs["sold"]
    findings: list[Finding] = []
    newest = dt.date.min
    regions = sorted(set(sold["region"].to_pylist()))
    if sold.num_rows:
        day = sold["day"].cast(pa.int32()).to_numpy()
        first = int(day.min())
        place = np.array([regions.index(each) for each in sold["region"].to_pylist()])
        shape = (len(regions), int(day.max()) - first + 1)
        value, count = np.zeros(shape), np.zeros(shape)
        value[place, day - first] = sold["value"].to_numpy()
        count[place, day - first] = sold["sales"].to_numpy()
        since = dt.date(1970, 1, 1) + first * ONE_DAY
        newest = since + (shape[1] - 1) * ONE_DAY
        findings += _company(value.sum(axis=0), count.sum(axis=0), since, _dispersion(sold))
        findings += _regions(value, count, since, regions, _dispersion(sold))
    return alert_rows(
        incidents_of(findings, rules.GAP_DAYS),
        newest,
        keep_days=keep_days,
        gap_days=rules.GAP_DAYS,
        name=_named,
        columns={"region": pa.string()},
    )


def _named(incident: Incident) -> Named:
    subject = incident.place or COMPANY_NAME
    return Named(
        scope=rules.REGION if incident.place else rules.COMPANY,
        subject=subject,
        key=incident.place.lower() or "all",
        message=sentence(subject, incident),
        columns={"region": incident.place or None},
    )


def _dispersion(sold: pa.Table) -> float:
    """Return by how much the values of sales add to the chance of their number; 1 if all equal."""
    count, value, squares = (float(pc.sum(sold[name]).as_py()) for name in SUMS)
    return count * squares / value**2


def _company(
    value: Numbers, count: Numbers, since: dt.date, dispersion: float
) -> Iterator[Finding]:
    """Yield days on which the whole company sold too little; holidays and month ends are known."""
    plain = ~_special(since, len(value))

    def expectation(teaches: Flags) -> Expectation:
        usual = _usual(np.where(teaches, value, np.nan), 0)
        usual_count = _usual(np.where(teaches, count, np.nan), 0)
        known = plain & ~np.isnan(usual)
        return Expectation(
            actual=np.where(known, value, 0.0),
            expected=np.where(known, usual, 0.0),
            pieces=np.where(known, usual_count, 0.0),
            spread=_spread(np.where(teaches, value / _positive(usual) - 1, np.nan)),
            dispersion=dispersion,
        )

    teaches = plain & (count > 0)
    before = expectation(teaches)
    for window in rules.OF_COMPANY:  # what was too low teaches nothing
        teaches &= ~before.is_low(window)
    of_day = expectation(teaches)
    silent = (count == 0) & plain & (of_day.pieces >= rules.FEWEST_SALES)
    for window in rules.OF_COMPANY:
        for n in np.flatnonzero((of_day.is_low(window) & plain) | silent):
            kind = rules.NO_SALES if silent[n] else rules.SALES_DROP
            yield _finding(kind, EVERYWHERE, since, int(n), of_day, 1 if silent[n] else window.days)


def _regions(
    value: Numbers, count: Numbers, since: dt.date, regions: list[str], dispersion: float
) -> Iterator[Finding]:
    """Yield days up to which a region sold too little compared with the other regions."""
    sold = count.sum(axis=0) > 0

    def expectations(window: Window, teaches: Flags) -> list[Expectation]:
        usual = _usual(np.where(teaches, value, np.nan), window.weeks_before)
        usual_count = _usual(np.where(teaches, count, np.nan), window.weeks_before)
        found = []
        for n in range(len(regions)):
            others = np.delete(np.arange(len(regions)), n)
            factor = _factor(value[others], usual[others], window.days)
            expected = usual[n] * factor
            known = sold & ~np.isnan(expected)
            differences = np.where(teaches[n], value[n] / _positive(expected) - 1, np.nan)
            found.append(
                Expectation(
                    actual=np.where(known, value[n], 0.0),
                    expected=np.where(known, expected, 0.0),
                    pieces=np.where(known, usual_count[n] * factor, 0.0),
                    spread=_spread(differences),
                    dispersion=dispersion,
                )
            )
        return found

    teaches = np.repeat(sold[None], len(regions), axis=0)
    low = np.zeros_like(teaches)
    for window in rules.OF_REGION:  # what was too low teaches nothing
        low |= np.stack([of.is_low(window) for of in expectations(window, teaches)])
    for window in rules.OF_REGION:
        for n, of_day in enumerate(expectations(window, teaches & ~low)):
            is_silent = summed(count[n], window.days) == 0
            for day in np.flatnonzero(of_day.is_low(window) & sold):
                kind = rules.REGION_FALLING if window.weeks_before else rules.REGION_DROP
                kind = rules.REGION_SILENT if is_silent[day] else kind
                yield _finding(kind, regions[n], since, int(day), of_day, window.days)


def _usual(values: Numbers, weeks_before: int) -> Numbers:
    return usual_of_weekday(
        values,
        weeks=rules.WEEKS,
        fewest=rules.FEWEST_WEEKS,
        within=rules.WITHIN_WEEKS,
        weeks_before=weeks_before,
    )


def _spread(differences: Numbers) -> Numbers:
    return spread_of(
        differences,
        days=rules.SPREAD_DAYS,
        fewest=rules.FEWEST_DAYS,
        floor=rules.DAY_TO_DAY,
    )


def _factor(values: Numbers, usual: Numbers, days: int) -> Numbers:
    """Return by what factor the other regions sold more or less in a window: their median."""
    known = ~np.isnan(usual)
    expected = summed(np.where(known, usual, 0.0), days)
    shares = summed(np.where(known, values, 0.0), days) / _positive(expected)
    if not len(shares):
        return np.ones(values.shape[1])
    middle = np.median(np.nan_to_num(shares, nan=1.0), axis=0)
    return np.asarray(np.clip(middle, *rules.OTHERS), np.float64)


def _finding(
    kind: Kind, place: str, since: dt.date, day: int, of: Expectation, days: int
) -> Finding:
    """Return a finding with the sums of its window; it began where the sum of the lack is most."""
    window = slice(max(0, day - days + 1), day + 1)
    lack = np.cumsum((of.expected - of.actual)[window][::-1])
    begins = day - int(np.argmax(lack))
    should = float(of.expected[window].sum())
    width = 2.5 * should * float(np.nan_to_num(of.deviation(days)[day], nan=1.0))
    return Finding(
        day=since + day * ONE_DAY,
        since=since + begins * ONE_DAY,
        kind=kind,
        place=place,
        window=days,
        actual=float(of.actual[window].sum()),
        expected=should,
        low=max(0.0, should - width),
        high=should + width,
    )


def _special(since: dt.date, days: int) -> Flags:
    """Return which days are holidays, or among the last three or first two of a month."""
    dates = [since + n * ONE_DAY for n in range(days)]
    return np.array(
        [
            is_national_holiday(day) or day.day <= 2 or (day + 3 * ONE_DAY).month != day.month
            for day in dates
        ]
    )


def _positive(values: Numbers) -> Numbers:
    return np.where(values > 0, values, np.nan)

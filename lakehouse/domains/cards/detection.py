"""Find days on which clients pay less than usual, and months in which more stays open.

Clients pay around the due date, so payments are compared by working days since the due date, with
the invoices of the months before. Payments of weekends and holidays count on the next working day.
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
from lakehouse.domains.cards import alert_rules as rules
from lakehouse.domains.cards.alert_rules import Window
from lakehouse.platform.alerts.incidents import Finding, Incident, Named, alert_rows, incidents_of
from lakehouse.platform.alerts.kinds import Kind
from lakehouse.platform.alerts.usual import Numbers, earlier, median_of, spread_of, summed

MODULES = (
    *(f"lakehouse.platform.alerts.{name}" for name in ("incidents", "kinds", "usual")),
    *(f"lakehouse.domains.{name}" for name in ("alert_text", "calendar")),
    *(f"lakehouse.domains.cards.{name}" for name in ("alert_rules", "detection")),
)
"""Modules whose code is part of the definition of the table."""
SUBJECT = "Carteira"
Days = NDArray[np.datetime64]
FIRST_AGE, LAST_AGE = rules.AGES
COUNT = LAST_AGE - FIRST_AGE + 1


def inputs_of(invoices: ir.Table, payments: ir.Table) -> dict[str, ir.Table]:
    """Return number and value of the invoices by due date, and of their payments by day.

    Of a payment that exceeds its invoice, the value of the invoice counts.
    """
    newest = ibis.union(invoices.select("day"), payments.select("day"))
    known = newest.agg(last=newest.day.max())
    recent = invoices.filter(
        invoices.dt_emissao > invoices.dt_emissao.max() - ibis.interval(days=rules.HISTORY_DAYS)
    )
    of = recent.select("id_cliente", "id_fatura", "dt_emissao", "dt_vencimento", "vlr_fatura")
    paid = of.inner_join(  # one invoice to its payments
        payments.select("id_cliente", "id_fatura", "dt_pagamento", "vlr_pagamento"),
        ["id_cliente", "id_fatura"],
    )
    value = ibis.least(paid.vlr_pagamento, paid.vlr_fatura).cast("float64")
    return {
        "billed": recent.group_by(issued=recent.dt_emissao, due=recent.dt_vencimento).agg(
            count=recent.count(), value=recent.vlr_fatura.sum().cast("float64")
        ),
        "paid": paid.group_by(due=paid.dt_vencimento, day=paid.dt_pagamento).agg(
            count=paid.count(), value=value.sum()
        ),
        "known": known,
    }


def rows_of(
    day: dt.date, inputs: Mapping[str, pa.Table], keep_days: int = rules.KEEP_DAYS
) -> pa.Table:
    """Return the alerts whose last day is among the newest `keep_days` days."""
    newest = inputs["known"]["last"][0].as_py() or day
    findings: list[Finding] = []
    if inputs["billed"].num_rows:
        flows = Flows.of(inputs["billed"], inputs["paid"], newest)
        jumps = list(_billed(inputs["billed"]))
        unpaid = [*_low(flows), *_open(flows)]
        findings = [*jumps, *(each for each in unpaid if not _follows(each, jumps))]
    return alert_rows(
        incidents_of(findings, rules.GAP_DAYS),
        newest,
        keep_days=keep_days,
        gap_days=rules.GAP_DAYS,
        name=_named,
    )


def _follows(finding: Finding, jumps: list[Finding]) -> bool:
    """Return whether invoices that were issued twice explain why more is open."""
    return any(0 <= (finding.day - each.day).days <= rules.JUMP_DAYS for each in jumps)


def _named(incident: Incident) -> Named:
    return Named(scope=rules.SCOPE, subject=SUBJECT, key="all", message=sentence(SUBJECT, incident))


@dataclass(frozen=True, kw_only=True)
class Flows:
    """Payments by the month of the due date and by working days since the due date.

    Attributes:
        workdays: working days up to the one on which payments of the newest day count.
        newest: last day whose payments are known.
        month: number of the month of each due date.
        due: place of each due date among the working days; it may lie after the newest one.
        billed: value of the invoices of each due date in BRL.
        number: number of these invoices.
        shares: paid value ÷ invoiced value, by month and age; NaN where it is not known yet.
        counts: the same of the numbers of payments and of invoices.
        actual: paid value by working day in BRL.
    """

    workdays: Days
    newest: dt.date
    month: NDArray[np.int64]
    due: NDArray[np.int64]
    billed: Numbers
    number: Numbers
    shares: Numbers
    counts: Numbers
    actual: Numbers

    @staticmethod
    def of(billed: pa.Table, paid: pa.Table, newest: dt.date) -> "Flows":
        """Return the flows of invoices and payments up to the newest day."""
        of_due = billed.group_by("due").aggregate([("count", "sum"), ("value", "sum")])
        of_due = of_due.sort_by("due")
        dues = of_due["due"].to_numpy().astype("datetime64[D]")
        paid = paid.filter(pc.less_equal(paid["day"], pa.scalar(newest)))
        on = paid["day"].to_numpy().astype("datetime64[D]")
        dates = [dues.min(), np.datetime64(newest), *([on.min()] if len(on) else [])]
        start = min(dates) - np.timedelta64(40, "D")
        workdays = _workdays(start, np.datetime64(newest))
        due = np.searchsorted(workdays, dues)
        beyond = dues > workdays[-1]
        due = np.where(beyond, len(workdays) + np.busday_count(workdays[-1], dues) - 1, due)
        at = np.minimum(np.searchsorted(workdays, on), len(workdays) - 1)
        place = np.searchsorted(dues, paid["due"].to_numpy().astype("datetime64[D]"))
        month = dues.astype("datetime64[M]").astype(np.int64)
        month = month - month.min()
        age = at - due[place]
        inside = (age >= FIRST_AGE) & (age <= LAST_AGE)
        value, number = (of_due[f"{name}_sum"].to_numpy() for name in ("value", "count"))
        known = _known(month, due, int(np.searchsorted(workdays, np.datetime64(newest), "right")))
        cell = (month[place[inside]], age[inside] - FIRST_AGE)
        shares = [
            _shares(cell, paid[name].to_numpy()[inside], total, month, known)
            for name, total in (("value", value), ("count", number))
        ]
        return Flows(
            workdays=workdays,
            newest=newest,
            month=month,
            due=due,
            billed=value.astype(np.float64),
            number=number.astype(np.float64),
            shares=shares[0],
            counts=shares[1],
            actual=np.bincount(at[inside], paid["value"].to_numpy()[inside], len(workdays)).astype(
                np.float64
            ),
        )

    def usual(self, shares: Numbers) -> Numbers:
        """Return the median share of the months before each month, by age."""
        lags = range(1, rules.MONTHS + 1)
        stacked = np.stack([earlier(shares.T, lag).T for lag in lags])
        return median_of(stacked, rules.FEWEST_MONTHS)

    def expected(self, shares: Numbers, total: Numbers) -> Numbers:
        """Return the usual sum of each working day; NaN where a month has no usual payments."""
        usual = self.usual(shares)
        found = np.zeros(len(self.workdays))
        for n, due in enumerate(self.due):
            days = due + np.arange(FIRST_AGE, LAST_AGE + 1)
            inside = (days >= 0) & (days < len(found))
            found[days[inside]] += total[n] * usual[self.month[n]][inside]
        return found


def _workdays(first: np.datetime64, last: np.datetime64) -> Days:
    """Return the working days of Brazil from the first to the day on which the last one counts."""
    days = np.arange(first, last + np.timedelta64(8, "D"))
    free = [is_national_holiday(day) for day in days.tolist()]
    days = days[np.is_busday(days) & ~np.array(free)]
    return days[: int(np.searchsorted(days, last)) + 1] if days[-1] >= last else days


def _known(month: NDArray[np.int64], due: NDArray[np.int64], days: int) -> NDArray[np.bool_]:
    """Return by month and age whether all payments of that age lie before the newest day."""
    latest = np.zeros(int(month.max()) + 1, np.int64)
    np.maximum.at(latest, month, due)
    return latest[:, None] + np.arange(FIRST_AGE, LAST_AGE + 1)[None, :] < days


def _shares(
    cell: tuple[NDArray[np.int64], NDArray[np.int64]],
    paid: Numbers,
    total: Numbers,
    month: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> Numbers:
    sums = np.zeros(known.shape)
    np.add.at(sums, cell, paid)
    of_month = np.bincount(month, total, len(known))
    shares = sums / np.where(of_month > 0, of_month, np.nan)[:, None]
    return np.where(known, shares, np.nan)


def _low(flows: Flows) -> Iterator[Finding]:
    """Yield working days up to which clients paid much less than usual."""
    expected = flows.expected(flows.shares, flows.billed)
    number = flows.expected(flows.counts, flows.number)
    compared = ~np.isnan(expected) & (flows.workdays <= np.datetime64(flows.newest))
    actual = np.where(compared, flows.actual, 0.0)
    should, count = np.nan_to_num(expected), np.nan_to_num(number)
    for kind, window in (
        (rules.PAYMENTS_STOPPED, rules.STOPPED),
        (rules.PAYMENTS_DROP, rules.DROP),
    ):
        had, usual = summed(actual, window.days), summed(should, window.days)
        pieces = summed(count, window.days)
        enough = compared & (pieces >= rules.FEWEST_PAYMENTS)
        gaps = np.where(enough, had / np.where(usual > 0, usual, np.nan) - 1, np.nan)
        deviation = _deviation(gaps, pieces)
        with np.errstate(invalid="ignore"):
            low = enough & (gaps < window.share - 1) & (gaps <= -window.score * deviation)
        for n in np.flatnonzero(low):
            width = 2.5 * usual[n] * deviation[n]
            yield _finding(flows, int(n), kind, window, had[n], usual[n], float(width))


def _deviation(gaps: Numbers, pieces: Numbers) -> Numbers:
    """Return the relative standard deviation of the sum of a window."""
    spread = spread_of(gaps, days=rules.SPREAD_DAYS, fewest=rules.FEWEST_DAYS, floor=rules.DRIFT)
    chance = 2.0 / np.where(pieces > 0, pieces, np.nan)
    return np.sqrt(np.minimum(spread, rules.LARGEST_SPREAD) ** 2 + chance)


def _finding(
    flows: Flows, n: int, kind: Kind, window: Window, had: float, usual: float, width: float
) -> Finding:
    return Finding(
        day=flows.workdays[n].astype(dt.date),
        since=flows.workdays[max(0, n - window.days + 1)].astype(dt.date),
        kind=kind,
        window=window.days,
        actual=float(had),
        expected=float(usual),
        low=max(0.0, float(usual) - width),
        high=float(usual) + width,
    )


def _open(flows: Flows) -> Iterator[Finding]:
    """Yield working days on which more than usual of the invoices of a month is open."""
    paid = np.cumsum(flows.shares, axis=1)
    usual = flows.usual(paid)
    lags = range(1, rules.MONTHS + 1)
    apart = np.stack([np.abs(earlier(paid.T, lag).T - usual) for lag in lags])
    spread = np.maximum(median_of(apart, rules.FEWEST_MONTHS) * 1.4826, rules.OPEN_SPREAD)
    more = usual - paid
    with np.errstate(invalid="ignore"):
        found = (more >= rules.OPEN_MORE) & (more >= rules.OPEN_SCORE * spread)
    billed = np.bincount(flows.month, flows.billed)
    latest = np.zeros(len(billed), np.int64)
    np.maximum.at(latest, flows.month, flows.due)
    for month in range(len(billed)):
        for age in range(rules.OPEN_AGES[0], rules.OPEN_AGES[1] + 1):
            place = age - FIRST_AGE
            if not found[month, place]:
                continue
            due = flows.workdays[latest[month]].astype(dt.date)
            width = 2.5 * spread[month, place] * billed[month]
            should = (1 - usual[month, place]) * billed[month]
            yield Finding(
                day=flows.workdays[latest[month] + age].astype(dt.date),
                since=due,
                kind=rules.OPEN_GROWING,
                actual=float((1 - paid[month, place]) * billed[month]),
                expected=float(should),
                low=max(0.0, float(should - width)),
                high=float(should + width),
            )


def _billed(billed: pa.Table) -> Iterator[Finding]:
    """Yield the last day of issue of months with many more invoices than the months before."""
    issued = billed["issued"].to_numpy().astype("datetime64[D]")
    month = issued.astype("datetime64[M]").astype(np.int64)
    month = month - month.min()
    count = np.bincount(month, billed["count"].to_numpy()).astype(np.float64)
    stacked = np.stack([earlier(count, lag) for lag in range(1, rules.BILLED_MONTHS + 1)])
    usual = median_of(stacked, rules.BILLED_MONTHS)
    with np.errstate(invalid="ignore"):
        found = (count > usual * rules.BILLED_SHARE) & (count - usual >= rules.BILLED_FEWEST)
    for n in np.flatnonzero(found):
        days = issued[month == n]
        yield Finding(
            day=days.max().astype(dt.date),
            since=days.min().astype(dt.date),
            kind=rules.BILLING_JUMP,
            actual=float(count[n]),
            expected=float(usual[n]),
            low=0.0,
            high=float(usual[n] * rules.BILLED_SHARE),
        )

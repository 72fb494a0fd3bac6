"""Quality checks that every system asks: rejected rows, drift of columns, the books, the volume."""

import statistics
from collections.abc import Callable
from fractions import Fraction

import ibis.expr.types as ir

from lakehouse.platform.quality.checks import (
    Day,
    QualityCheck,
    Result,
    Verdict,
    made_rows_of,
    named,
    rejected_rows_of,
    rows_of,
)
from lakehouse.platform.reconciliation.balance import reconciliation_of
from lakehouse.platform.tables.ops_tables import RECONCILIATION, Balance
from lakehouse.platform.tables.table import Table

PREVIOUS_DAYS = 30
MOST_DEVIATION = 2
"""Standard deviations from the mean of the previous days within which a volume is usual."""


def none_found(what: str, otherwise: Result) -> Callable[[Day], Verdict]:
    """A judge for a measurement of what should not be there: ``found`` and ``names``."""

    def judge(day: Day) -> Verdict:
        found = day.measured.get("found", 0)
        return Verdict(
            result=otherwise if found else Result.PASS,
            expected=f"0 {what}",
            actual=f"{found} {what}",
            details=named(day.measured.get("names") or ()),
        )

    return judge


def rows_by_day(table: ir.Table) -> ir.Table:
    """Rows of a table by day."""
    return table.group_by("day").agg(rows=table.count())


def rejections(table: Table) -> QualityCheck:
    """No landed row was rejected by the table."""
    return QualityCheck(
        name="rejections",
        category="contract",
        table=table.id,
        description="No landed row was rejected; warns with the reasons. Rejected rows wait in"
        " quarantine.",
        reads=(rejected_rows_of(table),),
        measure=_rejected,
        judge=none_found("rows", Result.WARN),
    )


def drift(ledger: Table) -> QualityCheck:
    """Landed files have the declared columns."""
    return QualityCheck(
        name="schema_drift",
        category="schema",
        table=ledger.id,
        description="Landed files have the declared columns and no others, optional ones may miss;"
        " warns with the difference.",
        reads=(rows_of(ledger),),
        measure=_drifted,
        judge=none_found("files", Result.WARN),
    )


def books(domain: str, shown_on: Table) -> QualityCheck:
    """The books of the system's landed files balance."""
    return QualityCheck(
        name="books",
        category="reconciliation",
        table=shown_on.id,
        description="Every landed file's rows are accounted for; fails with the files.",
        reads=(made_rows_of(reconciliation_of(domain), RECONCILIATION.model),),
        measure=_balances,
        judge=_balanced,
        kept_by="the last step of a run, which fails when a delivery does not balance",
    )


def volume(table: Table, what: str) -> QualityCheck:
    """The table's rows of a day, `what` in the plural, are as many as on the days before."""
    return QualityCheck(
        name="volume",
        category="volume",
        table=table.id,
        description=f"{what.capitalize()} lie within {MOST_DEVIATION} standard deviations of the"
        f" previous {PREVIOUS_DAYS} days; warns otherwise.",
        reads=(rows_of(table),),
        measure=rows_by_day,
        judge=_usual(what),
        previous_days=PREVIOUS_DAYS,
    )


def _usual(what: str) -> Callable[[Day], Verdict]:
    """Exact arithmetic, so that the limit itself is usual."""

    def judge(day: Day) -> Verdict:
        rows = day.measured.get("rows", 0)
        before = [Fraction(each.get("rows", 0)) for each in day.previous]
        expected = f"|z| <= {MOST_DEVIATION} against {PREVIOUS_DAYS} days"
        if len(before) < 2:
            return Verdict(
                result=Result.PASS,
                expected=expected,
                actual=f"{rows} {what}",
                details=f"{len(before)} earlier days are too few to compare with",
            )
        mean, variance = statistics.mean(before), statistics.variance(before)
        if not variance:
            return Verdict(
                result=Result.PASS,
                expected=expected,
                actual=f"{rows} {what}",
                details=f"the {len(before)} earlier days do not vary: {float(mean):g} {what} each",
            )
        is_usual = (rows - mean) ** 2 <= MOST_DEVIATION**2 * variance
        z = float(rows - mean) / float(variance) ** 0.5
        return Verdict(
            result=Result.PASS if is_usual else Result.WARN,
            expected=expected,
            actual=f"z = {z:.2f}",
            details=f"{rows} {what}; mean {float(mean):.1f} of {len(before)} earlier days",
        )

    return judge


def _rejected(rejected: ir.Table) -> ir.Table:
    """Rejected rows by what is wrong with them."""
    by_reason = rejected.group_by("day", reasons=rejected.reasons.join(" + ")).agg(
        n=rejected.count()
    )
    label = by_reason.reasons + ": " + by_reason.n.cast("string")
    return by_reason.group_by("day").agg(
        found=by_reason.n.sum(), names=label.collect(order_by=by_reason.reasons)
    )


def _drifted(files: ir.Table) -> ir.Table:
    """Landed files that depart from the declared columns."""
    is_usual = files.drift.re_search("^optional columns missing, [^;]*$")
    drifted = files.filter(files.drift.notnull() & ~is_usual)
    label = drifted.file + ": " + drifted.drift
    return drifted.group_by("day").agg(
        found=drifted.count(), names=label.collect(order_by=[drifted.file, drifted.landed_at])
    )


def _balances(balances: ir.Table) -> ir.Table:
    """Landed files by what their balance says."""
    is_wrong = balances.balance == Balance.UNBALANCED.value
    label = balances.file + ": " + balances["difference"].cast("string")
    return balances.group_by("day").agg(
        files=balances.count(),
        waiting=balances.waiting.sum(),
        found=balances.count(where=is_wrong),
        names=label.collect(where=is_wrong, order_by=balances.file),
    )


def _balanced(day: Day) -> Verdict:
    """Every landed row is somewhere; one that waits for another business day is not lost."""
    found, waiting = day.measured.get("found", 0), day.measured.get("waiting", 0)
    return Verdict(
        result=Result.FAIL if found else Result.PASS,
        expected="0 files",
        actual=f"{found} files",
        details=f"rows missing (+) or too many (-): {named(day.measured['names'])}"
        if found
        else f"{waiting} of {day.measured['files']} files wait for other business days"
        if waiting
        else "",
    )

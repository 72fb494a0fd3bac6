"""Quality checks of deliveries: rejected rows, changed columns and reconciled files."""

import ibis.expr.types as ir

from lakehouse.platform.quality.checks import (
    Assessment,
    CheckStatus,
    DayFacts,
    QualityCheck,
    ops_rows_of,
    rejected_rows_of,
    rows_of,
    shortened,
)
from lakehouse.platform.quality.common_checks import expects_none
from lakehouse.platform.tables.ops_tables import RECONCILIATION, Balance
from lakehouse.platform.tables.table import Table


def no_rejections(table: Table) -> QualityCheck:
    """Declare that a table rejected no row."""
    return QualityCheck(
        name="rejections",
        category="contract",
        table=table.id,
        description="No row was rejected; warns with the reasons. Rejected rows are in quarantine.",
        inputs=(rejected_rows_of(table),),
        measure=_rejections,
        assess=expects_none("rows", CheckStatus.WARN),
    )


def declared_columns(deliveries: Table) -> QualityCheck:
    """Declare that the files of a dataset have the declared columns.

    Args:
        deliveries: the raw table with the deliveries of the dataset.
    """
    return QualityCheck(
        name="schema_drift",
        category="schema",
        table=deliveries.id,
        description="Files have the declared columns and no others; optional columns may be"
        " missing. Warns with the difference.",
        inputs=(rows_of(deliveries),),
        measure=_drifted_files,
        assess=expects_none("files", CheckStatus.WARN),
    )


def reconciled_files(domain: str, shown_on: Table) -> QualityCheck:
    """Declare that every input line of a domain's files has exactly one outcome.

    Args:
        domain: name of the domain.
        shown_on: the table on which the Dagster UI shows the check.
    """
    return QualityCheck(
        name="books",
        category="reconciliation",
        table=shown_on.id,
        description="Every row of every file has exactly one outcome; fails with the files.",
        inputs=(ops_rows_of(RECONCILIATION, domain),),
        measure=_balances,
        assess=_assess_balances,
        enforced_by="the last step of a run, which fails when a file is unbalanced",
    )


def _rejections(rejected: ir.Table) -> ir.Table:
    """Count the rejected rows of each day by their reasons."""
    by_reason = rejected.group_by("day", reasons=rejected.reasons.join(" + ")).agg(
        n=rejected.count()
    )
    label = by_reason.reasons + ": " + by_reason.n.cast("string")
    return by_reason.group_by("day").agg(
        found=by_reason.n.sum(), names=label.collect(order_by=by_reason.reasons)
    )


def _drifted_files(files: ir.Table) -> ir.Table:
    """List the files of each day that differ from the declared columns."""
    is_usual = files.drift.re_search("^optional columns missing, [^;]*$")
    drifted = files.filter(files.drift.notnull() & ~is_usual)
    label = drifted.file + ": " + drifted.drift
    return drifted.group_by("day").agg(
        found=drifted.count(), names=label.collect(order_by=[drifted.file, drifted.landed_at])
    )


def _balances(balances: ir.Table) -> ir.Table:
    """Count the files of each day and list those that are unbalanced."""
    is_wrong = balances.balance == Balance.UNBALANCED.value
    label = balances.file + ": " + balances["difference"].cast("string")
    return balances.group_by("day").agg(
        files=balances.count(),
        waiting=balances.waiting.sum(),
        found=balances.count(where=is_wrong),
        names=label.collect(where=is_wrong, order_by=balances.file),
    )


def _assess_balances(day: DayFacts) -> Assessment:
    """Fail for unbalanced files; files whose rows wait for another business day pass."""
    found, waiting = day.measured.get("found", 0), day.measured.get("waiting", 0)
    details = ""
    if found:
        details = f"rows missing (+) or too many (-): {shortened(day.measured['names'])}"
    elif waiting:
        details = f"{waiting} of {day.measured['files']} files wait for other business days"
    return Assessment(
        status=CheckStatus.FAIL if found else CheckStatus.PASS,
        expected="0 files",
        actual=f"{found} files",
        details=details,
    )

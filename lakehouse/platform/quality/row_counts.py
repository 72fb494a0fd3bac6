"""The quality check that a table has rows, as many as the files of the day contain."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from lakehouse.platform.quality.checks import (
    Assessment,
    CheckInput,
    CheckStatus,
    DayFacts,
    QualityCheck,
    ops_rows_of,
)
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.ops_tables import RECONCILIATION
from lakehouse.platform.tables.table import Table

_STORED = ("kept", "rejected", "repeated")
_MEASURED = (*_STORED, "rows", "landed", "loaded", "not_loaded", "waiting")


def row_counts(table: Table, *, snapshot: bool) -> QualityCheck:
    """Declare that a table has rows, as many as the files of the day contain.

    Args:
        table: a silver table that is built from the dataset of the same name.
        snapshot: a day has one delivery, so any loaded file replaces a rejected one; otherwise only
            a loaded file with the same name does.
    """
    return QualityCheck(
        name="row_counts",
        category="completeness",
        table=table.id,
        description="The table has rows, as many as the files of the day; fails with no rows, with"
        " another number or with a file that was not loaded; warns of rejected and waiting rows.",
        inputs=(
            CheckInput(id=table.id, columns=lambda: ibis.schema({"day": "date"}), as_of=True),
            ops_rows_of(RECONCILIATION, table.id.domain),
        ),
        measure=_rows_and_outcomes(table.id.table, ["day"] if snapshot else ["day", "file"]),
        assess=assess_row_counts,
    )


def _rows_and_outcomes(dataset: str, delivery: list[str]) -> Callable[..., ir.Table]:
    """Return a measurement: the rows as of each day, and the outcomes of the rows of its files."""

    def measure(stored: ir.Table, balances: ir.Table) -> ir.Table:
        counted = stored.group_by("day").agg(rows=stored.count())
        own = balances.filter(balances.table == dataset)
        outcomes = own.group_by("day").agg(
            loaded=own.count(where=own.status == Status.LOADED.value),
            landed=(own.bronze_rows + own.unparsable_lines).sum(),
            kept=own.silver_rows.sum(),
            rejected=(own.quarantined_rows + own.unparsable_lines).sum(),
            repeated=(own.duplicate_rows + own.superseded_rows).sum(),
            waiting=own.waiting.sum(),
        )
        unloaded = own.filter(own.status.isin([Status.REJECTED.value, Status.HELD.value]))
        missing = unloaded.anti_join(own.filter(own.status == Status.LOADED.value), delivery)
        not_loaded = missing.group_by("day").agg(not_loaded=missing.count())
        files = outcomes.left_join(not_loaded, "day").drop("day_right")  # one day to one day
        both = counted.outer_join(files, "day")  # one day to one day
        return both.mutate(day=both.day.coalesce(both.day_right)).drop("day_right")

    return measure


def assess_row_counts(day: DayFacts) -> Assessment:
    """Compare the rows of the day's files with their outcomes."""
    found = {name: day.measured.get(name) or 0 for name in _MEASURED}
    waiting, not_loaded = found["waiting"], found["not_loaded"]
    apart = found["landed"] - sum(found[name] for name in _STORED)
    is_empty_file = found["loaded"] > 0 and not found["landed"]
    fails = not_loaded or is_empty_file or (not waiting and (apart or not found["rows"]))
    reasons = {
        f"{not_loaded} files not loaded": not_loaded,
        "a file without rows": is_empty_file,
        f"{waiting} files wait for the days of their rows": waiting,
        f"{found['rejected']} rejected, {found['repeated']} repeated or replaced": found["rejected"]
        or found["repeated"],
    }
    warns = CheckStatus.WARN if found["rejected"] or waiting else CheckStatus.PASS
    return Assessment(
        status=CheckStatus.FAIL if fails else warns,
        expected=f"> 0 rows, {found['landed']} of the day's files",
        actual=f"{found['rows']} rows, {found['kept']} of the day's files",
        details="; ".join(reason for reason, applies in reasons.items() if applies),
    )

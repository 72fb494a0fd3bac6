"""Quality checks of stored rows that several domains declare.

Checks of deliveries (rejected rows, changed columns, reconciliation) are in `delivery_checks`.
"""

import functools
import statistics
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NotRequired, TypedDict, Unpack

import ibis
import ibis.expr.types as ir

from lakehouse.platform.quality.checks import (
    Assessment,
    CheckInput,
    CheckStatus,
    DayFacts,
    QualityCheck,
    rows_of,
    shortened,
)
from lakehouse.platform.tables.table import Table

PREVIOUS_DAYS = 30
MOST_DEVIATION = 2
"""Standard deviations from the mean of the previous days within which a volume is usual."""


class RowCheck(TypedDict):
    """What describes a check that certain rows do not exist.

    Args:
        name: name of the check.
        category: kind of check.
        noun: what the unwanted rows are, in the plural.
        description: what passes, warns and fails.
        otherwise: status of a day with unwanted rows: `warn` (default) or `fail`, which blocks.
        enforced_by: the rule that enforces the same condition before rows are stored.
        separator: text between the columns of a key in the details; default ``-``.
    """

    name: NotRequired[str]
    category: NotRequired[str]
    noun: NotRequired[str]
    description: str
    otherwise: NotRequired[CheckStatus]
    enforced_by: NotRequired[str]
    separator: NotRequired[str]


def no_rows(
    table: Table,
    find: Callable[..., ir.Table],
    *others: CheckInput,
    key: tuple[str, ...],
    **about: Unpack[RowCheck],
) -> QualityCheck:
    """Declare that `find` returns no rows.

    Args:
        table: the table that the check is about.
        find: takes the rows of `table` and of `others`, returns the unwanted rows.
        others: further tables that `find` reads.
        key: columns that name an unwanted row in the details; empty to count the rows only.
        about: see `RowCheck`.
    """
    otherwise = about.get("otherwise", CheckStatus.WARN)
    separator = about.get("separator", "-")
    return QualityCheck(
        name=about["name"],
        category=about["category"],
        table=table.id,
        description=about["description"],
        inputs=(rows_of(table), *others),
        measure=lambda *tables: _listed(find(*tables), key, separator),
        assess=expects_none(about["noun"], otherwise),
        blocking=otherwise is CheckStatus.FAIL,
        enforced_by=about.get("enforced_by", ""),
    )


def unique(
    table: Table, *key: str, lists_keys: bool = True, **about: Unpack[RowCheck]
) -> QualityCheck:
    """Declare that the columns `key` identify one row of a day.

    With `lists_keys` false, repeated keys are counted only, because they identify persons.
    """

    def repeated(rows: ir.Table) -> ir.Table:
        counted = rows.group_by("day", *key).agg(n=rows.count())
        return counted.filter(counted.n > 1)

    usual: RowCheck = {
        "name": "uniqueness",
        "category": "uniqueness",
        "noun": "repeated keys",
        "otherwise": CheckStatus.FAIL,
        **about,
    }
    return no_rows(table, repeated, key=key if lists_keys else (), **usual)


def accepted_values(
    table: Table,
    column: str,
    values: Collection[Any],
    *,
    key: tuple[str, ...],
    **about: Unpack[RowCheck],
) -> QualityCheck:
    """Declare that a column has only the given values; rows with others are named by `key`."""
    usual: RowCheck = {"category": "validity", "otherwise": CheckStatus.FAIL, **about}
    return no_rows(table, lambda rows: rows.filter(rows[column].notin(values)), key=key, **usual)


def not_null(
    table: Table, *columns: str, key: tuple[str, ...], **about: Unpack[RowCheck]
) -> QualityCheck:
    """Declare that no row is null in any of the columns; rows that are, are named by `key`."""
    usual: RowCheck = {
        "name": "not_null",
        "category": "completeness",
        "noun": "rows",
        "otherwise": CheckStatus.FAIL,
        **about,
    }
    return no_rows(
        table,
        lambda rows: rows.filter(ibis.or_(*(rows[name].isnull() for name in columns))),
        key=key,
        **usual,
    )


def _listed(rows: ir.Table, key: tuple[str, ...], separator: str) -> ir.Table:
    """Return the number of rows of each day as ``found`` and their keys as ``names``."""
    measures = {"found": rows.count()}
    if key:
        parts = [rows[name].cast("string") for name in key]
        label = functools.reduce(lambda left, right: left + separator + right, parts)
        measures["names"] = label.collect(order_by=[rows[name] for name in key])
    return rows.group_by("day").agg(**measures)


def expects_none(noun: str, otherwise: CheckStatus) -> Callable[[DayFacts], Assessment]:
    """Return an assessment that passes when ``found`` is 0 and shows ``names`` otherwise.

    Args:
        noun: what is counted, in the plural.
        otherwise: status of a day on which something is found.
    """

    def assess(day: DayFacts) -> Assessment:
        found = day.measured.get("found", 0)
        return Assessment(
            status=otherwise if found else CheckStatus.PASS,
            expected=f"0 {noun}",
            actual=f"{found} {noun}",
            details=shortened(day.measured.get("names") or ()),
        )

    return assess


def has_rows(table: Table, noun: str, otherwise: CheckStatus) -> QualityCheck:
    """Declare that a day has rows.

    Args:
        table: the table that the check is about.
        noun: what its rows are, in the plural.
        otherwise: status of a day without rows.
    """

    def assess(day: DayFacts) -> Assessment:
        rows = day.measured.get("rows", 0)
        return Assessment(
            status=CheckStatus.PASS if rows else otherwise,
            expected=f"> 0 {noun}",
            actual=f"{rows} {noun}",
        )

    return QualityCheck(
        name="freshness",
        category="freshness",
        table=table.id,
        description=f"The day has {noun}; {otherwise}s when it has none.",
        inputs=(rows_of(table),),
        measure=_rows_by_day,
        assess=assess,
    )


def usual_volume(table: Table, noun: str) -> QualityCheck:
    """Declare that a day has about as many rows as the previous days.

    Args:
        table: the table that the check is about.
        noun: what its rows are, in the plural.
    """
    return QualityCheck(
        name="volume",
        category="volume",
        table=table.id,
        description=f"The number of {noun} is within {MOST_DEVIATION} standard deviations of the"
        f" mean of the previous {PREVIOUS_DAYS} days; warns otherwise.",
        inputs=(rows_of(table),),
        measure=_rows_by_day,
        assess=functools.partial(_assess_volume, noun),
        previous_days=PREVIOUS_DAYS,
    )


def _rows_by_day(table: ir.Table) -> ir.Table:
    return table.group_by("day").agg(rows=table.count())


def _assess_volume(noun: str, day: DayFacts) -> Assessment:
    """Compare in exact arithmetic, so that a volume at the limit itself is usual."""
    rows = day.measured.get("rows", 0)
    before = [Fraction(each.get("rows", 0)) for each in day.previous]
    status, actual = CheckStatus.PASS, f"{rows} {noun}"
    if len(before) < 2:
        details = f"{len(before)} earlier days are too few to compare with"
    elif not (variance := statistics.variance(before)):
        usual = float(before[0])
        details = f"the {len(before)} earlier days do not vary: {usual:g} {noun} each"
    else:
        mean = statistics.mean(before)
        if (rows - mean) ** 2 > MOST_DEVIATION**2 * variance:
            status = CheckStatus.WARN
        actual = f"z = {float(rows - mean) / float(variance) ** 0.5:.2f}"
        details = f"{rows} {noun}; mean {float(mean):.1f} of {len(before)} earlier days"
    return Assessment(
        status=status,
        expected=f"|z| <= {MOST_DEVIATION} against {PREVIOUS_DAYS} days",
        actual=actual,
        details=details,
    )


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The sums over one table that `equal_totals` compares.

    Args:
        label: what the table is called in the details.
        rows: the table.
        columns: the summed column of each measure.
        where: selects the rows that count; all rows when not given.
    """

    label: str
    rows: CheckInput
    columns: Mapping[str, str]
    where: Callable[[ir.Table], ir.BooleanValue] | None = None


def equal_totals(
    table: Table,
    *totals: Totals,
    text: str,
    description: str,
    warns_below: Decimal = Decimal(0),
) -> QualityCheck:
    """Declare that several tables have the same sums on a day; a day that fails is blocking.

    Args:
        table: the table that the check is about.
        totals: the expected sums first, then those that must equal them, of the same measures.
        text: format of the sums of one table, such as ``R$ {value:.2f}``.
        description: what passes, warns and fails.
        warns_below: sums that differ by less than this warn instead of failing.
    """
    measures = tuple(totals[0].columns)

    def measure(*tables: ir.Table) -> ir.Table:
        parts = ibis.union(
            *(_measures(rows, each) for rows, each in zip(tables, totals, strict=True))
        )
        return parts.group_by("day").agg(
            **{
                f"{each.label}_{name}": parts[name].sum(where=parts.label == each.label)
                for each in totals
                for name in measures
            }
        )

    def assess(day: DayFacts) -> Assessment:
        sums = {
            each.label: {name: day.measured.get(f"{each.label}_{name}") or 0 for name in measures}
            for each in totals
        }
        expected, *others = sums.values()
        apart = max(abs(other[name] - expected[name]) for other in others for name in measures)
        missed = CheckStatus.WARN if apart < warns_below else CheckStatus.FAIL
        return Assessment(
            status=missed if apart else CheckStatus.PASS,
            expected=text.format(**expected),
            actual=text.format(**others[0]),
            details=", ".join(
                f"{label} {text.format(**each)}" for label, each in sums.items() if each != expected
            ),
        )

    return QualityCheck(
        name="accuracy",
        category="accuracy",
        table=table.id,
        description=description,
        inputs=tuple(each.rows for each in totals),
        measure=measure,
        assess=assess,
        blocking=True,
    )


def _measures(rows: ir.Table, totals: Totals) -> ir.Table:
    """Return the summed columns of the rows that count, under the names of their measures."""
    kept = rows.filter(totals.where(rows)) if totals.where else rows
    columns: dict[str, Any] = {}
    for name, source in totals.columns.items():
        value = kept[source]
        columns[name] = value.cast("decimal(18, 2)") if value.type().is_decimal() else value
    return kept.select("day", label=ibis.literal(totals.label), **columns)

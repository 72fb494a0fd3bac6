"""What is asked of the tables of sales every day.

Keys, regions and the arithmetic of a sale are kept before a row is stored (see `kept_by`); the
checks on them here look at what is stored, and fail the run when it is not so.
"""

from decimal import Decimal

import ibis
import ibis.expr.types as ir

from lakehouse.domains.sales import SPEC, rules
from lakehouse.domains.sales.gold.daily_sales import daily_sales
from lakehouse.domains.sales.gold.fact_sales import fact_sales
from lakehouse.domains.sales.silver.sales import sales
from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.quality.checks import Day, QualityCheck, Result, Verdict, rows_of
from lakehouse.platform.quality.common_checks import (
    books,
    drift,
    none_found,
    rejections,
    rows_by_day,
    volume,
)

KEPT_BY_SILVER = "silver.sales_sales, which rejects such a sale"


def fresh(day: Day) -> Verdict:
    """Something was sold."""
    rows = day.measured.get("rows", 0)
    result = Result.PASS if rows else Result.WARN
    return Verdict(result=result, expected="> 0 sales", actual=f"{rows} sales")


def value_and_units(kept: ir.Table, facts: ir.Table, days: ir.Table) -> ir.Table:
    """Value and units of a day in silver, in the fact and in the daily sums."""
    parts = {
        "silver": (kept.filter(~kept.deleted), "total_value", "quantity"),
        "fact": (facts, "total_value", "quantity"),
        "daily": (days, "total_sales", "total_quantity"),
    }
    said = ibis.union(
        *(
            table.select(
                "day",
                of=ibis.literal(of),
                value=table[value].cast("decimal(18, 2)"),
                units=table[units],
            )
            for of, (table, value, units) in parts.items()
        )
    )
    return said.group_by("day").agg(
        **{f"{of}_value": said.value.sum(where=said.of == of) for of in parts},
        **{f"{of}_units": said.units.sum(where=said.of == of) for of in parts},
    )


def equal_totals(day: Day) -> Verdict:
    """The fact and its sums say what silver says, to the cent and to the unit."""
    said = {of: _total(day, of) for of in ("silver", "fact", "daily")}
    others = [f"{of} {total}" for of, total in said.items() if total != said["silver"]]
    return Verdict(
        result=Result.FAIL if others else Result.PASS,
        expected=said["silver"],
        actual=said["fact"],
        details=", ".join(others),
    )


def _total(day: Day, of: str) -> str:
    value, units = day.measured.get(f"{of}_value"), day.measured.get(f"{of}_units")
    return f"R$ {value or Decimal('0.00')} of {units or 0} units"


def repeated_ids(facts: ir.Table) -> ir.Table:
    """Sales that a day holds more than once."""
    counted = facts.group_by("day", "id").agg(n=facts.count())
    return _named(counted.filter(counted.n > 1))


def other_regions(facts: ir.Table) -> ir.Table:
    """Sales in none of the five regions."""
    return _named(facts.filter(facts.region.notin(rules.REGIONS)))


def wrong_totals(facts: ir.Table) -> ir.Table:
    """Sales whose value is not quantity × unit price."""
    return _named(facts.filter(facts.total_value != facts.quantity * facts.unit_price))


def _named(found: ir.Table) -> ir.Table:
    return found.group_by("day").agg(
        found=found.count(), names=found.id.cast("string").collect(order_by=found.id)
    )


CHECKS = (
    QualityCheck(
        name="freshness",
        category="freshness",
        table=fact_sales.id,
        description="The day has sales; warns when it has none.",
        reads=(rows_of(fact_sales),),
        measure=rows_by_day,
        judge=fresh,
    ),
    volume(fact_sales, "sales"),
    QualityCheck(
        name="accuracy",
        category="accuracy",
        table=fact_sales.id,
        description="Value and units are equal in silver, in the fact and by day; fails otherwise.",
        reads=(rows_of(sales), rows_of(fact_sales), rows_of(daily_sales)),
        measure=value_and_units,
        judge=equal_totals,
        blocking=True,
    ),
    QualityCheck(
        name="uniqueness",
        category="uniqueness",
        table=fact_sales.id,
        description="A number names one sale; fails otherwise.",
        reads=(rows_of(fact_sales),),
        measure=repeated_ids,
        judge=none_found("repeated sales", Result.FAIL),
        blocking=True,
        kept_by="the key of silver.sales_sales over all days, and of gold.sales_fact_sales",
    ),
    QualityCheck(
        name="regions",
        category="validity",
        table=fact_sales.id,
        description="Every sale is in one of the five regions; fails otherwise.",
        reads=(rows_of(fact_sales),),
        measure=other_regions,
        judge=none_found("sales elsewhere", Result.FAIL),
        blocking=True,
        kept_by=KEPT_BY_SILVER,
    ),
    QualityCheck(
        name="totals",
        category="consistency",
        table=fact_sales.id,
        description="A sale's value is quantity × unit price; fails otherwise.",
        reads=(rows_of(fact_sales),),
        measure=wrong_totals,
        judge=none_found("wrong totals", Result.FAIL),
        blocking=True,
        kept_by=KEPT_BY_SILVER,
    ),
    rejections(sales),
    books(SPEC.name, SALES.bronze),
    drift(SALES.raw),
)
"""Business first, then the books."""

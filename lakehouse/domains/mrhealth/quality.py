"""What is asked of Mr. Health's tables every day.

Keys, allowed values, parents of items and the balance of rows are kept before a row is stored (see
`kept_by`); the checks on them here look at what is stored, and fail the run when it is not so.
"""

from decimal import Decimal
from fractions import Fraction

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC, sources
from lakehouse.domains.mrhealth.bronze.deliveries import deliveries as landed_files
from lakehouse.domains.mrhealth.gold.dim_product import dim_product
from lakehouse.domains.mrhealth.gold.fact_order_items import fact_order_items
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders
from lakehouse.domains.mrhealth.gold.unit_day import unit_day
from lakehouse.domains.mrhealth.silver.deliveries import deliveries
from lakehouse.domains.mrhealth.silver.order_items import order_items
from lakehouse.domains.mrhealth.silver.orders import orders
from lakehouse.domains.mrhealth.silver.units import units
from lakehouse.platform.quality.checks import (
    Day,
    QualityCheck,
    Result,
    Verdict,
    due_at,
    named,
    overdue,
    rows_of,
)
from lakehouse.platform.quality.common_checks import (
    books,
    drift,
    none_found,
    rejections,
    rows_by_day,
    volume,
)
from lakehouse.platform.tables.source import declared_in

NEARLY_ALL = Fraction(9, 10)
EXACT, CLOSE = Decimal("0.01"), Decimal(1)
"""In R$: sums that differ by less are equal, or nearly so."""


def fresh(day: Day) -> Verdict:
    """Something was sold."""
    rows = day.measured.get("rows", 0)
    return Verdict(
        result=Result.PASS if rows else Result.FAIL, expected="> 0 orders", actual=f"{rows} orders"
    )


def units_and_deliveries(known: ir.Table, came: ir.Table) -> ir.Table:
    """Labels of the units that are active, and of those whose orders and items both came."""
    both = known.left_join(came, ["day", "unit_id"])  # one unit of a day to one delivery
    is_complete = (both.orders_delivered & both.items_delivered).fill_null(False)
    label = both.unit_id.cast("string") + " " + both.unit_name
    return both.group_by("day").agg(
        units=label.collect(order_by=both.unit_id),
        delivered=label.collect(where=is_complete, order_by=both.unit_id),
    )


def _delivered(day: Day) -> tuple[list[str], list[str]]:
    return list(day.measured.get("units") or ()), list(day.measured.get("delivered") or ())


def complete(day: Day) -> Verdict:
    """Every active unit delivered its orders and items; nearly all is a warning."""
    active, came = _delivered(day)
    missing = [unit for unit in active if unit not in set(came)]
    if not active:
        return Verdict(
            result=Result.FAIL,
            expected="every active unit",
            actual="0 units",
            details="no reference table of units has landed up to this day",
        )
    share = Fraction(len(came), len(active))
    return Verdict(
        result=Result.PASS if not missing else Result.WARN if share >= NEARLY_ALL else Result.FAIL,
        expected=f"{len(active)} units",
        actual=f"{len(came)} units",
        details=f"did not deliver: {named(missing)}" if missing else "",
    )


def nothing_overdue(day: Day) -> Verdict:
    """No active unit's delivery is missing after the deadline; passes when the file comes."""
    active, came = _delivered(day)
    late = overdue({day.day: active}, {day.day: came}, day.now, day.deadline_hours)
    missing = late.get(day.day, [])
    due = due_at(day.day, day.deadline_hours, day.now.tzinfo)
    waiting = [] if due <= day.now else [unit for unit in active if unit not in set(came)]
    return Verdict(
        result=Result.FAIL if missing else Result.PASS,
        expected=f"every active unit by {due:%Y-%m-%d %H:%M}",
        actual=f"{len(missing)} overdue",
        details=f"overdue: {named(missing)}"
        if missing
        else f"not due yet: {named(waiting)}"
        if waiting
        else "",
    )


def line_totals(silver: ir.Table, gold: ir.Table) -> ir.Table:
    """Line totals of the items as cleaned and as served."""
    none = ibis.literal(0).cast("decimal(18, 2)")
    both = ibis.union(
        silver.select("day", silver=silver.line_total, gold=none),
        gold.select("day", silver=none, gold=gold.line_total),
    )
    return both.group_by("day").agg(silver=both.silver.sum(), gold=both.gold.sum())


def accurate(day: Day) -> Verdict:
    """Gold adds up to what silver adds up to."""
    silver = day.measured.get("silver") or Decimal("0.00")
    gold = day.measured.get("gold") or Decimal("0.00")
    apart = abs(silver - gold)
    return Verdict(
        result=Result.PASS if apart < EXACT else Result.WARN if apart < CLOSE else Result.FAIL,
        expected=f"R$ {silver}",
        actual=f"R$ {gold}",
        details=f"R$ {apart} apart" if apart else "",
    )


def repeated_orders(facts: ir.Table) -> ir.Table:
    """Order keys that occur more than once."""
    keys = facts.group_by("day", "unit_id", "order_id").agg(n=facts.count())
    twice = keys.filter(keys.n > 1)
    label = twice.unit_id.cast("string") + "/" + twice.order_id
    return twice.group_by("day").agg(
        found=twice.count(), names=label.collect(order_by=[twice.unit_id, twice.order_id])
    )


def orphan_products(items: ir.Table, products: ir.Table) -> ir.Table:
    """Products that were sold and are not in the dimension of the day."""
    sold = items.group_by("day", "product_id").agg(lines=items.count())
    unknown = sold.anti_join(products, ["day", "product_id"])
    return unknown.group_by("day").agg(
        found=unknown.count(),
        names=unknown.product_id.cast("string").collect(order_by=unknown.product_id),
    )


def unreconciled(facts: ir.Table) -> ir.Table:
    """Orders whose value is not their items and the fee."""
    apart = facts.filter(facts.reconciliation_difference != 0)
    return apart.group_by("day").agg(
        found=apart.count(), difference=apart.reconciliation_difference.sum()
    )


def reconciled(day: Day) -> Verdict:
    """Every order's value is its items and the fee; reported, never corrected."""
    found = day.measured.get("found", 0)
    difference = day.measured.get("difference") or Decimal("0.00")
    return Verdict(
        result=Result.WARN if found else Result.PASS,
        expected="0 orders",
        actual=f"{found} orders",
        details=f"their differences add up to R$ {difference}" if found else "",
    )


def other_day_orders(cleaned: ir.Table) -> ir.Table:
    """Orders that another day's delivery brought."""
    moved = cleaned.filter(cleaned.delivery_day != cleaned.day)
    by_delivery = moved.group_by("day", "delivery_day").agg(n=moved.count())
    label = by_delivery.n.cast("string") + " with " + by_delivery.delivery_day.cast("string")
    return by_delivery.group_by("day").agg(
        found=by_delivery.n.sum(), names=label.collect(order_by=by_delivery.delivery_day)
    )


CHECKS = (
    QualityCheck(
        name="freshness",
        category="freshness",
        table=fact_orders.id,
        description="The day has orders; fails when it has none.",
        reads=(rows_of(fact_orders),),
        measure=rows_by_day,
        judge=fresh,
    ),
    QualityCheck(
        name="completeness",
        category="completeness",
        table=unit_day.id,
        description="Every active unit delivered orders and items; warns from 90 %, fails below.",
        reads=(rows_of(units, as_of=True), rows_of(deliveries)),
        measure=units_and_deliveries,
        judge=complete,
    ),
    QualityCheck(
        name="deliveries_complete",
        category="timeliness",
        table=deliveries.id,
        description="No active unit's delivery is overdue; fails with the units, and passes by"
        " itself when the files come.",
        reads=(rows_of(units, as_of=True), rows_of(deliveries)),
        measure=units_and_deliveries,
        judge=nothing_overdue,
    ),
    QualityCheck(
        name="accuracy",
        category="accuracy",
        table=fact_order_items.id,
        description="Line totals of gold and silver are equal; warns below R$ 1, else fails.",
        reads=(rows_of(order_items), rows_of(fact_order_items)),
        measure=line_totals,
        judge=accurate,
        blocking=True,
    ),
    QualityCheck(
        name="uniqueness",
        category="uniqueness",
        table=fact_orders.id,
        description="Unit, order and day name one order; fails otherwise.",
        reads=(rows_of(fact_orders),),
        measure=repeated_orders,
        judge=none_found("repeated keys", Result.FAIL),
        blocking=True,
        kept_by="the keys of silver.mrhealth_orders and gold.mrhealth_fact_orders: of rows with"
        " one key the newest is stored, and a day with a repeated key is withheld",
    ),
    QualityCheck(
        name="referential",
        category="referential",
        table=fact_order_items.id,
        description="Every product sold is in the dimension of its day; fails otherwise.",
        reads=(rows_of(fact_order_items), rows_of(dim_product)),
        measure=orphan_products,
        judge=none_found("orphan products", Result.FAIL),
        blocking=True,
        kept_by="silver.mrhealth_order_items, which rejects an unknown_product or orphan_item",
    ),
    volume(fact_orders, "orders"),
    QualityCheck(
        name="order_value",
        category="consistency",
        table=fact_orders.id,
        description="An order's value is its items and the fee; warns with count and sum.",
        reads=(rows_of(fact_orders),),
        measure=unreconciled,
        judge=reconciled,
    ),
    QualityCheck(
        name="other_day_orders",
        category="timeliness",
        table=orders.id,
        description="Orders came with the delivery of their day; warns with the deliveries.",
        reads=(rows_of(orders),),
        measure=other_day_orders,
        judge=none_found("orders", Result.WARN),
    ),
    rejections(orders),
    rejections(order_items),
    books(SPEC.name, landed_files),
    *(drift(source.raw) for source in declared_in(sources)),
)
"""In the order of the spec, then the system's own."""

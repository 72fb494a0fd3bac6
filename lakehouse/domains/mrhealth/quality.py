"""Quality checks of Mr. Health, evaluated for every day.

Keys, allowed values, products of items and the reconciliation of rows are enforced before a row is
stored (see `enforced_by`). The checks on them here read what is stored, and fail the run if it
breaks the rule.
"""

from decimal import Decimal
from fractions import Fraction

import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC, rules, sources
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
    Assessment,
    CheckStatus,
    DayFacts,
    QualityCheck,
    rows_of,
    shortened,
)
from lakehouse.platform.quality.common_checks import (
    Totals,
    equal_totals,
    expects_none,
    has_rows,
    no_rows,
    unique,
    usual_volume,
)
from lakehouse.platform.quality.delivery_checks import (
    declared_columns,
    no_rejections,
    reconciled_files,
)
from lakehouse.platform.tables.source import declared_in
from lakehouse.platform.tables.text import trimmed
from lakehouse.platform.transform.due_days import due_at

NEARLY_ALL = Fraction(9, 10)
"""Share of the active units from which missing units are a warning only."""


def active_and_delivered(active: ir.Table, delivered: ir.Table) -> ir.Table:
    """Return the labels of the active units, and of those that delivered orders and items."""
    both = active.left_join(delivered, ["day", "unit_id"])  # one unit of a day to one delivery
    is_complete = (both.orders_delivered & both.items_delivered).fill_null(False)
    label = both.unit_id.cast("string") + " " + both.unit_name
    return both.group_by("day").agg(
        units=label.collect(order_by=both.unit_id),
        delivered=label.collect(where=is_complete, order_by=both.unit_id),
    )


def _units(day: DayFacts) -> tuple[int, list[str]]:
    """Return the number of active units, and the units that did not deliver."""
    active = list(day.measured.get("units") or ())
    delivered = set(day.measured.get("delivered") or ())
    return len(active), [unit for unit in active if unit not in delivered]


def assess_completeness(day: DayFacts) -> Assessment:
    """Fail when less than 90 % of the active units delivered; warn when less than all did.

    A day whose deadline has not passed passes: units may still deliver.
    """
    active, missing = _units(day)
    if not active:
        return Assessment(
            status=CheckStatus.FAIL,
            expected="every active unit",
            actual="0 units",
            details="no reference table of units was delivered up to this day",
        )
    delivered = active - len(missing)
    missed = CheckStatus.WARN if Fraction(delivered, active) >= NEARLY_ALL else CheckStatus.FAIL
    is_due = due_at(day.day, day.deadline_hours, day.now.tzinfo) <= day.now
    kind = "did not deliver" if is_due else "not due yet"
    return Assessment(
        status=missed if missing and is_due else CheckStatus.PASS,
        expected=f"{active} units",
        actual=f"{delivered} units",
        details=f"{kind}: {shortened(missing)}" if missing else "",
    )


def assess_timeliness(day: DayFacts) -> Assessment:
    """Fail when an active unit has not delivered by the deadline; pass once its files arrive."""
    _, missing = _units(day)
    due = due_at(day.day, day.deadline_hours, day.now.tzinfo)
    is_due = due <= day.now
    kind = "overdue" if is_due else "not due yet"
    return Assessment(
        status=CheckStatus.FAIL if missing and is_due else CheckStatus.PASS,
        expected=f"every active unit by {due:%Y-%m-%d %H:%M}",
        actual=f"{len(missing) if is_due else 0} overdue",
        details=f"{kind}: {shortened(missing)}" if missing else "",
    )


def unknown_products(items: ir.Table, products: ir.Table) -> ir.Table:
    """Return the products that were sold and are missing in the dimension of the day."""
    sold = items.group_by("day", "product_id").agg(lines=items.count())
    return sold.anti_join(products, ["day", "product_id"])


def order_value_differences(facts: ir.Table) -> ir.Table:
    """Count the orders whose value differs from items plus fee, and sum the differences."""
    apart = facts.filter(facts.reconciliation_difference != 0)
    return apart.group_by("day").agg(
        found=apart.count(), difference=apart.reconciliation_difference.sum()
    )


def assess_order_values(day: DayFacts) -> Assessment:
    """Warn when the value of an order differs from its items plus the fee."""
    found = day.measured.get("found", 0)
    difference = day.measured.get("difference") or Decimal("0.00")
    return Assessment(
        status=CheckStatus.WARN if found else CheckStatus.PASS,
        expected="0 orders",
        actual=f"{found} orders",
        details=f"their differences add up to R$ {difference}" if found else "",
    )


def other_day_orders(stored: ir.Table) -> ir.Table:
    """Count the orders that arrived with the delivery of another day, by delivery."""
    moved = stored.filter(stored.delivery_day != stored.day)
    by_delivery = moved.group_by("day", "delivery_day").agg(n=moved.count())
    label = by_delivery.n.cast("string") + " with " + by_delivery.delivery_day.cast("string")
    return by_delivery.group_by("day").agg(
        found=by_delivery.n.sum(), names=label.collect(order_by=by_delivery.delivery_day)
    )


def unknown_channels(rows: ir.Table) -> ir.Table:
    """Count the delivered orders whose channel is unknown, by its text, with the first place."""
    current = rows.filter(~rows["_superseded"])
    unknown = current.filter(rules.order_type(current.Tipo_Pedido) == rules.UNKNOWN)
    written = trimmed(unknown.Tipo_Pedido).fill_null("empty").substr(0, 40)
    place = unknown["_file"] + " line " + unknown["_line"].cast("string")
    by_text = unknown.group_by("day", written=written).agg(n=unknown.count(), place=place.min())
    label = by_text.written + ": " + by_text.n.cast("string") + " (" + by_text.place + ")"
    return by_text.group_by("day").agg(
        found=by_text.n.sum(), names=label.collect(order_by=by_text.written)
    )


CHECKS = (
    has_rows(fact_orders, "orders", CheckStatus.FAIL),
    QualityCheck(
        name="completeness",
        category="completeness",
        table=unit_day.id,
        description="Every active unit delivered orders and items; warns from 90 % of the units,"
        " fails below.",
        inputs=(rows_of(units, as_of=True), rows_of(deliveries)),
        measure=active_and_delivered,
        assess=assess_completeness,
    ),
    QualityCheck(
        name="deliveries_complete",
        category="timeliness",
        table=deliveries.id,
        description="No delivery of an active unit is overdue; fails with the units, and passes"
        " when their files arrive.",
        inputs=(rows_of(units, as_of=True), rows_of(deliveries)),
        measure=active_and_delivered,
        assess=assess_timeliness,
    ),
    equal_totals(
        fact_order_items,
        Totals(label="silver", rows=rows_of(order_items), columns={"value": "line_total"}),
        Totals(label="gold", rows=rows_of(fact_order_items), columns={"value": "line_total"}),
        text="R$ {value:.2f}",
        warns_below=Decimal(1),
        description="The line totals of gold equal those of silver; warns if they differ by less"
        " than R$ 1, fails otherwise.",
    ),
    unique(
        fact_orders,
        "unit_id",
        "order_id",
        separator="/",
        description="Day, unit and order number identify one order; fails with the repeated keys.",
        enforced_by="the keys of silver.mrhealth_orders and gold.mrhealth_fact_orders: of the rows"
        " with one key the newest is stored, and a day with a repeated key is not stored",
    ),
    no_rows(
        fact_order_items,
        unknown_products,
        rows_of(dim_product),
        key=("product_id",),
        name="referential",
        category="referential",
        noun="orphan products",
        description="Every product sold is in the dimension of its day; fails with the others.",
        otherwise=CheckStatus.FAIL,
        enforced_by="silver.mrhealth_order_items, which rejects an unknown_product or orphan_item",
    ),
    usual_volume(fact_orders, "orders"),
    QualityCheck(
        name="order_value",
        category="consistency",
        table=fact_orders.id,
        description="The value of an order is its items plus the fee; warns with the number of"
        " other orders and the sum of their differences.",
        inputs=(rows_of(fact_orders),),
        measure=order_value_differences,
        assess=assess_order_values,
    ),
    QualityCheck(
        name="other_day_orders",
        category="timeliness",
        table=orders.id,
        description="Orders arrive with the delivery of their own day; warns with the deliveries"
        " that contain orders of this day.",
        inputs=(rows_of(orders),),
        measure=other_day_orders,
        assess=expects_none("orders", CheckStatus.WARN),
    ),
    QualityCheck(
        name="order_type",
        category="contract",
        table=orders.id,
        description="The channel of every delivered order is Loja Online or Loja Física; warns with"
        " the other texts, which are stored as UNKNOWN, and the first file and line of each.",
        inputs=(rows_of(sources.ORDERS.bronze),),
        measure=unknown_channels,
        assess=expects_none("orders", CheckStatus.WARN),
    ),
    no_rejections(orders),
    no_rejections(order_items),
    reconciled_files(SPEC.name, landed_files),
    *(declared_columns(source.raw) for source in declared_in(sources)),
)
"""In the order of the specification, then deliveries."""

"""Expressions for the rows that the detectors read: sums by unit and day, prices, and names."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection import prices
from lakehouse.domains.mrhealth.detection.numbers import cents, number_of
from lakehouse.domains.mrhealth.holidays import is_holiday
from lakehouse.platform.tables.expressions import newest_by

KEY = ["day", "unit_id"]


def inputs_of(
    sales: ir.Table,
    channels: ir.Table,
    sold: ir.Table,
    menu: ir.Table,
    units: ir.Table,
    *,
    keep_days: int = rules.KEEP_DAYS,
) -> dict[str, ir.Table]:
    """Return the rows by name, for alerts whose last day is among the newest `keep_days` days."""
    days = unit_days(sales, channels, sold, keep_days=keep_days)
    numbers = units.group_by("state_name").agg(state_id=units.state_id.min())
    return {
        "days": days,
        "prices": prices.findings(sold, keep_days=keep_days),
        "sold": _recent(sold, keep_days).select(
            "unit_id", "product_id", "orders", n=number_of(sold.day)
        ),
        "menu": _recent(menu, keep_days).select("product_id", n=number_of(menu.day)),
        "chain_prices": prices.by_product(sold, keep_days=keep_days),
        "states": numbers,
        "products": newest_by(menu, "product_id", at="day").select("product_id", "product_name"),
    }


def unit_days(
    days: ir.Table, channels: ir.Table, products: ir.Table, *, keep_days: int
) -> ir.Table:
    """Return the days of each unit that are needed, with what is compared and holidays marked."""
    recent = _recent(days, keep_days)
    of_channel = {
        name.lower(): channels.orders.sum(where=channels.order_type == name)
        for name in ("ONLINE", "PHYSICAL")
    }
    is_odd = products.lines % 2 + products.quantity % 2 + products.orders % 2 > 0
    lines = products.group_by("day", "unit_id").agg(
        items=products.completed_line_revenue.sum().cast("decimal(18, 2)"),
        products=products.count(),
        odd_products=products.count(where=is_odd),
    )
    joined = recent.left_join(channels.group_by("day", "unit_id").agg(**of_channel), KEY)
    joined = joined.drop("day_right", "unit_id_right")
    joined = joined.left_join(lines, KEY)  # both one unit-day to one sum
    items = joined["items"].fill_null(0).cast("decimal(18, 2)")
    return joined.select(
        "unit_id",
        "unit_name",
        "delivered",
        "orders",
        state_name=joined.state_name.fill_null(""),
        cancelled=joined.cancelled_orders,
        pending=joined.pending_orders,
        n=number_of(joined.day),
        online=joined.online.fill_null(0).cast("int64"),
        physical=joined.physical.fill_null(0).cast("int64"),
        revenue=cents(joined.revenue),
        goods=cents(joined.revenue) - cents(joined.delivery_fees),
        items=cents(items),
        products=joined["products"].fill_null(0),
        odd_products=joined["odd_products"].fill_null(0),
        holiday=is_holiday(joined.day, joined.state_name, joined.country_name),
    )


def _recent(rows: ir.Table, keep_days: int) -> ir.Table:
    reach = keep_days + rules.LONGEST_DAYS + rules.HISTORY_DAYS
    return rows.filter(rows.day >= rows.day.max() - ibis.interval(days=reach))

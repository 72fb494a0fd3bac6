"""What is asked of the bike shop's tables every day.

Rows whose parent is missing are loaded and reported here, by day of the row, against the parents as
they are now.
"""

from collections.abc import Callable
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from lakehouse.domains.bikes import SPEC
from lakehouse.domains.bikes.exports import is_snapshot
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.domains.bikes.silver.products import products
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.quality.checks import (
    Day,
    QualityCheck,
    Reads,
    Result,
    Verdict,
    made_rows_of,
    named,
    rows_of,
)
from lakehouse.platform.reconciliation.balance import reconciliation_of
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.ops_tables import RECONCILIATION
from lakehouse.platform.tables.table import Table

CENT = Decimal("0.01")
"""In US$: amounts that differ by less are equal."""


def rows_and_files(table: Table) -> Callable[[ir.Table, ir.Table], ir.Table]:
    """Rows of a table as of each day, and what became of the rows of the day's files."""
    file = ["day"] if is_snapshot(table) else ["day", "file"]

    def measure(stored: ir.Table, books: ir.Table) -> ir.Table:
        counted = stored.group_by("day").agg(rows=stored.count())
        own = books.filter(books.table == table.id.table)
        landed = own.group_by("day").agg(
            loaded=own.count(where=own.status == Status.LOADED.value),
            landed=(own.bronze_rows + own.unparsable_lines).sum(),
            kept=own.silver_rows.sum(),
            rejected=(own.quarantined_rows + own.unparsable_lines).sum(),
            repeated=(own.duplicate_rows + own.superseded_rows).sum(),
            waiting=own.waiting.sum(),
        )
        withheld = own.filter(own.status.isin([Status.REJECTED.value, Status.HELD.value]))
        lacking = withheld.anti_join(own.filter(own.status == Status.LOADED.value), file)
        untaken = lacking.group_by("day").agg(untaken=lacking.count())
        books_of = landed.left_join(untaken, "day").drop("day_right")  # one day to one day
        both = counted.outer_join(books_of, "day")  # one day to one day
        return both.mutate(day=both.day.coalesce(both.day_right)).drop("day_right")

    return measure


def counted(day: Day) -> Verdict:
    """The table has rows, and those of the day's files are all in it; rejected ones are told."""
    found = {name: day.measured.get(name) or 0 for name in _MEASURED}
    waiting, untaken = found["waiting"], found["untaken"]
    apart = found["landed"] - sum(found[name] for name in _FATES)
    hollow = found["loaded"] > 0 and not found["landed"]
    fails = untaken or hollow or (not waiting and (apart or not found["rows"]))
    said = {
        f"{untaken} files not taken in": untaken,
        "a file without rows": hollow,
        f"{waiting} files wait for the days of their rows": waiting,
        f"{found['rejected']} rejected, {found['repeated']} repeated or replaced": found["rejected"]
        or found["repeated"],
    }
    warns = Result.WARN if found["rejected"] or waiting else Result.PASS
    return Verdict(
        result=Result.FAIL if fails else warns,
        expected=f"> 0 rows, {found['landed']} of the day's files",
        actual=f"{found['rows']} rows, {found['kept']} of the day's files",
        details="; ".join(sentence for sentence, is_so in said.items() if is_so),
    )


_FATES = ("kept", "rejected", "repeated")
_MEASURED = (*_FATES, "rows", "landed", "loaded", "untaken", "waiting")


def none_found(what: str) -> Callable[[Day], Verdict]:
    """A judge for what should not be there and is kept all the same: ``found`` and ``names``."""

    def judge(day: Day) -> Verdict:
        found = day.measured.get("found", 0)
        return Verdict(
            result=Result.WARN if found else Result.PASS,
            expected=f"0 {what}",
            actual=f"{found} {what}",
            details=named([str(name) for name in day.measured.get("names") or ()]),
        )

    return judge


def _listed(rows: ir.Table, name: str) -> ir.Table:
    label = rows[name].cast("string")
    return rows.group_by("day").agg(found=rows.count(), names=label.collect(order_by=rows[name]))


def orders_without_customer(orders: ir.Table, known: ir.Table) -> ir.Table:
    """Orders whose customer is in no snapshot of customers."""
    return _listed(orders.anti_join(known, "customer_id"), "sales_order_id")


def orders_without_person(orders: ir.Table, known: ir.Table, people: ir.Table) -> ir.Table:
    """Orders whose customer names a person that the snapshot of persons lacks."""
    named_ones = known.filter(known.person_id.notnull())
    buyers = named_ones.select("customer_id", business_entity_id=named_ones.person_id)
    nameless = buyers.anti_join(people, "business_entity_id")
    return _listed(orders.semi_join(nameless, "customer_id"), "sales_order_id")


def lines_without_order(lines: ir.Table) -> ir.Table:
    """Lines whose order has not come, or was rejected."""
    return _listed(lines.filter(lines.customer_id.isnull()), "sales_order_detail_id")


def lines_without_product(lines: ir.Table, known: ir.Table) -> ir.Table:
    """Lines whose product is not known."""
    return _listed(lines.anti_join(known, "product_id"), "sales_order_detail_id")


def lines_without_offer(lines: ir.Table, offers: ir.Table) -> ir.Table:
    """Lines whose offer does not have the product."""
    unknown = lines.anti_join(offers, ["special_offer_id", "product_id"])
    return _listed(unknown, "sales_order_detail_id")


def offers_without_product(offers: ir.Table, known: ir.Table) -> ir.Table:
    """Products that are offered and not known."""
    return _listed(offers.anti_join(known, "product_id"), "product_id")


def customers_without_person(known: ir.Table, people: ir.Table) -> ir.Table:
    """Customers who name a person that is not known."""
    named_ones = known.filter(known.person_id.notnull())
    buyers = named_ones.select("day", "customer_id", business_entity_id=named_ones.person_id)
    return _listed(buyers.anti_join(people, "business_entity_id"), "customer_id")


def wrong_totals(orders: ir.Table) -> ir.Table:
    """Orders whose total is not the sum of its parts."""
    apart = orders.total_due - (orders.sub_total + orders.tax_amt + orders.freight)
    return _listed(orders.filter(apart.abs() >= CENT), "sales_order_id")


def wrong_sub_totals(orders: ir.Table, lines: ir.Table) -> ir.Table:
    """Orders whose sum is not that of their lines; an order without lines is among them."""
    summed = lines.group_by("day", "sales_order_id").agg(lines=lines.line_total.sum())
    both = orders.left_join(summed, ["day", "sales_order_id"])  # one order to one sum
    none = ibis.literal(Decimal(0)).cast("decimal(38, 6)")
    apart = both.sub_total.cast("decimal(38, 6)") - both.lines.fill_null(none)
    return _listed(both.filter(apart.abs() >= CENT), "sales_order_id")


def _orphans(
    measure: Callable[..., ir.Table], what: str, category: str, table: Table, *others: Reads
) -> QualityCheck:
    return QualityCheck(
        name=measure.__name__,
        category=category,
        table=table.id,
        description=f"{(measure.__doc__ or '').strip()} Warns with their numbers; they are loaded.",
        reads=(rows_of(table), *others),
        measure=measure,
        judge=none_found(what),
    )


PERSONS_NOW = rows_of(persons, newest=True)
PRODUCTS_NOW = rows_of(products, newest=True)
CUSTOMERS_NOW = rows_of(customers, newest=True)
OFFERS_NOW = rows_of(special_offer_products, newest=True)

CHECKS = (
    *(
        QualityCheck(
            name="row_counts",
            category="completeness",
            table=table.id,
            description="The table has rows, as many as the day's files; fails with none, with"
            " other numbers or with a file not taken in, warns of rejected and waiting rows.",
            reads=(
                Reads(id=table.id, schema=ibis.schema({"day": "date"}), as_of=True),
                made_rows_of(reconciliation_of(SPEC.name), RECONCILIATION.model),
            ),
            measure=rows_and_files(table),
            judge=counted,
        )
        for table in (
            persons,
            products,
            customers,
            order_headers,
            special_offer_products,
            order_details,
        )
    ),
    _orphans(customers_without_person, "customers", "referential", customers, PERSONS_NOW),
    _orphans(
        offers_without_product, "products", "referential", special_offer_products, PRODUCTS_NOW
    ),
    _orphans(orders_without_customer, "orders", "referential", fact_orders, CUSTOMERS_NOW),
    _orphans(
        orders_without_person, "orders", "referential", fact_orders, CUSTOMERS_NOW, PERSONS_NOW
    ),
    _orphans(lines_without_order, "lines", "referential", fact_order_lines),
    _orphans(lines_without_product, "lines", "referential", fact_order_lines, PRODUCTS_NOW),
    _orphans(lines_without_offer, "lines", "referential", fact_order_lines, OFFERS_NOW),
    _orphans(wrong_totals, "orders", "consistency", fact_orders),
    _orphans(wrong_sub_totals, "orders", "consistency", fact_orders, rows_of(fact_order_lines)),
)
"""Counts first, then parents, then amounts."""

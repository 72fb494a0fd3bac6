"""Quality checks of bikes, evaluated for every day.

Rows whose parent is missing are stored and reported here: each day's rows are compared with the
newest snapshot of the parents.
"""

from collections.abc import Callable
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from lakehouse.domains.bikes.exports import is_snapshot
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.domains.bikes.silver.products import products
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.quality.checks import CheckInput, QualityCheck, rows_of
from lakehouse.platform.quality.common_checks import no_rows
from lakehouse.platform.quality.row_counts import row_counts
from lakehouse.platform.tables.table import Table

CENT = Decimal("0.01")
"""In US$: amounts that differ by less are equal."""
ORDER, LINE = "sales_order_id", "sales_order_detail_id"


def customers_without_person(known: ir.Table, people: ir.Table) -> ir.Table:
    """Customers refer to a person in the newest snapshot, or to none."""
    persons_of = known.filter(known.person_id.notnull())
    buyers = persons_of.select("day", "customer_id", business_entity_id=persons_of.person_id)
    return buyers.anti_join(people, "business_entity_id")


def offers_without_product(offers: ir.Table, known: ir.Table) -> ir.Table:
    """Products on offer are in the newest snapshot of products."""
    return offers.anti_join(known, "product_id")


def orders_without_customer(orders: ir.Table, known: ir.Table) -> ir.Table:
    """Orders have a customer in the newest snapshot of customers."""
    return orders.anti_join(known, "customer_id")


def orders_without_person(orders: ir.Table, known: ir.Table, people: ir.Table) -> ir.Table:
    """Orders have a customer whose person, if there is one, is in the newest snapshot."""
    persons_of = known.filter(known.person_id.notnull())
    buyers = persons_of.select("customer_id", business_entity_id=persons_of.person_id)
    return orders.semi_join(buyers.anti_join(people, "business_entity_id"), "customer_id")


def lines_without_order(lines: ir.Table) -> ir.Table:
    """Lines have an order that was delivered and not rejected."""
    return lines.filter(lines.customer_id.isnull())


def lines_without_product(lines: ir.Table, known: ir.Table) -> ir.Table:
    """Lines have a product in the newest snapshot of products."""
    return lines.anti_join(known, "product_id")


def lines_without_offer(lines: ir.Table, offers: ir.Table) -> ir.Table:
    """Lines have a special offer that includes their product."""
    return lines.anti_join(offers, ["special_offer_id", "product_id"])


def wrong_totals(orders: ir.Table) -> ir.Table:
    """The total of an order is the sum of its parts."""
    apart = orders.total_due - (orders.sub_total + orders.tax_amt + orders.freight)
    return orders.filter(apart.abs() >= CENT)


def wrong_sub_totals(orders: ir.Table, lines: ir.Table) -> ir.Table:
    """The subtotal of an order is the sum of its lines, 0 without lines."""
    summed = lines.group_by("day", ORDER).agg(lines=lines.line_total.sum())
    both = orders.left_join(summed, ["day", ORDER])  # one order to one sum
    none = ibis.literal(Decimal(0)).cast("decimal(38, 6)")
    apart = both.sub_total.cast("decimal(38, 6)") - both.lines.fill_null(none)
    return both.filter(apart.abs() >= CENT)


def _reported(
    table: Table,
    key: str,
    find: Callable[..., ir.Table],
    *others: CheckInput,
    noun: str,
    category: str = "referential",
) -> QualityCheck:
    """Declare a check that warns; the name and the docstring of `find` are those of the check."""
    return no_rows(
        table,
        find,
        *others,
        key=(key,),
        name=find.__name__,
        category=category,
        noun=noun,
        description=f"{(find.__doc__ or '').strip()} Warns with the numbers of the other {noun};"
        " they are stored.",
    )


PERSONS = rows_of(persons, newest=True)
PRODUCTS = rows_of(products, newest=True)
CUSTOMERS = rows_of(customers, newest=True)
OFFERS = rows_of(special_offer_products, newest=True)
LINES = rows_of(fact_order_lines)

CHECKS = (
    *(
        row_counts(table, snapshot=is_snapshot(table))
        for table in (
            persons,
            products,
            customers,
            order_headers,
            special_offer_products,
            order_details,
        )
    ),
    _reported(customers, "customer_id", customers_without_person, PERSONS, noun="customers"),
    _reported(
        special_offer_products, "product_id", offers_without_product, PRODUCTS, noun="products"
    ),
    _reported(fact_orders, ORDER, orders_without_customer, CUSTOMERS, noun="orders"),
    _reported(fact_orders, ORDER, orders_without_person, CUSTOMERS, PERSONS, noun="orders"),
    _reported(fact_order_lines, LINE, lines_without_order, noun="lines"),
    _reported(fact_order_lines, LINE, lines_without_product, PRODUCTS, noun="lines"),
    _reported(fact_order_lines, LINE, lines_without_offer, OFFERS, noun="lines"),
    _reported(fact_orders, ORDER, wrong_totals, noun="orders", category="consistency"),
    _reported(fact_orders, ORDER, wrong_sub_totals, LINES, noun="orders", category="consistency"),
)
"""Row counts first, then missing parents, then amounts."""

"""Invented dumps of the bike shop: the same plan always gives the same bytes.

At scale 1 the tables have the sizes, the counts of missing values and the shape of AdventureWorks:
stores order at the ends of months, persons every day, some persons share a name. A smaller scale is
a shorter history with fewer people. Faults come on top of the valid rows, each in a row of its own,
so that what becomes of a row never depends on two of them.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from lakehouse.demo.bikes import goods, orders, people
from lakehouse.demo.bikes.errors import FAULTS, corrected, with_errors
from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import Rows, dump
from lakehouse.demo.files import LandedFile
from lakehouse.domains.bikes import sources
from lakehouse.platform.tables.source import declared_in

__all__ = ["Plan", "deliveries", "demo", "expected", "tables"]

FILES = {
    "persons": "Person.Person.csv",
    "products": "Production.Product.csv",
    "customers": "Sales.Customer.csv",
    "order_headers": "Sales.SalesOrderHeader.csv",
    "special_offer_products": "Sales.SpecialOfferProduct.csv",
    "order_details": "Sales.SalesOrderDetail.csv",
}
COLUMNS = {source.dataset: source.format.columns for source in declared_in(sources)}


def demo(seed: int) -> Plan:
    """The shop's first months."""
    return Plan(seed=seed, scale=0.02)


def tables(plan: Plan) -> dict[str, Rows]:
    """The valid rows of the six tables."""
    known = people.of(plan)
    sold = goods.of(plan)
    headers, lines = orders.of(plan, known, sold)
    return {
        "persons": known.persons,
        "products": sold.products,
        "customers": known.customers,
        "order_headers": headers,
        "special_offer_products": sold.offers,
        "order_details": lines,
    }


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """The dump of the first day; with errors also what the day after corrects."""
    made = tables(plan)
    at = dt.datetime.combine(plan.first, dt.time(12), dt.UTC)
    for dataset, name in FILES.items():
        rows = with_errors(plan, dataset, made[dataset])
        yield LandedFile(f"bikes/{plan.first}/{name}", dump(COLUMNS[dataset], rows), at)
    if plan.errors:
        after = plan.first + dt.timedelta(days=1)
        for dataset in ("products", "order_headers"):
            rows = corrected(dataset, made[dataset])
            name = FILES[dataset].lower()
            at_noon = dt.datetime.combine(after, dt.time(12), dt.UTC)
            yield LandedFile(f"bikes/{after}/{name}", dump(COLUMNS[dataset], rows), at_noon)


def expected(plan: Plan) -> dict[str, Counter[str]]:
    """By dataset how many rows and lines are rejected, with the reason."""
    copies = plan.copies
    return {
        dataset: Counter(
            {
                reason: copies * sum(1 for fault in faults if fault.reason == reason)
                for reason in {fault.reason for fault in faults if fault.reason}
            }
            if copies
            else {}
        )
        for dataset, faults in FAULTS.items()
    }

"""Generate a dump of the bike shop's database.

At scale 1 the tables have the sizes, the numbers of missing values and the shape of AdventureWorks:
stores order at the ends of months, persons every day, and some persons have the same name. A
smaller scale is a shorter history with fewer people. Errors are planted in rows of their own beside
the valid rows, so that the outcome of a row never depends on two errors.

`goods`, `people` and `orders` draw the rows of the tables, `errors` adds the planted errors, and
`text` writes values and files in the shop's dialect.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from lakehouse.demo.bikes import goods, orders, people
from lakehouse.demo.bikes.errors import ROW_ERRORS, corrections, with_errors
from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import COLUMNS, Rows, dump
from lakehouse.demo.files import LandedFile, moment

__all__ = ["Plan", "deliveries", "demo", "expected", "tables"]

FILES = {
    "persons": "Person.Person.csv",
    "products": "Production.Product.csv",
    "customers": "Sales.Customer.csv",
    "order_headers": "Sales.SalesOrderHeader.csv",
    "special_offer_products": "Sales.SpecialOfferProduct.csv",
    "order_details": "Sales.SalesOrderDetail.csv",
}


def demo(seed: int) -> Plan:
    """Return the plan of the demo: the first months of the shop."""
    return Plan(seed=seed, scale=0.02)


def tables(plan: Plan) -> dict[str, Rows]:
    """Return the valid rows of the six tables by dataset."""
    persons = people.draw(plan)
    products = goods.draw(plan)
    headers, details = orders.draw(plan, persons, products)
    return {
        "persons": persons.persons,
        "products": products.products,
        "customers": persons.customers,
        "order_headers": headers,
        "special_offer_products": products.offers,
        "order_details": details,
    }


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Yield the dump of the first day and, with planted errors, the corrections a day later."""
    valid = tables(plan)
    for dataset, name in FILES.items():
        yield _file(plan.first, name, dataset, with_errors(plan, dataset, valid[dataset]))
    if plan.errors:
        next_day = plan.first + dt.timedelta(days=1)
        for dataset in ("products", "order_headers"):
            rows = corrections(dataset, valid[dataset])
            yield _file(next_day, FILES[dataset].lower(), dataset, rows)


def _file(day: dt.date, name: str, dataset: str, rows: Rows) -> LandedFile:
    return LandedFile(f"bikes/{day}/{name}", dump(COLUMNS[dataset], rows), moment(day, 12))


def expected(plan: Plan) -> dict[str, Counter[str]]:
    """Return by dataset the number of rejected rows and lines by reason."""
    return {
        dataset: Counter(error.reason for error in errors * plan.copies if error.reason)
        for dataset, errors in ROW_ERRORS.items()
    }

"""Faults of a dump, each in a row of its own, and what the day after corrects."""

from dataclasses import dataclass

import numpy as np

from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import NULL, Row, Rows
from lakehouse.domains.bikes import sources
from lakehouse.domains.bikes.rules import LONGEST
from lakehouse.platform.tables.source import declared_in

NEW_NUMBER = 9_000_000
"""Keys of rows with a fault, so that they displace no valid row."""
CORRECTED = 5


@dataclass(frozen=True)
class Fault:
    """One kind of fault: a valid row with other values.

    Attributes:
        reason: the code under which it is rejected; empty when it is kept, and only reported.
        values: column → what is written there.
        own_key: the row gets a key of its own; else it repeats that of the row after it.
        more: further text at the end of the line.
        is_blank: the line is empty.
    """

    reason: str
    values: dict[str, str]
    own_key: bool = True
    more: str = ""
    is_blank: bool = False


FAULTS: dict[str, tuple[Fault, ...]] = {
    "persons": (
        Fault("missing_required", {"LastName": NULL}),
        Fault("bad_person_type", {"PersonType": "XX"}),
        Fault("bad_integer", {"EmailPromotion": "7"}),
        Fault("too_long", {"Demographics": f"<survey>{'ç' * LONGEST}</survey>"}),
    ),
    "products": (
        Fault("bad_amount", {"StandardCost": "1.234,56"}),
        Fault("bad_amount", {"Weight": "heavy"}),
        Fault("bad_flag", {"MakeFlag": "S"}),
        Fault("bad_date", {"SellStartDate": "2013-02-30 00:00:00.000"}),
    ),
    "customers": (
        Fault("bad_integer", {"PersonID": "934.0"}),
        Fault("missing_required", {"AccountNumber": NULL}),
        Fault("column_count", {}, more=";"),
    ),
    "special_offer_products": (Fault("bad_integer", {"ProductID": "all"}),),
    "order_headers": (
        Fault("bad_date", {"OrderDate": "2013-02-30 00:00:00.000"}),
        Fault("bad_date", {"OrderDate": "2062-01-01 00:00:00.000"}),
        Fault("bad_amount", {"TotalDue": "23.153,23"}),
        Fault("bad_flag", {"OnlineOrderFlag": "N"}),
        Fault("bad_status", {"Status": "9"}),
        Fault("bad_integer", {"SalesPersonID": "279.0"}),
        Fault("missing_required", {"CustomerID": NULL}),
        Fault("duplicate_key", {"Comment": "Pedido repetido"}, own_key=False),
    ),
    "order_details": (
        Fault("bad_quantity", {"OrderQty": "0"}),
        Fault("bad_integer", {"OrderQty": "2,5"}),
        Fault("bad_amount", {"UnitPrice": "grátis"}),
        Fault("missing_required", {"ProductID": NULL}),
        Fault("bad_date", {"ModifiedDate": "31/05/2011"}),
        Fault("blank_line", {}, is_blank=True),
        Fault("", {"SalesOrderID": "99999"}),
    ),
}
"""By dataset; every reason that the shop's rows can be rejected for is among them."""

_KEYS = {
    "persons": "BusinessEntityID",
    "products": "ProductID",
    "customers": "CustomerID",
    "special_offer_products": "SpecialOfferID",
    "order_headers": "SalesOrderID",
    "order_details": "SalesOrderDetailID",
}
_COLUMNS = {source.dataset: source.format.columns for source in declared_in(sources)}


def with_errors(plan: Plan, dataset: str, rows: Rows) -> Rows:
    """The valid rows with the plan's faults among them."""
    faults = [fault for fault in FAULTS[dataset] for _ in range(plan.copies)]
    rng = np.random.default_rng([plan.seed, 4, list(FAULTS).index(dataset)])
    places = np.sort(rng.choice(len(rows), size=len(faults), replace=False))[::-1].tolist()
    made = list(rows)
    for number, (place, fault) in enumerate(zip(places, faults, strict=True)):
        made.insert(place, _faulty(fault, dataset, rows[place], NEW_NUMBER + number))
    return made


def _faulty(fault: Fault, dataset: str, valid: Row, number: int) -> Row:
    if fault.is_blank:
        return [""]
    columns = _COLUMNS[dataset]
    row = list(valid)
    if fault.own_key:
        row[columns.index(_KEYS[dataset])] = str(number)
    for column, value in fault.values.items():
        row[columns.index(column)] = value
    row[-1] += fault.more
    return row


def corrected(dataset: str, rows: Rows) -> Rows:
    """What comes the day after: a few orders again, with a comment; all products, one dearer."""
    columns = _COLUMNS[dataset]
    if dataset == "products":
        dearer = list(rows[-1])
        dearer[columns.index("ListPrice")] = "4999,9999"
        return [*rows[:-1], dearer]
    comment, revision = columns.index("Comment"), columns.index("RevisionNumber")
    again = [list(row) for row in rows[-CORRECTED:]]
    for row in again:
        row[comment], row[revision] = "Entregue na portaria", "9"
    return again

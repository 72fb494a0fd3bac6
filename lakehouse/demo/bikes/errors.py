"""Plant errors in a dump, each in a row of its own, and write the corrections a day later."""

from dataclasses import dataclass

import numpy as np

from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import COLUMNS, NULL, Row, Rows
from lakehouse.domains.bikes.rules import LONGEST

FIRST_NEW_KEY = 9_000_000
"""First key of the rows with errors, so that they replace no valid row."""
CORRECTED_ORDERS = 5


@dataclass(frozen=True)
class RowError:
    """One kind of planted error: a valid row with other values.

    Attributes:
        reason: reason code of the rejection; empty when the row is kept and only reported.
        values: column → value to write.
        own_key: whether the row has a key of its own, or repeats the key of the row after it.
        suffix: text to add at the end of the line.
        is_blank: whether the line is empty.
    """

    reason: str
    values: dict[str, str]
    own_key: bool = True
    suffix: str = ""
    is_blank: bool = False


ROW_ERRORS: dict[str, tuple[RowError, ...]] = {
    "persons": (
        RowError("missing_required", {"LastName": NULL}),
        RowError("bad_person_type", {"PersonType": "XX"}),
        RowError("bad_integer", {"EmailPromotion": "7"}),
        RowError("too_long", {"Demographics": f"<survey>{'ç' * LONGEST}</survey>"}),
    ),
    "products": (
        RowError("bad_amount", {"StandardCost": "1.234,56"}),
        RowError("bad_amount", {"Weight": "heavy"}),
        RowError("bad_flag", {"MakeFlag": "S"}),
        RowError("bad_date", {"SellStartDate": "2013-02-30 00:00:00.000"}),
    ),
    "customers": (
        RowError("bad_integer", {"PersonID": "934.0"}),
        RowError("missing_required", {"AccountNumber": NULL}),
        RowError("column_count", {}, suffix=";"),
    ),
    "special_offer_products": (RowError("bad_integer", {"ProductID": "all"}),),
    "order_headers": (
        RowError("bad_date", {"OrderDate": "2013-02-30 00:00:00.000"}),
        RowError("bad_date", {"OrderDate": "2062-01-01 00:00:00.000"}),
        RowError("bad_amount", {"TotalDue": "23.153,23"}),
        RowError("bad_flag", {"OnlineOrderFlag": "N"}),
        RowError("bad_status", {"Status": "9"}),
        RowError("bad_integer", {"SalesPersonID": "279.0"}),
        RowError("missing_required", {"CustomerID": NULL}),
        RowError("duplicate_key", {"Comment": "Pedido repetido"}, own_key=False),
    ),
    "order_details": (
        RowError("bad_quantity", {"OrderQty": "0"}),
        RowError("bad_integer", {"OrderQty": "2,5"}),
        RowError("bad_amount", {"UnitPrice": "grátis"}),
        RowError("missing_required", {"ProductID": NULL}),
        RowError("bad_date", {"ModifiedDate": "31/05/2011"}),
        RowError("blank_line", {}, is_blank=True),
        RowError("", {"SalesOrderID": "99999"}),
    ),
}
"""Planted errors by dataset; together they cover every reason code of the domain."""

_KEYS = {
    "persons": "BusinessEntityID",
    "products": "ProductID",
    "customers": "CustomerID",
    "special_offer_products": "SpecialOfferID",
    "order_headers": "SalesOrderID",
    "order_details": "SalesOrderDetailID",
}


def with_errors(plan: Plan, dataset: str, rows: Rows) -> Rows:
    """Return the valid rows with the rows that have planted errors between them."""
    errors = [error for error in ROW_ERRORS[dataset] for _ in range(plan.copies)]
    rng = np.random.default_rng([plan.seed, 4, list(ROW_ERRORS).index(dataset)])
    places = np.sort(rng.choice(len(rows), size=len(errors), replace=False))[::-1].tolist()
    all_rows = list(rows)
    for number, (place, error) in enumerate(zip(places, errors, strict=True)):
        all_rows.insert(place, _bad_row(error, dataset, rows[place], FIRST_NEW_KEY + number))
    return all_rows


def _bad_row(error: RowError, dataset: str, valid: Row, key: int) -> Row:
    if error.is_blank:
        return [""]
    columns = COLUMNS[dataset]
    row = list(valid)
    if error.own_key:
        row[columns.index(_KEYS[dataset])] = str(key)
    for column, value in error.values.items():
        row[columns.index(column)] = value
    row[-1] += error.suffix
    return row


def corrections(dataset: str, rows: Rows) -> Rows:
    """Return the next day's rows: a few orders with a comment, or all products, one repriced."""
    columns = COLUMNS[dataset]
    if dataset == "products":
        repriced = list(rows[-1])
        repriced[columns.index("ListPrice")] = "4999,9999"
        return [*rows[:-1], repriced]
    comment, revision = columns.index("Comment"), columns.index("RevisionNumber")
    orders = [list(row) for row in rows[-CORRECTED_ORDERS:]]
    for row in orders:
        row[comment], row[revision] = "Entregue na portaria", "9"
    return orders

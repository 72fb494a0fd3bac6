"""Every reason for which rows of the shop are rejected, with file and line."""

from pathlib import Path

import pytest

from lakehouse_tests.domains.bikes.files import VALID, file, path, row
from lakehouse_tests.domains.business import Business

BAD = {
    "persons": [
        ("missing_required", row("persons", LastName="NULL")),
        ("missing_required", row("persons", FirstName="  ")),
        ("bad_person_type", row("persons", PersonType="XX")),
        ("bad_integer", row("persons", BusinessEntityID="1.0")),
        ("bad_integer", row("persons", EmailPromotion="3")),
        ("bad_flag", row("persons", NameStyle="N")),
        ("bad_date", row("persons", ModifiedDate="07/01/2009")),
        ("too_long", row("persons", Demographics="ç" * 65_536)),
        ("too_long", row("persons", AdditionalContactInfo="x" * 65_536)),
    ],
    "products": [
        ("bad_amount", row("products", ListPrice="1.431,50")),
        ("bad_amount", row("products", ListPrice="-1,00")),
        ("bad_amount", row("products", StandardCost="10,12345")),
        ("bad_amount", row("products", ListPrice="1.431")),
        ("bad_amount", row("products", Weight="2,24")),
        ("bad_amount", row("products", Weight="heavy")),
        ("bad_integer", row("products", ProductSubcategoryID="14.0")),
        ("bad_integer", row("products", ReorderPoint="-1")),
        ("bad_flag", row("products", MakeFlag="2")),
        ("bad_date", row("products", SellEndDate="2013-02-30 00:00:00.000")),
    ],
    "customers": [
        ("bad_integer", row("customers", PersonID="934.0")),
        ("missing_required", row("customers", AccountNumber="NULL")),
        ("column_count", row("customers") + ";"),
        ("blank_line", ""),
    ],
    "order_headers": [
        ("bad_date", row("order_headers", OrderDate="2011-02-30 00:00:00.000")),
        ("bad_date", row("order_headers", OrderDate="2010-12-31 00:00:00.000")),
        ("bad_date", row("order_headers", OrderDate="2062-01-01 00:00:00.000")),
        ("bad_date", row("order_headers", ShipDate="soon")),
        ("bad_amount", row("order_headers", TotalDue="23.153,2339")),
        ("bad_amount", row("order_headers", Freight="-0,01")),
        ("bad_flag", row("order_headers", OnlineOrderFlag="true")),
        ("bad_status", row("order_headers", Status="7")),
        ("bad_integer", row("order_headers", CreditCardID="1e5")),
        ("missing_required", row("order_headers", CustomerID="NULL")),
        ("duplicate_key", row("order_headers", Comment="a")),
    ],
    "special_offer_products": [
        ("missing_required", row("special_offer_products", ProductID="NULL")),
        ("bad_integer", row("special_offer_products", SpecialOfferID="one")),
    ],
    "order_details": [
        ("bad_quantity", row("order_details", OrderQty="0")),
        ("bad_integer", row("order_details", OrderQty="2,5")),
        ("bad_amount", row("order_details", UnitPrice="grátis")),
        ("bad_amount", row("order_details", UnitPriceDiscount="1,01")),
        ("bad_amount", row("order_details", LineTotal="2000.0000001")),
        ("bad_amount", row("order_details", LineTotal="2000,000000")),
        ("bad_amount", row("order_details", UnitPrice="1000.00")),
        ("bad_date", row("order_details", ModifiedDate="NULL ")),
        ("missing_required", row("order_details", SalesOrderID="NULL")),
    ],
}
"""Reason and line of the expected rejections by dataset; a valid line comes last."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A shop whose files have every error, and one valid row each."""
    business = Business("bikes", tmp_path_factory.mktemp("rejections"))
    for dataset, faults in BAD.items():
        lines = [line for _, line in faults]
        business.land(path(dataset), file(dataset, *lines, VALID[dataset]))
    business.ingest()
    return business


@pytest.mark.parametrize("dataset", BAD)
def test_each_fault_is_rejected_with_its_reason_file_and_line(shop: Business, dataset: str):
    landed = f"bikes/{path(dataset)}"
    expected = [(reason, landed, line) for line, (reason, _) in enumerate(BAD[dataset], start=2)]
    assert shop.rejections(dataset) == sorted(expected)


@pytest.mark.parametrize("dataset", BAD)
def test_the_valid_row_is_kept(shop: Business, dataset: str):
    assert shop.rows(f"select count(*) from silver.bikes_{dataset}") == [(1,)]


def test_every_line_has_an_outcome(shop: Business):
    assert shop.balance() == ["balanced"] * len(BAD)


def test_the_quarantine_names_the_column_the_found_value_and_the_expected_form(shop: Business):
    details = dict(
        shop.rows(
            "select \"table\" || ' ' || line, detail from ops.quarantine where domain = 'bikes'"
        )
    )
    comma = "expected an amount with a decimal comma and at most 4 places"
    moment = "expected a moment like 2011-05-31 00:00:00.000"
    days = f"{moment}, from 2011-01-01 to the day after the delivery"
    assert [details[f"order_headers {line}"] for line in (2, 3, 5, 6, 8, 10, 11)] == [
        f"OrderDate is 2011-02-30 00:00:00.000, {days}",
        f"OrderDate is 2010-12-31 00:00:00.000, {days}",
        f"ShipDate is soon, {moment}",
        f"TotalDue is 23.153,2339, {comma}",
        "OnlineOrderFlag is true, expected 1 or 0",
        "CreditCardID is 1e5, expected a whole number up to 2147483647",
        "CustomerID is missing",
    ]
    point = "expected an amount with a decimal point and at most"
    assert [details[f"order_details {line}"] for line in (6, 7, 8)] == [
        f"LineTotal is 2000.0000001, {point} 6 places",
        f"LineTotal is 2000,000000, {point} 6 places",
        f"UnitPrice is 1000.00, {comma}",
    ]


def test_every_error_of_a_row_is_reported(tmp_path: Path):
    business = Business("bikes", tmp_path)
    wrong = row("customers", PersonID="1.0", StoreID="x", AccountNumber="NULL")
    business.land(path("customers"), file("customers", wrong))
    business.ingest()
    ((detail,),) = business.rows("select detail from ops.quarantine where domain = 'bikes'")
    assert detail.split("; ") == [
        "AccountNumber is missing",
        "PersonID is 1.0, expected a whole number up to 2147483647",
        "StoreID is x, expected a whole number up to 2147483647",
    ]


def test_a_missing_column_rejects_the_file(tmp_path: Path):
    business = Business("bikes", tmp_path)
    business.land(
        path("customers"), file("customers", VALID["customers"]).replace(b";StoreID", b"")
    )
    business.ingest()
    files = "select status, reason from ops.deliveries where domain = 'bikes'"
    assert business.rows(files) == [("rejected", "schema")]

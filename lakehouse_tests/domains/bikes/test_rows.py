"""How the values of the shop are parsed, and which version of a row is valid."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse_tests.domains.bikes.files import VALID, file, path, row
from lakehouse_tests.domains.business import Business


@pytest.fixture
def shop(tmp_path: Path) -> Business:
    return Business("bikes", tmp_path)


def test_values_have_the_types_of_the_contract(shop: Business):
    for dataset, line in VALID.items():
        shop.land(path(dataset), file(dataset, line))
    shop.ingest()
    product = (
        "name, make_flag, size_unit_measure_code, weight, list_price, class, product_model_id,"
        " sell_end_date, modified_date"
    )
    assert shop.rows(f"select {product} from silver.bikes_products") == [
        (
            "HL Road Frame - Black, 58",
            True,
            "CM",
            Decimal("2.24"),
            Decimal("1431.5000"),
            "H",
            6,
            None,
            dt.datetime.fromisoformat("2014-02-08 10:01:36.827"),
        )
    ]
    order = "day, order_date, online_order_flag, sales_person_id, tax_amt, total_due, ship_date"
    assert shop.rows(f"select {order} from silver.bikes_order_headers") == [
        (
            dt.date(2011, 9, 30),
            dt.datetime.fromisoformat("2011-09-30 23:59:59.997"),
            True,
            None,
            Decimal("160.5000"),
            Decimal("2210.5000"),
            None,
        )
    ]
    line = "order_qty, unit_price, line_total, carrier_tracking_number"
    assert shop.rows(f"select {line} from silver.bikes_order_details") == [
        (2, Decimal("1000.0000"), Decimal("2000.000000"), None)
    ]
    person = "last_name, demographics, title"
    assert shop.rows(f"select {person} from silver.bikes_persons") == [
        ("Sánchez", '<a b="c"/>', None)
    ]


def test_long_xml_is_never_truncated(shop: Business):
    note = "<n>" + "é" * 65_528 + "</n>"
    shop.land(path("persons"), file("persons", row("persons", AdditionalContactInfo=note)))
    shop.ingest()
    assert shop.rows("select additional_contact_info from silver.bikes_persons") == [(note,)]


def test_quoted_text_keeps_its_delimiters_quotes_and_line_breaks(shop: Business):
    survey = '"<a>\r\n<b c=""d;e""/>\r\n</a>"'
    rows = [row("persons", Demographics=survey), row("persons", BusinessEntityID=2)]
    shop.land(path("persons"), file("persons", *rows))
    shop.ingest()
    kept = "select business_entity_id, demographics from silver.bikes_persons order by all"
    assert shop.rows(kept) == [(1, '<a>\r\n<b c="d;e"/>\r\n</a>'), (2, '<a b="c"/>')]
    assert shop.balance() == ["balanced"]


def test_a_file_without_byte_order_mark_and_with_lf_gives_the_same_rows(shop: Business):
    plain = file("persons", row("persons")).decode("utf-8-sig").replace("\r\n", "\n")
    shop.land(path("persons"), plain)
    shop.ingest()
    assert shop.rows("select last_name from silver.bikes_persons") == [("Sánchez",)]


def test_file_names_are_compared_without_case(shop: Business):
    shop.land("2014-10-01/SALES.customer.CSV", file("customers", VALID["customers"]))
    shop.ingest()
    assert shop.rows("select customer_id from silver.bikes_customers") == [(11000,)]


def test_an_order_of_the_last_second_of_september_counts_in_september(shop: Business):
    rows = [
        row("order_headers"),
        row("order_headers", SalesOrderID=2, OrderDate="2011-10-01 00:00:00.000"),
        row("order_headers", SalesOrderID=3, TotalDue="1000,0000"),
        row("order_headers", SalesOrderID=4, TotalDue="10000,5"),
    ]
    shop.land(path("order_headers"), file("order_headers", *rows))
    shop.ingest()
    found = shop.rows("select sales_order_id from gold.bikes_q5_september_2011_orders")
    assert found == [(4,), (43659,)]


def test_the_newest_snapshot_is_the_current_one(shop: Business):
    old, renamed = row("products"), row("products", Name="Frame")
    gone = row("products", ProductID=1)
    shop.land(path("products"), file("products", old, gone))
    shop.ingest()
    shop.land(path("products", "2014-10-02"), file("products", renamed))
    shop.ingest()
    found = shop.rows("select product_id, name, snapshot_day from gold.bikes_dim_product")
    assert found == [(680, "Frame", dt.date(2014, 10, 2))]
    assert shop.rows("select count(*) from silver.bikes_products") == [(3,)]


def test_an_order_that_is_sent_again_replaces_the_old_one_on_whatever_day(shop: Business):
    shop.land(path("order_headers"), file("order_headers", row("order_headers")))
    shop.ingest()
    moved = row("order_headers", OrderDate="2011-10-05 00:00:00.000")
    shop.land(path("order_headers", "2014-10-02"), file("order_headers", moved))
    shop.ingest()
    assert shop.rows("select day from gold.bikes_fact_orders") == [(dt.date(2011, 10, 5),)]
    assert shop.balance() == ["balanced", "balanced"]


def test_all_files_of_a_day_are_loaded_and_a_corrected_file_replaces_its_own_rows(shop: Business):
    morning, evening = "2014-10-01/09h", "2014-10-01/18h"
    name = "Sales.SalesOrderHeader.csv"
    first, second, third = (row("order_headers", SalesOrderID=n) for n in (1, 2, 3))
    shop.land(f"{morning}/{name}", file("order_headers", first, second))
    shop.land(f"{evening}/{name}", file("order_headers", third))
    shop.ingest()
    orders = "select sales_order_id from gold.bikes_fact_orders order by all"
    assert shop.rows(orders) == [(1,), (2,), (3,)]
    shop.land(f"{morning}/{name}", file("order_headers", second))
    shop.ingest()
    assert shop.rows(orders) == [(2,), (3,)]
    assert set(shop.balance()) == {"balanced"}


def test_lines_lose_an_order_that_a_corrected_file_no_longer_contains(shop: Business):
    shop.land(path("order_headers"), file("order_headers", row("order_headers")))
    shop.land(path("order_details"), file("order_details", row("order_details")))
    shop.ingest()
    other = row("order_headers", SalesOrderID=2, OrderDate="2011-10-05 00:00:00.000")
    shop.land(path("order_headers"), file("order_headers", other))
    shop.ingest()
    lines = "select sales_order_id, customer_id from gold.bikes_fact_order_lines"
    assert shop.rows(lines) == [(43659, None)]


def test_a_line_that_arrives_before_its_order_gets_the_order_later(shop: Business):
    lines = "select sales_order_detail_id, customer_id, order_date from gold.bikes_fact_order_lines"
    shop.land(path("order_details"), file("order_details", row("order_details")))
    shop.ingest()
    assert shop.rows(lines) == [(1, None, None)]
    header = row("order_headers", OrderDate="2011-09-01 08:00:00.000")
    shop.land(path("order_headers", "2014-10-05"), file("order_headers", header))
    shop.ingest()
    assert shop.rows(lines) == [(1, 11000, dt.datetime.fromisoformat("2011-09-01 08:00"))]


def test_an_offer_is_joined_by_both_keys_and_each_line_counts_once(shop: Business):
    offers = [
        row("special_offer_products"),
        row("special_offer_products", SpecialOfferID=2),
        row("special_offer_products", SpecialOfferID=1, ProductID=7),
    ]
    lines = [
        row("order_details"),
        row("order_details", SalesOrderDetailID=2, SpecialOfferID=3),
    ]
    shop.land(path("special_offer_products"), file("special_offer_products", *offers))
    shop.land(path("order_details"), file("order_details", *lines))
    shop.land(path("products"), file("products", row("products")))
    shop.land(path("order_headers"), file("order_headers", row("order_headers")))
    shop.ingest()
    top = shop.rows("select product_id, order_qty from gold.bikes_q2_top_products")
    assert top == [(680, 2)]
    by_day = shop.rows("select product_id, order_qty from gold.bikes_q4_product_day_quantity")
    assert by_day == [(680, 4)]


def test_persons_with_one_name_are_separate_rows_and_missing_names_leave_no_blank(shop: Business):
    persons = [
        row("persons", MiddleName="NULL"),
        row("persons", BusinessEntityID=2, MiddleName="NULL"),
        row("persons", BusinessEntityID=3, MiddleName="Q."),
    ]
    customers = [row("customers", CustomerID=11_000 + n, PersonID=n) for n in (1, 2, 3)] + [
        row("customers", CustomerID=11_004, PersonID=99)
    ]
    orders = [
        row("order_headers", SalesOrderID=n, CustomerID=customer)
        for n, customer in enumerate((11_001, 11_002, 11_002, 11_003, 11_004), start=1)
    ]
    shop.land(path("persons"), file("persons", *persons))
    shop.land(path("customers"), file("customers", *customers))
    shop.land(path("order_headers"), file("order_headers", *orders))
    shop.ingest()
    columns = "person_id, customer_name, orders"
    assert shop.rows(f"select {columns} from gold.bikes_q3_customer_orders") == [
        (2, "Ken Sánchez", 2),
        (1, "Ken Sánchez", 1),
        (3, "Ken Q. Sánchez", 1),
    ]
    merged = "select customer_name, orders, customers from gold.bikes_q3_customer_orders_by_name"
    assert shop.rows(merged) == [("Ken Sánchez", 3, 2), ("Ken Q. Sánchez", 1, 1)]
    missing = "select customer_id from gold.bikes_dim_customer where person_is_missing"
    assert shop.rows(missing) == [(11_004,)]


def test_an_order_with_exactly_three_lines_counts_as_at_least_three(shop: Business):
    lines = [
        row("order_details", SalesOrderID=order, SalesOrderDetailID=10 * order + line)
        for order, count in ((1, 2), (2, 3), (3, 4))
        for line in range(count)
    ]
    shop.land(path("order_details"), file("order_details", *lines))
    shop.ingest()
    assert shop.rows("select orders from gold.bikes_q1_orders_with_three_lines") == [(2,)]
    assert shop.rows("select * exclude (day) from gold.bikes_q1_orders_with_three_lines_list") == [
        (2, 3),
        (3, 4),
    ]

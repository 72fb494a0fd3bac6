"""Small deliveries of sales, bikes, cards and people, with errors and with hostile texts."""

import datetime as dt
from pathlib import Path

from lakehouse.platform.storage.published import publish
from lakehouse_tests.domains.bikes import files as bikes
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.cards import files as cards
from lakehouse_tests.domains.people import files as people
from lakehouse_tests.domains.sales import files as sales

HOSTILE = "<img src=x onerror=alert(1)>"
FORMULA = "=HYPERLINK(1)"
REGIONS = ("Norte", "Sul", "Leste", "Oeste", "Centro")
CLIENT = 345


def deliver(folder: Path) -> None:
    """Land, ingest and publish all domains but Mr. Health in the lake of a folder."""
    for name, land in (
        ("sales", _sales),
        ("bikes", _bikes),
        ("cards", _cards),
        ("people", _people),
    ):
        business = Business(name, folder)
        land(business)
        business.ingest()
        publish(business.lake, name)


def _sales(business: Business) -> None:
    lines = []
    for number in range(1, 121):
        day = dt.date(2023 + number % 2, 1 + number % 6, 10 + number % 2)
        quantity, price = 1 + number % 7, 10 + number % 13
        lines.append(
            sales.sale(
                number,
                sale_date=day,
                product_id=101 + number % 12,
                customer_id=1001 + number % 9,
                seller_id=1 + number % 4,
                region=REGIONS[number // 3 % 5],
                quantity=quantity,
                unit_price=f"{price}.50",
                total_value=f"{quantity * (price + 0.5):.2f}",
            )
        )
    lines += [sales.sale(900, region="Nordeste"), sales.sale(901, quantity=0)]
    business.land("2024-12-30/sales.csv", sales.file(*lines))


def _bikes(business: Business) -> None:
    names = ("HL Road Frame", HOSTILE, FORMULA, "Water Bottle")
    products = [
        bikes.row("products", ProductID=680 + n, Name=name, DaysToManufacture=n % 2)
        for n, name in enumerate(names)
    ]
    offers = [bikes.row("special_offer_products", ProductID=680 + n) for n in range(len(names))]
    orders, lines = [], []
    for n in range(12):
        when = f"2011-{8 + n // 6:02}-{(31, 1, 5, 9, 20, 30)[n % 6]:02} 00:00:00.000"
        orders.append(
            bikes.row(
                "order_headers",
                SalesOrderID=43_659 + n,
                OrderDate=when,
                SalesOrderNumber=f"SO{43_659 + n}",
                TotalDue=f"{900 + 100 * n},5",
                SubTotal=f"{689 + 100 * n + 1},0",
                TaxAmt="160,5",
                Freight="50",
            )
        )
        lines += [
            bikes.row(
                "order_details",
                SalesOrderID=43_659 + n,
                SalesOrderDetailID=10 * n + k,
                ProductID=680 + (n + k) % 4,
                OrderQty=1 + n % 3,
                UnitPrice="100,00",
                LineTotal=f"{100 * (1 + n % 3)}.000000",
                ModifiedDate=when,
            )
            for k in range(1 + n % 4)
        ]
    rows = {
        "persons": [bikes.VALID["persons"]],
        "products": products,
        "customers": [bikes.VALID["customers"]],
        "order_headers": [*orders, bikes.row("order_headers", SalesOrderID="x")],
        "special_offer_products": offers,
        "order_details": lines,
    }
    for dataset, given in rows.items():
        business.land(bikes.path(dataset), bikes.file(dataset, *given))


def _cards(business: Business) -> None:
    invoices, payments = [], []
    for client in (CLIENT, 7, 8):
        for n in range(1, 13):
            issued = dt.date(2023, n, 1)
            due = issued + dt.timedelta(days=9)
            invoices.append(f"{client}-{n},{client},{issued},{due},{1000 + client}.0,300.0")
            if client == CLIENT and n > 8:
                percent = 50 if n % 2 else 51
                paid = (1000 + client) * percent / 100
                when = issued + dt.timedelta(days=3)
                payments.append(f"PG-{client}-{n},{client}-{n},{client},{when},{paid:.2f}")
            elif client == 7:
                payments.append(f"PG-{client}-{n},{client}-{n},{client},{due},{1000 + client}.0")
    invoices.append("9-1,9,2023-13-01,2023-01-10,1.0,0.3")
    business.land(f"2024-03-02/{cards.invoices_name()}", cards.lines(cards.INVOICES, *invoices))
    business.land(f"2024-03-02/{cards.payments_name()}", cards.lines(cards.PAYMENTS, *payments))


def _people(business: Business) -> None:
    rows = [
        people.row(
            people.person(n),
            Index=str(n + 1),
            First_Name="Zuleica",
            Last_Name="Quaresma",
            Email=f"zuleica{n}@{'example.org' if n % 3 else 'exemplo.com.br'}",
            Date_of_birth=f"{1950 + n}-03-04",
        )
        for n in range(30)
    ]
    bad = people.row(people.person(99), Sex="x")
    business.land("2024-04-22/people.csv", people.file(*rows, bad))
    business.land("2024-04-23/people-2.csv", people.file(*rows[:10]))

"""The checks find tables without rows or with too few, rows without parents and wrong amounts."""

from datetime import date
from pathlib import Path

from lakehouse.domains.bikes.quality import CHECKS
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.domains.bikes.files import NAMES, file, path, row
from lakehouse_tests.domains.business import Business
from lakehouse_tests.stories.driver import Driver


def details_of(shop: Business) -> dict[str, set[str]]:
    """Return the details of each check that does not pass, over all days of the lake."""
    days = {
        day
        for name in ("fact_orders", "fact_order_lines")
        for day in shop.lake.table(TableId("gold", "bikes", name)).snapshot().days
    }
    found: dict[str, set[str]] = {}
    for each in evaluate(CHECKS, sorted(days), shop.lake, shop.settings, now=shop.clock):
        if each.assessment.status is not CheckStatus.PASS:
            found.setdefault(each.check.name, set()).add(each.assessment.details)
    return found


def test_rows_without_parents_and_wrong_amounts_are_listed(tmp_path: Path):
    shop = Business("bikes", tmp_path)
    for dataset in ("persons", "products"):
        shop.land(path(dataset), file(dataset, row(dataset)))
    shop.land(
        path("customers"),
        file("customers", row("customers"), row("customers", CustomerID=2, PersonID=99)),
    )
    offers = [row("special_offer_products"), row("special_offer_products", ProductID=5)]
    shop.land(path("special_offer_products"), file("special_offer_products", *offers))
    orders = [
        row("order_headers"),
        row("order_headers", SalesOrderID=2, CustomerID=2),
        row("order_headers", SalesOrderID=3, CustomerID=3, TotalDue="2210,51"),
    ]
    shop.land(path("order_headers"), file("order_headers", *orders))
    lines = [
        row("order_details"),
        row("order_details", SalesOrderDetailID=2, SalesOrderID=2, LineTotal="1999.994000"),
        row("order_details", SalesOrderDetailID=3, SalesOrderID=3, SpecialOfferID=9),
        row("order_details", SalesOrderDetailID=4, SalesOrderID=4, ProductID=9),
        row("order_details", SalesOrderDetailID=5, SalesOrderID=3, LineTotal="0.010000"),
    ]
    shop.land(path("order_details"), file("order_details", *lines))
    shop.ingest()
    assert details_of(shop) == {
        "customers_without_person": {"2"},
        "offers_without_product": {"5"},
        "orders_without_customer": {"3"},
        "orders_without_person": {"2"},
        "lines_without_order": {"4"},
        "lines_without_product": {"4"},
        "lines_without_offer": {"3, 4"},
        "wrong_totals": {"3"},
        "wrong_sub_totals": {"3"},
    }


def test_a_table_that_was_never_delivered_fails_on_every_day(tmp_path: Path):
    shop = Business("bikes", tmp_path)
    for dataset in NAMES:
        if dataset != "persons":
            shop.land(path(dataset), file(dataset, row(dataset)))
    shop.ingest()
    days = shop.lake.table(TableId("gold", "bikes", "fact_orders")).snapshot().days
    checked = evaluate(CHECKS, days, shop.lake, shop.settings, now=shop.clock)
    failed = {each.check.id for each in checked if each.assessment.status is CheckStatus.FAIL}
    assert failed == {"silver.bikes_persons.row_counts"}
    assert len(days) > 1


def row_counts(shop: Business, day: date = date(2014, 10, 1)) -> dict[str, tuple[str, str]]:
    """Return status and details of the row counts of one day, by dataset."""
    checks = [check for check in CHECKS if check.name == "row_counts"]
    return {
        each.check.table.table: (each.assessment.status.value, each.assessment.details)
        for each in evaluate(checks, [day], shop.lake, shop.settings, now=shop.clock)
    }


def test_rows_for_other_days_are_counted_on_the_day_of_their_file(tmp_path: Path):
    shop = Business("bikes", tmp_path)
    for dataset in NAMES:
        shop.land(path(dataset), file(dataset, row(dataset)))
    Driver(domain=shop.domain, settings=shop.settings).run(Work.ARRIVALS, [date(2014, 10, 1)])
    waiting = ("warn", "1 files wait for the days of their rows")
    assert row_counts(shop) == dict.fromkeys(NAMES, waiting), "orders of an older day name the rows"
    shop.ingest()
    assert row_counts(shop) == dict.fromkeys(NAMES, ("pass", ""))


def test_empty_rejected_and_truncated_files_fail_their_table(tmp_path: Path):
    shop = Business("bikes", tmp_path)
    for dataset in NAMES:
        shop.land(path(dataset, "2014-09-30"), file(dataset, row(dataset)))
    shop.land(path("persons"), file("persons"))
    shop.land(path("products"), file("products", row("products")).replace(b";Color", b""))
    shop.land(path("order_headers"), file("order_headers", row("order_headers"))[:-1])
    line = row("order_details", SalesOrderDetailID=2)
    shop.land(path("order_details"), file("order_details", line, f"{line};"))
    shop.ingest()
    assert row_counts(shop) == {
        "persons": ("fail", "a file without rows"),
        "products": ("fail", "1 files not loaded"),
        "customers": ("pass", ""),
        "order_headers": ("fail", "1 files not loaded"),
        "special_offer_products": ("pass", ""),
        "order_details": ("warn", "1 rejected, 0 repeated or replaced"),
    }

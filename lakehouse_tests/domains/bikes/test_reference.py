"""Figures that the shop's own data must give."""

from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse.domains.bikes.quality import CHECKS
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.evaluate import evaluate
from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.domains.bikes.files import NAMES, NO_SAMPLE, SAMPLE
from lakehouse_tests.domains.bikes.plain import ANSWERS, Plain, prepared
from lakehouse_tests.domains.business import Business

pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason=NO_SAMPLE)

ROWS = {
    "persons": 2_057,
    "products": 504,
    "customers": 19_820,
    "order_headers": 1_566,
    "special_offer_products": 538,
    "order_details": 5_675,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A lake with the sample, landed in one folder and ingested."""
    business = Business("bikes", tmp_path_factory.mktemp("reference"))
    for name in NAMES.values():
        business.land(name, (SAMPLE / name).read_bytes())
    business.ingest()
    return business


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain(SAMPLE)


@pytest.mark.parametrize(("dataset", "rows"), ROWS.items())
def test_every_row_of_a_file_is_in_its_table(shop: Business, dataset: str, rows: int):
    assert shop.rows(f"select count(*) from silver.bikes_{dataset}") == [(rows,)]
    assert shop.rejections(dataset) == []


def test_every_delivery_is_reconciled(shop: Business):
    assert shop.balance() == ["balanced"] * 6


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_equals_plain_sql_over_the_files(shop: Business, plain: Plain, name: str):
    columns = "*" if shop.domain.table("gold", name).daily else "* exclude (day)"
    found = shop.rows(f"select {columns} from gold.bikes_{name}")
    assert found
    assert found == plain.rows(ANSWERS[name])


def test_138_orders_of_september_2011_are_above_a_thousand(shop: Business):
    headline = shop.domain.spec.headline
    assert headline is not None
    assert shop.rows(headline.sql) == [(138,)]
    first = "select * exclude (day) from gold.bikes_q5_september_2011_orders_by_total_due limit 1"
    assert shop.rows(first) == [(Decimal("3953.9884"), 112)]


def test_332_orders_have_three_lines_and_socks_are_ordered_most(shop: Business):
    assert shop.rows("select * exclude (day) from gold.bikes_q1_orders_with_three_lines") == [
        (332,)
    ]
    assert shop.rows("select name, order_qty from gold.bikes_q2_top_products") == [
        ("Mountain Bike Socks, M", 608),
        ("AWC Logo Cap", 545),
        ("Long-Sleeve Logo Jersey, L", 544),
    ]


def test_missing_numbers_stay_null_and_integers_stay_integers(shop: Business):
    nulls = "count(*) - count(person_id), count(*) - count(store_id), min(store_id)"
    assert shop.rows(f"select {nulls} from silver.bikes_customers") == [(701, 18_484, 292)]
    counts = ", ".join(
        f"count(*) - count({name})"
        for name in ("color", "weight", "product_subcategory_id", "sell_end_date", "size")
    )
    found = shop.rows(f"select {counts} from silver.bikes_products")
    assert found == [(248, 299, 209, 406, 293)]
    codes = "select distinct size_unit_measure_code, class from silver.bikes_products order by all"
    assert shop.rows(codes)[0] == ("CM", "H")


def test_amounts_are_exact(shop: Business):
    apart = "sum(total_due - sub_total - tax_amt - freight), typeof(any_value(total_due))"
    assert shop.rows(f"select {apart} from gold.bikes_fact_orders") == [
        (Decimal("0.0000"), "DECIMAL(19,4)")
    ]
    day = "select total_due from gold.bikes_order_day where day = '2011-05-31'"
    assert shop.rows(day) == [(Decimal("567020.9498"),)]


def test_rows_without_parents_are_reported_and_kept(shop: Business):
    days = shop.lake.table(TableId("gold", "bikes", "fact_orders")).snapshot().days
    findings = evaluate(CHECKS, days, shop.lake, shop.settings, now=shop.clock)
    reported: dict[str, list[str]] = {}
    for finding in findings:
        if finding.assessment.status is not CheckStatus.PASS:
            reported.setdefault(finding.check.name, []).append(finding.assessment.details)
    assert set(reported) == {"orders_without_person", "customers_without_person"}
    assert sum(len(each.split(", ")) for each in reported["orders_without_person"]) == 13
    assert [each.rpartition(" and ")[2] for each in reported["customers_without_person"]] == [
        "17699 more"
    ]
    known = shop.rows(
        "select count(*) from gold.bikes_fact_orders join gold.bikes_dim_customer"
        " using (customer_id) where person_is_missing"
    )
    assert known == [(13,)]


def test_exports_equal_the_received_files_and_can_be_loaded_by_copy(shop: Business, tmp_path: Path):
    for _ in write_exports(
        "bikes", exports_of("bikes", shop.settings), str(tmp_path), shop.lake, shop.settings
    ):
        pass
    for name in NAMES.values():
        came, went = ((SAMPLE / name).read_bytes(), (tmp_path / "raw_data" / name).read_bytes())
        if name == "Person.Person.csv":  # does not come in the order of its key
            assert sorted(went.split(b"\r\n")) == sorted(came.split(b"\r\n"))
        else:
            assert went == came
        assert (tmp_path / "data" / name).read_bytes() == prepared(name, came)
    products = (tmp_path / "data" / "Production.Product.csv").read_text()
    assert ";Yellow;4;3;41.5723;53.99;L;;;;0;S;;U;21;32;2013-05-30 00:00:00.000;" in products
    assert "\n1;;934;1;AW00000001;" in (tmp_path / "data" / "Sales.Customer.csv").read_text()


def test_prepared_files_can_be_landed_again(shop: Business, tmp_path: Path):
    for _ in write_exports(
        "bikes", exports_of("bikes", shop.settings), str(tmp_path), shop.lake, shop.settings
    ):
        pass
    again = Business("bikes", tmp_path / "again")
    datasets = {"products": "Production.Product", "order_details": "Sales.SalesOrderDetail"}
    for name in (*datasets.values(), "Sales.SalesOrderHeader"):
        again.land(f"{name}.csv", (tmp_path / "data" / f"{name}.csv").read_bytes())
    again.ingest()
    for dataset in (*datasets, "order_headers"):
        assert again.rejections(dataset) == []
    for sql in (
        "select count(*), sum(list_price), sum(standard_cost) from silver.bikes_products",
        "select sum(total_due), sum(sub_total), sum(freight) from silver.bikes_order_headers",
        "select sum(unit_price), sum(line_total), max(order_qty) from silver.bikes_order_details",
    ):
        assert again.rows(sql) == shop.rows(sql)

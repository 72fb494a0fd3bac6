"""Sales in every form and order of arrival give one row per sale of the newest delivery."""

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import ibis
import pytest

from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.tables.registry import load_domain
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import HEADER, SAMPLE, file, sale

FACT = "gold.sales_fact_sales"
DAY, NEXT, LATER = "2023-01-02", "2023-01-03", "2023-02-10"


@pytest.fixture
def shop(tmp_path: Path) -> Business:
    return Business("sales", tmp_path)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A shop with the shared file, ingested."""
    if not SAMPLE.is_file():
        pytest.skip("no sample file at ../shared/data/sales")
    shop = Business("sales", tmp_path_factory.mktemp("sample"))
    shop.land("2024-01-02/sales_raw.csv", SAMPLE.read_bytes())
    shop.ingest()
    return shop


def days_and_totals(shop: Business) -> dict[int, tuple[str, Decimal]]:
    rows = shop.rows(f"select id, cast(day as varchar), total_value from {FACT}")
    return {number: (day, total) for number, day, total in rows}


def test_the_sample_has_its_sales_customers_and_january(sample: Business):
    assert sample.rows(f"select count(*), count(distinct id) from {FACT}") == [(500, 500)]
    assert sample.rows(
        "select count(*), count(distinct customer_id) from gold.sales_dim_customer"
    ) == [(396, 396)]
    assert sample.rows(
        "select count(*) from (select customer_id from gold.sales_dim_customer_region"
        " group by 1 having count(*) > 1)"
    ) == [(73,)]
    assert sample.rows(
        "select total_sales, total_quantity from gold.sales_monthly_sales"
        " where (year, month) = (2023, 1)"
    ) == [(Decimal("14160.46"), 251)]
    assert sample.rejections("sales") == []
    assert sample.balance() == ["balanced"]


def test_every_month_and_day_of_the_sample_equals_plain_sql(sample: Business):
    plain = duckdb.connect().execute(
        "CREATE TABLE s AS SELECT CAST(sale_date AS DATE) AS d, CAST(total_value AS DECIMAL(18, 2))"
        " AS v, CAST(quantity AS BIGINT) AS q FROM read_csv(?, all_varchar = true)",
        [str(SAMPLE)],
    )
    months = plain.execute(
        "SELECT year(d), month(d), sum(v), sum(q) FROM s GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    assert len(months) == 12
    assert sample.rows("select * exclude (day) from gold.sales_monthly_sales") == months
    days = plain.execute("SELECT d, sum(v), sum(q) FROM s GROUP BY 1 ORDER BY 1").fetchall()
    assert (
        sample.rows(
            "select sale_date, total_sales, total_quantity from gold.sales_daily_sales order by 1"
        )
        == days
    )


@pytest.mark.parametrize("name", ["product", "customer", "seller", "date"])
def test_joining_a_dimension_keeps_rows_and_total_of_the_fact(sample: Business, name: str):
    (alone,) = sample.rows(f"select count(*), sum(total_value) from {FACT}")
    assert alone == (500, Decimal("144311.39"))
    joined = sample.rows(
        f"select count(*), sum(total_value) from {FACT} join gold.sales_dim_{name} using"
        f" ({name}_key)"
    )
    assert joined == [alone]


def test_joining_customer_and_region_keeps_the_rows_of_the_fact(sample: Business):
    assert sample.rows(
        f"select count(*) from {FACT} join gold.sales_dim_customer_region"
        " using (customer_key, region)"
    ) == [(500,)]


def test_the_detail_by_month_adds_up_to_the_fact_and_names_its_members(sample: Business):
    assert sample.rows(
        "select sum(total_sales), sum(total_quantity) from gold.sales_monthly_sales_detail"
    ) == [(Decimal("144311.39"), 2593)]
    first = next(csv.DictReader(SAMPLE.read_text().splitlines()))
    assert (
        2023,
        12,
        f"Cliente {first['customer_id']}",
        f"Produto {first['product_id']}",
        f"Vendedor {first['seller_id']}",
        Decimal(first["total_value"]),
        int(first["quantity"]),
    ) in sample.rows("select * exclude (day) from gold.sales_monthly_sales_detail")


def test_the_report_has_a_title_and_a_line_per_month(sample: Business):
    for language, title in (("pt", "Total de vendas mensais:"), ("en", "Monthly sales totals:")):
        lines = [
            text
            for (text,) in sample.rows(
                f"select text from gold.sales_monthly_report where language = '{language}'"
                " order by line"
            )
        ]
        assert lines[0] == title
        assert len({len(line) for line in lines[1:]}) == 1, "columns stand below each other"
        assert lines[2].split() == ["2023", "1", "14160.46", "251"]
        assert len(lines) == 2 + 12


def test_the_region_of_a_customer_has_most_sales_and_ties_go_to_the_first_name(shop: Business):
    regions = ["Sul", "Sul", "Leste", "Oeste", "Centro", "Oeste", "Centro"]
    customers = [1001, 1001, 1001, 1002, 1002, 1002, 1002]
    lines = [
        sale(n, customer_id=customer, region=region)
        for n, (customer, region) in enumerate(zip(customers, regions, strict=True), start=1)
    ]
    shop.land(f"{DAY}/sales_raw.csv", file(*lines))
    shop.ingest()
    assert shop.rows("select customer_id, customer_name, region from gold.sales_dim_customer") == [
        (1001, "Cliente 1001", "Sul"),
        (1002, "Cliente 1002", "Centro"),
    ]
    assert shop.rows("select customer_id, region, sales from gold.sales_dim_customer_region") == [
        (1001, "Leste", 1),
        (1001, "Sul", 2),
        (1002, "Centro", 2),
        (1002, "Oeste", 2),
    ]
    assert Counter(shop.rows(f"select region from {FACT}")) == Counter((r,) for r in regions)


def test_keys_of_dimensions_do_not_change_when_other_members_arrive(shop: Business):
    keys = "select product_key, seller_key, customer_key, date_key from gold.sales_fact_sales"
    shop.land(f"{DAY}/sales_a.csv", file(sale(2)))
    shop.ingest()
    before = shop.rows(f"{keys} where id = 2")
    shop.land(
        f"{DAY}/sales_b.csv",
        file(sale(1, product_id=100, customer_id=5, seller_id=9, sale_date="2023-01-01")),
    )
    shop.ingest()
    assert shop.rows(f"{keys} where id = 2") == before
    assert before == [(10_000_000_101, 30_000_000_001, 20_000_001_001, 20230102)]


def test_rows_that_repeat_across_files_and_days_count_once(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2), sale(2)))
    shop.land(f"{NEXT}/sales_raw.csv", file(sale(1), sale(2), sale(3)))
    shop.land(f"{LATER}/sales_copy.csv", file(sale(1), sale(2), sale(3)))
    shop.land(f"{LATER}/again/sales_copy.csv", file(sale(1), sale(2), sale(3)))
    shop.ingest()
    assert days_and_totals(shop).keys() == {1, 2, 3}
    assert shop.rows("select sum(total_quantity) from gold.sales_daily_sales") == [(6,)]
    assert shop.rows("select status, count(*) from raw.sales_sales group by all order by 1") == [
        ("duplicate", 1),
        ("loaded", 3),
    ]
    assert set(shop.balance()) == {"balanced"}


def test_a_file_that_lands_twice_with_equal_bytes_counts_once(shop: Business):
    for _ in range(2):
        shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2), sale(3, region="Nordeste")))
        shop.ingest()
    assert shop.rows(
        "select status, bronze_rows, silver_rows, quarantined_rows, excluded_lines"
        " from ops.reconciliation where domain = 'sales' order by status desc"
    ) == [("loaded", 3, 2, 1, 0), ("duplicate", 0, 0, 0, 4)]
    assert set(shop.balance()) == {"balanced"}


def test_a_corrected_sale_moves_to_its_new_day(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2)))
    shop.ingest()
    shop.land(
        f"{LATER}/sales_incremental_7.csv",
        file(sale(1, sale_date="2023-02-09", quantity=3, total_value="30.00")),
    )
    shop.ingest()
    assert days_and_totals(shop) == {
        1: ("2023-02-09", Decimal("30.00")),
        2: (DAY, Decimal("20.00")),
    }
    assert shop.rows("select * exclude (sale_date) from gold.sales_daily_sales order by day") == [
        (dt.date(2023, 1, 2), Decimal("20.00"), 2),
        (dt.date(2023, 2, 9), Decimal("30.00"), 3),
    ]
    assert shop.rows(
        "select sum(superseded_rows) from ops.reconciliation where domain = 'sales'"
    ) == [(1,)]
    assert set(shop.balance()) == {"balanced"}


def test_an_older_export_that_arrives_late_does_not_win(shop: Business):
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    corrected = sale(1, quantity=5, total_value="50.00")
    shop.land(f"{DAY}/sales_b.csv", file(corrected), at=now)
    shop.ingest()
    shop.land(f"{LATER}/sales_a.csv", file(sale(1)), at=now - dt.timedelta(days=1))
    shop.ingest()
    assert days_and_totals(shop) == {1: (DAY, Decimal("50.00"))}


def test_other_bytes_under_the_same_name_replace_exactly_the_rows_of_the_file(shop: Business):
    shop.land(f"{DAY}/sales_a.csv", file(sale(1), sale(2)))
    shop.land(f"{DAY}/sales_b.csv", file(sale(3)))
    shop.ingest()
    shop.land(f"{DAY}/sales_a.csv", file(sale(2, quantity=4, total_value="40.00")))
    shop.ingest()
    assert days_and_totals(shop) == {2: (DAY, Decimal("40.00")), 3: (DAY, Decimal("20.00"))}


def test_a_deleted_sale_leaves_gold_and_stays_in_silver(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1), sale(2)))
    shop.ingest()
    shop.land(f"{NEXT}/sales_cdc_01.csv", file(sale(1) + ",delete", changes=True))
    shop.ingest()
    assert days_and_totals(shop).keys() == {2}
    assert shop.rows("select id, deleted from silver.sales_sales order by id") == [
        (1, True),
        (2, False),
    ]
    shop.land(f"{LATER}/sales_cdc_02.csv", file(sale(1) + ",insert", changes=True))
    shop.ingest()
    assert days_and_totals(shop).keys() == {1, 2}


def test_the_last_deleted_sale_of_a_day_leaves_no_row_of_the_day(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1)))
    shop.ingest()
    shop.land(f"{NEXT}/sales_cdc_01.csv", file(sale(1) + ",delete", changes=True))
    shop.ingest()
    for name in ("daily_sales", "monthly_sales", "dim_customer", "dim_date", "dim_product"):
        assert shop.rows(f"select count(*) from gold.sales_{name}") == [(0,)], name


def test_the_last_of_several_changes_of_a_sale_in_one_file_counts(shop: Business):
    lines = [
        sale(1) + ",insert",
        sale(1, quantity=3, total_value="30.00") + ",update",
        sale(2) + ",insert",
        sale(2) + ",delete",
        sale(1, quantity=4, total_value="40.00") + ",Update ",
    ]
    shop.land(f"{DAY}/sales_cdc_01.csv", file(*lines, changes=True))
    shop.ingest()
    assert days_and_totals(shop) == {1: (DAY, Decimal("40.00"))}
    assert shop.rejections("sales") == []
    assert shop.rows(
        "select sum(superseded_rows) from ops.reconciliation where domain = 'sales'"
    ) == [(3,)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("North", "Norte"),
        ("SOUTH", "Sul"),
        ("east", "Leste"),
        (" West", "Oeste"),
        ("Center", "Centro"),
        ("centro", "Centro"),
    ],
)
def test_a_region_is_parsed_from_its_portuguese_and_english_name(written: str, meant: str):
    table = load_domain("sales").table("silver", "sales")
    landed = ibis.memtable(
        [dict.fromkeys(table.reads[0].table.contract.schema.names) | {"region": written}],
        schema=table.reads[0].table.contract.schema,
    )
    assert table.transform is not None
    assert table.transform(landed).region.execute().tolist() == [meant]


def test_dates_are_parsed_in_both_forms_from_one_file(shop: Business):
    shop.land(f"{LATER}/sales_raw.csv", file(sale(1, sale_date="09/02/2023"), sale(2)))
    shop.ingest()
    assert shop.rows(f"select id, sale_date, date_key from {FACT} order by id") == [
        (1, dt.date(2023, 2, 9), 20230209),
        (2, dt.date(2023, 1, 2), 20230102),
    ]


def test_byte_order_mark_crlf_and_semicolons_give_the_same_rows(shop: Business):
    text = file(sale(1), sale(2)).replace(",", ";").replace("\n", "\r\n")
    shop.land(f"{DAY}/Sales_RAW.CSV", b"\xef\xbb\xbf" + text.encode())
    shop.ingest()
    assert days_and_totals(shop).keys() == {1, 2}


BAD = [
    (("missing_required",), {"quantity": ""}),
    (("missing_required",), {"region": " "}),
    (("bad_id",), {"product_id": "105x"}),
    (("bad_id",), {"customer_id": "0"}),
    (("bad_id",), {"seller_id": "2147483648"}),
    (("bad_date",), {"sale_date": "2023-02-30"}),
    (("bad_date",), {"sale_date": "02-01-2023"}),
    (("bad_date",), {"sale_date": "2022-12-31"}),
    (("bad_date",), {"sale_date": "2023-01-04"}),
    (("bad_quantity", "bad_total"), {"quantity": "0"}),
    (("bad_quantity",), {"quantity": "1.5"}),
    (("bad_amount",), {"unit_price": "dez"}),
    (("bad_amount",), {"unit_price": "10.001"}),
    (("bad_amount", "bad_quantity"), {"quantity": "-2", "total_value": "-20.00"}),
    (("bad_total",), {"total_value": "20.01"}),
    (("bad_region",), {"region": "Nordeste"}),
    (("bad_operation",), {"operation": "upsert"}),
]


def test_every_invalid_row_is_rejected_with_reasons_file_and_line(shop: Business):
    lines = [
        sale(n, **{"operation": "insert", **values}) for n, (_, values) in enumerate(BAD, start=1)
    ]
    good = sale(99, operation="insert")
    shop.land(f"{DAY}/sales_cdc_01.csv", file(*lines, good, changes=True))
    shop.ingest()
    expected = [
        (reason, f"sales/{DAY}/sales_cdc_01.csv", line)
        for line, (reasons, _) in enumerate(BAD, start=2)
        for reason in reasons
    ]
    assert shop.rejections("sales") == sorted(expected)
    assert days_and_totals(shop).keys() == {99}
    assert shop.balance() == ["balanced"]


def test_a_sale_with_an_invalid_number_is_rejected(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale("")) + sale("1a") + "\n")
    shop.ingest()
    assert shop.rejections("sales") == [
        ("bad_id", f"sales/{DAY}/sales_raw.csv", 3),
        ("missing_required", f"sales/{DAY}/sales_raw.csv", 2),
    ]


def test_an_invalid_version_leaves_the_valid_one_in_place(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1)))
    shop.ingest()
    shop.land(f"{NEXT}/sales_cdc_01.csv", file(sale(1, quantity=7) + ",update", changes=True))
    shop.ingest()
    assert days_and_totals(shop) == {1: (DAY, Decimal("20.00"))}
    assert shop.rejections("sales") == [("bad_total", f"sales/{NEXT}/sales_cdc_01.csv", 2)]
    assert shop.rows("select detail from ops.quarantine where domain = 'sales'") == [
        ("20.00 is not 7 x 10.00",)
    ]


def test_a_file_without_sale_date_is_rejected_with_the_name_of_the_column(shop: Business):
    shop.land(f"{DAY}/sales_raw.csv", file(sale(1)).replace("sale_date", "data"))
    shop.land(f"{DAY}/sales_b.csv", file(sale(2)))
    shop.ingest()
    ((reason, detail),) = shop.rows(
        "select reason, detail from raw.sales_sales where status = 'rejected'"
    )
    assert reason == "schema"
    assert "sale_date" in detail
    assert days_and_totals(shop).keys() == {2}


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("sales.csv", True),
        ("sales_raw.csv", True),
        ("SALES_RAW.CSV.gz", True),
        ("sales_incremental_00000000.csv", True),
        ("sales_cdc_0-16B3748.csv", True),
        ("vendas.csv", False),
        ("my_sales.csv", False),
        ("sales.parquet", False),
    ],
)
def test_files_whose_name_begins_with_sales_are_loaded(name: str, is_taken: bool):
    assert SALES.matches(name) is is_taken


@pytest.mark.parametrize("table", load_domain("sales").tables, ids=lambda table: table.id.name)
def test_every_table_compiles_to_the_sql_of_spark(table):
    if table.has_expression:
        assert "SELECT" in ibis.to_sql(table.expression, dialect="pyspark")


def test_the_header_of_the_test_files_equals_the_columns_of_the_source():
    assert HEADER.split(",") == list(SALES.format.columns[:9])

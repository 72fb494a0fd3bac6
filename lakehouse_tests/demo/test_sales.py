"""The generator of sales, and the platform's tables against plain SQL over the files."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lakehouse.demo.files import LandedFile
from lakehouse.demo.sales import Plan, PlantedError, deliveries, demo
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import HEADER

TEXTS = [*HEADER.split(","), "operation"]
VALID = """
CREATE TABLE sales AS
WITH typed AS (
    SELECT file, line, moment, lower(coalesce(operation, 'insert')) AS operation,
        try_cast(id AS BIGINT) AS id,
        CASE WHEN sale_date LIKE '__/__/____' THEN try_strptime(sale_date, '%d/%m/%Y')::DATE
            ELSE try_cast(sale_date AS DATE) END AS sale_date,
        try_cast(product_id AS INTEGER) AS product_id,
        try_cast(customer_id AS INTEGER) AS customer_id,
        try_cast(seller_id AS INTEGER) AS seller_id,
        try_cast(quantity AS INTEGER) AS quantity,
        try_cast(unit_price AS DECIMAL(10, 2)) AS unit_price,
        try_cast(total_value AS DECIMAL(10, 2)) AS total_value,
        CASE region WHEN 'North' THEN 'Norte' WHEN 'South' THEN 'Sul' WHEN 'East' THEN 'Leste'
            WHEN 'West' THEN 'Oeste' WHEN 'Center' THEN 'Centro' ELSE region END AS region
    FROM landed
)
SELECT *, coalesce(
        id > 0 AND sale_date >= DATE '2023-01-01' AND product_id > 0 AND customer_id > 0
        AND seller_id > 0 AND quantity > 0 AND unit_price > 0
        AND total_value = round(quantity * unit_price, 2)
        AND region IN ('Norte', 'Sul', 'Leste', 'Oeste', 'Centro')
        AND operation IN ('insert', 'update', 'delete', 'snapshot'), false) AS is_valid
FROM typed
"""
COLUMNS = (
    "id, sale_date, product_id, customer_id, seller_id, region, quantity, unit_price, total_value"
)
NEWEST = f"""
CREATE TABLE newest AS
SELECT {COLUMNS} FROM (
    SELECT *, row_number() OVER (PARTITION BY id ORDER BY moment DESC, file DESC, line DESC) AS n
    FROM sales WHERE is_valid
) WHERE n = 1 AND operation <> 'delete'
"""


def plainly(files: Iterable[LandedFile]) -> duckdb.DuckDBPyConnection:
    """Load the files with plain SQL: ``sales`` has all rows, ``newest`` the newest of each id."""
    rows: dict[str, list[object]] = {name: [] for name in ["file", "line", "moment", *TEXTS]}
    seen = set()
    for file in files:
        header, *lines = [line.split(",") for line in file.data.decode().splitlines()]
        digest = hashlib.sha256(file.data).digest()
        if digest in seen or "sale_date" not in header:
            continue
        seen.add(digest)
        for number, values in enumerate(lines, start=2):
            values_by_name = dict(zip(header, values, strict=True))
            known = {"file": file.path, "line": number, "moment": file.modified_at}
            for name, column in rows.items():
                column.append(known[name] if name in known else values_by_name.get(name))
    connection = duckdb.connect()
    connection.register("landed", pa.table(rows))
    connection.execute(VALID)
    connection.execute(NEWEST)
    return connection


def assert_equal_to_plain_sql(shop: Business, plain: duckdb.DuckDBPyConnection) -> None:
    for ours, plain_sql in {
        f"SELECT {COLUMNS} FROM gold.sales_fact_sales ORDER BY id": (
            f"SELECT {COLUMNS} FROM newest ORDER BY id"
        ),
        "SELECT sale_date, total_sales, total_quantity FROM gold.sales_daily_sales ORDER BY 1": (
            "SELECT sale_date, sum(total_value), sum(quantity) FROM newest GROUP BY 1 ORDER BY 1"
        ),
        "SELECT * EXCLUDE (day) FROM gold.sales_monthly_sales": (
            "SELECT year(sale_date), month(sale_date), sum(total_value), sum(quantity)"
            " FROM newest GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        "SELECT customer_id, region FROM gold.sales_dim_customer ORDER BY 1": (
            "SELECT DISTINCT ON (customer_id) customer_id, region FROM (SELECT customer_id, region,"
            " count(*) AS n FROM newest GROUP BY 1, 2) ORDER BY customer_id, n DESC, region"
        ),
        "SELECT * EXCLUDE (day) FROM gold.sales_monthly_sales_detail ORDER BY ALL": (
            "SELECT year(sale_date), month(sale_date), 'Cliente ' || customer_id,"
            " 'Produto ' || product_id, 'Vendedor ' || seller_id, sum(total_value), sum(quantity)"
            " FROM newest GROUP BY ALL ORDER BY ALL"
        ),
    }.items():
        expected = plain.execute(plain_sql).fetchall()
        assert expected, plain_sql
        assert shop.rows(ours) == expected, ours
    rejected = plain.execute("SELECT file, line FROM sales WHERE NOT is_valid").fetchall()
    assert {(file, line) for _, file, line in shop.rejections("sales")} == set(rejected)
    assert shop.rows("select reasons from ops.quarantine where detail is null") == []
    assert set(shop.balance()) == {"balanced"}


def test_fifty_thousand_sales_of_a_year_equal_plain_sql(tmp_path: Path):
    shop = Business("sales", tmp_path)
    files = list(deliveries(Plan()))
    shop.land_all(files)
    shop.ingest()
    plain = plainly(files)
    assert_equal_to_plain_sql(shop, plain)
    assert plain.execute("SELECT count(*) > 49900 FROM newest").fetchone() == (True,)
    assert {reason for reason, _, _ in shop.rejections("sales")} == {
        "missing_required",
        "bad_id",
        "bad_date",
        "bad_quantity",
        "bad_amount",
        "bad_total",
        "bad_region",
        "bad_operation",
    }
    assert shop.rows("select distinct status, reason from raw.sales_sales order by 1") == [
        ("loaded", None),
        ("rejected", "schema"),
    ]


def test_deliveries_in_any_order_give_the_same_rows(tmp_path: Path):
    shop = Business("sales", tmp_path)
    files = list(deliveries(Plan(scale=0.01, days=24, errors=2)))
    for piece in (files[20:30], files[:10], files[30:], files[10:20]):
        shop.land_all(piece)
        shop.ingest()
    assert_equal_to_plain_sql(shop, plainly(files))


def test_equal_plans_give_equal_bytes_and_another_seed_others():
    plan = Plan(scale=0.01, days=16)
    assert list(deliveries(plan)) == list(deliveries(plan))
    assert list(deliveries(plan)) != list(deliveries(replace(plan, seed=8)))


def test_full_size_is_fifty_thousand_sales_in_daily_files_and_the_demo_is_small():
    clean = list(deliveries(Plan(errors=0)))
    assert sum(file.data.count(b"\n") - 1 for file in clean) == 50_000
    assert len(clean) == 365
    assert 0 < len(list(deliveries(demo(1)))) < 200


def test_values_without_errors_have_the_ranges_of_the_source():
    rows = plainly(deliveries(Plan(errors=0, scale=0.2)))
    assert rows.execute(
        "SELECT count(*), count(DISTINCT id), min(sale_date)::VARCHAR, max(sale_date)::VARCHAR,"
        " min(product_id), max(product_id), min(customer_id), max(customer_id), min(quantity),"
        " max(quantity), min(seller_id), max(seller_id), count(DISTINCT region) FROM newest"
    ).fetchone() == (
        *(10_000, 10_000, "2023-01-01", "2023-12-31", 101, 110),
        *(1001, 2000, 1, 10, 1, 20, 5),
    )
    low, high = rows.execute("SELECT min(unit_price), max(unit_price) FROM newest").fetchone() or ()
    assert 10 <= low < 11
    assert 99 < high <= 100
    assert rows.execute("SELECT count(*) FROM sales WHERE NOT is_valid").fetchone() == (0,)


@pytest.mark.parametrize(("errors", "days"), [(0, 0), (1, 2), (2, 4), (8, 16)])
def test_errors_are_distributed_evenly(errors: float, days: int):
    plan = Plan(days=16, errors=errors)
    assert {
        kind: sum(plan.has(kind, n) for n in range(16)) for kind in PlantedError
    } == dict.fromkeys(PlantedError, days)


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"days": 0}, {"errors": -1}, {"errors": 9}])
def test_a_plan_outside_its_range_is_rejected(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Plan(**wrong)

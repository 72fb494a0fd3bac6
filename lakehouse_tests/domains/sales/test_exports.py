"""Exports have the names, folders, columns and bytes of the previous system's files."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.sales.files import HEADER, SAMPLE, file, sale


@pytest.fixture
def shop(tmp_path: Path) -> Business:
    return Business("sales", tmp_path / "platform")


def exported(shop: Business, out: Path) -> Path:
    """Folder with every export of Sales."""
    for _ in write_exports(
        "sales", exports_of("sales", shop.settings), str(out), shop.lake, shop.settings
    ):
        pass
    return out


@pytest.mark.skipif(not SAMPLE.is_file(), reason="no sample file at ../shared/data/sales")
def test_the_exported_sample_equals_the_received_bytes(shop: Business, tmp_path: Path) -> None:
    shop.land("2024-01-02/sales_raw.csv", SAMPLE.read_bytes())
    shop.ingest()
    out = exported(shop, tmp_path / "out")
    assert (out / "sales_raw.csv").read_bytes() == SAMPLE.read_bytes()
    bronze = [str(path.relative_to(out)) for path in out.glob("sales_bronze/**/*.parquet")]
    assert "sales_bronze/year=2023/month=1/day=2/part-0.parquet" in bronze
    assert sum(pq.read_metadata(out / path).num_rows for path in bronze) == 500
    report = (out / "monthly_sales_pt.txt").read_text().splitlines()
    assert report[0] == "Total de vendas mensais:"
    assert report[2].split() == ["2023", "1", "14160.46", "251"]
    assert (out / "monthly_sales_en.txt").read_text().startswith("Monthly sales totals:\n")


def test_exports_have_the_original_columns_and_a_moved_or_deleted_sale_leaves_its_folder(
    shop: Business, tmp_path: Path
) -> None:
    shop.land("2023-01-02/sales_raw.csv", file(sale(1), sale(2), sale(3, sale_date="2023-01-01")))
    shop.ingest()
    out = exported(shop, tmp_path / "out")
    changes = (
        sale(1, sale_date="11/12/2023") + ",update",
        sale(2) + ",delete",
    )
    shop.land("2023-12-12/sales_cdc_1.csv", file(*changes, changes=True))
    shop.ingest()
    exported(shop, tmp_path / "out")

    silver = pq.ParquetFile(out / "sales_silver/sales.parquet").read()
    assert silver.column_names == HEADER.split(",")
    assert silver["sale_date"].to_pylist() == ["2023-12-11", "2023-01-01"]
    assert silver.schema.field("total_value").type == pa.decimal128(10, 2)

    days = {
        str(path.parent.relative_to(out / "daily_sales")): pq.ParquetFile(path).read()
        for path in out.glob("daily_sales/**/*.parquet")
    }
    assert days.keys() == {"year=2023/month=1/day=1", "year=2023/month=12/day=11"}
    moved = days["year=2023/month=12/day=11"]
    assert moved.column_names == ["sale_date", "total_sales", "total_quantity"]
    assert moved["total_sales"].to_pylist() == [Decimal("20.00")]
    columns = {path.stem: set(pq.read_schema(path).names) for path in out.glob("*.parquet")}
    assert columns == {
        "dim_product": {"product_key", "product_id", "product_name"},
        "dim_seller": {"seller_key", "seller_id", "seller_name"},
        "dim_customer": {"customer_key", "customer_id", "customer_name", "region"},
        "dim_customer_region": {"customer_key", "customer_id", "region", "sales"},
        "dim_date": {"date_key", "sale_date", "year", "month", "day"},
        "fact_sales": {"product_key", "seller_key", "customer_key", "date_key", *HEADER.split(",")},
        "monthly_sales": {"year", "month", "total_sales", "total_quantity"},
    }


def test_the_bronze_export_keeps_all_rows_and_malformed_numbers_are_null(
    shop: Business, tmp_path: Path
) -> None:
    lines = [
        sale(" 7 ", unit_price="10.5", total_value="-21", region="North") + ",insert",
        sale(8, sale_date="02/01/2023", quantity="1.5", unit_price="10.005") + ",delete",
        sale("9e1", quantity="1.000", product_id="99999999999999999999", total_value="1e1") + ",",
    ]
    shop.land("2023-01-02/sales_cdc_1.csv", file(*lines, changes=True))
    shop.ingest()
    out = exported(shop, tmp_path / "out")
    day = pq.ParquetFile(out / "sales_bronze/year=2023/month=1/day=2/part-0.parquet").read()
    provenance = ["_file", "_line", "_digest", "_delivered_at"]
    assert day.column_names == [*HEADER.split(","), "operation", "extraction", *provenance]
    rows = {row["_line"]: list(row.values())[:10] for row in day.to_pylist()}
    money = Decimal("10.50"), Decimal("-21.00"), Decimal("20.00")
    assert rows == {
        2: [7, "2023-01-02", 101, 1001, 2, money[0], money[1], 1, "North", "insert"],
        3: [8, "02/01/2023", 101, 1001, None, None, money[2], 1, "Norte", "delete"],
        4: [None, "2023-01-02", None, 1001, None, Decimal("10.00"), None, 1, "Norte", None],
    }

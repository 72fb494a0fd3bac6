"""The original's files; gold and the sums by day have its names, columns and folders.

Money is DECIMAL where the original had floating point.
"""

from lakehouse.domains.sales import report
from lakehouse.domains.sales.sources import COLUMNS
from lakehouse.platform.exports import Export

TABLE = ", ".join(COLUMNS)
BY_DAY = "year={year}/month={month}/day={day}/part-0.parquet"
"""Months and days are not padded."""

_GOLD = {
    "dim_product": "product_key, product_id, product_name",
    "dim_seller": "seller_key, seller_id, seller_name",
    "dim_customer": "customer_key, customer_id, customer_name, region",
    "dim_customer_region": "customer_key, customer_id, region, sales",
    "dim_date": "date_key, sale_date, year, month, day",
    "fact_sales": (
        "id, product_key, seller_key, customer_key, date_key, sale_date, product_id, customer_id,"
        " seller_id, region, quantity, unit_price, total_value"
    ),
    "monthly_sales": "year, month, total_sales, total_quantity",
}


def _parts(day: str) -> str:
    return f"year({day}) AS year, month({day}) AS month, day({day}) AS day"


EXPORTS = (
    Export(
        name="sales_raw",
        path="sales_raw.csv",
        sql=f"SELECT {TABLE} FROM silver.sales_sales WHERE NOT deleted ORDER BY id",  # noqa: S608
    ),
    Export(
        name="sales_bronze",
        path=f"sales_bronze/{BY_DAY}",
        sql=(
            "SELECT try_cast(id AS BIGINT) AS id, sale_date,"  # noqa: S608
            " try_cast(product_id AS BIGINT) AS product_id,"
            " try_cast(customer_id AS BIGINT) AS customer_id,"
            " try_cast(quantity AS BIGINT) AS quantity,"
            " try_cast(replace(unit_price, ',', '.') AS DECIMAL(10, 2)) AS unit_price,"
            " try_cast(replace(total_value, ',', '.') AS DECIMAL(10, 2)) AS total_value,"
            " try_cast(seller_id AS BIGINT) AS seller_id, region,"
            f" _file, _line, _digest, _delivered_at, {_parts('_business_day')}"
            " FROM bronze.sales_sales WHERE NOT _superseded"
        ),
    ),
    Export(
        name="sales_silver",
        path="sales_silver/sales.parquet",
        sql=(
            f"SELECT {TABLE.replace('sale_date', 'CAST(sale_date AS VARCHAR) AS sale_date')}"  # noqa: S608
            " FROM silver.sales_sales WHERE NOT deleted ORDER BY id"
        ),
    ),
    Export(
        name="daily_sales",
        path=f"daily_sales/{BY_DAY}",
        sql=(
            f"SELECT sale_date, total_sales, total_quantity, {_parts('sale_date')}"  # noqa: S608
            " FROM gold.sales_daily_sales"
        ),
    ),
    *(
        Export(name=name, path=f"{name}.parquet", sql=f"SELECT {columns} FROM gold.sales_{name}")  # noqa: S608
        for name, columns in _GOLD.items()
    ),
    *(
        Export(
            name=f"monthly_report_{words.language}",
            path=f"monthly_sales_{words.language}.txt",
            sql=(
                "SELECT text FROM gold.sales_monthly_report"  # noqa: S608
                f" WHERE language = '{words.language}' ORDER BY line"
            ),
        )
        for words in (report.PORTUGUESE, report.ENGLISH)
    ),
)

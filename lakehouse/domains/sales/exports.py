"""Exports in the layout of the previous system: names, columns and folders of its files.

Amounts are DECIMAL where the previous system had floating point.
"""

from lakehouse.domains.sales import report
from lakehouse.domains.sales.sources import COLUMNS, SALES
from lakehouse.platform.serving.exports import Export

TABLE = ", ".join(COLUMNS)
BY_DAY = "year={year}/month={month}/day={day}/part-0.parquet"
"""Month and day are written without leading zeros."""

_GOLD = {
    "dim_product": "product_key, product_id, product_name",
    "dim_seller": "seller_key, seller_id, seller_name",
    "dim_customer": "customer_key, customer_id, customer_name, region",
    "dim_customer_region": "customer_key, customer_id, region, sales",
    "dim_date": "date_key, sale_date, year, month, day_of_month AS day",
    "fact_sales": (
        "id, product_key, seller_key, customer_key, date_key, sale_date, product_id, customer_id,"
        " seller_id, region, quantity, unit_price, total_value"
    ),
    "monthly_sales": "year, month, total_sales, total_quantity",
}
_INTEGERS = ("id", "product_id", "customer_id", "quantity", "seller_id")
_MONEY = ("unit_price", "total_value")


def _as_original_type(column: str) -> str:
    """Return SQL of a column in the previous system's type; null where the text does not fit."""
    if column in _INTEGERS:
        return f"{_matching(column, '-?[0-9]{1,18}')}::BIGINT AS {column}"
    if column in _MONEY:
        number = _matching(column, "-?[0-9]{1,8}([.,][0-9]{1,2})?")
        return f"replace({number}, ',', '.')::DECIMAL(10, 2) AS {column}"
    return column


def _matching(column: str, form: str) -> str:
    return f"nullif(regexp_extract({column}, '^\\s*({form})\\s*$', 1), '')"


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
            f"SELECT {', '.join(map(_as_original_type, SALES.format.columns))},"  # noqa: S608
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

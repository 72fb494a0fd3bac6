"""What lands: exports of the legacy table and files of its changes, in one form."""

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.source import Source

COLUMNS = (
    "id",
    "sale_date",
    "product_id",
    "customer_id",
    "quantity",
    "unit_price",
    "total_value",
    "seller_id",
    "region",
)
"""Of the legacy table, in its order."""
REGIONS = ("Norte", "Sul", "Leste", "Oeste", "Centro")
"""As the legacy table names them."""

SALES = Source(
    dataset="sales",
    files=r"sales.*\.csv",
    format=CsvFormat(
        columns=(*COLUMNS, "operation", "extraction"),
        optional=("operation", "extraction"),
    ),
    business_day="sale_date",
    key=("id",),
    per_file=True,
    change_log=True,
)

SOURCES = (SALES,)

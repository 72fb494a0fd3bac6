"""The dataset of Sales: exports of the legacy table and files of its changes, in one layout."""

from lakehouse.domains.sales import SPEC
from lakehouse.platform.connectors.postgres.declaration import CHANGE_COLUMNS
from lakehouse.platform.tables.source import Column, Source

LEGACY_COLUMNS: dict[str, str | Column] = {
    "id": "Number of the sale in the legacy table",
    "sale_date": "Date of the sale, YYYY-MM-DD or DD/MM/YYYY",
    "product_id": "Number of the product",
    "customer_id": Column("Number of the customer", personal="identifier"),
    "quantity": "Number of pieces sold",
    "unit_price": "Price of one piece in BRL",
    "total_value": "Value of the sale in BRL",
    "seller_id": "Number of the seller",
    "region": "Region of the sale, in Portuguese or English",
}
COLUMNS = tuple(LEGACY_COLUMNS)
"""Columns of the legacy table, in its order."""
REGIONS = ("Norte", "Sul", "Leste", "Oeste", "Centro")
"""Regions as the legacy table names them."""

SALES = Source(
    domain=SPEC.name,
    dataset="sales",
    description="Sales as they were received, one row per record of an export or a change file.",
    files=r"sales.*\.csv",
    example="sales_raw.csv",
    columns={**LEGACY_COLUMNS, **CHANGE_COLUMNS},
    business_day="sale_date",
    key=("id",),
    per_file=True,
    change_log=True,
)

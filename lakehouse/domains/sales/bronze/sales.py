"""Sales as they landed, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Sales(Landed):
    """Sales as they landed, one row per record of an export or a file of changes."""

    id: str = pa.Field(nullable=True, description="Number of the sale in the legacy table")
    sale_date: str = pa.Field(nullable=True, description="Day of the sale, ISO or dd/mm/yyyy")
    product_id: str = pa.Field(nullable=True, description="Product sold")
    customer_id: str = pa.Field(
        nullable=True, metadata={"personal": "identifier"}, description="Customer who bought"
    )
    quantity: str = pa.Field(nullable=True, description="Units sold")
    unit_price: str = pa.Field(nullable=True, description="Price of one unit in R$")
    total_value: str = pa.Field(nullable=True, description="Value of the sale in R$")
    seller_id: str = pa.Field(nullable=True, description="Seller")
    region: str = pa.Field(nullable=True, description="Region, Portuguese or English")
    operation: str = pa.Field(
        nullable=True, description="insert, update, delete or snapshot; null in an export"
    )
    extraction: str = pa.Field(
        nullable=True, description="Number of the extraction that made the file; null in an export"
    )


sales = landed(module=__name__, source=SALES, contract=Sales)

"""Sales with the keys of their dimensions."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.silver.sales import sales as valid_sales
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class FactSales(TableModel, key=("day", "id")):
    """One sale."""

    day: dt.date = pa.Field(description="Date of the sale, equal to sale_date")
    id: int = pa.Field(description="Number of the sale in the legacy table")
    product_key: int = pa.Field(description="Key of the product in dim_product")
    seller_key: int = pa.Field(description="Key of the seller in dim_seller")
    customer_key: int = pa.Field(description="Key of the customer, as in dim_customer")
    date_key: int = pa.Field(description="Key of the date in dim_date, yyyymmdd")
    sale_date: dt.date = pa.Field(description="Date of the sale")
    product_id: int = pa.Field(description="Number of the product")
    customer_id: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the customer"
    )
    seller_id: int = pa.Field(description="Number of the seller")
    region: str = pa.Field(
        isin=rules.REGIONS, description="Region of this sale: Centro, Leste, Norte, Oeste or Sul"
    )
    quantity: int = pa.Field(gt=0, description="Number of pieces sold")
    unit_price: Decimal(10, 2) = pa.Field(gt=0, description="Price of one piece in BRL")
    total_value: Decimal(10, 2) = pa.Field(gt=0, description="quantity × unit_price in BRL")


@gold(contract=FactSales, reads=[valid_sales])
def fact_sales(sales: ir.Table) -> ir.Table:
    """Sales that the source has not deleted; the region is that of the sale."""
    kept = sales.filter(~sales.deleted)
    return kept.select(
        "day",
        "id",
        product_key=rules.surrogate(rules.PRODUCT, kept.product_id),
        seller_key=rules.surrogate(rules.SELLER, kept.seller_id),
        customer_key=rules.surrogate(rules.CUSTOMER, kept.customer_id),
        date_key=rules.date_key(kept.day),
        sale_date=kept.sale_date,
        product_id=kept.product_id,
        customer_id=kept.customer_id,
        seller_id=kept.seller_id,
        region=kept.region,
        quantity=kept.quantity,
        unit_price=kept.unit_price,
        total_value=kept.total_value,
    )

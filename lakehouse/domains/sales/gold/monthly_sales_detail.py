"""Sales by month, customer, product and seller, with their names."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales.gold.dim_customer import dim_customer as known_customers
from lakehouse.domains.sales.gold.dim_date import dim_date as known_dates
from lakehouse.domains.sales.gold.dim_product import dim_product as known_products
from lakehouse.domains.sales.gold.dim_seller import dim_seller as known_sellers
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class MonthlySalesDetail(
    TableModel, key=("year", "month", "customer_name", "product_name", "seller_name")
):
    """Sales of one product by one seller to one customer in one month."""

    year: int = pa.Field(description="Year of the sales")
    month: int = pa.Field(description="Month of the sales, 1 to 12")
    customer_name: str = pa.Field(metadata={"personal": "name"}, description="Name of the customer")
    product_name: str = pa.Field(description="Name of the product")
    seller_name: str = pa.Field(description="Name of the seller")
    total_sales: Decimal(18, 2) = pa.Field(gt=0, description="Value sold in BRL")
    total_quantity: int = pa.Field(gt=0, description="Number of pieces sold")


@gold_as_of(
    contract=MonthlySalesDetail,
    reads=[sales_fact, known_dates, known_customers, known_products, known_sellers],
)
def monthly_sales_detail(
    sales: ir.Table,
    dates: ir.Table,
    customers: ir.Table,
    products: ir.Table,
    sellers: ir.Table,
) -> ir.Table:
    """Sales by month, customer, product and seller; its total is that of fact_sales.

    It replaces the previous system's query monthly_sales.sql. Every dimension has one row per key,
    so a sale is never lost or counted twice.
    """
    named = (  # each join: many sales to one member
        sales.join(dates.select("date_key", "year", "month"), "date_key")
        .join(customers.select("customer_key", "customer_name"), "customer_key")
        .join(products.select("product_key", "product_name"), "product_key")
        .join(sellers.select("seller_key", "seller_name"), "seller_key")
    )
    key = ("year", "month", "customer_name", "product_name", "seller_name")
    return (
        named.group_by(*key)
        .agg(
            total_sales=named.total_value.sum().cast("decimal(18, 2)"),
            total_quantity=named.quantity.sum(),
        )
        .order_by("year", "month", ibis.desc("total_sales"), *key[2:])
    )

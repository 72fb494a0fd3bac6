"""The warehouse of the bike shop: the six tables of its dump, the star schema, and the questions.

The six tables have the shop's own column names in lower case; the star schema is as in the lake.
The views are in `questions`.
"""

from collections.abc import Mapping

from lakehouse.domains.bikes.exports import columns_of
from lakehouse.domains.bikes.gold.dim_customer import dim_customer
from lakehouse.domains.bikes.gold.dim_date import dim_date
from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.domains.bikes.rules import LONGEST, snake
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.domains.bikes.silver.products import products
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.domains.bikes.warehouse.questions import VIEWS
from lakehouse.platform.serving.warehouse.declaration import (
    Warehouse,
    references,
    warehouse_table,
)
from lakehouse.platform.tables.table import Table


def _shop_columns(table: Table) -> Mapping[str, str]:
    """Return the shop's column names in lower case, each with its column in the lake."""
    return {each.lower(): snake(each) for each in columns_of(table)}


_CALENDAR = {
    "day" if name == "date" else name: name for name in dim_date.contract.schema if name != "day"
}
"""The calendar's own day is the key that facts refer to."""

WAREHOUSE = Warehouse(
    schema="rox",
    tables=(
        warehouse_table(
            persons,
            name="person",
            columns=_shop_columns(persons),
            distribution="businessentityid",
            text_lengths={"additional_contact_info": LONGEST, "demographics": LONGEST},
        ),
        warehouse_table(products, name="product", columns=_shop_columns(products)),
        warehouse_table(
            customers,
            references("person", "personid", key=("businessentityid",)),
            name="customer",
            columns=_shop_columns(customers),
            distribution="customerid",
        ),
        warehouse_table(
            order_headers,
            references("customer", "customerid"),
            name="salesorderheader",
            columns=_shop_columns(order_headers),
            distribution="salesorderid",
            sort=("orderdate", "salesorderid"),
        ),
        warehouse_table(
            special_offer_products,
            references("product", "productid"),
            name="specialofferproduct",
            columns=_shop_columns(special_offer_products),
        ),
        warehouse_table(
            order_details,
            references("salesorderheader", "salesorderid"),
            references("specialofferproduct", "specialofferid", "productid"),
            references("product", "productid"),
            name="salesorderdetail",
            columns=_shop_columns(order_details),
            distribution="salesorderid",
            sort=("modifieddate", "salesorderid"),
        ),
        warehouse_table(dim_product),
        warehouse_table(dim_customer, distribution="customer_id"),
        warehouse_table(dim_date, columns=_CALENDAR),
        warehouse_table(
            fact_orders,
            references("dim_customer", "customer_id"),
            references("dim_date", "day"),
            distribution="sales_order_id",
            sort=("day", "sales_order_id"),
        ),
        warehouse_table(
            fact_order_lines,
            references("fact_orders", "sales_order_id"),
            references("dim_customer", "customer_id"),
            references("dim_product", "product_id"),
            references("dim_date", "day"),
            distribution="sales_order_id",
            sort=("day", "sales_order_id"),
        ),
    ),
    views=VIEWS,
)

"""The second name of fact_orders."""

from lakehouse.domains.mrhealth.gold.fact_sales import fact_sales
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, fact_order


def test_fact_sales_has_every_row_and_column_of_fact_orders(made):
    orders = [fact_order("1"), fact_order("2", day=TUESDAY)]
    rows = made(fact_sales, orders)
    assert sorted(row["order_id"] for row in rows) == ["1", "2"]
    assert list(rows[0]) == list(fact_sales.contract.schema.names)

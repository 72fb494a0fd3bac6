"""The forecast of pieces by product and region: which series it has."""

import datetime as dt
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from lakehouse.domains.sales.gold.demand_forecast import demand_forecast
from lakehouse.platform.engines.session import arrow_schema

LAST = dt.date(2026, 3, 20)


def computed(sales: list[tuple[int, int, str, int]]) -> list[dict[str, Any]]:
    """Rows for sales: days before the last day, product, region, pieces."""
    (read,) = demand_forecast.reads
    schema = arrow_schema(read.table.contract.schema)
    rows = [
        dict.fromkeys(schema.names)
        | {"day": LAST - dt.timedelta(days=back), "product_id": p, "region": r, "quantity": q}
        for back, p, r, q in sales
    ]
    connection = ibis.duckdb.connect()
    connection.create_table(read.name, pa.Table.from_pylist(rows, schema=schema))
    made = demand_forecast.python_rows
    inputs = {name: connection.to_pyarrow(each) for name, each in made.inputs.items()}
    return made.compute(LAST, inputs).to_pylist()


def test_every_product_that_sold_within_a_year_is_forecast_in_every_region():
    sales = [(back, 1, "Sul", 2) for back in range(100)] + [(0, 2, "Norte", 1), (700, 3, "Sul", 9)]
    rows = computed(sales)
    assert {(row["product_id"], row["region"]) for row in rows} == {
        (product, region) for product in (1, 2) for region in ("Norte", "Sul")
    }
    assert len(rows) == 4 * 28
    assert all(row["q05"] <= row["q50"] <= row["q95"] for row in rows)


def test_days_without_sales_are_zero_and_days_before_the_first_sale_are_unknown():
    rows = computed([(back, 1, "Sul", 4) for back in range(0, 60, 2)] + [(700, 2, "Sul", 1)])
    mean = {row["expected"] for row in rows if row["product_id"] == 1}
    assert all(Decimal("1.5") < each < Decimal("2.5") for each in mean)


def test_no_sales_give_no_rows():
    assert computed([]) == []

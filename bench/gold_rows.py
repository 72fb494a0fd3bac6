"""Generate published gold tables of Mr. Health for the benchmark of the dashboard.

    python -m bench.gold_rows --folder FOLDER --rows 10000000

Orders, items and their roll-ups agree with each other and with the contracts; no layer below gold
is made. The last day is yesterday.
"""

import argparse
import datetime as dt
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.measure import spent
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings

DAYS, UNITS, PRODUCTS, ITEMS = 365, 50, 25, 2.5
AT_ONCE = 20
"""Days that are generated and stored together."""
TABLES = {
    "unit_day": """
SELECT day, unit_id, unit_name, state_name, 'Brasil' AS country_name, count(*) AS orders,
  count(*) FILTER (status = 'Finalizado') AS completed_orders,
  count(*) FILTER (status = 'Pendente') AS pending_orders,
  count(*) FILTER (status = 'Cancelado') AS cancelled_orders, sum(revenue) AS revenue,
  coalesce(sum(order_value) FILTER (status = 'Pendente'), 0) AS pending_value,
  coalesce(sum(order_value) FILTER (status = 'Cancelado'), 0) AS cancelled_value,
  sum(delivery_fee) AS delivery_fees, sum("items") AS items_sold,
  sum(revenue) / nullif(count(*) FILTER (status = 'Finalizado'), 0) AS average_ticket,
  count(*) FILTER (order_type = 'ONLINE') / count(*) AS online_pct,
  count(*) FILTER (status = 'Cancelado') / count(*) AS cancellation_rate, true AS delivered
FROM orders JOIN units USING (unit_id) GROUP BY ALL""",
    "unit_channel_day": """
SELECT day, unit_id, order_type, state_name, 'Brasil' AS country_name, count(*) AS orders,
  count(*) FILTER (status = 'Finalizado') AS completed_orders,
  count(*) FILTER (status = 'Pendente') AS pending_orders,
  count(*) FILTER (status = 'Cancelado') AS cancelled_orders, sum(quantity) AS quantity,
  sum("items") AS items_sold, sum(revenue) AS revenue,
  coalesce(sum(order_value) FILTER (status = 'Pendente'), 0) AS pending_value,
  coalesce(sum(order_value) FILTER (status = 'Cancelado'), 0) AS cancelled_value,
  sum(delivery_fee) AS delivery_fees
FROM orders JOIN units USING (unit_id) GROUP BY ALL""",
    "unit_product_day": """
SELECT day, unit_id, product_id, count(DISTINCT order_id) AS orders, count(*) AS lines,
  sum(quantity) AS quantity, sum(line_total) AS line_revenue,
  coalesce(sum(line_total) FILTER (status = 'Finalizado'), 0) AS completed_line_revenue
FROM lines GROUP BY ALL""",
    "product_day": """
SELECT day, product_id, 'Produto ' || product_id AS product_name,
  count(DISTINCT (unit_id, order_id)) AS orders, sum(quantity) AS quantity,
  sum(line_total) AS line_revenue, count(DISTINCT unit_id) AS units_selling
FROM lines GROUP BY ALL""",
    "fact_orders": """
SELECT day, unit_id, order_id, day AS order_date, order_type, status, order_value, delivery_fee,
  NULL AS delivery_address, order_value - delivery_fee AS items_subtotal, "items", quantity,
  order_value - delivery_fee AS line_total, 0 AS reconciliation_difference, revenue
FROM orders""",
    "fact_order_items": """
SELECT day, unit_id, order_id, item_id, day AS order_date, product_id, status, order_type, quantity,
  unit_price, line_total, NULL AS note
FROM lines""",
}


def generated(folder: Path, rows: int) -> dict[str, float]:
    """Store and publish the tables; return what was made and how long it took."""
    start = spent()
    lake = Lake(str(folder / "lake"))
    tables = {table.id.name: table for table in load_domain("mrhealth").tables}
    orders = round(rows / (1 + ITEMS) / DAYS / UNITS)
    last = dt.datetime.now(Settings().zone).date() - dt.timedelta(days=1)
    days = [last - dt.timedelta(days=n) for n in reversed(range(DAYS))]
    made = 0
    with duckdb.connect() as database:
        database.execute("SELECT setseed(0.5)")
        database.execute(
            "CREATE TABLE units AS SELECT range + 1 AS unit_id, 'Loja ' || range AS unit_name,"
            " ['Paraná', 'Santa Catarina', 'Rio Grande do Sul'][1 + range % 3] AS state_name"
            f" FROM range({UNITS})"
        )
        for at in range(0, DAYS, AT_ONCE):
            chosen = days[at : at + AT_ONCE]
            _generate(database, chosen, orders)
            for name, sql in TABLES.items():
                table = tables[f"gold.mrhealth_{name}"]
                schema = arrow_schema(table.contract.schema)
                schema = schema.remove(schema.get_field_index("day"))
                found = database.execute(f"SELECT * FROM ({sql}) ORDER BY ALL").to_arrow_table()
                stored = {
                    day: found.filter(_is(found, day)).select(schema.names).cast(schema)
                    for day in chosen
                }
                lake.table(table.id).write(stored, schema=schema, note={"by": "bench"})
                made += found.num_rows
    publish(lake, "mrhealth", note={"by": "bench"})
    return {"rows": made, **(spent() - start).as_json()}


def _is(rows: pa.Table, day: dt.date) -> pa.Array:
    return pc.equal(rows["day"], day)


def _generate(database: duckdb.DuckDBPyConnection, days: list[dt.date], orders: int) -> None:
    """Make orders and their lines of some days: larger and smaller units, full weekends."""
    database.execute(
        f"""
CREATE OR REPLACE TABLE drawn AS
SELECT day, unit_id, n::VARCHAR AS order_id,
  CASE WHEN random() < 0.6 THEN 'ONLINE' ELSE 'PHYSICAL' END AS order_type,
  CASE WHEN random() < 0.9 THEN 'Finalizado' WHEN random() < 0.5 THEN 'Pendente'
    ELSE 'Cancelado' END AS status,
  (1 + floor(random() * {2 * ITEMS - 1}))::BIGINT AS wanted
FROM (SELECT day::DATE AS day FROM range(DATE '{days[0]}', DATE '{days[-1]}' + 1,
    INTERVAL 1 DAY) d(day)),
  units, range(1, {2 * orders}) o(n)
WHERE n <= {orders} * (0.5 + unit_id / {UNITS}) * (0.85 + 0.3 * (isodow(day) / 7))"""
    )
    database.execute(
        f"""
CREATE OR REPLACE TABLE lines AS
SELECT day, unit_id, order_id, item::VARCHAR AS item_id, status, order_type,
  300 + ((unit_id * 7 + order_id::BIGINT * 3 + item * 11) % {PRODUCTS}) AS product_id,
  1 + (order_id::BIGINT + item) % 3 AS quantity,
  (9.90 + ((unit_id + order_id::BIGINT + item * 5) % 40))::DECIMAL(14, 2) AS unit_price,
  ((1 + (order_id::BIGINT + item) % 3)
    * (9.90 + ((unit_id + order_id::BIGINT + item * 5) % 40)))::DECIMAL(18, 2) AS line_total
FROM drawn, unnest(range(1, wanted + 1)) i(item)"""
    )
    database.execute(
        """
CREATE OR REPLACE TABLE orders AS
SELECT *, CASE WHEN status = 'Finalizado' THEN order_value ELSE 0 END AS revenue FROM (
  SELECT day, unit_id, order_id, order_type, status,
    CASE WHEN order_type = 'ONLINE' THEN 5.00 ELSE 0.00 END AS delivery_fee, count(*) AS "items",
    sum(quantity) AS quantity,
    sum(line_total) + any_value(CASE WHEN order_type = 'ONLINE' THEN 5.00 ELSE 0.00 END)
      AS order_value
  FROM lines GROUP BY ALL)"""
    )


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--rows", type=int, default=10_000_000)
    given = words.parse_args()
    print(json.dumps(generated(given.folder, given.rows)))


if __name__ == "__main__":
    main()

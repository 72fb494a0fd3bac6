"""Recommended orders: their arithmetic from the columns, classes, and what is unknown."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.domains.mrhealth.gold.purchase_recommendation import purchase_recommendation
from lakehouse.domains.mrhealth.purchase import terms
from lakehouse.domains.mrhealth.purchase.arithmetic import (
    Forecast,
    Supply,
    classes_of,
    covered_demand,
    expected_excess,
    expected_shortage,
    orders_of,
)
from lakehouse.domains.mrhealth.stock_control_totals import STOCK_CONTROL_TOTALS
from lakehouse.platform.engines.session import arrow_schema
from lakehouse_tests.domains.mrhealth.rows import Row, only

LAST = dt.date(2026, 3, 20)
CENT = Decimal("0.01")


def forecast_rows(products: dict[int, tuple[float, float, float]], unit: int = 1) -> list[Row]:
    """Rows of 28 equal days: expected pieces, quantiles of 5 % and 95 % of each product."""
    return [
        {"unit_id": unit, "product_id": product, "target_day": LAST + dt.timedelta(days=n)}
        | {
            name: Decimal(str(value))
            for name, value in zip(("expected", "q05", "q95"), values, strict=True)
        }
        for product, values in products.items()
        for n in range(1, 29)
    ]


def stock_row(on_hand: int | None, **values: Any) -> Row:
    row = {"unit_id": 1, "product_id": 301, "on_hand": on_hand, "on_order": 0}
    return row | {"timed_deliveries": 0} | values


def sold_row(pieces: int, value: str, **values: Any) -> Row:
    row = {"day": LAST, "unit_id": 1, "product_id": 301, "quantity": pieces}
    return row | {"line_revenue": Decimal(value)} | values


def recommended(
    forecast: list[Row], stock: Sequence[Row] = (), sold: Sequence[Row] = (), days: int = 10
) -> list[Row]:
    """Rows that the table's code computes from rows of its upstream tables."""
    sales = [
        {"day": LAST - dt.timedelta(days=n), "unit_id": 1, "unit_name": "Sul", "delivered": True}
        for n in range(days)
    ]
    menu = [{"day": LAST, "product_id": 301, "product_name": "Caldo"}]
    connection = ibis.duckdb.connect()
    given = (forecast, stock, sold, sales, menu)
    for read, rows in zip(purchase_recommendation.reads, given, strict=True):
        schema = arrow_schema(read.table.contract.schema)
        full = [dict.fromkeys(schema.names) | row for row in rows]
        connection.create_table(read.name, pa.Table.from_pylist(full, schema=schema))
    made = purchase_recommendation.python_rows
    inputs = {name: connection.to_pyarrow(each) for name, each in made.inputs.items()}
    return made.compute(LAST, inputs).to_pylist()


def order_by_hand(row: Row) -> int:
    """The order from the published columns alone."""
    safety = (row["safety_factor"] * row["demand_deviation"]).quantize(CENT, ROUND_HALF_UP)
    lot = row["lot"]
    allowance = Decimal(0)
    if row["demand_deviation"]:
        needed = row["safety_factor"] * lot**2 / (24 * row["demand_deviation"])
        allowance = min(needed.quantize(CENT, ROUND_HALF_UP), Decimal(lot) / 2)
    assert safety == row["safety_stock"]
    assert allowance == row["lot_allowance"]
    assert row["demand"] + safety == row["reorder_point"]
    assert row["reorder_point"] + allowance == row["target"]
    missing = min(row["target"], row["shelf_limit"]) - row["on_hand"] - row["on_order"]
    half = Decimal("0.5") if row["shelf_limit"] >= row["target"] else 0
    return max(0, int((missing / lot + half) // 1)) * lot


def test_the_order_follows_from_the_columns_alone():
    rng = np.random.default_rng(7)
    products = {}
    for number in range(301, 331):
        mean = float(np.round(rng.gamma(1.0, 4.0), 2))
        spread = float(np.round(rng.uniform(0.5, 2.5) * mean**0.5, 2))
        products[number] = (mean, max(0.0, round(mean - spread, 2)), round(mean + spread, 2))
    stock = [
        stock_row(int(rng.integers(0, 12)), product_id=number, on_order=int(rng.integers(0, 5)))
        for number in range(301, 325)
    ]
    sold = [sold_row(n, f"{n * 7}.50", product_id=300 + n) for n in range(1, 20)]
    rows = recommended(forecast_rows(products), stock, sold)
    assert len(rows) == 30
    assert [row["order_pieces"] for row in rows] == [order_by_hand(row) for row in rows]
    assert sum(row["order_pieces"] > 0 for row in rows) > 10
    for row in rows:
        assert row["order_pieces"] == row["order_lots"] * row["lot"]
        assert row["explanation"].startswith(f"Pedir {row['order_pieces']}: demanda de ")


def test_a_recommendation_says_its_arithmetic_in_portuguese():
    (row,) = recommended(
        forecast_rows({301: (5.0, 2.0, 9.0)}), [stock_row(3, on_order=4)], [sold_row(60, "1200.00")]
    )
    assert row["explanation"] == (
        "Pedir 12: demanda de 2 dias 10 + segurança 7,8 (1,6449 × 4,74, nível de 95 %) + ajuste"
        " do lote 0,23 = alvo 18,03; estoque 3, a caminho 4; 3 × lote de 4."
    )
    assert only(row, "days_of_cover", "unit_price") == (Decimal("1.40"), Decimal("20.00"))


def test_without_stock_the_order_covers_the_demand_alone_and_says_so():
    (row,) = recommended(forecast_rows({301: (5.0, 2.0, 9.0)}), sold=[sold_row(50, "500.00")])
    assert only(row, "stock_known", "on_hand", "days_of_cover") == (False, 0, None)
    assert row["order_pieces"] > row["demand"]
    assert "estoque desconhecido" in row["explanation"]


def test_stock_that_was_never_counted_is_unknown():
    (row,) = recommended(forecast_rows({301: (5.0, 2.0, 9.0)}), [stock_row(None, on_order=3)])
    assert only(row, "stock_known", "on_hand", "on_order") == (False, 0, 3)


def test_a_price_of_zero_leaves_values_unknown():
    (row,) = recommended(forecast_rows({301: (5.0, 2.0, 9.0)}), sold=[sold_row(50, "0.00")])
    values = ("unit_price", "unit_cost", "order_value", "lost_sales_value", "waste_value")
    assert only(row, *values) == (None,) * 5
    assert only(row, "abc_class", "xyz_class") == ("C", "Z")


def test_a_product_without_demand_is_not_ordered():
    (row,) = recommended(forecast_rows({301: (0.0, 0.0, 0.0)}), [stock_row(0)])
    assert only(row, "order_pieces", "target", "days_of_cover") == (0, Decimal("0.00"), None)


def test_no_forecast_gives_no_rows():
    assert recommended([]) == []


def test_delivery_times_are_measured_from_five_receipts_on():
    measured = {"lead_days": Decimal("4.50"), "lead_days_variance": Decimal("1.2500")}
    few, many = (
        recommended(
            forecast_rows({301: (5.0, 2.0, 9.0)}), [stock_row(0, timed_deliveries=n, **measured)]
        )[0]
        for n in (4, 5)
    )
    assert only(few, "lead_days", "lead_measured") == (Decimal("2.00"), False)
    assert only(many, "lead_days", "lead_measured") == (Decimal("4.50"), True)
    assert many["demand"] == Decimal("22.50")
    measured["lead_days"] = Decimal("1.00")
    (next_day,) = recommended(
        forecast_rows({301: (5.0, 2.0, 9.0)}), [stock_row(0, timed_deliveries=5, **measured)]
    )
    assert "demanda de 1 dia 5 " in next_day["explanation"]


def supply(**changes: Any) -> Supply:
    values = {"on_hand": 0, "on_order": 0, "lead_days": 2.0, "lead_days_variance": 0.0, "lot": 1}
    return Supply(**{k: np.array([v]) for k, v in (values | {"shelf_days": 9} | changes).items()})


def flat(mean: float, spread: float, days: int = 28) -> Forecast:
    ones = np.ones((1, days))
    return Forecast(expected=ones * mean, q05=ones * (mean - spread), q95=ones * (mean + spread))


def test_a_short_shelf_life_limits_the_order():
    made = orders_of(flat(5.0, 9.0), supply(shelf_days=1, lot=4), np.array([0.98]), 1)
    assert made["target"][0] > made["shelf_limit"][0] == 15.0
    assert made["order_pieces"][0] == 12


def test_unreliable_deliveries_need_more_safety_stock():
    steady, late = (
        orders_of(flat(5.0, 4.0), supply(lead_days_variance=v), np.array([0.95]), 1)
        for v in (0.0, 2.0)
    )
    assert late["safety_stock"][0] > 1.5 * steady["safety_stock"][0]


def test_a_part_of_a_day_and_days_after_the_horizon_count():
    mean, _ = covered_demand(flat(5.0, 4.0, days=4), np.array([2.5]))
    assert mean[0] == pytest.approx(12.5)
    mean, _ = covered_demand(flat(5.0, 4.0, days=4), np.array([6.0]))
    assert mean[0] == pytest.approx(30.0)


def test_expected_losses_are_those_of_a_normal_demand():
    drawn = np.random.default_rng(3).normal(20, 6, 400_000)
    given = (np.array([24.0]), np.array([20.0]), np.array([6.0]))
    assert expected_shortage(*given)[0] == pytest.approx(np.maximum(drawn - 24, 0).mean(), rel=0.02)
    assert expected_excess(*given)[0] == pytest.approx(np.maximum(24 - drawn, 0).mean(), rel=0.02)


def test_classes_are_shares_of_the_revenue():
    found = classes_of(np.array([1.0, 80.0, 15.0, 4.0, 0.0]), terms.ABC_SHARES)
    assert list(found) == ["C", "A", "B", "C", "C"]


def test_the_control_total_computes_every_order_again_and_finds_a_changed_one():
    products = {301: (5.0, 1.0, 12.0), 317: (3.0, 0.0, 9.0), 324: (0.0, 0.0, 0.0)}
    rows = recommended(forecast_rows(products), stock=[stock_row(3)], sold=[sold_row(9, "90")])
    total = STOCK_CONTROL_TOTALS[-1]
    schema = arrow_schema(purchase_recommendation.contract.schema)
    table = pa.Table.from_pylist([row | {"day": LAST} for row in rows], schema=schema)
    connection = duckdb.connect()
    connection.execute("create schema gold")
    connection.register("made", table)
    connection.execute("create table gold.purchase_recommendation as from made")

    def differences() -> int:
        query = f"select count(*) from (({total.expected}) except ({total.found}))"
        return connection.sql(query).fetchall()[0][0]

    assert differences() == 0
    connection.execute("update gold.purchase_recommendation set order_pieces = order_pieces + 1")
    assert differences() == len(rows)

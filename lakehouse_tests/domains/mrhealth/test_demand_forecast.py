"""The forecast of pieces by unit and product: which series it has, and what counts as unknown."""

import datetime as dt
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.domains.mrhealth.demand import history
from lakehouse.domains.mrhealth.gold.area_forecast import area_forecast
from lakehouse.domains.mrhealth.gold.demand_forecast import demand_forecast
from lakehouse.domains.mrhealth.gold.forecast_leaks import forecast_leaks
from lakehouse.domains.mrhealth.gold.forecast_models import forecast_models
from lakehouse.domains.mrhealth.gold.unit_forecast import unit_forecast
from lakehouse.domains.mrhealth.stock_control_totals import STOCK_CONTROL_TOTALS
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import failed_days_of
from lakehouse.settings import Settings
from lakehouse_tests.domains.mrhealth.rows import Row

LAST = dt.date(2026, 3, 20)
Change = dict[str, Any]


def rows_of(
    days: int = 60, changes: dict[tuple[int, int], Change] | None = None
) -> tuple[list[Row], ...]:
    """Rows of the upstream tables: two units that sell 10 of product 301 and 5 of 302 a day.

    `changes` are by unit and days before the last day.
    """
    sold: list[Row] = []
    sales: list[Row] = []
    menu: list[Row] = []
    units: list[Row] = []
    for back in range(days):
        day = LAST - dt.timedelta(days=back)
        menu += [{"day": day, "product_id": number} for number in (301, 302)]
        for unit in (1, 2):
            change: Change = {"delivered": True, "orders": 6, "quantity": {301: 10, 302: 5}}
            change |= (changes or {}).get((unit, back), {})
            place = {"state_name": "Paraná", "country_name": "Brasil"}
            units.append({"day": day, "unit_id": unit, **place})
            sales.append(
                {"day": day, "unit_id": unit, "revenue": Decimal("150.00")}
                | {name: change[name] for name in ("delivered", "orders")}
            )
            sold += [
                {"day": day, "unit_id": unit, "product_id": product, "quantity": quantity}
                for product, quantity in change["quantity"].items()
            ]
    return sold, sales, menu, units


def computed(table: Table, *given: list[Row]) -> list[Row]:
    """Rows that a table's code computes from rows of its upstream tables."""
    connection = ibis.duckdb.connect()
    for read, rows in zip(table.reads, given, strict=True):
        schema = arrow_schema(read.table.contract.schema)
        full = [dict.fromkeys(schema.names, None) | row for row in rows]
        connection.create_table(read.name, pa.Table.from_pylist(full, schema=schema))
    made = table.python_rows
    inputs = {name: connection.to_pyarrow(each) for name, each in made.inputs.items()}
    return made.compute(LAST, inputs).to_pylist()


NOTHING: Change = {"delivered": False, "orders": 0, "quantity": {}}


def test_every_unit_and_product_of_the_menu_is_forecast_for_28_days():
    rows = computed(demand_forecast, *rows_of())
    keys = {(row["unit_id"], row["product_id"], row["target_day"]) for row in rows}
    days = {LAST + dt.timedelta(days=n) for n in range(1, 29)}
    assert keys == {(u, p, day) for u in (1, 2) for p in (301, 302) for day in days}
    assert {row["expected"] for row in rows if row["product_id"] == 301} == {Decimal("10.00")}


def test_a_missing_delivery_is_unknown_and_not_zero():
    missing: dict[tuple[int, int], Change] = {(1, back): NOTHING for back in range(5)}
    rows = computed(demand_forecast, *rows_of(changes=missing))
    assert {row["expected"] for row in rows if row["product_id"] == 302} == {Decimal("5.00")}


def test_orders_without_items_leave_pieces_unknown_and_orders_known():
    missing: dict[tuple[int, int], Change] = {(1, back): {"quantity": {}} for back in range(5)}
    rows = computed(demand_forecast, *rows_of(changes=missing))
    assert {row["expected"] for row in rows if row["product_id"] == 302} == {Decimal("5.00")}
    rows = computed(unit_forecast, *rows_of(changes=missing))
    expected = {(row["measure"], row["expected"]) for row in rows}
    assert expected == {
        ("orders", Decimal("6.00")),
        ("pieces", Decimal("15.00")),
        ("revenue", Decimal("150.00")),
    }


def test_a_day_without_sales_of_a_unit_that_delivered_is_zero():
    shut: dict[tuple[int, int], Change] = {
        (1, back): {"orders": 0, "quantity": {}} for back in range(30)
    }
    rows = computed(demand_forecast, *rows_of(changes=shut))
    assert max(row["expected"] for row in rows if row["unit_id"] == 1) < 5


@pytest.mark.parametrize(
    "table", [demand_forecast, unit_forecast, area_forecast], ids=["product", "unit", "area"]
)
def test_one_day_of_history_is_enough_and_no_history_gives_no_rows(table):
    rows = computed(table, *rows_of(days=1))
    assert rows
    assert all(row["q05"] <= row["q50"] <= row["q95"] for row in rows)
    assert computed(table, [], [], [], []) == []


def test_errors_of_every_level_are_published():
    rows = computed(forecast_models, *rows_of(days=90))
    assert {row["level"] for row in rows} == {
        "product pieces",
        "unit orders",
        "unit pieces",
        "unit revenue",
    }
    assert all(0 <= row["coverage_pct"] <= 100 for row in rows if row["is_published"])


def test_rows_after_an_origin_change_nothing():
    late = {(1, back): {"orders": 60, "quantity": {301: 100}} for back in range(10)}
    given = rows_of(days=60, changes=late)
    menu = [row | {"product_id": 303} for row in given[2] if row["day"] == LAST]
    rows = computed(forecast_leaks, given[0], given[1], given[2] + menu, given[3])
    assert len(rows) == 8
    assert [row["changed"] for row in rows] == [0] * 8
    assert all(row["canary_changed"] for row in rows)


def test_a_history_that_is_longer_than_what_is_kept_has_no_leak(monkeypatch: pytest.MonkeyPatch):
    """At an origin, too, the series begin on the first day that is kept on the newest day."""
    monkeypatch.setattr(history, "KEEP_DAYS", 40)
    busy: dict[tuple[int, int], Change] = {
        (1, back): {"orders": back, "quantity": {301: back}} for back in range(38, 50)
    }
    rows = computed(forecast_leaks, *rows_of(days=60, changes=busy))
    assert [row["changed"] for row in rows] == [0] * len(rows)
    assert rows


def test_a_leak_and_a_search_that_finds_nothing_break_the_contract():
    origin = {"day": LAST, "level": "unit orders", "origin_day": LAST, "compared": 9}
    found = {}
    for changed, canary in ((0, 3), (2, 3), (0, 0)):
        rows = [origin | {"changed": changed, "canary_changed": canary}]
        schema = arrow_schema(forecast_leaks.contract.schema)
        given = pa.Table.from_pylist(rows, schema=schema)
        found[changed, canary] = failed_days_of(forecast_leaks, given, [LAST], Settings())
    assert found[0, 3] == {}
    assert "'changed'" in found[2, 3][LAST]
    assert "'canary_changed'" in found[0, 0][LAST]


def test_an_interval_that_never_held_is_zero_percent():
    many: Change = {"orders": 900, "quantity": {301: 9000, 302: 9000}}
    jump = {(unit, back): many for unit in (1, 2) for back in range(7)}
    rows = computed(forecast_models, *rows_of(days=16, changes=jump))
    assert Decimal(0) in {row["coverage_pct"] for row in rows}


GROWING: dict[tuple[int, int], Change] = {
    (unit, back): {"quantity": {301: 20 - back % 7, 302: back % 3}}
    for unit in (1, 2)
    for back in range(60)
}


class Stored:
    """Computed tables in a database, compared by the control total of one of them."""

    def __init__(self, total: str, *tables: Table, given: tuple[list[Row], ...]) -> None:
        self.connection = ibis.duckdb.connect()
        self.connection.create_database("gold")
        for table in tables:
            rows = pa.Table.from_pylist(computed(table, *given))
            self.connection.create_table(table.id.table, rows, database="gold")
        (self.total,) = [each for each in STOCK_CONTROL_TOTALS if each.table == total]

    def apart(self, change: str = "") -> int:
        """Number of expected rows that are not found, after a change."""
        if change:
            self.connection.raw_sql(change)
        apart = f"(({self.total.expected}) except ({self.total.found}))"
        (count,) = self.connection.raw_sql(f"select count(*) from {apart}").fetchone()
        return int(count)


def test_products_add_up_to_the_pieces_of_their_unit_and_the_control_total_finds_a_cent():
    given = rows_of(changes=GROWING)
    stored = Stored("gold.unit_forecast", demand_forecast, unit_forecast, given=given)
    assert stored.apart() == 0
    day = LAST + dt.timedelta(days=3)
    cent = f"update gold.demand_forecast set expected = expected + 0.01 where target_day = '{day}'"
    assert stored.apart(f"{cent} and product_id = 302") == 2


def test_units_add_up_to_their_state_and_the_chain_and_the_control_total_finds_a_cent():
    given = rows_of(changes=GROWING)
    for row in given[3]:
        row["state_name"] = None if row["unit_id"] == 2 else row["state_name"]
    stored = Stored("gold.area_forecast", unit_forecast, area_forecast, given=given)
    units = [row | {"unit_name": "", "state_id": 1} for row in given[3]]
    stored.connection.create_table("dim_unit", pa.Table.from_pylist(units), database="gold")
    assert stored.apart() == 0
    rows = computed(area_forecast, *given)
    assert {(row["level"], row["state_name"], row["units"]) for row in rows} == {
        ("state", "Paraná", 1),
        ("state", None, 1),
        ("chain", None, 2),
    }
    assert all(0 <= row["coverage_pct"] <= 100 for row in rows)
    day = LAST + dt.timedelta(days=3)
    cent = f"update gold.unit_forecast set expected = expected + 0.01 where target_day = '{day}'"
    assert stored.apart(f"{cent} and measure = 'orders' and unit_id = 1") == 2

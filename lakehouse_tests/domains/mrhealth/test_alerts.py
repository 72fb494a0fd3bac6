"""Alerts: what is found, what is not, and how findings of one cause are joined."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.control_totals import CONTROL_TOTALS
from lakehouse.domains.mrhealth.gold.alerts import alerts
from lakehouse_tests.domains.mrhealth.rows import Row

LAST = dt.date(2026, 3, 20)  # a Friday, no holiday
STATES = {1: "Paraná", 2: "Paraná", 3: "Paraná", 4: "Santa Catarina", 5: "Santa Catarina"}
PRICES = {301: 30, 302: 20}
COUNTS = ("orders", "lines", "quantity")
Change = dict[str, Any]


@dataclass
class Chain:
    """Five units that sell the same every day, until a test changes some days."""

    days: int = 70
    last: dt.date = LAST
    orders: int = 60
    changes: dict[tuple[dt.date, int], Change] = field(default_factory=dict)
    units: tuple[int, ...] = (1, 2, 3, 4, 5)
    menu: tuple[int, ...] = (301, 302)
    products: tuple[int, ...] = (301, 302)
    of_orders: int = 1
    """One of how many orders has each product."""

    def on(self, day: dt.date, *units: int, **change: Any) -> "Chain":
        for unit in units:
            self.changes[day, unit] = change
        return self

    def rows(self) -> tuple[list[Row], ...]:
        sales: list[Row] = []
        channels: list[Row] = []
        sold: list[Row] = []
        menu: list[Row] = []
        units: list[Row] = []
        for day in (self.last - dt.timedelta(days=n) for n in range(self.days)):
            menu += [{"day": day, "product_id": p, "product_name": f"P{p}"} for p in self.menu]
            for unit in self.units:
                change = self.changes.get((day, unit), {})
                if change.get("unknown"):
                    continue
                place = {"day": day, "unit_id": unit, "unit_name": f"Unidade {unit}"}
                where = {"state_name": STATES[unit], "country_name": "Brasil"}
                units.append({**place, **where, "state_id": 41 if unit < 4 else 42})
                online = change.get("online", self.orders * 6 // 10)
                physical = change.get("physical", self.orders * 4 // 10)
                count = online + physical
                cancelled, pending = (change.get(name, 0) for name in ("cancelled", "pending"))
                lines = []
                for product in change.get("products", self.products):
                    usual_price = PRICES.get(product, 20)
                    price = Decimal(str(change.get("price", {}).get(product, usual_price)))
                    worth = price * (count - cancelled - pending)
                    lines.append(worth)
                    if count:
                        sold.append(
                            {"day": day, "unit_id": unit, "product_id": product}
                            | dict.fromkeys(
                                ("orders", "lines", "quantity"), count // self.of_orders
                            )
                            | {"line_revenue": price * count, "completed_line_revenue": worth}
                        )
                revenue = sum(lines, Decimal(0)) + Decimal(change.get("extra", 0))
                sales.append(
                    {**place, **where, "orders": count, "cancelled_orders": cancelled}
                    | {"completed_orders": count - cancelled - pending, "revenue": revenue}
                    | {"pending_orders": pending}
                    | {"delivery_fees": Decimal(0), "delivered": change.get("delivered", True)}
                )
                for name, number in (("ONLINE", online), ("PHYSICAL", physical)):
                    if number:
                        place_of = {"day": day, "unit_id": unit, "order_type": name}
                        channels.append({**place_of, "orders": number})
        return sales, channels, sold, menu, units


@pytest.fixture
def found(made: Callable[..., list[Row]]) -> Callable[[Chain], list[Row]]:
    def run(chain: Chain) -> list[Row]:
        rows = made(alerts, *chain.rows())
        assert_no_odd_value(rows)
        return rows

    return run


def assert_no_odd_value(rows: list[Row]) -> None:
    """No value is NaN or infinite, and only columns that may be null are."""
    may_be_null = {"unit_id", "state_name", "product_id"}
    may_be_null |= {"expected", "expected_low", "expected_high"}
    for row in rows:
        for name, value in row.items():
            assert value is not None or name in may_be_null, name
            if isinstance(value, float | Decimal):
                assert math.isfinite(value), name


def ids(rows: list[Row]) -> list[str]:
    return [row["alert_id"] for row in rows]


def test_usual_days_raise_no_alert(found):
    assert found(Chain()) == []


def test_a_unit_without_orders_is_critical_and_says_what_was_usual(found):
    (row,) = found(Chain().on(LAST, 1, online=0, physical=0))
    assert row["alert_id"] == "volume-u1-20260320"
    assert (row["kind"], row["severity"], row["unit_id"]) == ("silent", "critical", 1)
    assert (row["actual"], row["expected"]) == (0, 60)
    assert row["expected_low"] < 60 < row["expected_high"]
    assert row["message"].startswith("Unidade 1: nenhum pedido em 20/03/2026. Último dia: 0, ")
    assert (row["owner"], row["state"]) == ("Operações", "open")


def test_orders_below_half_are_a_drop(found):
    (row,) = found(Chain().on(LAST, 2, online=12, physical=8))
    assert (row["kind"], row["actual"], row["expected"]) == ("orders_drop", 20, 60)


def test_a_drop_of_one_channel_names_the_channel(found):
    (row,) = found(Chain(orders=100).on(LAST, 2, online=12, physical=40))
    assert (row["kind"], row["actual"], row["expected"]) == ("online_drop", 12, 60)


def test_revenue_below_sixty_percent_is_a_drop_though_orders_are_usual(found):
    cheap = {301: 15, 302: 10}
    chain = Chain(orders=200).on(
        LAST, 1, 2, 3, 4, 5, price=cheap
    )  # the chain's price: no price alert
    (row,) = found(chain)
    assert (row["kind"], row["scope"], row["units"]) == ("revenue_drop", "chain", 5)
    assert (row["actual"], row["expected"]) == (Decimal("25000.00"), Decimal("50000.00"))
    assert "R$ 25.000, esperado R$ 50.000" in row["message"]


def test_many_cancelled_orders_are_one_alert_and_no_drop_of_revenue(found):
    (row,) = found(Chain().on(LAST, 3, cancelled=40))
    assert (row["kind"], row["actual"], row["expected"]) == (
        "cancellations",
        40,
        Decimal("1.80"),
    )


def test_a_missing_file_is_reported_only_where_files_usually_arrive(found):
    silent = {"online": 0, "physical": 0, "delivered": False}
    chain = Chain().on(LAST, 1, **silent)
    for n in range(70):
        chain.on(LAST - dt.timedelta(days=n), 5, **silent)  # never delivered anything
    (row,) = found(chain)
    assert (row["alert_id"], row["owner"]) == ("delivery-u1-20260320", "TI")


def test_a_unit_that_has_few_orders_needs_more_than_one_bad_day(found):
    assert found(Chain(orders=5).on(LAST, 1, online=0, physical=0)) == []


def test_a_third_of_the_guests_that_stays_away_for_two_weeks_is_found_in_a_small_unit(found):
    chain = Chain(orders=20)
    for n in range(14):
        chain.on(LAST - dt.timedelta(days=n), 1, online=8, physical=5)
    (row,) = found(chain)
    assert (row["kind"], row["unit_id"], row["last_day"]) == ("orders_low", 1, LAST)
    assert row["figure_days"] > 1
    assert row["actual"] == 13 * row["figure_days"]


def test_fewer_orders_of_all_units_explain_those_of_one(found):
    assert found(Chain().on(LAST, 1, 2, 3, 4, 5, online=26, physical=18)) == []


def test_orders_that_were_sent_twice_are_named_even_where_a_surge_would_be_chance(found):
    sale = {"online": 13, "physical": 10}  # of all ten products, so each of them is odd
    menu = tuple(range(301, 311))
    chain = Chain(orders=20, menu=menu, products=menu)
    assert found(chain.on(LAST, 1, **sale)) == []
    (row,) = found(chain.on(LAST, 1, online=26, physical=20))
    assert (row["kind"], row["actual"]) == ("orders_repeated", 46)


def test_orders_that_are_never_finished_are_one_alert_and_no_drop_of_revenue(found):
    (row,) = found(Chain().on(LAST, 3, pending=40))
    assert (row["kind"], row["actual"], row["measure"]) == ("unfinished", 40, "pending orders")


def test_many_prices_that_change_at_once_in_the_chain_are_reported(found):
    menu = tuple(range(301, 311))
    chain = Chain(menu=menu, products=menu)
    cheap = dict.fromkeys(menu[:6], 12)
    (row,) = found(chain.on(LAST, 1, 2, 3, 4, 5, price=cheap))
    assert (row["alert_id"], row["units"]) == ("price-all-20260320", 5)
    assert (row["actual"], row["expected"]) == (5 * 60 * 6 * 12, 5 * 60 * (30 + 5 * 20))


def test_several_products_that_disappear_at_once_are_one_alert(found):
    menu = tuple(range(301, 331))
    chain = Chain(orders=60, menu=menu, products=menu, of_orders=10)
    (row,) = found(chain.on(LAST, 2, products=menu[:-6]))
    assert (row["alert_id"], row["product_id"]) == ("product-u2-20260320", None)
    assert "6 produtos sem vendas" in row["message"]


def test_a_surge_is_reported(found):
    (row,) = found(Chain().on(LAST, 1, online=100, physical=80))
    assert (row["kind"], row["severity"]) == ("orders_surge", "medium")


def test_values_that_differ_from_the_items_are_reported_with_both_figures(found):
    (row,) = found(Chain().on(LAST, 4, extra=300))
    assert (row["kind"], row["actual"], row["expected"]) == ("order_values", 3300, 3000)


def test_prices_of_one_unit_are_compared_with_those_of_the_chain(found):
    (row,) = found(Chain().on(LAST, 1, price={301: 39}))
    assert (row["kind"], row["actual"], row["expected"]) == ("prices", 60 * 39, 60 * 30)


def test_a_price_of_zero_is_reported_even_if_it_is_that_of_the_chain(found):
    (row,) = found(Chain().on(LAST, 1, 2, 3, 4, 5, price={302: 0}))
    assert (row["kind"], row["scope"], row["actual"]) == ("prices", "chain", 0)


def test_a_price_that_headquarters_changed_is_no_alert(found):
    assert found(Chain().on(LAST, 1, 2, 3, 4, 5, price={301: 36})) == []


def test_a_product_that_one_unit_does_not_sell_is_reported(found):
    (row,) = found(Chain().on(LAST, 2, products=(301,)))
    assert row["alert_id"] == "product-u2-p302-20260320"
    assert "produto sem vendas (P302)" in row["message"]


def test_a_product_that_a_state_does_not_sell_is_one_alert(found):
    (row,) = found(Chain().on(LAST, 1, 2, 3, products=(301,)))
    assert row["alert_id"] == "product-s41-p302-20260320"
    assert (row["scope"], row["subject"], row["unit_id"]) == ("state", "Paraná", None)


def test_a_product_that_left_the_menu_is_no_alert(made):
    chain = Chain()
    for unit in chain.units:
        chain.on(LAST, unit, products=(301,))
    *before, menu, units = chain.rows()
    menu = [row for row in menu if (row["day"], row["product_id"]) != (LAST, 302)]
    assert made(alerts, *before, menu, units) == []


def test_an_outage_of_a_state_is_one_alert_with_the_sum_of_its_units(found):
    (row,) = found(Chain().on(LAST, 1, 2, 3, online=3, physical=2))
    assert (row["alert_id"], row["units"]) == ("volume-s41-20260320", 3)
    assert (row["actual"], row["expected"], row["severity"]) == (15, 180, "critical")
    assert "em 3 unidades" in row["message"]


def test_the_kind_of_a_joined_alert_is_that_of_most_units(found):
    chain = Chain().on(LAST, 1, online=0, physical=0).on(LAST, 2, 3, online=10, physical=5)
    (row,) = found(chain)
    assert (row["kind"], row["units"], row["actual"]) == ("orders_drop", 3, 30)


def test_an_outage_of_all_units_is_one_alert_of_the_chain(found):
    (row,) = found(Chain().on(LAST, 1, 2, 3, 4, 5, online=0, physical=0))
    assert (row["alert_id"], row["subject"]) == ("volume-all-20260320", "Rede")


def test_an_incident_of_several_days_is_one_alert_that_keeps_its_first_day(found):
    chain = Chain()
    for n in (3, 2, 0):
        chain.on(LAST - dt.timedelta(days=n), 1, online=5, physical=5)
    (row,) = found(chain)
    assert row["alert_id"] == "volume-u1-20260317"
    assert (row["first_day"], row["last_day"], row["days"]) == (dt.date(2026, 3, 17), LAST, 3)


def test_incidents_a_week_apart_are_two_and_the_earlier_one_has_ended(found):
    week_ago = LAST - dt.timedelta(days=7)
    chain = Chain().on(LAST, 1, online=5, physical=5).on(week_ago, 1, online=5, physical=5)
    rows = found(chain)
    assert [(row["first_day"], row["state"]) for row in rows] == [
        (week_ago, "ended"),
        (LAST, "open"),
    ]


def test_the_next_day_finds_the_same_alert_again(found):
    tuesday = LAST - dt.timedelta(days=3)
    down = {"online": 5, "physical": 5}
    today = Chain().on(tuesday, 1, **down)
    tomorrow = Chain(days=71, last=LAST + dt.timedelta(days=1)).on(tuesday, 1, **down)
    assert ids(found(today)) == ids(found(tomorrow))


def test_a_holiday_explains_fewer_orders_and_a_closed_unit(found):
    good_friday = dt.date(2026, 4, 3)
    chain = Chain(last=good_friday).on(good_friday, 1, online=0, physical=0)
    assert found(chain.on(good_friday, 2, 3, 4, 5, online=12, physical=8)) == []


def test_a_holiday_teaches_nothing_about_later_weeks(found):
    carnival = dt.date(2026, 2, 17)
    last = dt.date(2026, 3, 3)  # a Tuesday, too
    chain = Chain(last=last).on(carnival, 1, 2, 3, 4, 5, online=9, physical=6)
    (row,) = found(chain.on(last, 1, online=0, physical=0))
    assert row["expected"] == 60


def test_too_little_history_is_no_reason_for_an_alert_about_volume(found):
    silent = {"online": 0, "physical": 0}
    assert found(Chain(days=14).on(LAST, 1, **silent)) == []
    assert [row["kind"] for row in found(Chain(days=15).on(LAST, 1, **silent))] == ["silent"]


@pytest.mark.parametrize("chain", [Chain(days=1), Chain(orders=0), Chain(units=(1,))])
def test_one_day_zeros_and_one_unit_are_no_problem(found, chain: Chain):
    assert found(chain) == []


def test_days_without_rows_are_gaps_and_no_zeros(found):
    chain = Chain()
    for n in range(1, 15):
        chain.on(LAST - dt.timedelta(days=n), 1, unknown=True)
    assert found(chain) == []


def test_a_unit_that_closes_raises_alerts_about_its_files_for_four_weeks_only(found):
    chain = Chain(days=120)
    for n in range(60):
        chain.on(LAST - dt.timedelta(days=n), 1, online=0, physical=0, delivered=False)
    (row,) = found(chain)
    assert (row["kind"], row["days"], row["state"]) == (
        "no_delivery",
        rules.DELIVERED_DAYS,
        "ended",
    )


def test_a_problem_that_has_always_existed_is_not_reported_every_day(found):
    days = rules.KEEP_DAYS + rules.LONGEST_DAYS + 40
    chain = Chain(days=days, units=(1, 2, 4))
    for n in range(days):
        chain.on(LAST - dt.timedelta(days=n), 1, extra=300)
    assert found(chain) == []


def test_an_ended_incident_leaves_the_table_after_the_kept_days(found):
    old = LAST - dt.timedelta(days=rules.KEEP_DAYS)
    chain = Chain(days=rules.KEEP_DAYS + 70)
    assert found(chain.on(old, 1, online=0, physical=0)) == []
    kept = old + dt.timedelta(days=1)
    assert len(found(chain.on(kept, 1, online=0, physical=0))) == 1


def test_the_control_total_counts_the_orders_of_each_alert_again():
    connection = duckdb.connect()
    connection.execute("create schema gold")
    connection.execute("create schema silver")
    connection.execute(
        """
        create table silver.orders as
        select date '2026-03-19' + (n // 4)::int as day, 1 as unit_id, n as order_id,
            10.0 as order_value,
            if(n % 2 = 0, 'ONLINE', 'PHYSICAL') as order_type,
            ['Finalizado', 'Pendente', 'Cancelado', 'Finalizado'][n % 4 + 1] as status
        from range(8) t(n)"""
    )
    connection.execute(
        """
        create table gold.alerts (alert_id text, kind text, scope text, measure text, unit_id int,
            last_day date, figure_days bigint, actual decimal(18, 2));
        insert into gold.alerts
        select kind || days, kind, 'unit', measure, 1, '2026-03-20', days, actual
        from (values ('orders_low', 'orders', 2, 8), ('orders_drop', 'orders', 1, 4),
            ('online_drop', 'orders', 2, 4), ('revenue_drop', 'brl', 2, 40),
            ('cancellations', 'cancelled orders', 1, 1), ('unfinished', 'pending orders', 2, 2))
            t(kind, measure, days, actual)"""
    )
    (total,) = (each for each in CONTROL_TOTALS if each.table == "gold.alerts")
    query = f"select * from (({total.expected}) except ({total.found}))"
    assert connection.sql(query).fetchall() == []
    connection.execute("update gold.alerts set actual = actual + 1 where kind = 'online_drop'")
    assert len(connection.sql(query).fetchall()) == 1


def test_columns_stand_where_stored_tables_have_them():
    """A stored table takes further columns at its end only."""
    assert list(alerts.contract.schema)[:9] == [
        "alert_id",
        "kind",
        "scope",
        "unit_id",
        "subject",
        "state_name",
        "product_id",
        "units",
        "severity",
    ]

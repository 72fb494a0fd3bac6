"""Rows that are added up in memory are those that real deliveries lead to."""

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from bench.alerts import reference
from lakehouse.demo.mrhealth.day_rows import rows_of
from lakehouse.demo.mrhealth.scenario import deliveries, scenario_of
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.small_lake import SmallLake

TABLES = ("unit_day", "unit_channel_day", "unit_product_day", "dim_product")


def texts(rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the values of some columns as texts, sorted."""
    return sorted(tuple(str(row[name]) for name in names) for row in rows)


def test_rows_of_days_with_incidents_equal_those_of_their_deliveries(tmp_path: Path) -> None:
    first = dt.date(2026, 1, 5)
    scenario = scenario_of(3, first=first, units=6, days=110, orders_per_unit=8, rounds=1)
    days = sorted({each.first for each in scenario.incidents})[:2]
    small = SmallLake(folder=tmp_path, now=dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    wanted = tuple(f"/{day}/" for day in days)
    of_days = (f for f in deliveries(scenario) if any(day in f.path for day in wanted))
    arrived = set()
    for file in chain(reference(scenario), of_days):
        path = file.path.removeprefix("mrhealth/")
        small.land(path, file.data, file.modified_at)
        arrived.add(dt.date.fromisoformat(path.partition("/")[0]))
    small.arrive(arrived)
    computed = rows_of(scenario)
    for name in TABLES:
        expected = [row for row in computed[name] if row["day"] in days]
        names = [column for column in expected[0] if column != "delivered"]
        stored = small.lake.table(TableId("gold", "mrhealth", name)).read(days).to_pylist()
        if name == "unit_day":
            stored = [row for row in stored if row["orders"]]
            expected = [row for row in expected if row["orders"]]
        assert texts(stored, names) == texts(expected, names), name

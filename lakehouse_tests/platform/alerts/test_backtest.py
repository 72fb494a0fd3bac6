"""Alerts of sales, cards and people find planted incidents and are quiet on clean days."""

import datetime as dt
import importlib
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse.demo.incidents.labels import Scenario
from lakehouse.demo.incidents.quality import compare
from lakehouse.platform.alerts.backtest import alerts_in_rows
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import failed_days_of
from lakehouse.settings import Settings

DOMAINS = ("sales", "cards", "people")
FIRST = dt.date(2026, 4, 22)
SEED = 3


def table_of(domain: str) -> Table:
    found: Table = importlib.import_module(f"lakehouse.domains.{domain}.gold.alerts").alerts
    return found


@cache
def scenario(domain: str, *, clean: bool) -> Scenario:
    generator = importlib.import_module(f"lakehouse.demo.incidents.{domain}")
    made: Scenario = generator.scenario_of(SEED, first=FIRST, clean=clean)
    return made


def alerts(
    domain: str, rows: dict[str, pa.Table], first: dt.date, last: dt.date
) -> list[dict[str, Any]]:
    detection = importlib.import_module(f"lakehouse.domains.{domain}.detection")
    settings = Settings(root="unused", threads=1)
    return alerts_in_rows(table_of(domain), detection.rows_of, rows, settings, first, last)


def broken_rules(table: Table, found: list[dict[str, Any]], day: dt.date) -> dict[dt.date, str]:
    """Return what the contract of a table says about alerts of a day."""
    schema = arrow_schema(table.contract.schema)
    rows = pa.Table.from_pylist([alert | {"day": day} for alert in found], schema=schema)
    return failed_days_of(table, rows, [day], Settings(root="unused", threads=1))


def upto(of: Scenario, last: dt.date) -> dict[str, pa.Table]:
    return {name: rows.filter(pc.less_equal(rows["day"], last)) for name, rows in of.rows.items()}


@pytest.mark.parametrize("domain", DOMAINS)
def test_most_incidents_are_found_and_nearly_every_alert_is_about_one(domain: str):
    of = scenario(domain, clean=False)
    found = alerts(domain, dict(of.rows), of.first, of.last)
    compared = compare(domain, of.labels, found)
    assert compared.by_kind["all"].found >= 5, compared.missed
    assert len(compared.false) <= 1
    assert len({alert["alert_id"] for alert in found}) == len(found)
    assert broken_rules(table_of(domain), found, of.last) == {}


@pytest.mark.parametrize("domain", DOMAINS)
def test_clean_days_raise_no_alert(domain: str):
    of = scenario(domain, clean=True)
    assert alerts(domain, dict(of.rows), of.first, of.last) == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_an_alert_keeps_its_identifier_when_later_days_arrive(domain: str):
    of = scenario(domain, clean=False)
    until = of.last - dt.timedelta(days=100)
    before = {each["alert_id"] for each in alerts(domain, upto(of, until), of.first, until)}
    after = {
        each["alert_id"]
        for each in alerts(domain, dict(of.rows), of.first, of.last)
        if each["detected_day"] <= until
    }
    assert before == after
    assert before


@pytest.mark.parametrize("domain", DOMAINS)
def test_without_rows_and_with_few_days_there_is_no_alert(domain: str):
    of = scenario(domain, clean=False)
    first = min(rows["day"][0].as_py() for rows in of.rows.values())
    assert alerts(domain, upto(of, first - dt.timedelta(days=1)), first, first) == []
    soon = first + dt.timedelta(days=12)
    assert alerts(domain, upto(of, soon), first, soon) == []

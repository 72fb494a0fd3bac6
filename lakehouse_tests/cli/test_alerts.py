"""`lakehouse alerts`: list, decide, snooze, and measure."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.domains.mrhealth.gold.alerts import alerts
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.cli.conftest import Call

DAY = dt.date(2026, 3, 20)
SHOWN = {
    "alert_id": "volume-u7-20260319",
    "kind": "silent",
    "scope": "unit",
    "unit_id": 7,
    "subject": "Loja 7",
    "state_name": "Paraná",
    "product_id": None,
    "units": 1,
    "severity": "critical",
    "first_day": DAY,
    "detected_day": DAY,
    "last_day": DAY,
    "days": 1,
    "measure": "orders",
    "actual": Decimal(0),
    "expected": Decimal(60),
    "expected_low": Decimal(40),
    "expected_high": Decimal(80),
    "message": "Loja 7: nenhum pedido",
    "action": "Ligar",
    "owner": "Operações",
    "state": "open",
}


@pytest.fixture
def lake(folder: Path) -> Lake:
    """A lake with an urgent alert, one of the chain, and one that has ended."""
    found = Lake(Settings.from_env().root)
    chain = {"unit_id": None, "kind": "prices", "severity": "high"}
    rows: list[dict[str, Any]] = [
        SHOWN | {"alert_id": "price-all-20260318"} | chain,
        SHOWN,
        SHOWN | {"alert_id": "volume-u9-20260301", "unit_id": 9, "state": "ended"},
    ]
    schema = arrow_schema(alerts.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    table = pa.Table.from_pylist(rows, schema=schema)
    found.table(alerts.id).write({DAY: table}, schema=schema, note={"by": "test"})
    return found


def listed(call: Call, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        call("alerts", "list", "--format", "json", *words).stdout
    )
    return rows


def states(call: Call, *words: str) -> dict[str, str]:
    return {row["alert_id"]: row["state"] for row in listed(call, *words)}


def test_a_lake_without_alerts_lists_none(call: Call):
    assert listed(call) == []


def test_the_most_urgent_open_alert_is_listed_first(call: Call, lake: Lake):
    assert list(states(call)) == ["volume-u7-20260319", "price-all-20260318"]
    assert "1 alert ended, closed or snoozed" in call("alerts", "list").stderr
    assert states(call, "--all")["volume-u9-20260301"] == "ended"
    assert list(states(call, "--unit", "7")) == ["volume-u7-20260319"]
    assert list(states(call, "--kind", "prices")) == ["price-all-20260318"]


def test_an_alert_is_acknowledged_explained_closed_and_opened_again(call: Call, lake: Lake):
    alert = "volume-u7-20260319"
    call("alerts", "ack", alert, "--by", "ana")
    assert states(call)[alert] == "acknowledged"
    call("alerts", "explain", alert, "--note", "obra na rua")
    assert states(call)[alert] == "explained"
    call("alerts", "close", alert, "--outcome", "obra acabou")
    assert alert not in states(call)
    (row,) = listed(call, "--all", "--unit", "7")
    assert (row["state"], row["outcome"], row["note"]) == ("closed", "obra acabou", "obra na rua")
    call("alerts", "reopen", alert)
    assert states(call)[alert] == "open"


def test_a_decision_survives_that_the_alerts_are_computed_again(call: Call, lake: Lake):
    call("alerts", "ack", "volume-u7-20260319")
    schema = arrow_schema(alerts.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    table = pa.Table.from_pylist([SHOWN | {"days": 2}], schema=schema)
    lake.table(alerts.id).write({DAY: table}, schema=schema, note={"by": "test"})
    assert states(call) == {"volume-u7-20260319": "acknowledged"}


def test_a_snoozed_alert_is_hidden_until_its_day_has_passed(call: Call, lake: Lake):
    call("alerts", "snooze", "volume-u7-20260319", "--until", "today")
    assert list(states(call)) == ["price-all-20260318"]
    result = call("alerts", "snooze", "price-all-20260318", "--until", "2020-01-01", code=2)
    assert "has passed" in result.stderr


def test_somebody_else_takes_an_alert_over(call: Call, lake: Lake):
    call("alerts", "assign", "volume-u7-20260319", "--owner", "Bia")
    assert {row["owner"] for row in listed(call, "--unit", "7")} == {"Bia"}


def test_decisions_are_rows_of_sql(call: Call, lake: Lake):
    call("alerts", "ack", "volume-u7-20260319", "--by", "ana")
    query = "select domain, alert_id, step, decided_by from ops.alert_decisions"
    rows = json.loads(call("sql", query, "--format", "json").stdout)
    assert [tuple(row.values()) for row in rows] == [
        ("mrhealth", "volume-u7-20260319", "acknowledged", "ana")
    ]


def test_an_unknown_alert_and_a_missing_outcome_are_errors(call: Call, lake: Lake):
    result = call("alerts", "ack", "volume-u8-20260319", code=1)
    assert "lakehouse alerts list --all" in result.stderr
    call("alerts", "close", "volume-u7-20260319", code=2)
    assert states(call)["volume-u7-20260319"] == "open"


def test_a_backtest_of_an_empty_lake_says_so(call: Call):
    result = call("alerts", "backtest", "--from", "2026-01-01", "--to", "2026-01-31")
    assert "no unit has a row on these days" in result.stderr
    call("alerts", "backtest", "--from", "2026-02-01", "--to", "2026-01-31", code=2)
    call("alerts", "backtest", "--seeds", "x", code=2)


def test_a_measurement_of_generated_days_is_kept_once_for_a_source(call: Call):
    for _ in range(2):
        call("alerts", "backtest", "--seeds", "9", "--orders", "5", "--clean", "--keep")
    query = "select source, kind, incidents from ops.alert_quality where kind = 'all'"
    (row,) = json.loads(call("sql", query, "--format", "json").stdout)
    assert row == {
        "source": "seeds 9, 5 orders a unit-day, clean",
        "kind": "all",
        "incidents": 0,
    }


def test_the_alerts_of_every_domain_are_measured_on_generated_days(call: Call):
    result = call("alerts", "backtest", "--domain", "people", "--seeds", "9", "--format", "json")
    rows = {row["kind"]: row for row in json.loads(result.stdout)}
    assert rows["all"]["incidents"] == 6
    assert "for a register and month" in result.stderr
    call("alerts", "backtest", "--domain", "bikes", "--seeds", "9", code=2)
    call("alerts", "backtest", "--domain", "people", "--seeds", "9", "--orders", "5", code=2)

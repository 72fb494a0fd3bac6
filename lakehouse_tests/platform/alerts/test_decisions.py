"""Steps about alerts are added, kept, and give the present state."""

import datetime as dt
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lakehouse.platform.alerts.decisions import (
    UNTOUCHED,
    decide,
    decisions,
    decisions_of,
    handling_of,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import AlertStep

DAY = dt.date(2026, 3, 20)
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
ALERT = "volume-u7-20260319"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


def step(lake: Lake, name: AlertStep, after: int = 0, **values: Any) -> None:
    moment = NOW + dt.timedelta(minutes=after)
    content = {"by": "ana", "now": moment, "today": DAY, "alert_id": ALERT, **values}
    decide(lake, "shop", step=name, **content)


def test_without_steps_an_alert_is_untouched(lake: Lake):
    assert decisions(lake, "shop") == []
    assert handling_of([]).get(ALERT, UNTOUCHED).state == "open"


def test_steps_are_added_in_their_order_and_the_last_one_gives_the_state(lake: Lake):
    step(lake, AlertStep.ACKNOWLEDGED, note="liguei")
    step(lake, AlertStep.EXPLAINED, 1, note="obra")
    step(lake, AlertStep.CLOSED, 2, outcome="obra acabou")
    found = decisions(lake, "shop")
    assert [each.step for each in found] == ["acknowledged", "explained", "closed"]
    handling = handling_of(found)[ALERT]
    assert (handling.state, handling.outcome, handling.note) == ("closed", "obra acabou", "obra")
    assert handling.since == NOW + dt.timedelta(minutes=2)


def test_a_reopened_alert_has_no_outcome(lake: Lake):
    step(lake, AlertStep.CLOSED, outcome="falso alarme")
    step(lake, AlertStep.REOPENED, 1)
    handling = handling_of(decisions(lake, "shop"))[ALERT]
    assert (handling.state, handling.outcome) == ("open", None)


def test_snoozing_and_assigning_leave_the_state_as_it_is(lake: Lake):
    step(lake, AlertStep.CLOSED, outcome="caixa trocado")
    step(lake, AlertStep.SNOOZED, 1, until=DAY)
    step(lake, AlertStep.ASSIGNED, 2, owner="Bia")
    handling = handling_of(decisions(lake, "shop"))[ALERT]
    assert (handling.state, handling.outcome) == ("closed", "caixa trocado")
    assert handling.owner == "Bia"
    assert handling.is_snoozed(DAY)
    assert not handling.is_snoozed(DAY + dt.timedelta(days=1))


def test_steps_of_different_alerts_and_days_are_kept_apart(lake: Lake):
    step(lake, AlertStep.ACKNOWLEDGED)
    step(lake, AlertStep.CLOSED, today=DAY + dt.timedelta(days=1), alert_id="x", outcome="y")
    handled = handling_of(decisions(lake, "shop"))
    assert {name: each.state for name, each in handled.items()} == {
        ALERT: "acknowledged",
        "x": "closed",
    }
    assert len(lake.table(decisions_of("shop")).snapshot().files) == 2


def test_steps_that_people_take_at_the_same_time_are_all_kept(lake: Lake):
    step(lake, AlertStep.ACKNOWLEDGED)
    threads = [
        Thread(target=step, args=(lake, AlertStep.ASSIGNED), kwargs={"owner": f"o{n}"})
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {each.owner for each in decisions(lake, "shop")}
    assert found == {None, *(f"o{n}" for n in range(6))}

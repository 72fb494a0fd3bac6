"""A step about an alert is checked, recorded and published."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lakehouse.platform.alerts.decisions import decide, decisions, decisions_of, handling_of
from lakehouse.platform.alerts.steps import NEEDS, StepError, StepProblem, take_step
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish, read_published
from lakehouse.platform.tables.ops_tables import AlertStep

DAY = dt.date(2026, 3, 20)
ALERT = "volume-u7-20260319"
GIVEN: dict[str, Any] = {
    "by": "ana",
    "now": dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC),
    "today": DAY,
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake that knows one alert by an earlier step about it."""
    found = Lake(str(tmp_path))
    decide(found, "shop", ALERT, AlertStep.ACKNOWLEDGED, **GIVEN)
    return found


def problem(lake: Lake, alert_id: str, step: AlertStep, **values: Any) -> StepProblem:
    with pytest.raises(StepError) as error:
        take_step(lake, "shop", alert_id, step, **GIVEN, **values)
    return error.value.problem


def test_a_step_that_lacks_what_it_needs_is_not_recorded(lake: Lake):
    for step in NEEDS:
        assert problem(lake, ALERT, step) is StepProblem.MISSING
    yesterday = DAY - dt.timedelta(days=1)
    assert problem(lake, ALERT, AlertStep.SNOOZED, until=yesterday) is StepProblem.PAST
    assert problem(lake, "other", AlertStep.ACKNOWLEDGED) is StepProblem.UNKNOWN
    assert len(decisions(lake, "shop")) == 1


def test_reopening_ends_a_snooze(lake: Lake):
    take_step(lake, "shop", ALERT, AlertStep.SNOOZED, until=DAY, **GIVEN)
    later = GIVEN | {"now": GIVEN["now"] + dt.timedelta(minutes=1)}
    take_step(lake, "shop", ALERT, AlertStep.REOPENED, **later)
    assert not handling_of(decisions(lake, "shop"))[ALERT].is_snoozed(DAY)


def test_a_step_is_published_where_readers_see_publications(lake: Lake):
    publish(lake, "shop")
    take_step(lake, "shop", ALERT, AlertStep.CLOSED, outcome="caixa trocado", **GIVEN)
    shown = read_published(lake, "shop")
    assert shown is not None
    newest = lake.table(decisions_of("shop")).snapshot().version
    assert shown.tables[decisions_of("shop")].version == newest

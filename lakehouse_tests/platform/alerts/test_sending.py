"""Each alert is sent once, once more when it becomes more urgent, and never when it is handled."""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.platform.alerts.decisions import Handling, decide
from lakehouse.platform.alerts.sending import due_alerts, send_alerts
from lakehouse.platform.alerts.stored import alerts_table
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import AlertStep
from lakehouse.settings import Settings
from lakehouse_tests.receiver import Receiver, receiver

LOG = logging.getLogger("test")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path, hook: Receiver) -> Settings:
    return replace(Settings(root=str(tmp_path)), webhook=hook.url)


def today(settings: Settings) -> dt.date:
    return dt.datetime.now(settings.zone).date()


def alert(day: dt.date, **values: Any) -> dict[str, Any]:
    return {
        "alert_id": "volume-u7",
        "severity": "high",
        "state": "open",
        "last_day": day,
        "message": "Loja 7: nenhum pedido.",
        "action": "Ligar.",
        "owner": "Operações",
        **values,
    }


def store(settings: Settings, *rows: dict[str, Any]) -> None:
    day = today(settings)
    table = pa.Table.from_pylist(list(rows))
    lake = Lake(settings.root)
    lake.table(alerts_table("shop")).write({day: table}, schema=table.schema, note={"by": "test"})


def test_an_alert_is_sent_once_however_many_runs_find_it(settings: Settings, hook: Receiver):
    store(settings, alert(today(settings)))
    assert send_alerts("shop", settings, LOG) == 1
    send_alerts("shop", settings, LOG)
    assert hook.texts == ["Loja 7: nenhum pedido.\nLigar. (Operações; volume-u7)"]


def test_a_message_leads_to_the_alert_on_the_dashboard(settings: Settings, hook: Receiver):
    store(settings, alert(today(settings)))
    send_alerts("shop", replace(settings, dashboard_url="https://lake.example.com"), LOG)
    (text,) = hook.texts
    assert text.splitlines()[-1] == "https://lake.example.com/alertas?busca=volume-u7"


def test_an_alert_that_becomes_more_urgent_is_sent_again_and_less_urgent_is_not(
    settings: Settings, hook: Receiver
):
    for severity in ("high", "critical", "high", "medium"):
        store(settings, alert(today(settings), severity=severity))
        send_alerts("shop", settings, LOG)
    assert len(hook.texts) == 2


def test_without_a_table_or_a_channel_nothing_is_sent(settings: Settings, hook: Receiver):
    assert send_alerts("shop", settings, LOG) == 0
    store(settings, alert(today(settings)))
    assert send_alerts("shop", replace(settings, webhook=None), LOG) == 0
    assert hook.texts == []


def test_a_closed_alert_is_not_sent(settings: Settings, hook: Receiver):
    store(settings, alert(today(settings)))
    now, day = dt.datetime.now(dt.UTC), today(settings)
    lake = Lake(settings.root)
    decide(lake, "shop", "volume-u7", AlertStep.CLOSED, by="ana", now=now, today=day, outcome="ok")
    assert send_alerts("shop", settings, LOG) == 0
    assert hook.texts == []


@pytest.mark.parametrize(
    ("values", "handling"),
    [
        ({"state": "ended"}, Handling()),
        ({"last_day": dt.date(2026, 3, 12)}, Handling()),
        ({}, Handling(state="explained")),
        ({}, Handling(until=dt.date(2026, 3, 20))),
    ],
    ids=["ended", "history", "explained", "snoozed"],
)
def test_alerts_that_nobody_must_know_of_are_not_due(values: Any, handling: Handling):
    day = dt.date(2026, 3, 20)
    row = alert(**{"day": day, **values}) if "last_day" not in values else alert(day) | values
    assert due_alerts([row], {"volume-u7": handling}, day) == []


def test_a_snoozed_alert_is_due_after_the_snooze():
    day = dt.date(2026, 3, 20)
    handled = {"volume-u7": Handling(until=day - dt.timedelta(days=1))}
    assert due_alerts([alert(day)], handled, day) == [alert(day)]

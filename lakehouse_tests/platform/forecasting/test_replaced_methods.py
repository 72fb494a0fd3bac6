"""A forecast method that becomes worse and is replaced is reported once."""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.domains.notices import MESSAGES
from lakehouse.platform.forecasting.replaced_methods import methods_table, send_replaced_methods
from lakehouse.platform.notifications.method_changes import method_changes
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.receiver import Receiver, receiver

LOG = logging.getLogger("test")
Rows = list[dict[str, Any]]


def methods(published: str, **errors: float) -> Rows:
    """Rows of two weeks ahead; the second week has the greater weight."""
    return [
        {
            "level": "unit orders",
            "series_group": "smooth",
            "method": method,
            "week": week,
            "forecasts": 100 * week,
            "mase": error,
            "is_published": method == published,
        }
        for method, error in errors.items()
        for week in (1, 2)
    ]


GOOD = methods("decomposition", decomposition=0.6, ma_30=0.7)
WORSE = methods("ma_30", decomposition=0.8, ma_30=0.71)


def test_a_method_that_became_worse_and_was_replaced_is_found_with_its_errors():
    (change,) = method_changes(GOOD, WORSE)
    assert (change.before, change.after) == ("decomposition", "ma_30")
    found = (change.error_then, change.error_now, change.error_after)
    assert found == pytest.approx((0.6, 0.8, 0.71))


@pytest.mark.parametrize(
    "later",
    [
        methods("decomposition", decomposition=0.8, ma_30=0.7),
        methods("ma_30", decomposition=0.6, ma_30=0.5),
        methods("ma_30", decomposition=0.605, ma_30=0.6),
        methods("tsb", tsb=0.5),
        [row | {"series_group": "new"} for row in WORSE],
    ],
    ids=["not replaced", "another is better", "chance", "method is gone", "another group"],
)
def test_other_changes_are_no_loss_of_accuracy(later: Rows):
    assert method_changes(GOOD, later) == []


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def test_the_message_is_sent_once_in_the_words_of_the_domains(tmp_path: Path, hook: Receiver):
    settings = replace(Settings(root=str(tmp_path)), webhook=hook.url)
    today = dt.datetime.now(settings.zone).date()
    table = Lake(settings.root).table(methods_table("shop"))

    def send() -> int:
        return send_replaced_methods("shop", MESSAGES.methods_replaced, settings, LOG)

    def store(back: int, rows: Rows) -> None:
        day, made = today - dt.timedelta(days=back), pa.Table.from_pylist(rows)
        table.write({day: made}, schema=made.schema, note={"by": "test"})

    assert send() == 0
    store(2, GOOD)
    assert send() == 0
    store(1, WORSE)
    assert [send(), send()] == [1, 1]
    (text,) = hook.texts
    assert "ma_30 substitui decomposition" in text
    assert "subiu de 0,60 para 0,80" in text
    store(0, methods("ma_30", decomposition=0.8, ma_30=0.6))
    assert send() == 0


def test_a_change_long_ago_is_not_sent(tmp_path: Path, hook: Receiver):
    settings = replace(Settings(root=str(tmp_path)), webhook=hook.url)
    table = Lake(settings.root).table(methods_table("shop"))
    for day, rows in ((dt.date(2020, 1, 1), GOOD), (dt.date(2020, 1, 2), WORSE)):
        made = pa.Table.from_pylist(rows)
        table.write({day: made}, schema=made.schema, note={"by": "test"})
    assert send_replaced_methods("shop", MESSAGES.methods_replaced, settings, LOG) == 0
    assert hook.texts == []

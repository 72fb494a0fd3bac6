"""Messages reach a real receiver once per cause; a failed delivery never fails the caller."""

import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lakehouse.platform.notifications.delivery import FOLDER, configured_channels, notify
from lakehouse.platform.notifications.texts import for_slack
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings
from lakehouse_tests.receiver import Receiver, receiver

LOG = logging.getLogger("test.notifications")
MESSAGE = '*[Camada Silver]*\n\nEtapa concluída com sucesso!\n\n"ação" & <b>'


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


class Sender:
    """Calls `notify` as the platform does and records the waits instead of waiting."""

    def __init__(self, root: str, url: str) -> None:
        self.settings = Settings(root=root, slack_webhook=url, notify_timeout=0.5)
        self.waits: list[float] = []

    def __call__(self, cause: str, message: str = MESSAGE) -> bool:
        return notify(
            message,
            cause,
            settings=self.settings,
            log=LOG,
            sleep=self.waits.append,
        )


def test_a_message_arrives_as_json_with_every_character(lake_root: str, hook: Receiver):
    assert Sender(lake_root, hook.url)("a")
    assert hook.bodies == [{"text": for_slack(MESSAGE)}]
    assert hook.kinds == {"application/json; charset=utf-8"}


def test_a_cause_is_sent_once_and_another_cause_is_sent_too(lake_root: str, hook: Receiver):
    send = Sender(lake_root, hook.url)
    assert [send("a"), send("a", "other words"), send("b")] == [True, True, True]
    assert hook.texts == [for_slack(MESSAGE)] * 2


def test_a_channel_that_is_added_later_receives_the_cause_too(lake_root: str, hook: Receiver):
    send = Sender(lake_root, hook.url)
    send("a")
    send.settings = replace(send.settings, webhook=hook.url)
    send("a")
    assert [channel.name for channel in configured_channels(send.settings)] == ["slack", "webhook"]
    assert len(hook.texts) == 2


def test_a_temporary_failure_is_tried_again(tmp_path, hook: Receiver):
    hook.answers = [500, 503]
    send = Sender(str(tmp_path), hook.url)
    assert send("a")
    assert hook.texts == [for_slack(MESSAGE)] * 3
    assert send.waits == [0.5, 1.0]


def test_the_wait_that_a_receiver_asks_for_is_respected(tmp_path, hook: Receiver):
    hook.answers, hook.headers = [429, 429], {"Retry-After": "3"}
    send = Sender(str(tmp_path), hook.url)
    assert send("a")
    assert send.waits == [3.0, 3.0]


def test_attempts_have_a_limit_and_the_cause_can_be_sent_later(tmp_path, hook, caplog):
    hook.answers = [500] * 3
    send = Sender(str(tmp_path), hook.url)
    assert not send("a")
    assert len(hook.texts) == 3
    assert "HTTP 500, 3 times" in caplog.text
    assert send("a")


@pytest.mark.parametrize("answer", [400, 403, 404, 302])
def test_a_permanent_failure_is_not_tried_again(tmp_path, hook: Receiver, answer: int):
    hook.answers, hook.headers = [answer], {"Location": hook.url}
    assert not Sender(str(tmp_path), hook.url)("a")
    assert len(hook.texts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{closed}/services/T0/B0/secret",
        "http://127.0.0.1:{silent}/services/T0/B0/secret",
        "http://127.0.0.1:port/services/T0/B0/secret",
        "http://127.0.0.1/services/T0/B0/secret with a blank",
        "file:///etc/secret",
        "secret",
    ],
)
def test_a_webhook_that_cannot_be_reached_is_logged_without_its_address(tmp_path, caplog, url: str):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            closed = gone.getsockname()[1]
        url = url.format(closed=closed, silent=silent.getsockname()[1])
        with caplog.at_level(logging.WARNING):
            assert not Sender(str(tmp_path), url)("a")
    assert "slack did not receive a" in caplog.text
    assert "secret" not in caplog.text


def test_a_lake_that_cannot_store_the_record_raises_nothing(tmp_path, hook: Receiver, caplog):
    (tmp_path / "ops").write_text("a file where a folder must be")
    send = Sender(str(tmp_path), hook.url)
    assert not send("a")
    assert "slack and a" in caplog.text
    assert send("a"), "this process knows that it was sent"
    assert len(hook.texts) == 1


def test_the_record_holds_neither_text_nor_address_and_is_not_a_table(
    lake_root: str, hook: Receiver
):
    Sender(lake_root, hook.url)("a")
    store = ObjectStore.at(lake_root)
    (record,) = store.entries(FOLDER)
    record = json.loads(store.read(record.path))
    assert set(record) == {"channel", "cause", "message_digest", "sent_at"}
    assert "secret" not in json.dumps(record)
    assert Lake(lake_root).tables() == []


def test_printed_channels_and_settings_show_no_secrets():
    settings = Settings(slack_webhook="https://hooks/secret", webhook="https://other/secret")
    assert "secret" not in repr((settings, configured_channels(settings)))


def test_without_settings_there_is_no_channel():
    assert configured_channels(Settings()) == ()

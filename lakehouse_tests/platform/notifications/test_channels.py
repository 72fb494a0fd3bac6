"""Messages reach a real receiver once per cause, and nothing else notices when they do not."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lakehouse.platform.notifications.channels import (
    FOLDER,
    NotDelivered,
    Webhook,
    channels,
    fit_to_tell,
    notify,
)
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


class Told:
    """Calls `notify` as the platform does, without waiting between attempts."""

    def __init__(self, root: str, url: str) -> None:
        self.store = ObjectStore.at(root)
        self.settings = Settings(root=root, slack_webhook=url, notify_timeout=0.5)
        self.waits: list[float] = []

    def __call__(self, cause: str, message: str = MESSAGE) -> bool:
        return notify(
            message,
            cause,
            store=self.store,
            to=channels(self.settings),
            attempts=self.settings.notify_attempts,
            log=LOG,
            sleep=self.waits.append,
        )


def test_a_message_arrives_as_json_with_every_character(lake_root: str, hook: Receiver):
    assert Told(lake_root, hook.url)("a")
    assert hook.bodies == [{"text": MESSAGE}]
    assert hook.kinds == {"application/json; charset=utf-8"}


def test_a_cause_is_told_once_and_another_cause_again(lake_root: str, hook: Receiver):
    tell = Told(lake_root, hook.url)
    assert [tell("a"), tell("a", "other words"), tell("b")] == [True, True, True]
    assert hook.texts == [MESSAGE, MESSAGE]


def test_each_channel_is_told_for_itself(lake_root: str, hook: Receiver):
    tell = Told(lake_root, hook.url)
    tell("a")
    tell.settings = replace(tell.settings, webhook=hook.url)
    tell("a")
    assert [channel.name for channel in channels(tell.settings)] == ["slack", "webhook"]
    assert len(hook.texts) == 2


def test_a_receiver_that_fails_for_a_while_is_tried_again(tmp_path, hook: Receiver):
    hook.answers = [500, 503]
    tell = Told(str(tmp_path), hook.url)
    assert tell("a")
    assert hook.texts == [MESSAGE] * 3
    assert tell.waits == [0.5, 1.0]


def test_a_receiver_that_asks_for_time_is_given_some(tmp_path, hook: Receiver):
    hook.answers, hook.headers = [429, 429], {"Retry-After": "3"}
    tell = Told(str(tmp_path), hook.url)
    assert tell("a")
    assert tell.waits == [3.0, 3.0]


def test_attempts_have_a_limit_and_the_cause_may_be_told_later(tmp_path, hook, caplog):
    hook.answers = [500] * 3
    tell = Told(str(tmp_path), hook.url)
    assert not tell("a")
    assert len(hook.texts) == 3
    assert "HTTP 500, 3 times" in caplog.text
    assert tell("a")


@pytest.mark.parametrize("answer", [400, 403, 404, 302])
def test_an_answer_that_will_not_change_is_not_tried_again(tmp_path, hook: Receiver, answer: int):
    hook.answers, hook.headers = [answer], {"Location": hook.url}
    assert not Told(str(tmp_path), hook.url)("a")
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
def test_a_dead_or_wrong_webhook_raises_nothing_and_is_logged_without_its_address(
    tmp_path, caplog, url: str
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            closed = gone.getsockname()[1]
        url = url.format(closed=closed, silent=silent.getsockname()[1])
        with caplog.at_level(logging.WARNING):
            assert not Told(str(tmp_path), url)("a")
    assert "slack was not told of a" in caplog.text
    assert "secret" not in caplog.text


def test_a_webhook_that_answers_a_little_at_a_time_is_not_waited_for():
    given_up = threading.Event()

    def drips(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as asked:
            size = next(int(h.split()[1]) for h in asked if h.startswith(b"Content-Length"))
            while asked.readline().strip():
                continue
            asked.read(size)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(50):
                if given_up.wait(0.1):
                    break
                connection.sendall(b"X-Wait: 1\r\n")
            connection.sendall(b"Content-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drips, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="no answer") as caught:
            Webhook(name="slack", url=url, timeout=0.3).send(MESSAGE)
        given_up.set()
        thread.join()
    assert caught.value.passing


def test_a_lake_that_cannot_remember_raises_nothing(tmp_path, hook: Receiver, caplog):
    (tmp_path / "ops").write_text("a file where a folder must be")
    assert not Told(str(tmp_path), hook.url)("a")
    assert "slack and a" in caplog.text


def test_what_is_remembered_has_no_words_and_no_address_and_is_no_table(
    lake_root: str, hook: Receiver
):
    Told(lake_root, hook.url)("a")
    store = ObjectStore.at(lake_root)
    (record,) = store.entries(FOLDER)
    said = json.loads(store.read(record.path))
    assert set(said) == {"channel", "cause", "message_digest", "sent_at"}
    assert "secret" not in json.dumps(said)
    assert Lake(lake_root).tables() == []


def test_secrets_are_not_shown_where_a_channel_or_the_settings_are_printed():
    settings = Settings(slack_webhook="https://hooks/secret", webhook="https://other/secret")
    assert "secret" not in repr((settings, channels(settings)))


def test_without_a_webhook_there_is_no_channel():
    assert channels(Settings()) == ()


def test_errors_are_told_without_secrets_without_calls_to_all_and_not_endlessly():
    settings = Settings(
        slack_webhook="https://hooks/hush",
        domain_variables={"LAKEHOUSE_MRHEALTH_DSN": "host=db password=hush"},
    )
    place = "postgres://ana:hush@db/x"  # pragma: allowlist secret
    error = f" no host=db password=hush at {place} <!channel> <@U1> " + "é" * 9999
    said = fit_to_tell(error, settings)
    assert "hush" not in said
    assert "<!" not in said
    assert "<@" not in said
    assert said.startswith("no *** at postgres://***@db/x")
    assert len(said) == 3000
    assert fit_to_tell("<class 'int'> a < b\n\"x\"", settings) == "<class 'int'> a < b\n\"x\""


def test_a_webhook_says_why_and_whether_to_come_again(hook: Receiver):
    hook.answers = [500, 404]
    channel = Webhook(name="slack", url=hook.url)
    found = []
    for _ in range(2):
        with pytest.raises(NotDelivered) as why:
            channel.send("x")
        found.append((str(why.value), why.value.passing))
    assert found == [("HTTP 500", True), ("HTTP 404", False)]

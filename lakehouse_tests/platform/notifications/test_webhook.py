"""A webhook posts JSON; a failure names its reason, never its address."""

import socket
import threading
from collections.abc import Iterator

import pytest

from lakehouse.platform.notifications.channels import NotDelivered
from lakehouse.platform.notifications.webhook import Webhook
from lakehouse_tests.receiver import Receiver, receiver

MESSAGE = '*[Camada Silver]*\n\nEtapa concluída com sucesso!\n\n"ação" & <b>'


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


def test_a_failed_webhook_names_the_reason_and_whether_it_is_temporary(hook: Receiver):
    hook.answers = [500, 404]
    channel = Webhook(name="slack", url=hook.url)
    found = []
    for _ in range(2):
        with pytest.raises(NotDelivered) as why:
            channel.send("x")
        found.append((str(why.value), why.value.temporary))
    assert found == [("HTTP 500", True), ("HTTP 404", False)]


def test_the_timeout_covers_an_answer_that_arrives_in_small_pieces():
    gave_up = threading.Event()

    def drips(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as asked:
            size = next(int(h.split()[1]) for h in asked if h.startswith(b"Content-Length"))
            while asked.readline().strip():
                continue
            asked.read(size)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(50):
                if gave_up.wait(0.1):
                    break
                connection.sendall(b"X-Wait: 1\r\n")
            connection.sendall(b"Content-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drips, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="no answer") as caught:
            Webhook(name="slack", url=url, timeout=0.3).send(MESSAGE)
        gave_up.set()
        thread.join()
    assert caught.value.temporary


def test_a_folder_named_like_a_mention_calls_nobody(hook: Receiver):
    text = "folder <!channel> & <https://evil.example|bank> \x1b[31m is not recognized"
    Webhook(name="slack", url=hook.url, is_slack=True).send(text)
    Webhook(name="webhook", url=hook.url).send(text)
    slack, other = hook.texts
    assert slack == (
        "folder &lt;!channel&gt; &amp; &lt;https://evil.example|bank&gt; \\x1b[31m"
        " is not recognized"
    )
    assert "<!channel>" not in other
    assert "& <https" in other

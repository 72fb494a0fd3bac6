"""Messages are published to an SNS topic; throttling and service faults are tried again.

The topic is moto's: it checks the call and passes the message to subscribers.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from lakehouse.platform.notifications.channels import NotDelivered
from lakehouse.platform.notifications.delivery import FOLDER, configured_channels, notify
from lakehouse.platform.notifications.sns import SnsTopic
from lakehouse.platform.notifications.texts import safe_text
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings

LOG = logging.getLogger("test.sns")
REGION = "sa-east-1"
ARN = f"arn:aws:sns:{REGION}:123456789012:secret-topic"
ERROR = "*[Camada Órfã]*\n\nOcorreu o erro abaixo:\n\nnão há coluna €"
HINT = "*O que fazer*\n\nCorrija o arquivo"
Received = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials without rights and remove endpoints of other tests."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SNS", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def topic() -> Iterator[Callable[[dict[str, str]], Received]]:
    """A function that subscribes to a topic; it returns a function that reads the messages."""
    with mock_aws():
        sns = boto3.Session().client("sns", region_name=REGION)
        assert sns.create_topic(Name="secret-topic")["TopicArn"] == ARN
        sqs = boto3.Session().client("sqs", region_name=REGION)

        def subscribed(attributes: dict[str, str]) -> Received:
            url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            queue = found["Attributes"]["QueueArn"]
            sns.subscribe(TopicArn=ARN, Protocol="sqs", Endpoint=queue, Attributes=attributes)

            def received() -> list[dict[str, Any]]:
                answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
                return [json.loads(each["Body"]) for each in answer.get("Messages", [])]

            return received

        yield subscribed


def send(
    root: object, cause: str = "a", message: str = ERROR, *, hint: str = HINT
) -> tuple[bool, list[float]]:
    """Call `notify` as the platform does; return its result and the waits, without waiting."""
    settings = Settings(root=str(root), sns_topic=ARN, notify_timeout=0.5)
    waits: list[float] = []
    delivered = notify(
        message,
        cause,
        is_error=bool(hint),
        hint=hint,
        settings=settings,
        log=LOG,
        sleep=waits.append,
    )
    return delivered, waits


def test_an_error_and_its_hint_are_published_once_in_the_region_of_the_topic(tmp_path: Path, topic):
    received = topic({})
    assert [send(tmp_path), send(tmp_path)] == [(True, [])] * 2
    (message,) = received()
    assert message["TopicArn"] == ARN
    assert message["Subject"] == "Erro: [Camada Orfa]"
    assert message["Message"] == (
        "[Camada Órfã]\n\nOcorreu o erro abaixo:\n\nnão há coluna €\n\n"
        "O que fazer\n\nCorrija o arquivo"
    )
    assert message["MessageAttributes"] == {"kind": {"Type": "String", "Value": "error"}}


def test_a_subscription_can_filter_errors(tmp_path: Path, topic):
    received = topic({"FilterPolicy": '{"kind": ["error"]}'})
    assert send(tmp_path, "made", "Etapa concluída", hint="")[0]
    assert send(tmp_path, "failed")[0]
    assert [message["Subject"] for message in received()] == ["Erro: [Camada Orfa]"]


@pytest.mark.parametrize(
    ("code", "status", "temporary"),
    [
        ("Throttled", 429, True),
        ("ThrottlingException", 400, True),
        ("KMSThrottling", 400, True),
        ("InternalError", 500, True),
        ("ServiceUnavailable", 503, True),
        ("AuthorizationError", 403, False),
        ("InvalidParameter", 400, False),
        ("NotFound", 404, False),
    ],
)
def test_only_throttling_and_service_faults_are_temporary(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, temporary: bool
):
    client = boto3.Session().client("sns", region_name=REGION)
    monkeypatch.setattr("boto3.Session.client", lambda *_, **__: client)
    with Stubber(client) as stub:
        stub.add_client_error("publish", code, f"no {ARN}", http_status_code=status)
        with pytest.raises(NotDelivered) as why:
            SnsTopic(arn=ARN).send(ERROR, is_error=True)
    assert (str(why.value), why.value.temporary) == (f"SNS {code}", temporary)


def test_a_throttled_publication_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    client = boto3.Session().client("sns", region_name=REGION)
    monkeypatch.setattr("boto3.Session.client", lambda *_, **__: client)
    with Stubber(client) as stub:
        for _ in range(2):
            stub.add_client_error("publish", "Throttled", http_status_code=429)
        stub.add_response("publish", {"MessageId": "1"})
        assert send(tmp_path) == (True, [0.5, 1.0])
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    "answer",
    [
        "<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>",
        "<!DOCTYPE HTML><p>a gateway says<p>503",
    ],
    ids=["SNS", "gateway"],
)
def test_the_settings_limit_the_attempts_and_boto3_adds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
):
    asked: list[str] = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(503)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is written to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        place = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", place)
        assert send(tmp_path) == (False, [0.5, 1.0])
        server.shutdown()
        thread.join()
    assert [parse_qs(body)["TopicArn"] for body in asked] == [[ARN]] * 3


@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_an_endpoint_that_does_not_answer_is_logged_without_the_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog, kind: str
):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", place)
        if kind == "closed":
            listening.close()
        assert send(tmp_path) == (False, [0.5, 1.0])
    ours = [record.getMessage() for record in caplog.records if record.name == LOG.name]
    error = "EndpointConnectionError" if kind == "closed" else "ReadTimeoutError"
    assert ours == [f"sns did not receive a: no answer ({error}), 3 times"]
    assert "secret" not in caplog.text


def test_missing_credentials_are_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    assert send(tmp_path) == (False, [])
    assert "sns did not receive a: it cannot be called (NoCredentialsError)" in caplog.text


def test_records_and_printed_settings_do_not_name_the_topic(tmp_path: Path, topic):
    send(tmp_path)
    store = ObjectStore.at(str(tmp_path))
    (record,) = store.entries(f"{FOLDER}/sns")
    assert "secret" not in store.read(record.path).decode()
    settings = Settings(sns_topic=ARN)
    assert "secret" not in repr((settings, configured_channels(settings)))
    assert safe_text(f"{ARN} is gone", settings) == "*** is gone"

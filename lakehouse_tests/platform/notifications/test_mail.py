"""Mail reaches a real SMTP server once per cause, and is never sent unencrypted by mistake."""

import json
import logging
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres.extract import alert
from lakehouse.platform.notifications.delivery import FOLDER, configured_channels, notify
from lakehouse.platform.notifications.texts import safe_text
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings
from lakehouse_tests.mailbox import LOGIN, PASSWORD, USER, Mailbox, mailbox

LOG = logging.getLogger("test.mail")
ERROR = "*[Camada Órfã]*\n\nOcorreu o erro abaixo:\n\nnão há *coluna* 'ação' €\n.\nFim"
HINT = "*O que fazer*\n\nCorrija o arquivo e envie-o de novo"
SENDER = "lake.secret@example.com"
ANA, RUI = "ana.secret@example.com", "rui.secret@example.com"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as here:
        yield here


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Sender:
    """Calls `notify` as the platform does and records the waits instead of waiting."""

    def __init__(
        self, root: str | Path, server: str, to: str = ANA, *, timeout: float = 5.0
    ) -> None:
        self.settings = Settings(
            root=str(root), smtp=server, mail_from=SENDER, mail_to=to, notify_timeout=timeout
        )
        self.waits: list[float] = []

    def __call__(self, cause: str, message: str = ERROR, *, is_error: bool = True) -> bool:
        return notify(
            message,
            cause,
            is_error=is_error,
            hint=HINT if is_error else "",
            settings=self.settings,
            log=LOG,
            sleep=self.waits.append,
        )


def test_an_error_and_its_hint_are_one_mail_with_every_character(tmp_path, box: Mailbox):
    assert Sender(tmp_path, box.url(), f"{ANA}, {RUI} ,{ANA}")("a")
    (mail,) = box.letters
    assert mail["Subject"] == "Erro: [Camada Órfã]"
    assert mail["From"] == f"Lakehouse <{SENDER}>"
    assert mail["To"] == f"{ANA}, {RUI}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        "[Camada Órfã]",
        "",
        "Ocorreu o erro abaixo:",
        "",
        "não há *coluna* 'ação' €",
        ".",
        "Fim",
        "",
        "O que fazer",
        "",
        "Corrija o arquivo e envie-o de novo",
    ]
    assert box.envelopes == [(SENDER, [ANA, RUI])]


def test_a_cause_is_mailed_once_and_another_cause_is_mailed_too(lake_root: str, box: Mailbox):
    send = Sender(lake_root, box.url())
    assert [send("a"), send("a", "other words"), send("b")] == [True, True, True]
    assert box.subjects == ["Erro: [Camada Órfã]"] * 2


def test_only_errors_are_mailed_unless_the_setting_says_all(tmp_path, box: Mailbox):
    send = Sender(tmp_path, box.url())
    assert send("made", "*[Camada Gold]*\n\nEtapa concluída com sucesso!", is_error=False)
    assert box.letters == []
    send.settings = replace(send.settings, mail_about="all")
    assert send("made", "*[Camada Gold]*\n\nEtapa concluída com sucesso!", is_error=False)
    assert box.subjects == ["[Camada Gold]"]


def test_an_extraction_alert_is_mailed_as_an_error(tmp_path, box: Mailbox):
    settings = Sender(tmp_path, box.url()).settings
    for _ in range(2):
        alert(EXTRACTION, "the slot is gone", settings, LOG)
    assert box.subjects == ["Erro: sales: the slot is gone"]


def test_a_temporary_failure_is_tried_again(tmp_path, box: Mailbox):
    box.answers = ["451 busy", "452 full"]
    send = Sender(tmp_path, box.url())
    assert send("a")
    assert len(box.letters) == 1
    assert send.waits == [0.5, 1.0]


def test_attempts_have_a_limit_and_the_cause_can_be_sent_later(tmp_path, box: Mailbox, caplog):
    box.answers = ["451 busy"] * 3
    send = Sender(tmp_path, box.url())
    assert not send("a")
    assert box.answers == []
    assert "SMTP 451, 3 times" in caplog.text
    assert send("a")
    assert len(box.letters) == 1


def test_a_permanent_rejection_is_not_tried_again(tmp_path, box: Mailbox, caplog):
    box.answers = [f"554 no mail from {SENDER}"]
    send = Sender(tmp_path, box.url())
    assert not send("a")
    assert (box.visits, box.letters) == (1, [])
    assert "mail did not receive a: SMTP 554" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("answer", "visits"), [("450 greylisted", 3), ("550 unknown", 1)])
def test_rejected_recipients_are_tried_again_if_one_rejection_is_temporary(
    tmp_path, box: Mailbox, caplog, answer: str, visits: int
):
    box.rejected = {ANA: answer, RUI: "550 unknown"}
    assert not Sender(tmp_path, box.url(), f"{ANA},{RUI}")("a")
    assert box.visits == visits
    assert "for every recipient" in caplog.text
    assert "secret" not in caplog.text


def test_the_other_recipients_receive_the_mail_when_one_is_rejected(tmp_path, box: Mailbox, caplog):
    box.rejected = {RUI: f"550 <{RUI}> unknown"}
    send = Sender(tmp_path, box.url(), f"{ANA},{RUI}")
    assert send("a")
    assert send("a")
    assert box.envelopes == [(SENDER, [ANA])]
    assert "mail received a, but: SMTP 550 for 1 of 2 recipients" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("goodbye", ["421 going down", ""])
def test_an_accepted_mail_is_not_sent_again_when_the_server_ends_the_session_badly(
    tmp_path, box: Mailbox, goodbye: str
):
    box.goodbye = goodbye
    assert Sender(tmp_path, box.url())("a")
    assert len(box.letters) == 1


def test_a_server_that_accepts_slowly_does_not_receive_the_mail_twice(tmp_path, box: Mailbox):
    box.seconds = 1.5
    assert Sender(tmp_path, box.url(), timeout=1.0)("a")
    assert (box.visits, len(box.letters)) == (1, 1)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_server_with_a_trusted_certificate_receives_login_and_mail_encrypted(
    tmp_path, monkeypatch, authority: trustme.CA, scheme: str
):
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with mailbox(scheme, certificate=authority.issue_cert("127.0.0.1")) as box:
        assert Sender(tmp_path / "lake", box.url(LOGIN))("a")
    assert box.logins == [(USER, PASSWORD)]
    assert box.encrypted == [True]
    assert box.subjects == ["Erro: [Camada Órfã]"]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
@pytest.mark.parametrize("fault", ["unknown authority", "another host"])
def test_a_server_with_an_untrusted_certificate_receives_neither_password_nor_mail(
    tmp_path, monkeypatch, caplog, authority: trustme.CA, scheme: str, fault: str
):
    if fault == "another host":
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    name = "127.0.0.1" if fault == "unknown authority" else "mail.example.com"
    with mailbox(scheme, certificate=authority.issue_cert(name)) as box:
        assert not Sender(tmp_path / "lake", box.url(LOGIN))("a")
    assert (box.letters, box.logins, box.visits) == ([], [], 1)
    assert "mail did not receive a: its certificate is not trusted" in caplog.text


def test_a_server_without_the_demanded_encryption_receives_neither_password_nor_mail(
    tmp_path, caplog
):
    with mailbox("smtp+starttls", offers_tls=False) as box:
        assert not Sender(tmp_path, box.url(LOGIN))("a")
    assert (box.letters, box.logins, box.visits) == ([], [], 1)
    assert "SMTPNotSupportedError" in caplog.text


def test_a_wrong_password_is_not_tried_again_and_not_logged(tmp_path, box: Mailbox, caplog):
    with caplog.at_level(logging.DEBUG):
        assert not Sender(tmp_path, box.url("lake:wrong-secret"))("a")
    assert box.letters == []
    assert set(box.logins) == {("lake", "wrong-secret")}
    assert box.visits == 1
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name == LOG.name)
    assert ours == "mail did not receive a: SMTP 535"


@contextmanager
def dead(kind: str) -> Iterator[str]:
    """Host and port of a server that gives no answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        if kind == "silent":
            yield f"127.0.0.1:{port}"
    if kind == "closed":
        yield f"127.0.0.1:{port}"
    elif kind == "unknown":
        yield "mail.secret.invalid"
    elif kind == "closing":
        with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            yield f"127.0.0.1:{server.server_address[1]}"
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("kind", ["closed", "silent", "closing", "unknown"])
@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_a_server_that_does_not_answer_is_logged_without_its_address(
    tmp_path, caplog, kind: str, scheme: str
):
    with dead(kind) as place:
        send = Sender(tmp_path, f"{scheme}://{LOGIN}@{place}", timeout=0.5)
        assert not send("a")
    assert "mail did not receive a: no answer" in caplog.text
    assert "3 times" in caplog.text
    assert "secret" not in caplog.text
    assert send.waits == [0.5, 1.0]


def test_the_record_holds_neither_text_nor_address(lake_root: str, box: Mailbox):
    Sender(lake_root, box.url(LOGIN))("a")
    store = ObjectStore.at(lake_root)
    (record,) = store.entries(f"{FOLDER}/mail")
    content = json.loads(store.read(record.path))
    assert set(content) == {"channel", "cause", "message_digest", "sent_at"}
    assert "secret" not in json.dumps(content)


def test_printed_channels_and_settings_show_no_addresses_and_passwords():
    settings = Sender("lake", f"smtps://{LOGIN}@mail.secret").settings
    assert "secret" not in repr((settings, configured_channels(settings)))


def test_a_quoted_error_shows_no_mail_addresses():
    settings = Sender("lake", f"smtps://{LOGIN}@mail.secret", f"{ANA},{RUI}").settings
    text = safe_text(f"{SENDER} to {RUI} by smtps://{LOGIN}@mail", settings)
    assert text == "*** to *** by smtps://***@mail"


def test_a_message_cannot_add_headers_to_its_mail(tmp_path, box: Mailbox):
    rest = "*[a]*\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"
    assert Sender(tmp_path, box.url())("a", f"x\x0bBcc: eve@example.com\n{rest}")
    (mail,) = box.letters
    assert mail["Subject"] == "Erro: x"
    assert mail["Bcc"] is None
    assert box.envelopes == [(SENDER, [ANA])]
    assert "MAIL FROM:<eve@example.com>" in mail.get_content()
    assert r"x\x0bBcc" in mail.get_content()


def test_mail_and_sns_libraries_are_imported_only_to_send():
    code = (
        "import sys, lakehouse.platform.notifications.delivery as n, lakehouse.settings as s;"
        "n.configured_channels(s.Settings(smtp='smtp://x', mail_from='a@b', mail_to='a@b',"
        " sns_topic='arn:aws:sns:sa-east-1:123456789012:t'));"
        "print(sorted({'smtplib', 'email.headerregistry', 'boto3', 'botocore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

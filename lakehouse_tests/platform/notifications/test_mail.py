"""Letters reach a real mail server once per cause, and never in clear where they should not."""

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
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres.extract import alert
from lakehouse.platform.notifications.channels import (
    FOLDER,
    SUBJECT,
    channels,
    fit_to_tell,
    notify,
    subject,
)
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings, SettingsError
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


class Told:
    """Calls `notify` as the platform does, without waiting between attempts."""

    def __init__(
        self, root: str | Path, server: str, to: str = ANA, *, timeout: float = 5.0
    ) -> None:
        self.store = ObjectStore.at(str(root))
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
            store=self.store,
            to=channels(self.settings),
            attempts=self.settings.notify_attempts,
            log=LOG,
            sleep=self.waits.append,
        )


def test_an_error_and_its_hint_are_one_letter_with_every_character(tmp_path, box: Mailbox):
    assert Told(tmp_path, box.url(), f"{ANA}, {RUI} ,{ANA}")("a")
    (letter,) = box.letters
    assert letter["Subject"] == "Erro: [Camada Órfã]"
    assert letter["From"] == f"Lakehouse <{SENDER}>"
    assert letter["To"] == f"{ANA}, {RUI}"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.tzinfo is not None
    assert letter["Message-ID"].endswith("@example.com>")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == [
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


def test_a_cause_is_mailed_once_and_another_cause_again(lake_root: str, box: Mailbox):
    tell = Told(lake_root, box.url())
    assert [tell("a"), tell("a", "other words"), tell("b")] == [True, True, True]
    assert box.subjects == ["Erro: [Camada Órfã]"] * 2


def test_errors_only_are_mailed_unless_all_is_asked_for(tmp_path, box: Mailbox):
    tell = Told(tmp_path, box.url())
    assert tell("made", "*[Camada Gold]*\n\nEtapa concluída com sucesso!", is_error=False)
    assert box.letters == []
    tell.settings = replace(tell.settings, mail_about="all")
    assert tell("made", "*[Camada Gold]*\n\nEtapa concluída com sucesso!", is_error=False)
    assert box.subjects == ["[Camada Gold]"]


def test_a_problem_of_an_extraction_is_an_error(tmp_path, box: Mailbox):
    settings = Told(tmp_path, box.url()).settings
    for _ in range(2):
        alert(EXTRACTION, "the slot is gone", settings, LOG)
    assert box.subjects == ["Erro: sales: the slot is gone"]


def test_a_server_that_is_busy_is_tried_again(tmp_path, box: Mailbox):
    box.answers = ["451 busy", "452 full"]
    tell = Told(tmp_path, box.url())
    assert tell("a")
    assert len(box.letters) == 1
    assert tell.waits == [0.5, 1.0]


def test_attempts_have_a_limit_and_the_cause_may_be_told_later(tmp_path, box: Mailbox, caplog):
    box.answers = ["451 busy"] * 3
    tell = Told(tmp_path, box.url())
    assert not tell("a")
    assert box.answers == []
    assert "SMTP 451, 3 times" in caplog.text
    assert tell("a")
    assert len(box.letters) == 1


def test_a_rejection_is_final(tmp_path, box: Mailbox, caplog):
    box.answers = [f"554 no mail from {SENDER}"]
    tell = Told(tmp_path, box.url())
    assert not tell("a")
    assert (box.visits, box.letters) == (1, [])
    assert "mail was not told of a: SMTP 554" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("answer", "visits"), [("450 greylisted", 3), ("550 unknown", 1)])
def test_when_nobody_may_have_the_letter_it_depends_on_why(
    tmp_path, box: Mailbox, caplog, answer: str, visits: int
):
    box.rejected = {ANA: answer, RUI: "550 unknown"}
    assert not Told(tmp_path, box.url(), f"{ANA},{RUI}")("a")
    assert box.visits == visits
    assert "for every recipient" in caplog.text
    assert "secret" not in caplog.text


def test_one_recipient_who_is_rejected_keeps_the_letter_from_no_other(
    tmp_path, box: Mailbox, caplog
):
    box.rejected = {RUI: f"550 <{RUI}> unknown"}
    tell = Told(tmp_path, box.url(), f"{ANA},{RUI}")
    assert tell("a")
    assert tell("a")
    assert box.envelopes == [(SENDER, [ANA])]
    assert "mail was told of a, but: SMTP 550 for 1 of 2 recipients" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("goodbye", ["421 going down", ""])
def test_a_letter_that_was_taken_is_not_sent_again_however_the_server_says_goodbye(
    tmp_path, box: Mailbox, goodbye: str
):
    box.goodbye = goodbye
    assert Told(tmp_path, box.url())("a")
    assert len(box.letters) == 1


def test_a_server_that_reads_a_letter_slowly_is_not_sent_it_again(tmp_path, box: Mailbox):
    box.seconds = 1.5
    assert Told(tmp_path, box.url(), timeout=1.0)("a")
    assert (box.visits, len(box.letters)) == (1, 1)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_server_whose_certificate_is_trusted_is_logged_in_to_and_given_the_letter(
    tmp_path, monkeypatch, authority: trustme.CA, scheme: str
):
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with mailbox(scheme, certificate=authority.issue_cert("127.0.0.1")) as box:
        assert Told(tmp_path / "lake", box.url(LOGIN))("a")
    assert box.logins == [(USER, PASSWORD)]
    assert box.encrypted == [True]
    assert box.subjects == ["Erro: [Camada Órfã]"]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
@pytest.mark.parametrize("fault", ["self-made", "another's"])
def test_a_certificate_that_is_self_made_or_of_another_host_gets_neither_password_nor_letter(
    tmp_path, monkeypatch, caplog, authority: trustme.CA, scheme: str, fault: str
):
    if fault == "another's":
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    name = "127.0.0.1" if fault == "self-made" else "mail.example.com"
    with mailbox(scheme, certificate=authority.issue_cert(name)) as box:
        assert not Told(tmp_path / "lake", box.url(LOGIN))("a")
    assert (box.letters, box.logins, box.visits) == ([], [], 1)
    assert "mail was not told of a: its certificate is not trusted" in caplog.text


def test_a_server_that_does_not_encrypt_though_it_should_gets_neither_password_nor_letter(
    tmp_path, caplog
):
    with mailbox("smtp+starttls", offers_tls=False) as box:
        assert not Told(tmp_path, box.url(LOGIN))("a")
    assert (box.letters, box.logins, box.visits) == ([], [], 1)
    assert "SMTPNotSupportedError" in caplog.text


def test_a_wrong_password_is_final_and_not_logged(tmp_path, box: Mailbox, caplog):
    with caplog.at_level(logging.DEBUG):
        assert not Told(tmp_path, box.url("lake:wrong-secret"))("a")
    assert box.letters == []
    assert set(box.logins) == {("lake", "wrong-secret")}
    assert box.visits == 1
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name == LOG.name)
    assert ours == "mail was not told of a: SMTP 535"


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
    elif kind == "leaving":
        with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            yield f"127.0.0.1:{server.server_address[1]}"
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("kind", ["closed", "silent", "leaving", "unknown"])
@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_a_dead_server_raises_nothing_and_is_logged_without_its_address(
    tmp_path, caplog, kind: str, scheme: str
):
    with dead(kind) as place:
        tell = Told(tmp_path, f"{scheme}://{LOGIN}@{place}", timeout=0.5)
        assert not tell("a")
    assert "mail was not told of a: no answer" in caplog.text
    assert "3 times" in caplog.text
    assert "secret" not in caplog.text
    assert tell.waits == [0.5, 1.0]


def test_what_is_remembered_has_no_words_and_no_address(lake_root: str, box: Mailbox):
    Told(lake_root, box.url(LOGIN))("a")
    store = ObjectStore.at(lake_root)
    (record,) = store.entries(f"{FOLDER}/mail")
    said = json.loads(store.read(record.path))
    assert set(said) == {"channel", "cause", "message_digest", "sent_at"}
    assert "secret" not in json.dumps(said)


def test_addresses_and_passwords_are_not_shown_where_a_channel_or_the_settings_are_printed():
    settings = Told("lake", f"smtps://{LOGIN}@mail.secret").settings
    assert "secret" not in repr((settings, channels(settings)))


def test_errors_are_told_without_the_addresses_that_letters_go_to():
    settings = Told("lake", f"smtps://{LOGIN}@mail.secret", f"{ANA},{RUI}").settings
    said = fit_to_tell(f"{SENDER} to {RUI} by smtps://{LOGIN}@mail", settings)
    assert said == "*** to *** by smtps://***@mail"


@pytest.mark.parametrize(
    ("message", "is_error", "line"),
    [
        ("*[Camada Gold]*\n\nEtapa", False, "[Camada Gold]"),
        ("sales: the slot\nis behind", True, "Erro: sales: the slot"),
        ("\n \n*[a]*", False, "[a]"),
        ("a * b *c*", False, "a * b *c*"),
        ("two\rBcc: x@example.com", False, "two"),
        ("two\x85Bcc: x@example.com", False, "two"),
        ("tab\tnull\0 <\u200b!channel>", False, "tabnull <!channel>"),
        ("", True, "Erro: Lakehouse"),
    ],
)
def test_the_subject_is_the_first_line(message: str, is_error: bool, line: str):
    assert subject(message, is_error=is_error) == line


@given(st.text(), st.booleans())
def test_a_subject_is_one_line_that_can_be_printed_whatever_is_told(message: str, is_error: bool):
    line = subject(message, is_error=is_error)
    assert line.isprintable()
    assert 0 < len(line) <= SUBJECT


def test_a_message_adds_no_header_to_its_letter(tmp_path, box: Mailbox):
    told = "*[a]*\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"
    assert Told(tmp_path, box.url())("a", f"x\x0bBcc: eve@example.com\n{told}")
    (letter,) = box.letters
    assert letter["Subject"] == "Erro: x"
    assert letter["Bcc"] is None
    assert box.envelopes == [(SENDER, [ANA])]
    assert "MAIL FROM:<eve@example.com>" in letter.get_content()


@pytest.mark.parametrize(
    "given",
    [
        {"LAKEHOUSE_SMTP": "mail.secret.com"},
        {"LAKEHOUSE_SMTP": "http://mail.secret.com"},
        {"LAKEHOUSE_SMTP": "smtp://:25"},
        {"LAKEHOUSE_SMTP": "smtp://secret:0"},
        {"LAKEHOUSE_SMTP": "smtp://secret:99999"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret/x@mail"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret#x@mail"},
        {"LAKEHOUSE_SMTP": "smtps://secret@mail"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret%C3%A9@mail"},  # pragma: allowlist secret
        {"LAKEHOUSE_SMTP": "smtps://ana:secret@mail.a b"},  # pragma: allowlist secret
        {"LAKEHOUSE_SMTP": "smtps://[secret"},
        {"LAKEHOUSE_SMTP": ""},
        {"LAKEHOUSE_MAIL_FROM": ""},
        {"LAKEHOUSE_MAIL_FROM": "secret"},
        {"LAKEHOUSE_MAIL_FROM": "Secret <secret@example.com>"},
        {"LAKEHOUSE_MAIL_TO": ""},
        {"LAKEHOUSE_MAIL_TO": ","},
        {"LAKEHOUSE_MAIL_TO": "ana@example.com, secret"},
        {"LAKEHOUSE_MAIL_TO": "secret@example.com;rui@example.com"},
        {"LAKEHOUSE_MAIL_TO": "secret@example.com\r\nBcc: eve@example.com"},
        {"LAKEHOUSE_MAIL_TO": "sécret@example.com"},
        {"LAKEHOUSE_MAIL_ABOUT": "everything"},
        {"LAKEHOUSE_SNS_TOPIC": "arn:aws:sns:sa-east-1:123456789012:secret.fifo"},
        {"LAKEHOUSE_SNS_TOPIC": "secret"},
    ],
)
def test_a_setting_that_cannot_work_is_named_without_its_value(given: dict[str, str]):
    fine = {
        "LAKEHOUSE_SMTP": f"smtp+starttls://{LOGIN}@[::1]:2525/",
        "LAKEHOUSE_MAIL_FROM": SENDER,
        "LAKEHOUSE_MAIL_TO": f" {ANA} , {RUI},",
        "LAKEHOUSE_SNS_TOPIC": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:Falhas_lake-1",
    }
    assert Settings.from_env(fine).recipients == (ANA, RUI)
    (variable,) = given
    with pytest.raises(SettingsError, match=variable) as raised:
        Settings.from_env(fine | given)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_mail_and_sns_cost_nothing_before_something_is_sent():
    code = (
        "import sys, lakehouse.platform.notifications.channels as n, lakehouse.settings as s;"
        "n.channels(s.Settings(smtp='smtp://x', mail_from='a@b', mail_to='a@b',"
        " sns_topic='arn:aws:sns:sa-east-1:123456789012:t'));"
        "print(sorted({'smtplib', 'email.headerregistry', 'boto3', 'botocore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

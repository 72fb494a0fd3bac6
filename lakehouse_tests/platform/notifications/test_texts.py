"""Subjects are one printable line; quoted errors show no secrets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.notifications.texts import (
    LONGEST_SUBJECT,
    ascii_subject,
    for_slack,
    plain,
    safe_text,
    subject,
    without_mentions,
)
from lakehouse.settings import Settings


def test_an_error_is_quoted_without_secrets_and_shortened():
    settings = Settings(
        slack_webhook="https://hooks/hush",
        domain_variables={"LAKEHOUSE_MRHEALTH_DSN": "host=db password=hush"},
    )
    place = "postgres://ana:hush@db/x"  # pragma: allowlist secret
    error = f" no host=db password=hush at {place} " + "é" * 9999
    text = safe_text(error, settings)
    assert "hush" not in text
    assert text.startswith("no *** at postgres://***@db/x")
    assert len(text) == 3000
    assert safe_text("<class 'int'> a < b\n\"x\"", settings) == "<class 'int'> a < b\n\"x\""


@pytest.mark.parametrize(
    ("message", "label", "line"),
    [
        ("*[Camada Gold]*\n\nEtapa", "", "[Camada Gold]"),
        ("sales: the slot\nis behind", "Erro", "Erro: sales: the slot"),
        ("\n \n*[a]*", "", "[a]"),
        ("a * b *c*", "", "a * b *c*"),
        ("two\rBcc: x@example.com", "", "two"),
        ("two\x85Bcc: x@example.com", "", "two"),
        ("tab\tnull\0 <\u200b!channel>", "", "tabnull <!channel>"),
        ("", "Erro", "Erro: Lakehouse"),
    ],
)
def test_the_subject_is_the_first_printable_line(message: str, label: str, line: str):
    assert subject(message, label) == line


@given(st.text(), st.sampled_from(["", "Erro"]))
def test_a_subject_is_always_one_printable_line(message: str, label: str):
    line = subject(message, label)
    assert line.isprintable()
    assert 0 < len(line) <= LONGEST_SUBJECT


@given(st.text(), st.sampled_from(["", "Erro"]))
def test_an_ascii_subject_is_always_accepted_by_sns(message: str, label: str):
    line = ascii_subject(message, label)
    assert line.isascii()
    assert line.isprintable()
    assert line[0] != " "
    assert len(line) < 100


@given(st.text())
def test_no_channel_gets_a_mention_a_link_or_a_control_character(folder: str):
    message = f"*[Bronze]*\n\nfolder {folder}<!channel> <@U1> <https://evil.example|bank>"
    for text in (for_slack(message), without_mentions(message), plain(message)):
        shown = text.replace("\u200b", "")
        assert not [c for c in shown if not (c.isprintable() or c in "\n\t")]
    assert "<" not in for_slack(message)
    assert ">" not in for_slack(message)
    assert not re.search("<[!@#]", without_mentions(message))

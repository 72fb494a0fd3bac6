"""What was found and expected in rejected rows is shown in Portuguese."""

import re

import pytest

from lakehouse.dashboard.details import detail_in_words
from lakehouse.dashboard.snapshots import Snapshot

ENGLISH = re.compile(r"\b(expected|found|is|an|the|with|from|whole|at most|hint|missing|of)\b")


def test_no_detail_of_a_rejected_row_has_an_english_word(snapshot: Snapshot):
    rows = snapshot.rows("SELECT DISTINCT detail FROM ops.quarantine WHERE detail IS NOT NULL")
    assert len(rows) > 10
    shown = [detail_in_words(row["detail"], "pt") for row in rows]
    assert [text for text in shown if ENGLISH.search(re.sub("“.*?”", "", text))] == []


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("Data is x, expected a number, expected y; Id is empty, expected 1 or 0",
         "Data: encontrado “x”; esperado: um número, expected y. Id: vazio; esperado: 1 ou 0"),
        ("3,50 is not 2 x 1,50", "3,50 não é 2 × 1,50"),
        ("CustomerID is missing", "falta CustomerID"),
        ("something else", "something else"),
        ("", ""),
    ],
)  # fmt: skip
def test_known_phrases_are_translated_and_others_stay(english: str, portuguese: str):
    assert detail_in_words(english, "pt") == portuguese
    assert detail_in_words(english, "en") == english

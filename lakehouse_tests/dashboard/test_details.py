"""What was found and expected in rejected rows is shown in Portuguese."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import lakehouse.domains
from lakehouse.dashboard.details import detail_in_words
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.platform.tables import identifiers

ENGLISH = re.compile(
    r"\b(and?|at most|expected|found|from|hint|is|letters|missing|of|the|whole|with|without)\b"
)
RULES = ("rules", "stock_rules")
"""Modules of a domain that say what a column is expected to hold."""


def test_no_detail_of_a_rejected_row_has_an_english_word(snapshot: Snapshot):
    rows = snapshot.rows("SELECT DISTINCT detail FROM ops.quarantine WHERE detail IS NOT NULL")
    assert len(rows) > 10
    shown = [detail_in_words(row["detail"], "pt") for row in rows]
    assert [text for text in shown if ENGLISH.search(re.sub("“.*?”", "", text))] == []


def test_every_rejected_row_says_what_was_found_and_expected(snapshot: Snapshot):
    rows = snapshot.rows("SELECT DISTINCT reasons FROM ops.quarantine WHERE detail IS NULL")
    assert rows == []


def expectations() -> Iterator[str]:
    """Yield what the rules of all domains expect, as they word it."""
    for module in pkgutil.walk_packages(lakehouse.domains.__path__, "lakehouse.domains."):
        if module.name.rpartition(".")[2] in RULES and module.name.count(".") == 3:
            for name, value in vars(importlib.import_module(module.name)).items():
                if name.isupper() and isinstance(value, str) and " " in value:
                    yield value
    yield identifiers.EXPECTED


def test_no_expectation_of_a_rule_has_an_english_word():
    shown = [detail_in_words(f"X is y, expected {each}", "pt") for each in {*expectations()}]
    assert len(shown) > 10
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

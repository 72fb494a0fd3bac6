"""Text that looks equal is equal: on both engines the same pattern decides."""

import re

import ibis
import pytest

from lakehouse.platform.tables import text as texts

CHANNELS = {"Loja Online": "ONLINE", "Loja Física": "PHYSICAL"}


def value(expression):
    return ibis.get_backend().to_pyarrow(expression).as_py()


@pytest.mark.parametrize(
    "written",
    [
        "Loja Física",
        "loja fisica",
        "LOJA FÍSICA",
        "Loja Fi\u0301sica",
        "Loja\u00a0Física",
        "Loja \u2009 Física",
        "\ufeffLoja Física\u200b",
        "Lo\u200bja Física",
        "Ｌｏｊａ Física",
        "L\u043eja Física",
        "\tLoja Física \u3000",
        "\u3164Loja Física\u2800",
        "Loja Fí\ufe0fsica",
    ],
)
def test_a_label_is_found_however_it_is_spelled(written):
    assert value(texts.label_of(ibis.literal(written), CHANNELS)) == "PHYSICAL"


@pytest.mark.parametrize("written", ["LojaFísica", "Loja Fisica 2", "Lojas Física", "", None])
def test_another_text_is_no_label(written):
    assert value(texts.label_of(ibis.literal(written, "string"), CHANNELS)) is None


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  Ana  Maria ", "Ana Maria"),
        ("Joa\u0303o\u00a0da Silva", "João da Silva"),
        ("S\u200bão", "São"),
        ("\ufeff", None),
        ("A\u030a", "A\u030a"),
    ],
)
def test_a_name_has_one_form(written, stored):
    assert value(texts.name(ibis.literal(written))) == stored


@pytest.mark.parametrize(
    "blank", ["", " ", "\u00a0", "\u200b \ufeff", "\t\u3000", "\u3164", "\u2800\ufe0f"]
)
def test_text_of_blanks_and_invisible_characters_is_null(blank):
    assert value(texts.trimmed(ibis.literal(blank))) is None


def test_patterns_hold_for_the_regular_expressions_of_java_and_of_duckdb():
    pattern = texts._spelling("Loja Física")
    assert pattern.isascii()
    assert not re.search(r"\\(?!x\{)", pattern), "other escapes differ between the engines"

"""Text of delivered files never becomes a formula in a spreadsheet, and numbers never change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.platform.tables.formulas import neutralized, restored


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1",
        " =1+1",
        "-Rua A",
        "=",
        "＝1+1",
        "'=1+1",
    ],
)
def test_text_that_may_be_a_formula_gets_an_apostrophe(text: str):
    safe = text if text == "=" else f"'{text}"
    assert neutralized(text) == safe
    assert restored(neutralized(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("-12.50", "+7", "-1.234,56", "1e-5", "-1E+10", "-.5", "-5 %", "--", "-", ""),
        *("Rua A - 7", "+55 11 91234-5678", "a=b", "'quoted'", "2026-01-05", "ana@example.com"),
    ],
)
def test_numbers_and_other_text_stay_as_they_are(text: str):
    assert neutralized(text) == restored(text) == text


@given(st.text(alphabet="=+-@'\t1a ,.", max_size=8))
def test_every_text_is_restored(text: str):
    assert restored(neutralized(text)) == text

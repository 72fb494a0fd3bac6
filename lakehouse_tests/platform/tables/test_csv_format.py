"""The CSV format of a source: its columns and its dialect."""

from typing import Any

import pytest

from lakehouse.platform.tables.csv_format import CsvDialect, CsvFormat


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"columns": ()}, id="no column"),
        pytest.param({"columns": ("Id", "id")}, id="two names that differ in case only"),
        pytest.param({"columns": ("Id",), "optional": ("Nota",)}, id="unknown optional column"),
        pytest.param({"columns": ("Id",), "aliases": {"a": "Nota"}}, id="alias of no column"),
        pytest.param(
            {"columns": ("Id",), "decimal_comma": ("Nota",)}, id="decimal comma of no column"
        ),
        pytest.param({"columns": ("Id", "_line")}, id="a column of the reader"),
        pytest.param({"columns": ("Id",), "delimiters": '"'}, id="a quote as delimiter"),
    ],
)
def test_a_format_that_contradicts_itself_is_an_error(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"column|delimiters"):
        CsvFormat(**wrong)


@pytest.mark.parametrize("encodings", [(), ("utf-9",)], ids=["none", "an unknown one"])
def test_a_dialect_names_encodings_that_exist(encodings: tuple[str, ...]):
    with pytest.raises(ValueError, match="encodings"):
        CsvDialect(encodings=encodings)

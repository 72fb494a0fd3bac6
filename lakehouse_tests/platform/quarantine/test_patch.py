"""A patch that does not match the delivered files is rejected, and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.export import export_rejections
from lakehouse.platform.quarantine.replay import replay_patch
from lakehouse_tests.platform.quarantine.rejected_lake import NOW, edited
from lakehouse_tests.platform.small_lake import SmallLake


def without(column: str) -> Callable[[dict[str, str]], object]:
    return lambda row: row.pop(column)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda row: row.update(_line="99"), "PEDIDO.csv, line 99: no record starts here"),
        (lambda row: row.update(_line="x"), "column '_line' is 'x'"),
        (lambda row: row.update(_digest="0" * 64), "found '0000"),
        (lambda row: row.update(_file=row["_file"].replace("001", "009")), "was never delivered"),
        (lambda row: row.update(_file="mrhealth/x.csv"), "matches no source of mrhealth"),
        (lambda row: row.update(_delete="maybe"), "column '_delete' is 'maybe'"),
        (lambda row: row.update(Typo="1"), "column 'Typo' is unknown"),
        (without("Status"), "column 'Status' is missing"),
        (without("_digest"), "column '_digest' is missing"),
    ],
    ids=[
        "a line without a record",
        "text in place of a line number",
        "another digest",
        "a file that was not delivered",
        "a file of no source",
        "an unknown answer to delete",
        "an unknown column",
        "a missing column",
        "a missing digest",
    ],
)
def test_a_patch_that_does_not_match_is_rejected_with_file_line_and_column(
    wrong: SmallLake, tmp_path: Path, edit: Callable[[dict[str, str]], object], message: str
) -> None:
    patch = tmp_path / "patch"
    export_rejections(wrong.lake, patch)
    edited(patch / "mrhealth_order_items.csv", lambda row: row.update(Qtd="3"))
    edited(patch / "mrhealth_orders.csv", edit)
    before = sorted((wrong.folder / "landing").rglob("*"))
    with pytest.raises(ReplayError, match=message):
        replay_patch(wrong.lake, wrong.landing, wrong.settings, patch, now=NOW)
    assert sorted((wrong.folder / "landing").rglob("*")) == before, "nothing is written"


def test_an_export_also_says_in_the_language_of_the_units_what_to_do(
    wrong: SmallLake, tmp_path: Path
) -> None:
    export_rejections(wrong.lake, tmp_path)
    text = (tmp_path / "mrhealth_order_items.csv").read_text(encoding="utf-8-sig")
    assert "found 7 columns, expected 6; hint: put values that contain" in text
    assert " | A linha tem mais ou menos valores que o cabeçalho." in text

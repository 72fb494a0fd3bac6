"""The pages that are made from the code."""

from pathlib import Path

import pytest

from lakehouse import docs
from lakehouse.platform.tables.registry import load_domains


def test_the_dictionary_names_every_column_of_every_table_with_its_meaning() -> None:
    page = docs.data_dictionary()
    for domain in load_domains():
        for table in domain.tables:
            _, _, section = page.partition(f"\n### {table.id.name}\n")
            section = section.partition("\n### ")[0]
            for column in table.contract.columns:
                meaning = " ".join(column.description.replace("|", "\\|").split())
                null = "yes" if column.nullable else ""
                assert f"| `{column.name}` | `{column.type}` | {null} | {meaning} |" in section


def test_a_page_that_is_not_as_the_code_says_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "FOLDER", tmp_path / "docs")
    assert docs.main(["write"]) == 0
    assert docs.main(["check"]) == 0
    page = tmp_path / "docs/settings.md"
    page.write_text(page.read_text().replace("data/lake", "somewhere/else"))
    assert docs.main(["check"]) == 1
    assert "somewhere/else" in capsys.readouterr().out
    assert docs.main(["wrote"]) == 2

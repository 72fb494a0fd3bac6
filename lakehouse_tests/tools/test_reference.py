"""Reference pages that are generated from the code."""

from pathlib import Path

import pytest

from lakehouse.platform.tables.registry import load_domains
from tools import reference


def test_the_dictionary_describes_every_column_of_every_table() -> None:
    page = reference.data_dictionary()
    for domain in load_domains():
        for table in domain.tables:
            _, _, section = page.partition(f"\n### {table.id.name}\n")
            section = section.partition("\n### ")[0]
            for column in table.contract.columns:
                description = " ".join(column.description.replace("|", "\\|").split())
                null = "yes" if column.nullable else ""
                assert f"| `{column.name}` | `{column.type}` | {null} | {description} |" in section


def test_check_prints_the_difference_between_a_page_and_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path / "docs")
    assert reference.main(["write"]) == 0
    assert reference.main(["check"]) == 0
    page = tmp_path / "docs/settings.md"
    page.write_text(page.read_text().replace("data/lake", "somewhere/else"))
    assert reference.main(["check"]) == 1
    assert "somewhere/else" in capsys.readouterr().out
    assert reference.main(["wrote"]) == 2

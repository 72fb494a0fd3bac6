"""The language check finds the words that the project bans, where people read them."""

from pathlib import Path

import pytest

from tools.language import flags_of_file


def words(path: Path, text: str) -> list[tuple[int, str]]:
    path.write_text(text, encoding="utf-8")
    return [(flag.line, flag.word) for flag in flags_of_file(path)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""Mend the file."""\n', [(1, "Mend")]),
        ('"""Read it.\n\nThe file is no CSV.\n"""\n', [(3, "is no")]),
        ("x = 1  # what landed is what is somewhere\n", [(1, "what landed is what")]),
        ('raise ValueError("see the ledger")\n', [(1, "ledger")]),
        ("verdict_told = 1\n", [(1, "verdict_told")]),
        ("class FileRefused(Exception): ...\n", [(1, "FileRefused")]),
        ('"""A row that is\nno record."""\n', [(1, "is no")]),
    ],
)
def test_banned_words_are_found_in_texts_comments_and_names(
    tmp_path: Path, text: str, found: list[tuple[int, str]]
) -> None:
    assert words(tmp_path / "module.py", text) == found


@pytest.mark.parametrize(
    "text",
    [
        '"""Return the rows that are no longer current."""\n',
        '"""There is no file for this day."""\n',
        'assert "Connection refused" in message\n',
        "trend = commended + 1\n",
    ],
)
def test_ordinary_sentences_and_texts_of_other_programs_pass(tmp_path: Path, text: str) -> None:
    assert words(tmp_path / "module.py", text) == []


def test_prose_of_pages_is_checked_too(tmp_path: Path) -> None:
    page = "# Files\n\nA stray is recorded.\nRun it anew.\n"
    assert words(tmp_path / "page.md", page) == [(3, "stray"), (4, "anew")]


def test_books_are_a_word_of_one_domain_alone(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    assert words(tmp_path / "page.md", "The books say so.\n") == [(1, "books")]
    assert words(tmp_path / "cards" / "page.md", "The books of a month.\n") == []

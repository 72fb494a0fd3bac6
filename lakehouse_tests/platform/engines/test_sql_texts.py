"""SQL texts of large expressions are kept between processes, and never taken for another's."""

import subprocess
import sys
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest

from lakehouse.platform.engines import sql_texts
from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.engines.sql_texts import SqlTexts, expression_digest, text_key

SHOP = ibis.table({"n": "int64", "many": "array<int64>"}, name="shop")
PROGRAM = """
from lakehouse_tests.platform.engines.test_sql_texts import wide
from lakehouse.platform.engines.sql_texts import text_key
print(text_key(wide().op(), "duckdb"))
"""


def wide(columns: int = 80, added: int = 1, table: ir.Table = SHOP) -> ir.Table:
    more = {f"c{n}": table.n + n * added for n in range(columns)}
    longer = table.many.map(lambda each: each + added).length()
    return table.mutate(**more, longer=longer).filter(lambda rows: rows.c1.isin([1, 2]))


def digest(expression: ir.Table, dialect: str = "duckdb") -> str | None:
    return text_key(expression.op(), dialect)


def test_the_digest_is_the_same_in_another_process():
    run = [sys.executable, "-c", PROGRAM]
    other = subprocess.run(run, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest(wide())


def test_another_expression_has_another_digest():
    renamed = ibis.table(SHOP.schema(), name="stall")
    wider = ibis.table({"n": "int32", "many": "array<int64>"}, name="shop")
    others = [wide(81), wide(added=2), wide(table=renamed), wide(table=wider)]
    digests = {digest(wide()), digest(wide(), "pyspark"), *(digest(each) for each in others)}
    assert None not in digests
    assert len(digests) == 2 + len(others)


def test_a_small_expression_is_not_kept(tmp_path: Path):
    assert digest(SHOP.mutate(m=SHOP.n + 1)) is None
    assert expression_digest(SHOP.mutate(m=SHOP.n + 1).op()) is not None
    typed_sql(SHOP.mutate(m=SHOP.n + 1), "duckdb", SqlTexts(tmp_path / "sql"))
    assert not (tmp_path / "sql").exists()


def test_a_kept_text_is_used_and_a_damaged_one_is_written_again(tmp_path: Path):
    texts = SqlTexts(tmp_path / "sql")
    relation = wide().op()
    assert texts.text(relation, "duckdb", lambda: "SELECT 1\nAS n") == "SELECT 1\nAS n"
    assert texts.text(relation, "duckdb", lambda: "SELECT 2") == "SELECT 1\nAS n"
    (kept,) = texts.folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert texts.text(relation, "duckdb", lambda: "SELECT 3") == "SELECT 3"
    assert texts.text(relation, "duckdb", lambda: "SELECT 4") == "SELECT 3"


def test_the_folder_is_private_and_its_size_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sql_texts, "MOST_TEXTS", 4)
    texts = SqlTexts(tmp_path / "sql")
    for columns in range(80, 86):
        texts.text(wide(columns).op(), "duckdb", lambda: "SELECT 1")
    assert len(list(texts.folder.iterdir())) <= 4
    assert texts.folder.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_the_text_is_written(tmp_path: Path):
    texts = SqlTexts(tmp_path / "missing" / "sql")
    assert typed_sql(wide(), "duckdb", texts) == typed_sql(wide(), "duckdb")

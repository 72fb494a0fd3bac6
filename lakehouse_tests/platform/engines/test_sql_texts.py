"""SQL texts of large expressions are kept between processes, and never taken for another's."""

import subprocess
import sys
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest

from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.engines.sql_texts import expression_digest, kept_sql, text_key
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.code_facts import CodeFacts

SHOP = ibis.table({"n": "int64", "many": "array<int64>"}, name="shop")
PROGRAM = """
from lakehouse_tests.platform.engines.test_sql_texts import wide
from lakehouse.platform.engines.sql_texts import text_key
print(text_key(wide().op(), "duckdb"))
"""


@pytest.fixture(autouse=True)
def _own_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(code_facts.SHARED, raising=False)


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
    typed_sql(SHOP.mutate(m=SHOP.n + 1), "duckdb", CodeFacts(tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_text_of_an_expression_is_kept_for_each_dialect(tmp_path: Path):
    facts, relation = CodeFacts(tmp_path), wide().op()
    for _ in range(2):
        assert kept_sql(facts, relation, "duckdb", lambda: "SELECT 1") == "SELECT 1"
        assert kept_sql(facts, relation, "pyspark", lambda: "SELECT 2") == "SELECT 2"
    assert kept_sql(facts, wide(81).op(), "duckdb", lambda: "SELECT 3") == "SELECT 3"
    assert kept_sql(facts, relation, "duckdb", lambda: "SELECT 4") == "SELECT 1"


def test_without_a_home_the_text_is_written(tmp_path: Path):
    facts = CodeFacts(tmp_path / "missing")
    assert typed_sql(wide(), "duckdb", facts) == typed_sql(wide(), "duckdb")

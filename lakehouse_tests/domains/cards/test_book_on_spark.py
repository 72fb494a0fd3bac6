"""Spark computes the same book as DuckDB."""

import ibis
import pytest

from lakehouse.domains.cards.book import aggregate, stage
from lakehouse.domains.cards.book.declaration import EXCEDENTES
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.engines import session as engine
from lakehouse.settings import Settings
from lakehouse_tests.domains.cards import test_book
from lakehouse_tests.domains.cards.test_book import business, connection, load


def test_stages_and_a_book_are_equal_on_both_engines():
    pytest.importorskip("pyspark", reason="pip install 'lakehouse[spark]'")
    load(*business(seed=11, clients=12))
    with engine.session(Settings(engine="spark")) as spark:
        for name in (tb_faturas.unbound.get_name(), tb_pagamentos.unbound.get_name(), "months"):
            spark.arrow(name, connection().table(name).to_arrow_table())
        months = ibis.table({"day": "date"}, name="months")
        for mode in stage.Mode:
            made = stage.stage(months, tb_faturas.unbound, tb_pagamentos.unbound, mode)
            staged = spark.keep("staged", made)
            assert _sorted(spark.table(staged).to_pylist()) == _sorted(test_book.stage(mode))
            book = aggregate.book(staged, EXCEDENTES).order_by("id_cliente")
            assert spark.table(book).to_pylist() == test_book.book(mode, EXCEDENTES)


def _sorted(rows: test_book.Rows) -> test_book.Rows:
    return sorted(rows, key=lambda row: str(list(row.values())))

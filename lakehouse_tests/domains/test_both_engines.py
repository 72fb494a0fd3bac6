"""DuckDB and Spark give the same rows of every table of every domain."""

import datetime as dt
import importlib
import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import Session, session
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.provenance import Provenance
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform import reference_dates
from lakehouse.platform.transform.inputs import bind_partitions
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.stories.driver import Driver

Rows = dict[TableId, pa.Table]

SYSTEMS = ("bikes", "cards", "people", "sales")
ON = dt.date(2023, 7, 1)
WIDE = 100


@pytest.mark.parametrize("domain", SYSTEMS)
def test_both_engines_give_the_same_rows(
    domain: str, tmp_path: Path, by_spark: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Business(domain, tmp_path)
    generator = importlib.import_module(f"lakehouse.demo.{domain}")
    business.land_all(generator.deliveries(generator.demo(7)))
    monkeypatch.setattr(reference_dates, "out_of_date", lambda *_: {})  # one date is enough
    business.ingest()
    driver = Driver(domain=business.domain, settings=business.settings)
    driver.materialize_reference_dates([ON])
    by_spark = replace(business.settings, engine="spark")
    as_of_rows: Rows = {}
    different, empty = [], []
    for table in load_domain(domain).tables:
        if not table.has_expression or not _is_compared(table):
            continue
        with session(business.settings) as opened:
            _bind(opened, table, business, as_of_rows)
            made = opened.table(table.expression)
        if table.as_of:
            as_of_rows[table.id] = made
        with session(by_spark) as opened:
            _bind(opened, table, business, as_of_rows)
            theirs = opened.table(table.expression)
        if not made.num_rows:
            empty.append(table.id.name)
        if _sorted(made) != _sorted(theirs):
            different.append(table.id.name)
    assert different == []
    assert empty == []


def _is_compared(table: Table) -> bool:
    """Not wider than Spark plans in half a minute, and not read from rows of Python code."""
    if any(read.table.options.python for read in table.reads):
        return False
    return len(table.contract.schema) < WIDE or bool(os.environ.get("LAKEHOUSE_CHAOS"))


def _bind(opened: Session, table: Table, business: Business, as_of_rows: Rows) -> None:
    """Register the upstream tables of a table in a session."""
    bind_partitions(opened, [ON], [ON])
    for read in table.reads:
        if read.table.read_by_newest_day:
            opened.arrow(read.name, as_of_rows[read.table.id])
        else:
            urls = business.lake.table(read.table.id).snapshot().urls()
            current = "NOT _superseded" if issubclass(read.table.model, Provenance) else ""
            opened.files(read.name, urls, read.table.contract.schema, current)


def _sorted(rows: pa.Table) -> list[str]:
    return sorted(map(repr, rows.to_pylist()))

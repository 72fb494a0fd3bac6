"""Pandera validates every stored day of a run, of every table."""

import datetime as dt

import pandera.ibis as pa
import pyarrow as arrow

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.orchestration.pandera_checks import (
    Validated,
    failures_by_day,
    validated_tables,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel, contract_of
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings
from lakehouse_tests.platform.cafe import DOMAIN

DAY, BROKEN, EMPTY, TWICE, NEVER = (dt.date(2026, 1, day) for day in (5, 6, 7, 8, 9))


class Marks(TableModel, key=("code",)):
    """One column for each kind of rule."""

    day: dt.date = pa.Field(description="Day")
    code: str = pa.Field(str_matches="[A-C][0-9]?", description="Code")
    kind: str = pa.Field(isin=["x", "y"], nullable=True, description="Kind")
    size: int = pa.Field(ge=0, lt=5, nullable=True, description="Size")
    share: float = pa.Field(in_range={"min_value": 0, "max_value": 1}, description="Share")


def test_pandera_finds_the_stored_days_with_a_row_that_breaks_the_contract(tmp_path):
    lake, settings = Lake(str(tmp_path)), Settings(root=str(tmp_path))
    table = Validated(id=TableId("gold", "toy", "marks"), model=Marks)
    valid = {"day": DAY, "code": "A", "kind": "x", "size": 1, "share": 0.5}
    schema = arrow_schema(contract_of(Marks).schema)
    days = {
        DAY: [valid],
        BROKEN: [valid | {"day": BROKEN, "size": 9}],
        EMPTY: [],
        TWICE: [valid | {"day": TWICE}, valid | {"day": TWICE}],
    }
    stored = {day: arrow.Table.from_pylist(rows, schema=schema) for day, rows in days.items()}
    lake.table(table.id).write(stored, schema=schema.remove(schema.get_field_index("day")))

    found = failures_by_day(table, [*days, NEVER], lake, settings)

    assert "9" not in "".join(found[BROKEN].values()), "stored values are hidden"
    names = {day: {name.split(".", 1)[1] for name in each} for day, each in found.items()}
    assert names.pop(TWICE)
    assert names == {DAY: set(), BROKEN: {"less_than(5)"}, EMPTY: set()}
    assert failures_by_day(table, [DAY, EMPTY], lake, settings) == {DAY: {}, EMPTY: {}}


def test_every_table_of_a_domain_is_validated():
    found = {each.id.name for each in validated_tables(DOMAIN)}
    assert found == {table.id.name for table in DOMAIN.tables} | {
        "raw.cafe_unrecognized_files",
        "ops.cafe_reconciliation",
        "ops.cafe_as_of_days",
    }


class Graded(Marks, key=("code",)):
    """The same with two more columns."""

    grade: str = pa.Field(description="Grade")
    note: str = pa.Field(nullable=True, description="Note")


def test_a_column_that_was_added_does_not_break_the_check_of_days_without_it(tmp_path):
    lake, settings = Lake(str(tmp_path)), Settings(root=str(tmp_path))
    before = Table(id=TableId("gold", "toy", "marks"), model=Marks, description="Marks")
    table = Table(id=before.id, model=Graded, description="Marks")
    after = Validated(id=table.id, model=Graded, table=table)
    row = {"day": DAY, "code": "A", "kind": "x", "size": 1, "share": 0.5}
    rows = arrow.Table.from_pylist([row], schema=arrow_schema(before.contract.schema))
    lake.table(before.id).write({DAY: rows}, schema=rows.drop(["day"]).schema)
    assert failures_by_day(after, [DAY], lake, settings) == {DAY: {}}

    graded = row | {"day": BROKEN, "size": 9, "grade": "A", "note": None}
    rows = arrow.Table.from_pylist([graded], schema=arrow_schema(table.contract.schema))
    lake.table(table.id).write({BROKEN: rows}, schema=rows.drop(["day"]).schema)
    found = failures_by_day(after, [DAY, BROKEN], lake, settings)
    assert (found[DAY], list(found[BROKEN])) == ({}, ["size.less_than(5)"])

"""Pandera validates the newest stored day of a table."""

import datetime as dt

import pandera.ibis as pa
import pyarrow as arrow
import pytest

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.orchestration.pandera_checks import failures
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

DAY = dt.date(2026, 1, 5)


class Marks(pa.DataFrameModel):
    """One column for each kind of rule."""

    day: dt.date = pa.Field(description="Day")
    code: str = pa.Field(str_matches="[A-C][0-9]?", description="Code")
    kind: str = pa.Field(isin=["x", "y"], nullable=True, description="Kind")
    size: int = pa.Field(ge=0, lt=5, nullable=True, description="Size")
    share: float = pa.Field(in_range={"min_value": 0, "max_value": 1}, description="Share")

    class Config:
        """Strict columns."""

        strict = True


@pytest.mark.parametrize(
    ("size", "found"), [(1, set()), (9, {"less_than(5)"})], ids=["valid", "too large"]
)
def test_pandera_finds_a_stored_row_that_breaks_its_contract(tmp_path, size, found):
    lake = Lake(str(tmp_path))
    table = Table(id=TableId("gold", "toy", "marks"), model=Marks, description="Marks")
    row = {"day": DAY, "code": "A", "kind": "x", "size": size, "share": 0.5}
    rows = arrow.Table.from_pylist([row], schema=arrow_schema(table.contract.schema))
    lake.table(table.id).write({DAY: rows}, schema=rows.drop(["day"]).schema)

    problems = failures(table, lake, Settings(root=str(tmp_path)))

    assert {name.split(".", 1)[1] for name in problems} == found
    assert not any(str(size) in text for text in problems.values()), "stored values are hidden"


class Graded(Marks):
    """The same with two more columns."""

    grade: str = pa.Field(description="Grade")
    note: str = pa.Field(nullable=True, description="Note")


def test_a_column_that_was_added_does_not_break_the_check_of_days_without_it(tmp_path):
    lake, settings = Lake(str(tmp_path)), Settings(root=str(tmp_path))
    before = Table(id=TableId("gold", "toy", "marks"), model=Marks, description="Marks")
    after = Table(id=before.id, model=Graded, description="Marks")
    row = {"day": DAY, "code": "A", "kind": "x", "size": 1, "share": 0.5}
    rows = arrow.Table.from_pylist([row], schema=arrow_schema(before.contract.schema))
    lake.table(before.id).write({DAY: rows}, schema=rows.drop(["day"]).schema)
    assert failures(after, lake, settings) == {}

    graded = row | {"day": DAY + dt.timedelta(days=1), "size": 9, "grade": "A", "note": None}
    rows = arrow.Table.from_pylist([graded], schema=arrow_schema(after.contract.schema))
    schema = rows.drop(["day"]).schema
    lake.table(after.id).write({graded["day"]: rows}, schema=schema)
    assert list(failures(after, lake, settings)) == ["size.less_than(5)"]

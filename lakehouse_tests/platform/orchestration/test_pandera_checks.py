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

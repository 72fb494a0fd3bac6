"""Days of an older contract are read as the current contract says, or fail by name."""

import datetime as dt
from decimal import Decimal
from typing import Any

import ibis
import pandera.ibis as pa
import pyarrow as arrow
import pytest

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import named_relation
from lakehouse.platform.engines.spark import spark_session
from lakehouse.platform.storage.errors import OlderDays
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel, contract_of
from lakehouse.settings import Settings
from lakehouse_tests.platform.engines.spark import require_spark

TABLE = TableId("silver", "cafe", "visits")
MON, TUE = dt.date(2024, 1, 1), dt.date(2024, 1, 2)
OLD = arrow.schema(
    [("guest", arrow.int64()), ("paid", arrow.decimal128(10, 2)), ("size", arrow.int64())]
)


class Visits(TableModel):
    """Another contract of the table: one column of each kind of change."""

    day: dt.date = pa.Field(description="Day")
    visitor: int = pa.Field(metadata={"renamed_from": "guest"}, description="Renamed")
    paid: ibis.expr.datatypes.Decimal(12, 3) = pa.Field(description="Wider")
    size: ibis.expr.datatypes.Int16 = pa.Field(description="Narrower")
    note: str = pa.Field(nullable=True, description="Added, may be null")
    table: str = pa.Field(description="Added, never null")


CONTRACT = contract_of(Visits)


@pytest.fixture
def lake(tmp_path: Any) -> Lake:
    """A table whose first day an older contract made."""
    lake = Lake(str(tmp_path))
    stored = lake.table(TABLE)
    row = {"guest": 7, "paid": Decimal("1.25"), "size": 40_000}
    rows = arrow.Table.from_pylist([row], schema=OLD)
    definition = Definition(version="c1e1u1", content={})
    stored.write({MON: rows}, schema=OLD, definition=definition)
    schema = engine.arrow_schema(CONTRACT.schema).remove(0)
    row = {"visitor": 8, "paid": Decimal("2.125"), "size": 4, "note": "x", "table": "t"}
    rows = arrow.Table.from_pylist([row], schema=schema)
    definition = Definition(version="c2e1u1", content={})
    stored.write({TUE: rows}, schema=schema, definition=definition)
    return lake


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.server)])
def test_a_query_reads_older_days_or_names_what_they_lack(lake: Lake, name: str, request):
    settings = Settings(root=lake.root, engine=name)
    if name == "spark":
        require_spark()
        request.addfinalizer(spark_session(settings).stop)
    urls = lake.table(TABLE).snapshot().urls()
    with engine.session(settings) as session:
        session.files("visits", urls, CONTRACT.schema, contract=CONTRACT, version="c2e1u1")
        visits = named_relation("visits", CONTRACT.schema)
        read = visits.select("day", "visitor", "paid", "note").order_by("day")
        assert [tuple(row.values()) for row in session.table(read).to_pylist()] == [
            (MON, 7, Decimal("1.250"), None),
            (TUE, 8, Decimal("2.125"), "x"),
        ]
        newest = visits.filter(visits.day == TUE).select("size", "table")
        assert session.table(newest).to_pylist() == [{"size": 4, "table": "t"}]
        for column, problem in (
            ("table", "has no column table"),
            ("size", "has values of size"),
        ):
            with pytest.raises(Exception, match=problem) as raised:
                session.table(visits.select(column))
            assert "silver.cafe_visits: 1 day (2024-01-01) made with" in str(raised.value)
            assert "hint: lakehouse migrate" in str(raised.value)
            assert name == "spark" or isinstance(raised.value, OlderDays)


def test_days_of_one_older_contract_are_read_in_the_same_way(lake: Lake):
    urls = lake.table(TABLE).snapshot().urls([MON])
    with engine.session(Settings(root=lake.root)) as session:
        session.files("visits", urls, CONTRACT.schema, contract=CONTRACT, version="c2e1u1")
        visits = named_relation("visits", CONTRACT.schema)
        assert session.table(visits.select("visitor", "note")).to_pylist() == [
            {"visitor": 7, "note": None}
        ]
        with pytest.raises(OlderDays, match="has no column table"):
            session.table(visits.select("table"))

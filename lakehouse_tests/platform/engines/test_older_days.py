"""Days of an older contract are read as the current contract says, or fail by name."""

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pandera.ibis as pa
import pyarrow as arrow
import pytest

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.older_days import DUCKDB, Expected, columns_of_group, source_of
from lakehouse.platform.engines.session import named_relation
from lakehouse.platform.storage.errors import OlderDays
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel, contract_of
from lakehouse.settings import Settings

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
        request.getfixturevalue("spark_home")
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


CHANGED = {
    "a moment to a date": ("TIMESTAMP '2024-01-01 05:00'", "DATE"),
    "a fraction to an integer": ("3.7::DOUBLE", "BIGINT"),
    "a fraction to a decimal": ("(10 / 3)::DOUBLE", "DECIMAL(12, 1)"),
    "digits with a fraction to an integer": ("'010.50'", "BIGINT"),
    "leading zeros to an integer": ("'007'", "BIGINT"),
    "a number to a flag": ("10::BIGINT", "BOOLEAN"),
    "a large number to a fraction": ("9007199254740993::BIGINT", "DOUBLE"),
    "a large number to a smaller type": ("40000::INTEGER", "SMALLINT"),
}
KEPT = {
    "a date to a moment": (
        "DATE '2024-01-01'",
        "TIMESTAMP",
        dt.datetime.fromisoformat("2024-01-01"),
    ),
    "an integer to a decimal": ("7::INTEGER", "DECIMAL(12, 2)", Decimal("7.00")),
    "a fraction without digits to an integer": ("3.0::DOUBLE", "BIGINT", 3),
    "a moment at midnight to a date": ("TIMESTAMP '2024-01-01'", "DATE", MON),
    "digits to an integer": ("'42'", "BIGINT", 42),
    "a flag to a number": ("true", "BIGINT", 1),
    "a number to text": ("1.50::DECIMAL(4, 2)", "VARCHAR", "1.50"),
    "null to anything": ("NULL::DOUBLE", "BIGINT", None),
}


def older_value(value: str, kind: str) -> object:
    """Return a value of an older day as a column of another type."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE older AS SELECT {value} AS v, DATE '2024-01-01' AS day")
    present = {name: k for name, k, *_ in connection.execute("DESCRIBE older").fetchall()}
    url = "silver/cafe/visits/day=2024-01-01/x.parquet"
    (column,) = columns_of_group([url], present, Expected(types={"v": kind}), DUCKDB)
    ((read,),) = connection.execute(f"SELECT {column} FROM older").fetchall()
    return read


@pytest.mark.parametrize("name", list(CHANGED))
def test_a_value_that_would_change_in_another_type_is_an_error(name: str):
    with pytest.raises(duckdb.Error, match="older contract"):
        older_value(*CHANGED[name])


@pytest.mark.parametrize("name", list(KEPT))
def test_a_value_that_stays_the_same_is_converted(name: str):
    value, kind, expected = KEPT[name]
    assert older_value(value, kind) == expected


EARLIER = {"amount": ("spent", "money"), "spent": ("cost",)}


@pytest.mark.parametrize(
    ("present", "amount", "spent"),
    [
        ({"amount", "spent"}, "amount", "spent"),
        ({"spent", "cost"}, "spent", "cost"),
        ({"spent"}, "spent", None),
        ({"money"}, "money", None),
        ({"guest"}, None, None),
    ],
)
def test_older_rows_have_a_column_under_one_of_its_names(
    present: set[str], amount: str | None, spent: str | None
):
    assert source_of("amount", present, EARLIER) == amount
    assert source_of("spent", present, EARLIER) == spent

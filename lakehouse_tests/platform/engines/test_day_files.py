"""The folders above a table never become data, whatever they are called."""

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.day_files import rows_of_files
from lakehouse.platform.engines.session import session
from lakehouse.platform.serving.sql_catalog import connect, query
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

MONDAY = dt.date(2026, 1, 5)
TUESDAY = MONDAY + dt.timedelta(days=1)
SALES = TableId("gold", "sales", "odd")
SCHEMA = pa.schema([("region", pa.string()), ("quantity", pa.int64()), ("filename", pa.string())])
RELATION = ibis.schema(
    {"day": "date", "region": "string", "quantity": "int64", "filename": "string"}
)
EXPECTED = [
    (MONDAY, "Norte", 2, "a.csv"),
    (MONDAY, "Sul", 3, "b.csv"),
    (TUESDAY, None, 4, None),
]
BELOW = (
    "lake",
    "env=prod/region=br/quantity=7/day=2020-01-01/lake",
    "day=2020-01-01/day=x/filename=7",
    "a [1] b=c 'q'/lake{x,y}",
    "região=Pará",
)


def write(lake: Lake) -> None:
    lake.table(SALES).write(
        {
            MONDAY: pa.table(
                [["Norte", "Sul"], [2, 3], ["a.csv", "b.csv"]],
                schema=SCHEMA,
            ),
            TUESDAY: pa.table([[None], [4], [None]], schema=SCHEMA),
        },
        schema=SCHEMA,
    )


def read(lake: Lake, settings: Settings) -> list[tuple[object, ...]]:
    with session(settings) as opened:
        opened.files("rows", lake.table(SALES).snapshot().urls(), RELATION)
        rows = ibis.table(RELATION, name="rows").order_by("quantity")
        return [tuple(row.values()) for row in opened.table(rows).to_pylist()]


@pytest.mark.parametrize("below", BELOW)
def test_duckdb_and_sql_read_what_was_stored(lake_root: str, below: str) -> None:
    lake = Lake(f"{lake_root}/{below}")
    write(lake)
    settings = Settings(root=lake_root)  # a setting allows fewer characters in an S3 prefix
    assert read(lake, settings) == EXPECTED
    with connect(lake, settings, names=[SALES.name]) as connection:
        found = query(connection, f"SELECT * FROM {SALES.name} ORDER BY quantity").fetchall()
        newest = query(connection, f"SELECT max(day), count(*) FROM {SALES.name}").fetchall()
    assert found == EXPECTED
    assert newest == [(TUESDAY, 3)]
    assert lake.table(SALES).read([MONDAY])["day"].to_pylist() == [MONDAY, MONDAY]


@pytest.mark.parametrize("below", BELOW)
def test_spark_reads_what_was_stored(
    tmp_path_factory: pytest.TempPathFactory, by_spark: Settings, below: str
) -> None:
    lake = Lake(f"{tmp_path_factory.mktemp('spark')}/{below}")
    write(lake)
    assert read(lake, replace(by_spark, root=lake.root)) == EXPECTED


def test_a_lake_whose_name_has_a_wildcard_does_not_read_its_neighbour(tmp_path: Path) -> None:
    for name in ("lake1", "lake*"):
        write(Lake(f"{tmp_path}/{name}"))
    lake = Lake(f"{tmp_path}/lake*")
    file = lake.table(SALES).snapshot().by_day[MONDAY]
    neighbour = file.parts[0].url.replace("lake*", "lake1")
    shutil.copy(file.parts[0].url, neighbour)
    assert read(lake, Settings(root=lake.root)) == EXPECTED


def test_days_are_skipped_by_their_folder(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "month=1" / "lake"))
    write(lake)
    settings = Settings(root=lake.root)
    with connect(lake, settings, names=[SALES.name]) as connection:
        statement = f"EXPLAIN ANALYZE SELECT * FROM {SALES.name} WHERE day = DATE '2026-01-06'"
        plan = str(query(connection, statement).fetchall())
    assert "Scanning Files: 1/2" in plan, plan


def test_files_of_two_tables_or_without_a_day_are_rejected() -> None:
    one, other = "/lake/one/day=2026-01-05/a.parquet", "/lake/another/day=2026-01-05/a.parquet"
    with pytest.raises(StorageError, match="files of 2 tables"):
        rows_of_files([one, other], ["n"])
    with pytest.raises(StorageError, match="is not in a folder day="):
        rows_of_files(["/lake/day=2026-01-05/table/a.parquet"], ["n"])

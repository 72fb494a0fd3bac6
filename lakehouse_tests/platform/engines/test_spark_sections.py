"""On Spark several tasks write a large day, and its files are those of one process."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import session
from lakehouse.platform.engines.spark_sections import sections_of
from lakehouse.platform.storage.file_names import place_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

MONDAY = dt.date(2026, 1, 5)
COUNTS = {MONDAY + dt.timedelta(days=n): count for n, count in enumerate((300, 1, 33, 32, 0))}
SCHEMA = ibis.schema(
    {"day": "date", "paid": "decimal(14, 2)", "name": "string", "at": "timestamp(6)"}
)
TINY = 8 / (1 << 20)
"""MiB, so that a section has 32 rows."""


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    numbers = [number * 7919 % 300 for number in range(300)]
    midnight = dt.datetime.combine(MONDAY, dt.time())
    given = {
        "day": [day for day, count in COUNTS.items() for _ in range(count)],
        "paid": [
            Decimal(n % 5) / 4 if n % 9 else None for c in COUNTS.values() for n in numbers[:c]
        ],
        "name": [f"é{n % 4}'\\\\" if n % 7 else None for c in COUNTS.values() for n in numbers[:c]],
        "at": [
            midnight + dt.timedelta(microseconds=n) for c in COUNTS.values() for n in numbers[:c]
        ],
    }
    return pa.table(given, SCHEMA.to_pyarrow())


@pytest.mark.parametrize("read_rows", [None, 1])
def test_several_tasks_write_a_large_day_with_the_bytes_of_one_process(
    by_spark: Settings, rows: pa.Table, tmp_path: Path, read_rows: int | None
):
    given = ibis.table(SCHEMA, name="given")
    first = ibis.desc("name", nulls_first=True)
    ordered = given.order_by("day", first, ibis.asc("paid"), ibis.desc(given["at"]))
    written = {}
    for each in (Settings(engine="duckdb"), by_spark):
        lake = Lake(str(tmp_path / each.engine), TINY)
        table = lake.table(TableId("gold", "shop", "paid"))
        with session(each) as opened:
            opened.arrow("given", rows)
            staged = opened.stage_days(
                ordered, list(COUNTS), table, rows.schema, read_rows=read_rows
            )
        table.commit(staged, schema=rows.schema)
        written[each.engine] = table.snapshot().files
    on_spark, on_duckdb = written["spark"], written["duckdb"]
    assert [file.rows for file in on_spark] == list(COUNTS.values())
    assert [file.data_version for file in on_spark] == [file.data_version for file in on_duckdb]
    sections = [len({place_of(path)[0] for path in file.paths}) for file in on_spark]
    assert sections == ([10, 1, 2, 1, 1] if read_rows is None else [1] * 5)


def test_a_section_has_a_fixed_number_of_rows_but_the_last_of_a_day():
    sections = sections_of(COUNTS, 32)
    assert [each.rows for each in sections] == [32] * 9 + [12, 1, 32, 1, 32]
    assert [each.place for each in sections] == [*range(1, 11), 1, 1, 2, 1]

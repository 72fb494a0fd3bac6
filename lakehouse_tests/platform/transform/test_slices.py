"""A day with very many rows is made slice by slice."""

import datetime as dt
from pathlib import Path

import ibis.expr.types as ir
import pandera.ibis as pa
import pyarrow as arrow
import pytest

from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.table import PARTITIONS, Monthly, Table, TableOptions, all_days
from lakehouse.platform.transform.inputs import UpstreamSnapshots
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.settings import Settings

DAY = dt.date(2024, 1, 1)


class Sold(pa.DataFrameModel):
    """Something sold in a shop."""

    day: dt.date = pa.Field(description="Day")
    shop: int = pa.Field(description="Shop")
    item: str = pa.Field(description="Item")
    pieces: int = pa.Field(description="Pieces")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "shop", "item"]


class Shops(pa.DataFrameModel):
    """A shop on a day."""

    day: dt.date = pa.Field(description="Day")
    shop: int = pa.Field(description="Shop")
    pieces: int = pa.Field(ge=0, description="Pieces")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "shop"]


def summed(sold: ir.Table) -> ir.Table:
    """Pieces by shop."""
    return sold.group_by("day", "shop").agg(pieces=sold.pieces.sum())


def summed_of_months(months: ir.Table, sold: ir.Table) -> ir.Table:
    """Pieces by shop on the first of each month."""
    return summed(sold.semi_join(months, "day"))


SOLD = Table(id=TableId("silver", "market", "sold"), model=Sold, description="What was sold.")
SHOPS = declare_table(
    summed,
    table=TableId("gold", "market", "shops"),
    contract=Shops,
    reads=[SOLD],
    options=TableOptions(sliced_by="shop"),
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def stock(lake: Lake, shops: list[int], pieces: int = 1, days: int = 1) -> None:
    schema = arrow_schema(SOLD.contract.schema)
    rows = {}
    for day in (DAY + dt.timedelta(n) for n in range(days)):
        sold = [
            {"day": day, "shop": shop, "item": item, "pieces": pieces * len(item)}
            for shop in shops
            for item in ("pen", "ink")
        ]
        rows[day] = arrow.Table.from_pylist(sold, schema=schema)
    lake.table(SOLD.id).write(rows, schema=schema.remove(0))


def made(lake: Lake, rows: int, days: int = 1) -> StagedDays:
    wanted = [DAY + dt.timedelta(n) for n in range(days)]
    settings = Settings(root=lake.root, chunk_rows=rows, threads=1)
    return stage_days(SHOPS, wanted, lake, settings)


@pytest.mark.parametrize("shops", [[*range(-5, 20)], [1, 2, 1_000_000], [7]])
def test_slices_give_the_bytes_of_the_whole(lake: Lake, shops: list[int]):
    stock(lake, shops, days=2)
    whole, sliced = made(lake, 1000, days=2), made(lake, 1, days=2)
    assert whole.rows == sliced.rows == 2 * len(shops)
    assert [each.data_version for each in sliced.staged] == [
        each.data_version for each in whole.staged
    ]


def test_days_are_sliced_by_themselves_when_one_of_them_is_large(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
):
    stock(lake, [*range(8)], days=2)
    read: list[str] = []
    files = DuckDBSession.files

    def watched(session, name, urls, schema, where=""):
        read.append(where)
        files(session, name, urls, schema, where)

    monkeypatch.setattr(DuckDBSession, "files", watched)
    made(lake, 8, days=2)
    halves = ["shop BETWEEN 0 AND 3", "shop BETWEEN 4 AND 7"]
    assert read == ["", *halves, "", *halves]


def test_a_day_with_one_bad_slice_is_withheld(lake: Lake):
    stock(lake, [1, 2, 3], pieces=-1)
    found = made(lake, 2)
    assert not found.staged
    assert "'pieces'" in found.failed_days[DAY]


def test_an_empty_day_is_a_file_without_rows(lake: Lake):
    stock(lake, [])
    assert [each.rows for each in made(lake, 1).staged] == [0]


@pytest.mark.parametrize("column", ["pieces", "nowhere"])
def test_a_table_is_sliced_by_its_key_only(column: str):
    with pytest.raises(ContractError, match="the first of the key after the day"):
        declare_table(
            summed,
            table=SHOPS.id,
            contract=Shops,
            reads=[SOLD],
            options=TableOptions(sliced_by=column),
        )


def test_a_month_is_sliced_by_the_rows_within_its_reach(lake: Lake):
    stock(lake, [1, 2], days=3)
    month = declare_table(
        summed_of_months,
        table=SHOPS.id,
        contract=Shops,
        reads=[PARTITIONS, all_days(SOLD)],
        options=TableOptions(monthly=Monthly(before=1, after=1)),
    )
    assert UpstreamSnapshots.of(month, lake).rows(DAY) == 12

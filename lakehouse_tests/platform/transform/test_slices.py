"""A day with very many rows is computed slice by slice."""

import datetime as dt
from pathlib import Path

import ibis.expr.types as ir
import pytest

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.table import PARTITIONS, ReferenceDates, TableOptions
from lakehouse.platform.transform.inputs import UpstreamSnapshots
from lakehouse.platform.transform.slices import rows_of_days
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.settings import Settings
from lakehouse_tests.platform.transform.market import DAY, SHOPS, SOLD, Shops, stock, summed


def summed_of_dates(dates: ir.Table, sold: ir.Table) -> ir.Table:
    """Pieces by shop on each reference date."""
    return summed(sold.semi_join(dates, "day"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def staged(lake: Lake, rows: int, days: int = 1) -> StagedDays:
    wanted = [DAY + dt.timedelta(n) for n in range(days)]
    settings = Settings(root=lake.root, chunk_rows=rows, threads=1)
    return stage_days(SHOPS, wanted, lake, settings)


@pytest.mark.parametrize(
    "shops",
    [[*range(-5, 20)], [1, 2, 1_000_000], [7]],
    ids=["consecutive keys", "distant keys", "one key"],
)
def test_a_sliced_day_has_the_bytes_of_a_day_computed_at_once(lake: Lake, shops: list[int]):
    stock(lake, shops, days=2)
    at_once, sliced = staged(lake, 1000, days=2), staged(lake, 1, days=2)
    assert at_once.rows == sliced.rows == 2 * len(shops)
    assert [each.data_version for each in sliced.staged] == [
        each.data_version for each in at_once.staged
    ]


def test_each_large_day_is_sliced_on_its_own(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    stock(lake, [*range(8)], days=2)
    read: list[str] = []
    files = DuckDBSession.files

    def watched(session, name, urls, schema, where="", **more):
        read.append(where)
        files(session, name, urls, schema, where, **more)

    monkeypatch.setattr(DuckDBSession, "files", watched)
    staged(lake, 8, days=2)
    halves = ["shop BETWEEN 0 AND 3", "shop BETWEEN 4 AND 7"]
    assert read == ["", *halves, "", *halves]


def test_a_day_with_an_invalid_slice_is_a_failed_day(lake: Lake):
    stock(lake, [1, 2, 3], pieces=-1)
    found = staged(lake, 2)
    assert not found.staged
    assert "'pieces'" in found.failed_days[DAY]


def test_a_day_without_rows_is_staged_as_a_file_without_rows(lake: Lake):
    stock(lake, [])
    assert [each.rows for each in staged(lake, 1).staged] == [0]


@pytest.mark.parametrize(
    "column", ["pieces", "nowhere"], ids=["column outside the key", "unknown column"]
)
def test_a_table_can_only_be_sliced_by_its_key(column: str):
    with pytest.raises(ContractError, match="the first of the key after the day"):
        declare_table(
            summed,
            table=SHOPS.id,
            contract=Shops,
            reads=[SOLD],
            options=TableOptions(sliced_by=column),
        )


def test_the_size_of_a_reference_date_counts_the_rows_within_its_reach(lake: Lake):
    stock(lake, [1, 2], days=3)
    dated = declare_table(
        summed_of_dates,
        table=SHOPS.id,
        contract=Shops,
        reads=[PARTITIONS, SOLD],
        as_of=True,
        options=TableOptions(reference_dates=ReferenceDates(before=1, after=1)),
    )
    assert UpstreamSnapshots.of(dated, lake).rows(DAY) == 12


def test_the_rows_of_a_window_of_a_wide_table_fit_into_the_default_memory():
    columns = len(book_fatura.contract.schema)
    most = 2 * rows_of_days(book_fatura, Settings(root="unused").chunk_rows)  # see `windows`
    assert most * columns * 8 < 0.5e9  # half of LAKEHOUSE_MEMORY, for values of 8 bytes
    assert rows_of_days(SHOPS, 1_000) == 1_000

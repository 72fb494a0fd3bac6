"""Empty tables of a lake, on disk and on S3."""

from pathlib import Path

import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse_tests.platform.storage.orders import MON, ORDERS, TUE, WED, put, rows_of


@pytest.fixture
def lake(lake_root: str) -> Lake:
    return Lake(lake_root)


@pytest.fixture
def orders(lake: Lake) -> LakeTable:
    return lake.table(ORDERS)


@pytest.fixture
def on_disk(tmp_path: Path) -> LakeTable:
    return Lake(str(tmp_path)).table(ORDERS)


@pytest.fixture
def three_versions(orders: LakeTable) -> LakeTable:
    """Return a table of three commits.

    The first has Monday and Tuesday, the second changes both and adds Wednesday, the third
    changes Tuesday again.
    """
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    put(orders, {MON: rows_of(10), TUE: rows_of(20), WED: rows_of(30)})
    put(orders, {TUE: rows_of(200)})
    return orders

"""Lakes whose files were right at first, and lakes that rejected some rows."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from lakehouse.platform.quarantine.listing import count_rejections
from lakehouse_tests.platform.quarantine.rejected_lake import (
    NOW,
    RIGHT_ITEMS,
    RIGHT_ORDERS,
    WRONG_ITEMS,
    WRONG_ORDERS,
    lake_of,
)
from lakehouse_tests.platform.small_lake import SmallLake


@pytest.fixture(scope="package")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, dt.date], str]:
    """Return the data versions of silver and gold of a lake without any error in its files."""
    small = lake_of(tmp_path_factory.mktemp("right"), RIGHT_ORDERS, RIGHT_ITEMS)
    assert not count_rejections(small.lake)
    return small.versions("silver", "gold")


@pytest.fixture(scope="package")
def wrong_once(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return lake_of(tmp_path_factory.mktemp("wrong"), WRONG_ORDERS, WRONG_ITEMS)


@pytest.fixture
def wrong(wrong_once: SmallLake, tmp_path: Path) -> SmallLake:
    """Return a copy of the lake with rejected rows, for one test."""
    shutil.copytree(wrong_once.folder, tmp_path, dirs_exist_ok=True)
    return SmallLake(folder=tmp_path, now=NOW)

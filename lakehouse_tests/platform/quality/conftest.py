"""The settings and the lake of the tests of quality checks."""

from pathlib import Path

import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=str(tmp_path / "lake"), threads=1, timezone="UTC")


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.root)

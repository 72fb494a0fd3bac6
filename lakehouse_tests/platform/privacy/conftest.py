"""The lake with Zuleika, made once, and a copy for each test that changes the lake."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from lakehouse_tests.platform.privacy.people_lake import People, lake_with_zuleika


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> People:
    return lake_with_zuleika(tmp_path_factory.mktemp("made"))


@pytest.fixture
def people(made: People, tmp_path: Path) -> People:
    """A copy of the lake that was made once."""
    shutil.copytree(made.folder, tmp_path / "copy")
    return People("people", tmp_path / "copy", clock=made.clock + dt.timedelta(hours=2))

"""A command line over an empty lake."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lakehouse.cli import main

Call = Callable[..., Result]
UNSET = {
    "LAKEHOUSE_BIKES_WAREHOUSE_DSN",
    "LAKEHOUSE_DEBUG",
    "LAKEHOUSE_ENGINE",
    "LAKEHOUSE_MRHEALTH_DSN",
    "LAKEHOUSE_SALES_DSN",
}
"""Settings of the machine that must not reach the tests."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, which holds lake, landing zone and Dagster home."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    (tmp_path / "landing").mkdir(exist_ok=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    for name in os.environ.keys() & UNSET:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder: Path) -> Call:
    """Return a function that calls `lakehouse` and requires an exit code."""

    def lakehouse(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, f"{words}\n{result.output}\n{result.exception!r}"
        return result

    return lakehouse

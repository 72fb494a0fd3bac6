"""A Dagster instance of the local runtime in an empty home."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    with prepare_instance(tmp_path / "home", "local") as opened:
        yield opened

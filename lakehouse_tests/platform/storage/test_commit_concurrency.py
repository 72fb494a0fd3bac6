"""Concurrent writers and readers in separate processes, and a full disk."""

import datetime as dt
import json
import random
import resource
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake.exceptions import DeltaError

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.children import child, ended

ORDERS = TableId("silver", "mrhealth", "orders")
SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])
FIRST = dt.date(2024, 1, 1)
SHARED = dt.date(2024, 12, 31)
WRITERS = 8
OWN_COMMITS = 4
SHARED_COMMITS = 2


def rows_of(*ids: int, text: str = "x") -> pa.Table:
    return pa.table({"id": ids, "text": [text] * len(ids)}, schema=SCHEMA)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.005)


def write(root: str, writer: int, go: Path) -> None:
    """Replace a day of this writer, and a day that all writers share, as fast as possible."""
    table = Lake(root).table(ORDERS)
    (go.parent / f"{writer}").touch()
    wait_for(go)
    for turn in range(OWN_COMMITS):
        day = FIRST + dt.timedelta(writer)
        table.write({day: rows_of(writer, turn)}, schema=SCHEMA, note={"writer": str(writer)})
        if turn < SHARED_COMMITS:
            shared = {SHARED: rows_of(writer, turn)}
            table.write(shared, schema=SCHEMA, note={"writer": str(writer)})


def test_eight_concurrent_writers_lose_and_double_no_commit(lake_root: str, tmp_path: Path):
    go = tmp_path / "go"
    writers = [child(write, lake_root, number, go) for number in range(WRITERS)]
    for number in range(WRITERS):
        wait_for(tmp_path / f"{number}")
    go.touch()
    assert [ended(writer) for writer in writers] == [0] * WRITERS
    table = Lake(lake_root).table(ORDERS)
    history = table.history()
    commits = WRITERS * (OWN_COMMITS + SHARED_COMMITS)
    assert [version.version for version in history] == list(range(commits - 1, -1, -1))
    by_writer = Counter(version.note["writer"] for version in history)
    assert by_writer == {str(n): OWN_COMMITS + SHARED_COMMITS for n in range(WRITERS)}
    found: dict[dt.date, list[int]] = {}
    for row in table.read().to_pylist():
        found.setdefault(row["day"], []).append(row["id"])
    shared = found.pop(SHARED)
    assert found == {FIRST + dt.timedelta(n): [n, OWN_COMMITS - 1] for n in range(WRITERS)}
    last = next(version for version in history if version.days == (SHARED,))
    assert str(shared[0]) == last.note["writer"]


def watch(root: str, ready: Path, stop: Path, found: Path) -> None:
    """Read repeatedly and record the rows of each day."""
    table = Lake(root).table(ORDERS)
    seen: list[tuple[list[int], list[int]]] = []
    ready.touch()
    while not stop.exists():
        rows = table.read().to_pydict()
        ids: tuple[list[int], list[int]] = ([], [])
        for row, day in zip(rows["id"], rows["day"], strict=True):
            ids[day == SHARED].append(row)
        seen.append(ids)
    found.write_text(json.dumps(seen))


def test_a_concurrent_reader_sees_complete_versions_only(lake_root: str, tmp_path: Path):
    commits = 50 if lake_root.startswith("s3://") else 500
    table = Lake(lake_root).table(ORDERS)
    table.write({FIRST: rows_of(0, 0, 0), SHARED: rows_of(0, 0, 0)}, schema=SCHEMA)
    ready, stop, found = (tmp_path / name for name in ("ready", "stop", "found"))
    reader = child(watch, lake_root, ready, stop, found)
    wait_for(ready)
    for turn in range(1, commits):
        rows = rows_of(turn, turn, turn)
        assert table.write({FIRST: rows, SHARED: rows}, schema=SCHEMA).version == turn
    stop.touch()
    assert ended(reader) == 0
    seen = json.loads(found.read_text())
    assert all(one == other and len(one) == 3 and len(set(one)) == 1 for one, other in seen)
    turns = [one[0] for one, _ in seen]
    assert turns == sorted(turns)
    assert len(set(turns)) > 10
    assert len(table.snapshot().files) == 2


def fill(root: str, what: str, found: Path) -> None:
    """Exceed a limit of 64 KiB per file, like a full disk: in the data file or in the log entry."""
    table = Lake(root).table(ORDERS)
    large = f"{random.Random(1).getrandbits(1 << 21):x}"
    text, note = (large, {}) if what == "file" else ("x", {"large": large})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    with pytest.raises((OSError, DeltaError), match="File too large"):
        table.write({FIRST: rows_of(2, text=text)}, schema=SCHEMA, note=note)
    found.touch()


@pytest.mark.parametrize("what", ["file", "log"], ids=["data file", "log entry"])
def test_a_full_disk_leaves_the_table_unchanged(tmp_path: Path, what: str):
    table = Lake(str(tmp_path)).table(ORDERS)
    table.write({FIRST: rows_of(1)}, schema=SCHEMA)
    before = table.snapshot()
    assert ended(child(fill, str(tmp_path), what, tmp_path / "rejected")) == 0
    assert (tmp_path / "rejected").exists()
    assert table.snapshot() == before
    assert list(table.store.unfinished()) == []
    assert table.write({FIRST: rows_of(2)}, schema=SCHEMA).version == 1
    assert table.read()["id"].to_pylist() == [2]
    table.vacuum(retention=dt.timedelta(0), dry_run=False)
    assert data_files(table) == {file.parts[0].path for file in table.snapshot().files}


def data_files(table: LakeTable) -> set[str]:
    start = len(table.id.path) + 1
    paths = (entry.path[start:] for entry in table.store.entries(table.id.path))
    return {path for path in paths if path.startswith("day=")}

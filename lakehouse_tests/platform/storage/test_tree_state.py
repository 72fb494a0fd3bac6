"""Every change of a file below the folders gives another state."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.platform.storage.tree_state import SETTLED_NS, tree_state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two files, one of them in a folder below."""
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree" / "one").write_text("1")
    (tmp_path / "tree" / "below" / "two").write_text("2")
    return tmp_path / "tree"


def other_bytes_at_the_same_time(folder: Path) -> None:
    path, probe = folder / "one", folder.parent / "probe"
    before = path.stat()
    while not probe.exists() or probe.stat().st_ctime_ns == before.st_ctime_ns:
        probe.write_text("")  # the clock of the file system advances in steps
    path.write_text("9")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def another_file_in_its_place(folder: Path) -> None:
    before = (folder / "one").stat()
    draft = folder.parent / "draft"
    draft.write_text("9")
    os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
    draft.replace(folder / "one")


CHANGES: list[Callable[[Path], object]] = [
    other_bytes_at_the_same_time,
    another_file_in_its_place,
    lambda folder: (folder / "below" / "three").write_text("3"),
    lambda folder: (folder / "below" / "two").unlink(),
    lambda folder: (folder / "below" / "two").rename(folder / "two"),
    lambda folder: (folder / "one").chmod(0o640),
    lambda folder: (folder / "below").chmod(0o750),
    lambda folder: (folder / "link").symlink_to("one"),
    lambda folder: (folder / "empty").mkdir(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_another_state(folder: Path, change: Callable[[Path], object]):
    before = tree_state([str(folder)])
    assert tree_state([str(folder)]) == before
    change(folder)
    assert tree_state([str(folder)]).digest != before.digest


def test_files_left_out_and_missing_folders_do_not_count(folder: Path):
    without = {str(folder / "one")}
    before = tree_state([str(folder), str(folder / "missing")], without=without)
    (folder / "one").write_text("another text")
    assert tree_state([str(folder), str(folder / "missing")], without=without) == before


def test_a_link_is_not_followed(folder: Path, tmp_path: Path):
    (folder / "outside").symlink_to(tmp_path / "other")
    before = tree_state([str(folder)])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("1")
    assert tree_state([str(folder)]) == before


def test_a_state_is_settled_a_second_after_the_last_change(folder: Path):
    state = tree_state([str(folder)])
    assert not state.is_settled(state.changed_ns + SETTLED_NS)
    assert state.is_settled(state.changed_ns + SETTLED_NS + 1)

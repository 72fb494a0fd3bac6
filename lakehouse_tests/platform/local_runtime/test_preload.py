"""A preloaded worker uses the code that is on disk, not the code that was loaded."""

import importlib
import os
import sys
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.preload import sources, unload_if_edited


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one module, imported."""
    folder = tmp_path / "bakery"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "bread.py").write_text("PRICE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.import_module("bakery.bread")
    return folder


def price() -> int:
    return int(importlib.import_module("bakery.bread").PRICE)


def test_unchanged_code_is_not_loaded_again(package):
    before = sys.modules["bakery.bread"]
    assert not unload_if_edited(sources(package), package)
    assert sys.modules["bakery.bread"] is before


def test_an_edited_file_is_loaded_again(package):
    loaded = sources(package)
    (package / "bread.py").write_text("PRICE = 2\n")
    os.utime(package / "bread.py", ns=(1, 1))
    assert price() == 1
    assert unload_if_edited(loaded, package)
    assert price() == 2


@pytest.mark.parametrize("change", ["added", "removed"])
def test_an_added_or_removed_file_counts_as_an_edit(package, change):
    loaded = sources(package)
    if change == "added":
        (package / "cake.py").write_text("")
    else:
        (package / "bread.py").unlink()
    assert unload_if_edited(loaded, package)
    assert "bakery.bread" not in sys.modules

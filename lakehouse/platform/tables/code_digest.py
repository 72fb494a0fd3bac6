"""The digest of all code that decides on tables, and whether the loaded code is that on disk.

It covers every file of the package, every folder of domains elsewhere, and the versions of all
installed packages. Code in any other place is uncovered: nothing may be kept that follows from it.
"""

import ast
import contextlib
import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
import time
import types
from collections.abc import Collection, Iterator
from pathlib import Path

from lakehouse.platform.tables.domains import DOMAINS

PACKAGE = Path(__file__).parents[2]
CLOCK_STEP = 1.0
"""Seconds by which the times of files and of processes may differ."""

loaded_since: float | None = None
"""When the modules of the package were loaded, if that was after the process started."""
_digests: list[str | None] = []
"""The digest of the code, once it was asked for; None if the code in memory may be another."""


def digest_of_code() -> str | None:
    """Return the digest of the loaded code and its libraries; None if files changed since."""
    if not _digests:
        digest, changed = digest_of_files()
        _digests.append(digest if changed < _loaded_since() - CLOCK_STEP else None)
    return _digests[0]


def distrust() -> None:
    """Use no digest any more in this process: the code in memory may be another."""
    _digests[:] = [None]


def _loaded_since() -> float:
    """Return when the oldest module of this process can have been loaded, as seconds of the epoch.

    Where the start of a process cannot be found out, a minute ago: a file that is older than that
    was hardly edited while the process started.
    """
    if loaded_since is not None:
        return loaded_since
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, ValueError, IndexError, AttributeError):
        age = 60.0
    return time.clock_gettime(time.CLOCK_REALTIME) - max(age, 0.0)


def digest_of_files() -> tuple[str, float]:
    """Return the digest of all covered files and libraries, and when a file last changed.

    It covers the times of the files, because Python takes a compiled file for that of the source
    when the source's time in seconds and its size are equal.
    """
    found = hashlib.sha256(sys.version.encode())
    for library in _libraries():
        found.update(f"{library}\n".encode())
    newest = 0.0
    for root in covered_folders():
        for path in _files(str(root), frozenset()):
            with open(path, "rb") as file:  # noqa: PTH123  a third of the time of Path.open
                status = os.fstat(file.fileno())
                content = hashlib.sha256(file.read()).digest()
            newest = max(newest, status.st_ctime)
            name = f"{path.removeprefix(str(root))} {status.st_mtime_ns}\0"
            found.update(name.encode() + content)
    return found.hexdigest()[:24], newest


def _files(folder: str, above: Collection[tuple[int, int]]) -> Iterator[str]:
    """Yield the files below a folder in the same order everywhere; no link leads in a circle."""
    status = os.stat(folder)  # noqa: PTH116  a third of the time of Path.stat
    if (place := (status.st_dev, status.st_ino)) in above:
        return
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda each: each.name)
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path, {*above, place})
        elif entry.is_file():
            yield entry.path


def covered_folders() -> tuple[Path, ...]:
    """Return the folders of all code that decides on tables: the package, and domains elsewhere."""
    return _covered_folders(tuple(importlib.import_module(DOMAINS).__path__))


@functools.cache
def _covered_folders(places: tuple[str, ...]) -> tuple[Path, ...]:
    outside = (Path(each) for each in places if not Path(each).is_relative_to(PACKAGE))
    return (PACKAGE, *sorted(each for each in outside if each.is_dir()))


def _libraries() -> Iterator[str]:
    """Yield name and version of each installed package, as its folder is named."""
    for place in sys.path:
        if place.endswith(("site-packages", "dist-packages")):
            with contextlib.suppress(OSError):
                yield from sorted(each.name for each in os.scandir(place) if "-info" in each.name)


def uses_uncovered_code(domain: str, seen: set[str] | None = None) -> bool:
    """Return whether a file of a domain, or of a domain that it reads, imports uncovered code.

    Args:
        domain: name of the domain.
        seen: domains that were looked at already; this one is added.
    """
    seen = set() if seen is None else seen
    seen.add(domain)
    for path in _python_files(domain):
        for name in _imported_by(path):
            package, other = name.partition(".")[0], name.removeprefix(f"{DOMAINS}.")
            if package != PACKAGE.name:
                if not _is_covered_package(package):
                    return True
                continue
            found = other.partition(".")[0]
            if other != name and found not in seen and uses_uncovered_code(found, seen):
                return True
    return False


def _python_files(domain: str) -> Iterator[Path]:
    """Yield the files of a domain, or of a module beside the domains."""
    spec = importlib.util.find_spec(f"{DOMAINS}.{domain}")
    if spec is not None and spec.submodule_search_locations is not None:
        for folder in spec.submodule_search_locations:
            yield from Path(folder).rglob("*.py")
    elif spec is not None and spec.origin:
        yield Path(spec.origin)


def _imported_by(path: Path) -> set[str]:
    """Return the absolute names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@functools.cache
def _is_covered_package(name: str) -> bool:
    """Return whether a top-level module is in a covered place; a missing one decides nothing."""
    if name in sys.stdlib_module_names or (found := importlib.util.find_spec(name)) is None:
        return True
    places = found.submodule_search_locations or [found.origin or ""]
    return all(_is_covered_file(place, covered_folders()) for place in places)


def is_covered(module: types.ModuleType | None) -> bool:
    """Return whether a module's file is covered: by its content, or by the version of a library."""
    file = getattr(module, "__file__", None)
    return module is not None and (file is None or _is_covered_file(file, covered_folders()))


@functools.cache
def _is_covered_file(file: str, folders: tuple[Path, ...]) -> bool:
    path, python = Path(file), sysconfig.get_paths()
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    known = [*folders, Path(python["stdlib"]), Path(python["platstdlib"])]
    return any(path.is_relative_to(folder) for folder in known)

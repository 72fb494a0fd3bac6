"""Facts that follow from the code alone, kept as texts in the Dagster home.

That an expression fulfills its contract, the SQL of a table, its column lineage and its definition
take seconds to find out, and stay the same until the code or a library changes. They are kept in
``<home>/code/<digest>/``. The digest covers every file of the package, every folder of domains
elsewhere, and the versions of all installed packages, so nothing has to be renewed: other code
reads another folder. Deleting the folder costs time only, a damaged file is written again.

A fact is used and kept only where the code in memory is surely the code on disk:

- no file changed after this process started (`loaded_since`), nor while a domain was loaded;
- the table is one that `load_domain` found, not a copy with other values;
- no file of the domain imports code that the digest does not cover.
"""

import ast
import contextlib
import functools
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import time
import types
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.settings import Settings, SettingsError

if TYPE_CHECKING:
    from lakehouse.platform.tables.table import Table

PACKAGE = Path(__file__).parents[2]
FOLDER = "code"
KEPT_FOLDERS = 3
"""Folders of other code that stay, such as that of another branch or of a running service."""
MOST_FACTS = 4_000
"""Facts that a folder keeps; when there are more, the older half is deleted."""
CLOCK_STEP = 1.0
"""Seconds by which the times of files and of processes may differ."""

loaded_since: float | None = None
"""When the modules of the package were loaded, if that was after the process started."""


@dataclass(frozen=True)
class CodeFacts:
    """The facts that are kept in one Dagster home; none when it is missing or cannot be written."""

    home: Path | None

    @property
    def folder(self) -> Path | None:
        """Return the folder of the facts about the loaded code; None when none may be kept."""
        code = digest_of_code()
        if self.home is None or code is None or not self.home.is_dir():
            return None
        return self.home / FOLDER / code

    def recall(self, name: str) -> str | None:
        """Return the kept text of this name; None when there is none or it is damaged."""
        folder = self.folder
        if folder is None:
            return None
        try:
            checksum, _, text = (folder / _file_name(name)).read_text("utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return text if checksum == _checksum(text) else None

    def remember(self, name: str, text: str) -> None:
        """Keep a text; do nothing when the home is missing or cannot be written."""
        folder = self.folder
        if folder is None:
            return
        place = folder / _file_name(name)
        scratch = place.with_name(f"{place.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
        with contextlib.suppress(OSError):
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _delete_old_folders(folder)
            try:
                scratch.write_text(f"{_checksum(text)}\n{text}", "utf-8")
                scratch.replace(place)
            finally:
                scratch.unlink(missing_ok=True)
            _delete_old_facts(folder)

    def text(self, name: str, make: Callable[[], str]) -> str:
        """Return the kept text of this name, else the one that is made, and keep it."""
        known = self.recall(name)
        if known is None:
            known = make()
            self.remember(name, known)
        return known


def current() -> CodeFacts:
    """Return the facts in the Dagster home of the environment."""
    return CodeFacts(_home(os.environ.get("DAGSTER_HOME")))


def of_table(table: "Table", what: str, make: Callable[[], str]) -> str:
    """Return a fact about a table, which is found out only once for the same code.

    Args:
        table: what the fact is about; nothing is kept unless `settle` recognized it.
        what: which fact.
        make: finds it out; an error is not kept.
    """
    if not table.is_of_code:
        return make()
    return current().text(f"{table.id.name} {what}", make)


def of_domain(tables: Iterable["Table"], name: str, make: Callable[[], str]) -> str:
    """Return a fact that follows from the code of a domain, given all of its tables."""
    if not all(table.is_of_code for table in tables):
        return make()
    return current().text(name, make)


def has_passed(table: "Table", module: str) -> bool:
    """Return whether a table, which a module declares, fulfilled its contract with this code."""
    facts = current()
    folder = facts.folder
    if folder is None or module != _module_of(table) or not _is_covered(sys.modules.get(module)):
        return False
    return _place_of(table) in (_passed(facts, folder, table.id.domain) or ())


def settle(domain: str, tables: Iterable["Table"], check: Callable[["Table"], None]) -> None:
    """Recognize the tables of a domain as those of the code on disk, after they were declared.

    If a file changed while the domain was loaded, no fact is used any more in this process, and all
    tables are checked.

    Args:
        domain: that was loaded.
        tables: its tables.
        check: compares a table with its contract.
    """
    tables = list(tables)
    facts = current()
    folder = facts.folder
    if folder is None:
        return
    if digest_of_code() != _digest_of_files()[0]:
        _distrust()
        for table in tables:
            check(table)
        return
    computed = [table for table in tables if table.transform is not None]
    if not all(_is_covered(sys.modules.get(_module_of(table))) for table in computed):
        return
    passed = frozenset(map(_place_of, computed))
    if passed != _passed(facts, folder, domain):
        if _uses_uncovered_code(domain, set()):
            return
        facts.remember(_passed_name(domain), json.dumps(sorted(passed)))
        _passed.cache_clear()
    for table in tables:
        object.__setattr__(table, "is_of_code", True)


@functools.cache
def _passed(facts: CodeFacts, _: Path, domain: str) -> frozenset[str] | None:
    """Return the places of the tables that passed, if it is known; the folder tells codes apart."""
    known = facts.recall(_passed_name(domain))
    return None if known is None else frozenset(json.loads(known))


def _passed_name(domain: str) -> str:
    return f"{domain} tables that fulfill their contracts"


def _place_of(table: "Table") -> str:
    return f"{_module_of(table)} {table.id.name}"


def _module_of(table: "Table") -> str:
    return str(getattr(table.transform, "__module__", ""))


@functools.lru_cache(maxsize=8)
def _home(_: str | None) -> Path | None:
    """Return the Dagster home; the argument is the variable that decides it."""
    try:
        return Settings.from_env().home
    except SettingsError:
        return None


_digests: list[str | None] = []
"""The digest of the code, once it was asked for; None if the code in memory may be another."""


def digest_of_code() -> str | None:
    """Return the digest of the loaded code and its libraries; None if files changed since."""
    if not _digests:
        digest, changed = _digest_of_files()
        _digests.append(digest if changed < _loaded_since() - CLOCK_STEP else None)
    return _digests[0]


def _distrust() -> None:
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


def _digest_of_files() -> tuple[str, float]:
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


def _uses_uncovered_code(domain: str, seen: set[str]) -> bool:
    """Return whether a file of a domain, or of a domain that it reads, imports uncovered code."""
    seen.add(domain)
    for path in _python_files(domain):
        for name in _imported_by(path):
            package, other = name.partition(".")[0], name.removeprefix(f"{DOMAINS}.")
            if package != PACKAGE.name:
                if not _is_covered_package(package):
                    return True
                continue
            found = other.partition(".")[0]
            if other != name and found not in seen and _uses_uncovered_code(found, seen):
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


def _is_covered(module: types.ModuleType | None) -> bool:
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


def _file_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _checksum(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _delete_old_folders(newest: Path) -> None:
    others = [path for path in newest.parent.iterdir() if path != newest]
    for path in _by_age(others)[KEPT_FOLDERS:]:
        shutil.rmtree(path, ignore_errors=True)


def _delete_old_facts(folder: Path) -> None:
    kept = list(folder.iterdir())
    if len(kept) > MOST_FACTS:
        for path in _by_age(kept)[MOST_FACTS // 2 :]:
            path.unlink(missing_ok=True)


def _by_age(paths: list[Path]) -> list[Path]:
    """Return paths by the time of their last change, the newest first."""

    def changed(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    return sorted(paths, key=changed, reverse=True)

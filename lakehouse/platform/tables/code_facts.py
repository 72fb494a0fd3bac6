"""Facts that follow from the code alone, kept as texts in the Dagster home.

That an expression fulfills its contract, the SQL of a table, its column lineage and its definition
take seconds to find out, and stay the same until the code or a library changes. They are kept in
``<home>/code/<digest>/``. The digest covers every file of the package, every folder of domains
elsewhere, and the versions of all installed packages, so nothing has to be renewed: other code
reads another folder. Deleting the folder costs time only, a damaged file is written again.

A fact is used and kept only where the code in memory is surely the code on disk:

- no file changed after this process started, nor while a domain was loaded;
- the table is one that `load_domain` found, not a copy with other values;
- no file of the domain imports code that the digest does not cover.
"""

import contextlib
import functools
import hashlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.platform.tables.code_digest import (
    digest_of_code,
    digest_of_files,
    distrust,
    is_covered,
    uses_uncovered_code,
)
from lakehouse.settings import Settings, SettingsError

if TYPE_CHECKING:
    from lakehouse.platform.tables.table import Table

FOLDER = "code"
SHARED = "LAKEHOUSE_CODE_FACTS"
"""Variable that names a folder which keeps the facts of all homes; the tests set it."""
KEPT_FOLDERS = 3
"""Folders of other code that stay, such as that of another branch or of a running service."""
MOST_FACTS = 4_000
"""Facts that a folder keeps; when there are more, the older half is deleted."""


@dataclass(frozen=True)
class CodeFacts:
    """The facts that are kept in one Dagster home; none when it is missing or cannot be written."""

    home: Path | None

    @property
    def folder(self) -> Path | None:
        """Return the folder of the facts about the loaded code; None when none may be kept."""
        place = Path(shared) if (shared := os.environ.get(SHARED)) else self.home
        if place is None or not place.is_dir() or (code := digest_of_code()) is None:
            return None
        return place / FOLDER / code

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
    if folder is None or module != _module_of(table) or not is_covered(sys.modules.get(module)):
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
    if digest_of_code() != digest_of_files()[0]:
        distrust()
        for table in tables:
            check(table)
        return
    computed = [table for table in tables if table.transform is not None]
    if not all(is_covered(sys.modules.get(_module_of(table))) for table in computed):
        return
    passed = frozenset(map(_place_of, computed))
    if passed != _passed(facts, folder, domain):
        if uses_uncovered_code(domain):
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

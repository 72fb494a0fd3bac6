"""Texts that follow from the code alone, kept in the Dagster home: the names of all tables.

Importing the domains takes seconds, and gives the same tables until the code or a library changes.
The folder is named after a digest of every file of the package and of the versions of the
libraries, so that nothing has to be renewed: other code reads another folder. Deleting it costs
time only. Nothing is remembered while a file of the package is younger than a minute: only then is
the code in memory surely that on disk.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lakehouse.settings import Settings, SettingsError

PACKAGE = Path(__file__).parents[2]
LIBRARIES = ("ibis-framework", "sqlglot", "pandera", "duckdb", "pyspark")
FOLDER = "code"
SETTLED_SECONDS = 60.0
KEPT_FOLDERS = 3
"""Folders of other code that stay, such as that of another branch or of a running service."""


def recall(name: str, what: str) -> str | None:
    """Return the remembered text under a name; None when there is none."""
    place = _place(name, what)
    if place is None:
        return None
    try:
        return place.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def remember(name: str, what: str, text: str) -> None:
    """Remember a text; do nothing when the home is missing or cannot be written."""
    place = _place(name, what)
    if place is None:
        return
    with contextlib.suppress(OSError):
        if not place.parent.exists():
            place.parent.mkdir(parents=True)
            _delete_old(place.parent)
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.replace(place)


def _place(name: str, what: str) -> Path | None:
    home = _home(os.environ.get("DAGSTER_HOME"))
    code = digest_of_code(PACKAGE)
    if home is None or code is None or not home.is_dir():
        return None
    return home / FOLDER / code / hashlib.sha256(f"{name} {what}".encode()).hexdigest()[:24]


@functools.lru_cache(maxsize=8)
def _home(_: str | None) -> Path | None:
    """Return the Dagster home; the argument is the variable that decides it."""
    try:
        return Settings.from_env().home
    except SettingsError:
        return None


@functools.cache
def digest_of_code(package: Path) -> str | None:
    """Return the digest of a package and its libraries; None while somebody edits it."""
    found = hashlib.sha256(sys.version.encode())
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.update(f"{library} {version(library)}\n".encode())
    newest = 0.0
    for folder, below, names in os.walk(package):
        below[:] = sorted(set(below) - {"__pycache__"})
        for name in sorted(names):
            path = Path(folder, name)
            newest = max(newest, path.stat().st_mtime)
            found.update(f"{path.relative_to(package)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:24] if time.time() - newest > SETTLED_SECONDS else None


def _delete_old(newest: Path) -> None:
    others = (path for path in newest.parent.iterdir() if path != newest)
    by_age = sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[KEPT_FOLDERS:]:
        shutil.rmtree(path, ignore_errors=True)

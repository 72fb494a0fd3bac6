"""The state of local folders: a digest that changes whenever a file below them is changed."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

SETTLED_NS = 1_000_000_000
"""Nanoseconds after which a further change of a file surely shows another time."""


@dataclass(frozen=True, kw_only=True)
class TreeState:
    """The state of some folders at one moment."""

    digest: str
    """Covers path, kind, permissions, size and times of every file, folder and link."""
    changed_ns: int
    """When something below the folders changed last, in nanoseconds of the epoch."""

    def is_settled(self, now_ns: int) -> bool:
        """Return whether every change after `now_ns` gives another digest."""
        return self.changed_ns < now_ns - SETTLED_NS


def tree_state(folders: Iterable[str], *, without: Collection[str] = ()) -> TreeState:
    """Return the state of folders that exist or not; no link is followed below them.

    Writing into a file changes its time of change, which no tool sets back, so that other bytes of
    the same size and modification time are noticed. Times of folders do not count: a name that is
    added or removed shows among the files.

    Args:
        folders: absolute paths.
        without: absolute paths of files that do not count.

    Raises:
        OSError: a folder cannot be listed.
    """
    found, newest = hashlib.sha256(), 0
    for folder in folders:
        found.update(f"{folder}\n".encode(errors="surrogateescape"))
        for path, status, is_folder in _below(folder):
            if path in without:
                continue
            state = f"{path}\0{status.st_mode} {status.st_uid} {status.st_ino}"
            if not is_folder:
                newest = max(newest, status.st_ctime_ns, status.st_mtime_ns)
                state += f" {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
            found.update(f"{state}\n".encode(errors="surrogateescape"))
    return TreeState(digest=found.hexdigest(), changed_ns=newest)


def _below(folder: str) -> Iterator[tuple[str, os.stat_result, bool]]:
    """Yield path, status and kind of everything below a folder, in the same order every time."""
    pending = [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            yield entry.path, status, is_folder
            if is_folder:
                pending.append(entry.path)

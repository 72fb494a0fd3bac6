"""Files below one local folder."""

import datetime as dt
import os
import shutil
import stat as mode
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from lakehouse.platform.storage.object_store import (
    UNFINISHED,
    Entry,
    ObjectStore,
    ObjectStoreError,
    checked_path,
    folder_prefix,
)


class DiskStore(ObjectStore):
    """Files below one local folder.

    A write survives the end of the process. It is not forced to the disk (no fsync), so a power
    cut may lose the writes of the last seconds.
    """

    parallel_writes = 2

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.uri = os.path.normpath(self.root)
        self._real = os.path.realpath(self.uri)

    def folders(self, prefix: str = "") -> list[str]:
        return [item.name for item in self._scan(folder_prefix(prefix)) if _is_folder(item)]

    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        return self._files(prefix, recursive=recursive, unfinished=False)

    def unfinished(self, prefix: str = "") -> Iterator[Entry]:
        return self._files(prefix, recursive=True, unfinished=True)

    def _files(self, prefix: str, *, recursive: bool, unfinished: bool) -> Iterator[Entry]:
        pending = [folder_prefix(prefix)]
        is_real = self._is_real(pending[0])  # and so is each folder below, as none is a link
        while pending and is_real:
            folder = pending.pop()
            below = []
            for item in self._listed(folder):
                if _is_folder(item):
                    below.append(f"{folder}{item.name}/")
                elif item.name.startswith(UNFINISHED) == unfinished:
                    try:
                        found = item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if mode.S_ISREG(found.st_mode):
                        yield _entry(f"{folder}{item.name}", found)
            if recursive:
                pending.extend(reversed(below))

    def stat(self, path: str) -> Entry | None:
        try:
            found = os.stat(self._inside(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _entry(path, found) if mode.S_ISREG(found.st_mode) else None

    def open(self, path: str) -> BinaryIO:
        """Open one file as a binary stream; a named pipe is rejected without waiting for data."""
        place = self._inside(path)
        stream = os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        if not mode.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise ObjectStoreError(f"{place} is not a regular file")
        return cast(BinaryIO, stream)

    def write(self, path: str, data: bytes | BinaryIO) -> None:
        folder = path.rpartition("/")[0]
        unfinished = self.scratch(folder)
        try:
            with unfinished.open("xb") as stream:
                if isinstance(data, (bytes, bytearray, memoryview)):
                    stream.write(data)
                else:
                    shutil.copyfileobj(data, stream, 1 << 20)
            self.move_in(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def create(self, path: str, data: bytes) -> bool:
        unfinished = self.scratch(path.rpartition("/")[0])
        try:
            unfinished.write_bytes(data)
            os.link(unfinished, self._inside(path))
        except FileExistsError:
            return False
        finally:
            unfinished.unlink(missing_ok=True)
        return True

    def copy_in(self, local: Path, path: str) -> None:
        with local.open("rb") as stream:
            self.write(path, stream)

    def scratch(self, folder: str) -> Path:
        place = Path(self._inside(folder)) if folder else Path(self.uri)
        place.mkdir(parents=True, exist_ok=True)
        return place / f"{UNFINISHED}{uuid.uuid4().hex}"

    def move_in(self, local: Path, path: str) -> None:
        os.replace(local, self._inside(path))

    def delete(self, paths: Iterable[str]) -> None:
        for path in paths:
            Path(self._inside(path)).unlink(missing_ok=True)

    def delete_folder(self, folder: str) -> None:
        if (place := Path(self._inside(folder))).is_dir():
            shutil.rmtree(place)

    def url(self, path: str) -> str:
        return os.path.join(self.uri, checked_path(path)) if path else self.uri

    def delta_options(self) -> None:
        return None

    def _inside(self, path: str) -> str:
        """Return the absolute path; reject one that leaves the root by a symbolic link."""
        place = self.url(checked_path(path))
        real = os.path.realpath(place)
        if os.path.commonpath([real, self._real]) != self._real:
            raise ObjectStoreError(f"{place} leaves {self.uri} by a symbolic link")
        return place

    def _scan(self, folder: str) -> list[os.DirEntry[str]]:
        """List a folder sorted by name; empty when it is missing or behind a symbolic link."""
        return self._listed(folder) if self._is_real(folder) else []

    def _is_real(self, folder: str) -> bool:
        """Return whether a folder is behind no symbolic link, or is the root."""
        real = os.path.realpath(os.path.join(self.uri, folder))
        return not folder or real == os.path.join(self._real, folder.rstrip("/"))

    def _listed(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(os.path.join(self.uri, folder)) as found:
                return sorted(found, key=lambda item: item.name)
        except (FileNotFoundError, NotADirectoryError):
            return []


def _is_folder(item: os.DirEntry[str]) -> bool:
    return item.is_dir(follow_symlinks=False)


def _entry(path: str, found: os.stat_result) -> Entry:
    modified_at = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
    return Entry(path=path, size=found.st_size, modified_at=modified_at, etag=None)

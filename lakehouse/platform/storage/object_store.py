"""Files below one root, on local disk or S3, behind one small interface.

What the bytes mean belongs elsewhere: tables are in `delta_table`, delivered files in
`platform/ingestion`. Importing this module opens nothing and does not import boto3.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

UNFINISHED = ".tmp-"
"""Prefix of a file that is still being written on disk; such files are never listed."""


class ObjectStoreError(Exception):
    """A store, path or credential cannot be used; the message says what to change."""


class ObjectTooLarge(ObjectStoreError):
    """A file is longer than the reader allows; none of its bytes are returned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file as a listing shows it."""

    path: str
    """Relative to the store's root, with '/' between the parts."""
    size: int
    """Bytes."""
    modified_at: dt.datetime
    """UTC, with time zone."""
    etag: str | None
    """S3 only."""


class ObjectStore(ABC):
    """Files below one root, on local disk or S3.

    Paths are relative to the root. Absolute paths and paths that contain ``..`` are rejected.
    """

    uri: str
    parallel_writes: int
    """Number of files that are best written in parallel."""

    @staticmethod
    def at(uri: str) -> "ObjectStore":
        """Return the store of a root: ``s3://bucket/prefix``, ``file:///x``, ``/x`` or ``x/y``.

        >>> ObjectStore.at("s3://shop/landing/").uri
        's3://shop/landing'
        """
        from lakehouse.platform.storage.disk import DiskStore
        from lakehouse.platform.storage.s3 import S3Store

        scheme, separator, rest = uri.partition("://")
        if not uri.strip():
            raise ObjectStoreError("the root is empty. hint: give a folder or s3://bucket/prefix")
        if not separator:
            return DiskStore(Path(uri))
        if scheme == "file":
            if not rest.startswith("/"):
                raise ObjectStoreError(f"{uri!r} contains a host. hint: write file:///folder")
            return DiskStore(Path(unquote(rest)))
        if scheme == "s3":
            bucket, _, prefix = rest.partition("/")
            if not bucket:
                raise ObjectStoreError(f"{uri!r} has no bucket. hint: write s3://bucket/prefix")
            return S3Store(bucket, prefix.strip("/"))
        raise ObjectStoreError(
            f"{uri!r}: {scheme}:// is not supported. hint: use s3://, file:// or a folder"
        )

    @abstractmethod
    def folders(self, prefix: str = "") -> list[str]:
        """Return the names of the folders directly below a folder, sorted.

        A folder that does not exist has none.
        """

    @abstractmethod
    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        """List the files below a folder; none when it does not exist.

        Symbolic links on disk are never followed and never listed, so a listing cannot leave
        the root or run in a circle.
        """

    @abstractmethod
    def stat(self, path: str) -> Entry | None:
        """Return the file at a path; None when it does not exist."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open one file as a binary stream; FileNotFoundError when it does not exist."""

    def read(self, path: str, *, limit: int | None = None) -> bytes:
        """Read all bytes of one file.

        At most ``limit + 1`` bytes are held in memory, even when the file grows while it is
        read.

        Raises:
            ObjectTooLarge: the file has more than ``limit`` bytes.
        """
        with self.open(path) as stream:
            data = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(data) > limit:
            raise ObjectTooLarge(f"{self.url(path)} has more than {limit:,} bytes")
        return data

    @abstractmethod
    def write(self, path: str, data: bytes | BinaryIO) -> None:
        """Replace the file at a path atomically: a reader sees all of the old or of the new."""

    @abstractmethod
    def create(self, path: str, data: bytes) -> bool:
        """Write a file that does not exist yet, atomically; return whether it was written.

        Of several writers at the same moment, one succeeds.
        """

    @abstractmethod
    def copy_in(self, local: Path, path: str) -> None:
        """Copy a local file to a path, atomically and as a stream."""

    @abstractmethod
    def scratch(self, folder: str) -> Path:
        """Return a local file name from which `move_in` is cheap; the file is not created."""

    @abstractmethod
    def move_in(self, local: Path, path: str) -> None:
        """Move a local file to a path, atomically."""

    @abstractmethod
    def unfinished(self, prefix: str = "") -> Iterator[Entry]:
        """List the files below a folder that a killed process left half written.

        S3 lists none: a lifecycle rule deletes the parts of interrupted uploads.
        """

    @abstractmethod
    def delete(self, paths: Iterable[str]) -> None:
        """Delete files. A file that does not exist is ignored."""

    def delete_folder(self, folder: str) -> None:
        """Delete a folder with all files below it. A folder that does not exist is ignored."""
        self.delete([entry.path for entry in self.entries(folder)])

    @abstractmethod
    def url(self, path: str) -> str:
        """Return the absolute path or s3:// URL that DuckDB and delta-rs can open."""

    @abstractmethod
    def delta_options(self) -> dict[str, str] | None:
        """Return the options with which delta-rs opens tables of this store; None for disk.

        Ask again for every table that is opened, because credentials may expire.
        """


def checked_path(path: str) -> str:
    """Return the path.

    Raises:
        ObjectStoreError: it is empty, absolute, or contains an empty part, ``.`` or ``..``.
    """
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ObjectStoreError(f"{path!r} is not a path inside a store. hint: write folder/file")
    return path


def folder_prefix(folder: str) -> str:
    """Return the prefix of the paths in a folder: empty for the root, else ending in '/'."""
    trimmed = folder.rstrip("/")
    return f"{checked_path(trimmed)}/" if trimmed else ""

"""Files under one root, on local disk or S3, behind one small interface.

What the bytes mean belongs elsewhere: tables are in ``storage``, landed files in ``landing``.
Importing this module opens nothing and does not import boto3.
"""

import datetime as dt
import importlib.util
import os
import shutil
import stat as mode
import tempfile
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

UNFINISHED = ".tmp-"
"""Prefix of a file still being written on disk; such files are never listed."""

SMALL = 8 << 20
"""Bytes up to which a file goes to S3 in one request instead of parts."""

DELETE_BATCH = 1000
"""Keys in one S3 delete request, the most the protocol allows."""


class ObjectStoreError(Exception):
    """A store, path or credential that cannot be used; the message says what to change."""


class ObjectTooLarge(ObjectStoreError):
    """A file longer than the reader allows; nothing of it is returned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file as a listing shows it."""

    path: str
    """Relative to the store's root, with '/' between the parts."""
    size: int
    """Bytes."""
    modified_at: dt.datetime
    """UTC, aware."""
    etag: str | None
    """S3 only."""


class ObjectStore(ABC):
    """Files under one root, on local disk or S3.

    Paths are relative to the root. A path that is absolute or climbs (``..``) is rejected.
    """

    uri: str

    @staticmethod
    def at(uri: str) -> "ObjectStore":
        """The store of a root: ``s3://bucket/prefix``, ``file:///x``, ``/x`` or ``relative/x``.

        >>> ObjectStore.at("s3://shop/landing/").uri
        's3://shop/landing'
        """
        scheme, separator, rest = uri.partition("://")
        if not uri.strip():
            raise ObjectStoreError("the root is empty; give a folder or s3://bucket/prefix")
        if not separator:
            return DiskStore(Path(uri))
        if scheme == "file":
            if not rest.startswith("/"):
                raise ObjectStoreError(f"{uri!r} names a host; write file:///folder")
            return DiskStore(Path(unquote(rest)))
        if scheme == "s3":
            bucket, _, prefix = rest.partition("/")
            if not bucket:
                raise ObjectStoreError(f"{uri!r} names no bucket; write s3://bucket/prefix")
            return S3Store(bucket, prefix.strip("/"))
        raise ObjectStoreError(f"{uri!r}: {scheme}:// is not known; use s3://, file:// or a folder")

    @abstractmethod
    def folders(self, prefix: str = "") -> list[str]:
        """Names of the folders directly below a folder, sorted; none when it does not exist."""

    @abstractmethod
    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        """Files below a folder; none when it does not exist.

        On disk a symbolic link is never followed and never listed here, so that a listing
        cannot leave the root or run in a circle.
        """

    @abstractmethod
    def stat(self, path: str) -> Entry | None:
        """The file at a path, or None when there is none."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """A binary stream of one file; FileNotFoundError when there is none."""

    def read(self, path: str, *, limit: int | None = None) -> bytes:
        """All bytes of one file.

        Raises ObjectTooLarge when the file has more than ``limit`` bytes; no more than
        ``limit + 1`` bytes are held, even when the file grows while being read.
        """
        with self.open(path) as stream:
            data = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(data) > limit:
            raise ObjectTooLarge(f"{self.url(path)} has more than {limit:,} bytes")
        return data

    @abstractmethod
    def write(self, path: str, data: bytes | BinaryIO) -> None:
        """Make the bytes the file at a path; a reader sees the old file or the new one whole."""

    @abstractmethod
    def copy_in(self, local: Path, path: str) -> None:
        """Copy a local file to a path, atomically; streams, whatever the size."""

    @abstractmethod
    def scratch(self, folder: str) -> Path:
        """A local file name to write to, from where ``move_in`` is cheap; no file is made."""

    @abstractmethod
    def move_in(self, local: Path, path: str) -> None:
        """Make a local file the file at a path, atomically; the local name is gone after."""

    @abstractmethod
    def unfinished(self, prefix: str = "") -> Iterator[Entry]:
        """Files that a dead process left half written below a folder.

        S3 has none to show: parts of a broken upload are dropped by a lifecycle rule.
        """

    @abstractmethod
    def delete(self, paths: Iterable[str]) -> None:
        """Remove files; one that is gone already is no error."""

    @abstractmethod
    def url(self, path: str) -> str:
        """Absolute path or s3:// URL that DuckDB and delta-rs can open."""


class DiskStore(ObjectStore):
    """Files below one local folder.

    A write survives the death of the process; it is not forced to the medium, so a power cut
    may lose what was written in the last seconds.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.uri = os.path.normpath(self.root)
        self._real = os.path.realpath(self.uri)

    def folders(self, prefix: str = "") -> list[str]:
        return [item.name for item in self._scan(_folder(prefix)) if _is_folder(item)]

    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        return self._files(prefix, recursive=recursive, unfinished=False)

    def unfinished(self, prefix: str = "") -> Iterator[Entry]:
        return self._files(prefix, recursive=True, unfinished=True)

    def _files(self, prefix: str, *, recursive: bool, unfinished: bool) -> Iterator[Entry]:
        pending = [_folder(prefix)]
        while pending:
            folder = pending.pop()
            below = []
            for item in self._scan(folder):
                if _is_folder(item):
                    below.append(f"{folder}{item.name}/")
                elif item.name.startswith(UNFINISHED) == unfinished:
                    try:
                        found = item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if mode.S_ISREG(found.st_mode):
                        yield _disk_entry(f"{folder}{item.name}", found)
            if recursive:
                pending.extend(reversed(below))

    def stat(self, path: str) -> Entry | None:
        try:
            found = os.stat(self._inside(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _disk_entry(path, found) if mode.S_ISREG(found.st_mode) else None

    def open(self, path: str) -> BinaryIO:
        """A binary stream; never waits for the writer of a pipe put among the files."""
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

    def url(self, path: str) -> str:
        return os.path.join(self.uri, _checked(path)) if path else self.uri

    def _inside(self, path: str) -> str:
        """The place of a path; rejected when a symbolic link takes it out of the root."""
        place = self.url(_checked(path))
        real = os.path.realpath(place)
        if os.path.commonpath([real, self._real]) != self._real:
            raise ObjectStoreError(f"{place} leaves {self.uri} by a symbolic link")
        return place

    def _scan(self, folder: str) -> list[os.DirEntry[str]]:
        """What lies directly in a folder, by name; nothing when it is missing or behind a link."""
        place = os.path.join(self.uri, folder)
        if folder and os.path.realpath(place) != os.path.join(self._real, folder.rstrip("/")):
            return []
        try:
            with os.scandir(place) as found:
                return sorted(found, key=lambda item: item.name)
        except (FileNotFoundError, NotADirectoryError):
            return []


class S3Store(ObjectStore):
    """Files below one prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._base = f"{prefix}/" if prefix else ""

    def folders(self, prefix: str = "") -> list[str]:
        start = self._base + _folder(prefix)
        pages = self._pages(start, "/")
        below = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ())]
        return sorted({key[len(start) :].rstrip("/") for key in below} - {""})

    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        for page in self._pages(self._base + _folder(prefix), "" if recursive else "/"):
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):
                    yield Entry(
                        path=item["Key"][len(self._base) :],
                        size=item["Size"],
                        modified_at=item["LastModified"].astimezone(dt.UTC),
                        etag=item.get("ETag", "").strip('"') or None,
                    )

    def stat(self, path: str) -> Entry | None:
        try:
            found = s3_client().head_object(Bucket=self.bucket, Key=self._key(path))
        except Exception as error:
            if _is_missing(error):
                return None
            raise
        return Entry(
            path=path,
            size=found["ContentLength"],
            modified_at=found["LastModified"].astimezone(dt.UTC),
            etag=found.get("ETag", "").strip('"') or None,
        )

    def open(self, path: str) -> BinaryIO:
        try:
            found = s3_client().get_object(Bucket=self.bucket, Key=self._key(path))
        except Exception as error:
            if _is_missing(error):
                raise FileNotFoundError(self.url(path)) from error
            raise
        return cast(BinaryIO, found["Body"])

    def write(self, path: str, data: bytes | BinaryIO) -> None:
        if isinstance(data, (bytes, bytearray, memoryview)):
            s3_client().put_object(Bucket=self.bucket, Key=self._key(path), Body=bytes(data))
        else:
            s3_client().upload_fileobj(data, self.bucket, self._key(path))

    def copy_in(self, local: Path, path: str) -> None:
        if local.stat().st_size <= SMALL:
            self.write(path, local.read_bytes())
        else:
            s3_client().upload_file(str(local), self.bucket, self._key(path))

    def scratch(self, folder: str) -> Path:
        return Path(tempfile.gettempdir()) / f"lakehouse{UNFINISHED}{uuid.uuid4().hex}"

    def move_in(self, local: Path, path: str) -> None:
        self.copy_in(local, path)
        local.unlink()

    def unfinished(self, prefix: str = "") -> Iterator[Entry]:
        return iter(())

    def delete(self, paths: Iterable[str]) -> None:
        keys = [{"Key": self._key(path)} for path in paths]
        for start in range(0, len(keys), DELETE_BATCH):
            answer = s3_client().delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": keys[start : start + DELETE_BATCH], "Quiet": True},
            )
            rejected = [e for e in answer.get("Errors", ()) if e.get("Code") != "NoSuchKey"]
            if rejected:
                first = rejected[0]
                raise ObjectStoreError(
                    f"{len(rejected)} files of {self.uri} were not deleted; "
                    f"first {first.get('Key')!r}: {first.get('Code')} {first.get('Message')}"
                )

    def url(self, path: str) -> str:
        return f"{self.uri}/{_checked(path)}" if path else self.uri

    def _key(self, path: str) -> str:
        return self._base + _checked(path)

    def _pages(self, prefix: str, delimiter: str) -> Iterator[dict[str, Any]]:
        listing = s3_client().get_paginator("list_objects_v2")
        yield from listing.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter=delimiter)


_ENVIRONMENT = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
_lock = threading.Lock()
_opened: dict[tuple[object, ...], tuple[Any, Any]] = {}


def s3_client() -> Any:
    """The boto3 S3 client of this process for the endpoint and identity of the environment.

    Throttling and network errors are retried, at most 8 times. With an endpoint of one's own
    buckets are addressed by path, since its host name seldom covers ``bucket.host``.
    """
    return _connection()[1]


def delta_storage_options() -> dict[str, str]:
    """What delta-rs needs to open ``s3://`` tables, with credentials resolved by boto3.

    Ask again for every table that is opened: expiring credentials are refreshed here, and
    delta-rs would neither refresh them nor read a profile.
    """
    access = _access()
    options = {
        "AWS_ACCESS_KEY_ID": access.key,
        "AWS_SECRET_ACCESS_KEY": access.secret,
        "AWS_REGION": access.region,
        "aws_conditional_put": "etag",
    }
    if access.token:
        options["AWS_SESSION_TOKEN"] = access.token
    if access.endpoint:
        options["AWS_ENDPOINT_URL"] = access.endpoint
        options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "false"
    if access.endpoint.startswith("http://"):
        options["AWS_ALLOW_HTTP"] = "true"
    return options


def duckdb_s3_setup(connection: Any) -> None:
    """Let a DuckDB connection open ``s3://`` files, with the credentials boto3 resolves.

    The extension comes from the package duckdb-extension-httpfs: nothing is downloaded. The
    secret lives in memory; call again when credentials may have expired.
    """
    access = _access()
    endpoint = urlsplit(access.endpoint)
    secret = {
        "TYPE": "s3",
        "PROVIDER": "config",
        "KEY_ID": access.key,
        "SECRET": access.secret,
        "REGION": access.region,
    }
    if access.token:
        secret["SESSION_TOKEN"] = access.token
    if access.endpoint:
        secret["ENDPOINT"] = endpoint.netloc + endpoint.path.rstrip("/")
        secret["URL_STYLE"] = "path"
        secret["USE_SSL"] = "true" if endpoint.scheme == "https" else "false"
    import duckdb

    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute(f"LOAD {_quoted(_httpfs())}")
    options = ", ".join(f"{name} {_quoted(value)}" for name, value in secret.items())
    try:
        connection.execute(f"CREATE OR REPLACE SECRET lakehouse_s3 ({options})")
    except duckdb.Error as error:
        raise ObjectStoreError(
            f"DuckDB rejected the S3 credentials ({type(error).__name__})"
        ) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Access:
    key: str
    secret: str
    token: str
    region: str
    endpoint: str

    def __repr__(self) -> str:
        return f"_Access(region={self.region!r}, endpoint={self.endpoint!r})"


def _access() -> _Access:
    session, client = _connection()
    credentials = session.get_credentials()
    if credentials is None:
        raise ObjectStoreError(
            "no AWS credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "AWS_PROFILE, or run with a role"
        )
    frozen = credentials.get_frozen_credentials()
    own_endpoint = any(os.environ.get(name) for name in _ENVIRONMENT[:2])
    return _Access(
        key=frozen.access_key,
        secret=frozen.secret_key,
        token=frozen.token or "",
        region=client.meta.region_name,
        endpoint=client.meta.endpoint_url.rstrip("/") if own_endpoint else "",
    )


def _connection() -> tuple[Any, Any]:
    """Session and client for the environment as it is; a forked process opens its own."""
    identity = (os.getpid(), *(os.environ.get(name) for name in _ENVIRONMENT))
    with _lock:
        if identity not in _opened:
            import boto3
            from botocore.config import Config

            session = boto3.Session()
            own_endpoint = any(os.environ.get(name) for name in _ENVIRONMENT[:2])
            client = session.client(
                "s3",
                region_name=os.environ.get("AWS_REGION") or session.region_name or "us-east-1",
                config=Config(
                    retries={"mode": "standard", "max_attempts": 8},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=32,
                    s3={"addressing_style": "path" if own_endpoint else "auto"},
                ),
            )
            _opened[identity] = (session, client)
        return _opened[identity]


def _httpfs() -> str:
    import duckdb

    package = importlib.util.find_spec("duckdb_extension_httpfs")
    if package is None or not package.submodule_search_locations:
        raise ObjectStoreError("DuckDB cannot open s3://: install duckdb-extension-httpfs")
    folder = Path(package.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    extension = folder / "httpfs.duckdb_extension"
    if not extension.exists():
        raise ObjectStoreError(
            f"duckdb-extension-httpfs is not of DuckDB {duckdb.__version__}; "
            "install the two with the same version"
        )
    return str(extension)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _checked(path: str) -> str:
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ObjectStoreError(f"{path!r} is not a path inside a store; write folder/file")
    return path


def _folder(prefix: str) -> str:
    """A folder as a prefix of the paths in it: empty for the root, else ending in '/'."""
    trimmed = prefix.rstrip("/")
    return f"{_checked(trimmed)}/" if trimmed else ""


def _is_folder(item: os.DirEntry[str]) -> bool:
    return item.is_dir(follow_symlinks=False)


def _disk_entry(path: str, found: os.stat_result) -> Entry:
    modified_at = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
    return Entry(path=path, size=found.st_size, modified_at=modified_at, etag=None)


def _is_missing(error: Exception) -> bool:
    answer = getattr(error, "response", None) or {}
    return answer.get("Error", {}).get("Code") in ("NoSuchKey", "404", "NotFound")

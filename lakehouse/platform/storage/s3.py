"""Files below one prefix of an S3 bucket. Importing this module does not import boto3."""

import datetime as dt
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from lakehouse.platform.storage.object_store import (
    UNFINISHED,
    Entry,
    ObjectStore,
    ObjectStoreError,
    checked_path,
    folder_prefix,
)
from lakehouse.platform.storage.s3_access import delta_storage_options, s3_client

SINGLE_REQUEST_BYTES = 8 << 20
"""Largest size, in bytes, of a file that is sent in one request instead of parts."""

DELETE_BATCH = 1000
"""Keys in one delete request, the most that S3 allows."""


class S3Store(ObjectStore):
    """Files below one prefix of an S3 bucket."""

    parallel_writes = 8

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._base = f"{prefix}/" if prefix else ""

    def folders(self, prefix: str = "") -> list[str]:
        start = self._base + folder_prefix(prefix)
        pages = self._pages(start, "/")
        below = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ())]
        return sorted({key[len(start) :].rstrip("/") for key in below} - {""})

    def entries(self, prefix: str = "", *, recursive: bool = True) -> Iterator[Entry]:
        for page in self._pages(self._base + folder_prefix(prefix), "" if recursive else "/"):
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

    def create(self, path: str, data: bytes) -> bool:
        try:
            s3_client().put_object(
                Bucket=self.bucket, Key=self._key(path), Body=data, IfNoneMatch="*"
            )
        except Exception as error:
            if _is_taken(error):
                return _was_sent_before(error) and self.read(path) == data
            raise
        return True

    def copy_in(self, local: Path, path: str) -> None:
        if local.stat().st_size <= SINGLE_REQUEST_BYTES:
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
        return f"{self.uri}/{checked_path(path)}" if path else self.uri

    def delta_options(self) -> dict[str, str]:
        return delta_storage_options()

    def _key(self, path: str) -> str:
        return self._base + checked_path(path)

    def _pages(self, prefix: str, delimiter: str) -> Iterator[dict[str, Any]]:
        listing = s3_client().get_paginator("list_objects_v2")
        yield from listing.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter=delimiter)


def _is_taken(error: Exception) -> bool:
    answer = getattr(error, "response", None) or {}
    code = answer.get("Error", {}).get("Code")
    return code in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def _was_sent_before(error: Exception) -> bool:
    """Return whether the request was repeated, so that an earlier one may have been executed."""
    answer = getattr(error, "response", None) or {}
    return bool(answer.get("ResponseMetadata", {}).get("RetryAttempts"))


def _is_missing(error: Exception) -> bool:
    answer = getattr(error, "response", None) or {}
    return answer.get("Error", {}).get("Code") in ("NoSuchKey", "404", "NotFound")

"""Compare stored files with what was stored: their bytes with the digest in their name.

The name of a file says which bytes were written. It does not prove that they are still there.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable

from lakehouse.platform.storage.errors import TableDamaged
from lakehouse.platform.storage.object_store import ObjectStore, ObjectStoreError
from lakehouse.platform.storage.table_id import DAY, DIGEST_LENGTH, TableId

PIECE = 1 << 20
"""Bytes that are hashed at once."""

_STORED_FILE = re.compile(
    rf"(?P<table>.+)/{DAY}=(?P<day>\d{{4}}-\d\d-\d\d)/(?P<digest>[0-9a-f]{{{DIGEST_LENGTH}}})-[^/]+"
)


def digest_of(store: ObjectStore, path: str) -> str:
    """Return the SHA-256 of a file, read as a stream.

    Raises:
        OSError: the file does not exist or cannot be read.
    """
    found = hashlib.sha256()
    with store.open(path) as stream:
        while piece := stream.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def problem_with(store: ObjectStore, path: str, digest: str, size: int | None = None) -> str | None:
    """Return how a file differs from the digest of its bytes, or from its first digits; else None.

    Args:
        store: the lake's store.
        path: of the file.
        digest: SHA-256 of the bytes that were stored, or its first digits.
        size: number of bytes that were stored, if it is known.
    """
    try:
        entry = store.stat(path)
        if entry is None:
            return f"the file {path} does not exist"
        if size is not None and entry.size != size:
            return f"the file {path} has {entry.size:,} bytes, expected {size:,}"
        found = digest_of(store, path)
    except FileNotFoundError:
        return f"the file {path} does not exist"
    except (OSError, ObjectStoreError) as error:
        return f"the file {path} cannot be read ({getattr(error, 'strerror', None) or error})"
    if not found.startswith(digest):
        return (
            f"the file {path} has other bytes than were stored: SHA-256 {found[: len(digest)]},"
            f" expected {digest}"
        )
    return None


def first_damage(store: ObjectStore, urls: Iterable[str]) -> TableDamaged | None:
    """Return the first of these files of tables that is missing or has other bytes; else None."""
    for url in urls:
        path = url.removeprefix(f"{store.uri}/")
        if (found := _STORED_FILE.fullmatch(path)) is None:
            continue
        if problem := problem_with(store, path, found["digest"]):
            return TableDamaged(
                _table_of(found["table"]), problem, dt.date.fromisoformat(found["day"])
            )
    return None


def _table_of(path: str) -> TableId:
    layer, domain, *companion, table = path.split("/")
    return TableId(layer, domain, table, companion[0] if companion else None)

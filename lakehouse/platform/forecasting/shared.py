"""Results that several tables of one run need are computed once.

A run computes each table by itself, often from the same rows. A result is found again by a digest
of what it follows from, so other rows are never answered with it. It lives as long as the process,
within a limit of bytes.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of the arrays that are kept of one kind of results."""

Result = TypeVar("Result")


class SharedResults(Generic[Result]):
    """The newest results of one computation.

    Args:
        arrays_of: returns the arrays of a result; they cannot be changed any more once it is kept.
        most_bytes: bytes of the arrays of all kept results.
    """

    def __init__(
        self,
        arrays_of: Callable[[Result], Iterable[NDArray[Any]]],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._arrays_of = arrays_of
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, tuple[int, Result]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str, compute: Callable[[], Result]) -> Result:
        """Return the kept result, else the one that is computed.

        Args:
            key: digest of everything that the result follows from.
            compute: computes it; an error is not kept.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        result = compute()
        arrays = list(self._arrays_of(result))
        for array in arrays:
            array.setflags(write=False)
        with self._lock:
            self._kept[key] = sum(array.nbytes for array in arrays), result
            while sum(size for size, _ in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return result


def digest_of(*values: object) -> str:
    """Return a digest of arrays, Arrow tables and plain values, whatever their order in memory.

    Arrow tables by name are given as a mapping. Rows in another order have another digest.
    """
    found = hashlib.blake2b(digest_size=20)
    for value in values:
        if isinstance(value, np.ndarray):
            found.update(f"{value.shape} {value.dtype}".encode())
            found.update(np.ascontiguousarray(value).data)
        elif isinstance(value, Mapping):
            for name in sorted(value):
                found.update(f"{name} {digest_of(value[name])}".encode())
        elif isinstance(value, pa.Table):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, value.schema) as stream:
                stream.write_table(value.combine_chunks())
            found.update(sink.getvalue())
        else:
            found.update(repr(value).encode())
        found.update(b"\0")
    return found.hexdigest()

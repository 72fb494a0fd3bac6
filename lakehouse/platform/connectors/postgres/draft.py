"""A CSV file of changes that is being written beside the lake."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from lakehouse.platform.connectors.postgres.declaration import Extraction, Row

BLOCK_BYTES = 1 << 20


class Draft:
    """A file of changes; invisible to others until it is staged."""

    def __init__(self, extraction: Extraction, number: int, scratch: Path) -> None:
        self.number = number
        self.operations: Counter[str] = Counter()
        self.path = scratch
        self._stream = scratch.open("xb")
        self._text = io.TextIOWrapper(self._stream, "utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._quoting_writer = csv.writer(self._text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._writer.writerow(extraction.header)
        self._number = f"{number:012d}"

    @property
    def rows(self) -> int:
        """Number of changes written so far."""
        return self.operations.total()

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def add(self, row: Row, operation: str) -> None:
        """Write one change; null becomes an empty value.

        See `needs_quotes` for rows that are quoted.
        """
        writer = self._quoting_writer if needs_quotes(row) else self._writer
        writer.writerow([*row, operation, self._number])
        self.operations[operation] += 1

    def flush(self) -> Path:
        """Write everything to disk and return the path of the unfinished file."""
        self._text.flush()
        return self.path

    def close(self) -> tuple[str, int]:
        """Finish the file and return its SHA-256 and its size in bytes."""
        self._text.close()
        with self.path.open("rb") as stream:
            return sha256_of(stream), self.path.stat().st_size

    def discard(self) -> None:
        """Delete the file; does nothing after it was staged."""
        self._text.close()
        self.path.unlink(missing_ok=True)


def needs_quotes(row: Iterable[object]) -> bool:
    """Return whether a row must be quoted although the csv module does not.

    A reader would take a CR for the end of a line, and U+FEFF, which begins some files, for the
    start of another file.
    """
    return any("\r" in value or "\ufeff" in value for value in row if isinstance(value, str))


def sha256_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of a stream, read in blocks."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()

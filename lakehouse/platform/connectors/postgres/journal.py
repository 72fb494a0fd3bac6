"""The journal: what an extraction has done and is about to do, in one object of the lake.

The object is replaced completely, so a process that dies leaves the step before or the step after.
A file that `ExtractionState.pending` names is already staged in the lake: landing it again writes
the same bytes.
"""

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.storage.object_store import ObjectStore


@dataclass(frozen=True, kw_only=True)
class ExtractedFile:
    """A file of changes.

    Attributes:
        path: in the landing zone.
        digest: SHA-256 of the bytes.
        size: in bytes.
        rows: number of changes.
        number: of the extraction; later files have greater numbers.
        since: log position before which every change is in earlier files; 0 for a file that was
            not read from the log.
    """

    path: str
    digest: str
    size: int
    rows: int
    number: int
    since: int = 0

    @property
    def day(self) -> dt.date:
        """Delivery day, from the path."""
        return dt.date.fromisoformat(self.path.split("/")[1])

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Watermark:
    """How far the legacy table is in landed files.

    Attributes:
        horizon: every transaction with a smaller number had ended and is in the files; None when
            all rows have to be compared.
        reached: log position; every change committed before it is in the files; None when no slot
            has been read.
    """

    horizon: int | None = None
    reached: int | None = None


@dataclass(frozen=True, kw_only=True)
class PendingFile:
    """A staged file on its way to the landing zone, and the watermark after it has landed."""

    file: ExtractedFile
    watermark: Watermark
    origin: str


@dataclass(frozen=True, kw_only=True)
class ExtractionState:
    """The content of the journal.

    Attributes:
        number: of the newest file.
        origin: identity of the cluster and table that the watermark belongs to.
        watermark: how far the table is extracted.
        slot: name of this lake's replication slot.
        pending: the file that is being landed.
        waiting: landed files that the lake has not committed yet, oldest first.
    """

    number: int = 0
    origin: str | None = None
    watermark: Watermark = field(default_factory=Watermark)
    slot: str | None = None
    pending: PendingFile | None = None
    waiting: tuple[ExtractedFile, ...] = ()


@dataclass(frozen=True)
class Journal:
    """Reads and writes the journal of one extraction."""

    store: ObjectStore
    extraction: Extraction

    @property
    def folder(self) -> str:
        """Folder of the staged files."""
        return f"ops/{self.extraction.domain}/extraction/{self.extraction.dataset}"

    def staged(self, file: ExtractedFile) -> str:
        """Return the path of a file's bytes until the lake has committed it."""
        return f"{self.folder}/{file.name}"

    def load(self) -> ExtractionState:
        """Read the state; an empty one before the first extraction.

        Raises:
            ExtractionError: the journal cannot be read. It is never treated as empty.
        """
        path = f"{self.folder}.json"
        if self.store.stat(path) is None:
            return ExtractionState()
        try:
            return _parse(json.loads(self.store.read(path)))
        except (ValueError, KeyError, TypeError) as error:
            raise ExtractionError(
                f"{self.store.url(path)} is not a valid journal ({type(error).__name__}); hint:"
                " restore it, or delete it to compare the entire table with the lake"
            ) from error

    def save(self, state: ExtractionState) -> None:
        """Replace the journal."""
        self.store.write(f"{self.folder}.json", json.dumps(asdict(state), indent=1).encode())


def _parse(content: dict[str, Any]) -> ExtractionState:
    pending = content["pending"]
    return ExtractionState(
        number=content["number"],
        origin=content["origin"],
        watermark=Watermark(**content["watermark"]),
        slot=content["slot"],
        pending=PendingFile(
            file=ExtractedFile(**pending["file"]),
            watermark=Watermark(**pending["watermark"]),
            origin=pending["origin"],
        )
        if pending
        else None,
        waiting=tuple(ExtractedFile(**file) for file in content["waiting"]),
    )

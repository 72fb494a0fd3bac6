"""What an extraction has done and is about to do, in one object of the lake.

The object is replaced whole, so whoever dies leaves the step before or the step after. A file that
`State.pending` names is staged in the lake already: landing it again gives the same bytes.
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
        digest: SHA-256 of its bytes.
        size: bytes.
        rows: changes in it.
        number: of the extraction that made it; later files have greater numbers.
        since: place in the log before which every change is in earlier files; 0 where the file is
            not made from the log.
    """

    path: str
    digest: str
    size: int
    rows: int
    number: int
    since: int = 0

    @property
    def day(self) -> dt.date:
        """Delivery day, as the path says it."""
        return dt.date.fromisoformat(self.path.split("/")[1])

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Watermark:
    """Up to where the legacy table is in landed files.

    Attributes:
        horizon: every transaction below it was finished, and is in the files; None when the table
            has to be read whole.
        reached: place in the log, every change committed before which is in the files; None when
            no slot has been read.
    """

    horizon: int | None = None
    reached: int | None = None


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A staged file on its way to the landing zone, and the watermark once it is there."""

    file: ExtractedFile
    watermark: Watermark
    origin: str


@dataclass(frozen=True, kw_only=True)
class State:
    """The journal's one entry.

    Attributes:
        number: of the newest file.
        origin: which table in which cluster the watermark is about.
        watermark: up to where it is extracted.
        slot: name of the replication slot that is this lake's.
        pending: the file that is being landed.
        waiting: landed files that the lake has not committed yet, oldest first.
    """

    number: int = 0
    origin: str | None = None
    watermark: Watermark = field(default_factory=Watermark)
    slot: str | None = None
    pending: Pending | None = None
    waiting: tuple[ExtractedFile, ...] = ()


@dataclass(frozen=True)
class Journal:
    """The journal of one extraction, and where its staged files lie."""

    store: ObjectStore
    extraction: Extraction

    @property
    def folder(self) -> str:
        """Staged files."""
        return f"ops/{self.extraction.domain}/extraction/{self.extraction.dataset}"

    def staged(self, file: ExtractedFile) -> str:
        """Where the bytes of a file are kept until the lake has it."""
        return f"{self.folder}/{file.name}"

    def load(self) -> State:
        """The entry; an empty one before the first extraction.

        Raises:
            ExtractionError: the entry cannot be read. It is never taken for empty.
        """
        path = f"{self.folder}.json"
        if self.store.stat(path) is None:
            return State()
        try:
            return _state(json.loads(self.store.read(path)))
        except (ValueError, KeyError, TypeError) as error:
            raise ExtractionError(
                f"{self.store.url(path)} is no journal ({type(error).__name__}); restore it, or"
                " remove it: then the whole table is compared with the lake"
            ) from error

    def save(self, state: State) -> None:
        """Replace the entry."""
        self.store.write(f"{self.folder}.json", json.dumps(asdict(state), indent=1).encode())


def _state(said: dict[str, Any]) -> State:
    pending = said["pending"]
    return State(
        number=said["number"],
        origin=said["origin"],
        watermark=Watermark(**said["watermark"]),
        slot=said["slot"],
        pending=Pending(
            file=ExtractedFile(**pending["file"]),
            watermark=Watermark(**pending["watermark"]),
            origin=pending["origin"],
        )
        if pending
        else None,
        waiting=tuple(ExtractedFile(**file) for file in said["waiting"]),
    )

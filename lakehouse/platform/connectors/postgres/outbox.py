"""The way of an extracted file: drafted, staged, named in the journal, landed, seen in the lake.

Every step may be the last one of a dying process; the next extraction goes on behind it. The
watermark moves after the file is in the landing zone, and a file is forgotten after the lake's
ledger has it.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from lakehouse.platform.connectors.postgres.declaration import Extraction, Row
from lakehouse.platform.connectors.postgres.journal import (
    ExtractedFile,
    Journal,
    Pending,
    State,
    Watermark,
)
from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.privacy.persons import ERASED_TEXT
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Status

PIECE = 1 << 20


class Draft:
    """A file being written beside the lake; nobody sees it until it is staged."""

    def __init__(self, extraction: Extraction, number: int, scratch: Path) -> None:
        self.number = number
        self.operations: Counter[str] = Counter()
        self.place = scratch
        self._stream = scratch.open("xb")
        self._text = io.TextIOWrapper(self._stream, "utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._quoting = csv.writer(self._text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._writer.writerow(extraction.header)
        self._number = f"{number:012d}"

    @property
    def rows(self) -> int:
        """Changes written so far."""
        return self.operations.total()

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def add(self, row: Row, operation: str) -> None:
        """Write one change; a null is empty.

        csv leaves a CR bare where lines end in LF, and reads a bare one as a line end.
        """
        has_cr = any("\r" in value for value in row if value)
        writer = self._quoting if has_cr else self._writer
        writer.writerow([*row, operation, self._number])
        self.operations[operation] += 1

    def flushed(self) -> Path:
        """The file as written so far."""
        self._text.flush()
        return self.place

    def closed(self) -> tuple[str, int]:
        """SHA-256 and bytes of the finished file."""
        self._text.close()
        with self.place.open("rb") as stream:
            return digest_of(stream), self.place.stat().st_size

    def discard(self) -> None:
        """Leave nothing behind; what was staged is no draft any more."""
        self._text.close()
        self.place.unlink(missing_ok=True)


@dataclass
class Outbox:
    """Files of one extraction between the legacy table and the lake.

    `state` is always what the journal says.
    """

    extraction: Extraction
    lake: Lake
    landing: ObjectStore
    state: State = field(init=False)
    rejected: dict[str, str] = field(default_factory=dict)
    """Path of each landed file that the lake rejected, with why."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.lake.store, self.extraction)
        self.state = self.journal.load()

    def save(self, state: State) -> None:
        """Make this the journal's entry."""
        self.journal.save(state)
        self.state = state

    def draft(self, least: int = 0) -> Draft:
        """A file to write changes to, with a number above all earlier ones and `least`."""
        scratch = self.lake.store.scratch(self.journal.folder)
        return Draft(self.extraction, max(self.state.number, least) + 1, scratch)

    def send(
        self, draft: Draft, path: str, watermark: Watermark, origin: str, since: int = 0
    ) -> ExtractedFile:
        """Stage and land a draft; the watermark is as given after that."""
        failpoint("extraction.drafted")
        digest, size = draft.closed()
        file = ExtractedFile(
            path=path,
            digest=digest,
            size=size,
            rows=draft.rows,
            number=draft.number,
            since=since,
        )
        self.lake.store.move_in(draft.place, self.journal.staged(file))
        failpoint("extraction.staged")
        pending = Pending(file=file, watermark=watermark, origin=origin)
        self.save(replace(self.state, number=file.number, pending=pending))
        failpoint("extraction.pending")
        self.finish()
        return file

    def move(self, watermark: Watermark, origin: str) -> None:
        """Move the watermark where there is nothing to land."""
        if (watermark, origin) != (self.state.watermark, self.state.origin):
            self.save(replace(self.state, watermark=watermark, origin=origin))

    def finish(self) -> ExtractedFile | None:
        """Land the file that the journal names as pending, and move the watermark."""
        pending = self.state.pending
        if pending is None:
            return None
        self._land(pending.file)
        failpoint("extraction.landed")
        self.save(
            replace(
                self.state,
                pending=None,
                watermark=pending.watermark,
                origin=pending.origin,
                waiting=(*self.state.waiting, pending.file),
            )
        )
        failpoint("extraction.advanced")
        return pending.file

    def _land(self, file: ExtractedFile) -> None:
        """Write the staged bytes, unless they are in the landing zone or were taken from there."""
        there = self.landing.stat(file.path)
        if there is not None and there.size == file.size:
            with self.landing.open(file.path) as stream:
                if digest_of(stream) == file.digest:
                    return
        if file not in self._in_ledger((file,)):
            with self.lake.store.open(self.journal.staged(file)) as stream:
                self.landing.write(file.path, stream)

    def settle(self) -> None:
        """Forget the oldest files that the lake has committed, up to the first it has not."""
        taken = self._in_ledger(self.state.waiting)
        kept = list(self.state.waiting)
        while kept and kept[0] in taken:
            kept.pop(0)
        done = self.state.waiting[: len(self.state.waiting) - len(kept)]
        if done:
            self.save(replace(self.state, waiting=tuple(kept)))
            failpoint("extraction.settled")
        current = {self.journal.staged(file) for file in kept}
        if self.state.pending is not None:
            current.add(self.journal.staged(self.state.pending.file))
        stale = [e.path for e in self.lake.store.entries(self.journal.folder)]
        self.lake.store.delete(path for path in stale if path not in current)
        self.lake.store.delete(e.path for e in self.lake.store.unfinished(self.journal.folder))

    def confirmable(self) -> int:
        """Place in the log before which every change is committed in the lake; 0 for none."""
        if self.state.waiting:
            return self.state.waiting[0].since
        return self.state.watermark.reached or 0

    def _in_ledger(self, files: Sequence[ExtractedFile]) -> set[ExtractedFile]:
        """Those that the lake has committed; of those it rejected `rejected` tells why.

        A rejected file counts as committed once a mended version of it is, and a file from which an
        erased person was taken out as it was kept.
        """
        table = self.lake.table(TableId("raw", self.extraction.domain, self.extraction.dataset))
        shown = table.snapshot()
        if not files or shown.schema is None:
            return set()
        columns = ["file", "digest", "status", "detail"]
        rows = table.read(sorted({f.day for f in files}), snapshot=shown, columns=columns)
        good: set[tuple[str, str]] = set()
        bad: dict[str, str] = {}
        for row in rows.to_pylist():
            if row["status"] in (Status.REJECTED, Status.HELD):
                bad[row["file"]] = row["detail"] or row["status"]
            else:
                good.add((row["file"], row["digest"]))
        mended = {path for path, _ in good if path in bad}
        mended |= {path for path, digest in good if self._is_redacted(path, digest, files)}
        self.rejected = {f.path: bad[f.path] for f in files if f.path in bad.keys() - mended}
        return {f for f in files if (f.path, f.digest) in good or f.path in mended}

    def _is_redacted(self, path: str, digest: str, files: Sequence[ExtractedFile]) -> bool:
        """Whether the lake keeps a file other than it was sent because it took a person out."""
        if not any(f.path == path and f.digest != digest for f in files):
            return False
        kept = self.lake.store.read(object_path(self.extraction.domain, digest))
        return ERASED_TEXT.encode() in kept

    def untaken(self) -> list[ExtractedFile]:
        """Landed files whose rows are not in the lake yet, oldest first."""
        taken = self._in_ledger(self.state.waiting)
        return [file for file in self.state.waiting if file not in taken]


def digest_of(stream: BinaryIO) -> str:
    """SHA-256 of a stream, read in pieces."""
    digest = hashlib.sha256()
    while piece := stream.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()

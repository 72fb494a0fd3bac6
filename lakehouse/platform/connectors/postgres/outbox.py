"""The outbox: files between the legacy table and the lake.

A file is drafted, staged in the lake, named in the journal, landed, and forgotten after the lake
has committed it. A process may die after every step; the next extraction continues from there. The
watermark moves after the file has landed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lakehouse.platform.connectors.postgres.declaration import Extraction
from lakehouse.platform.connectors.postgres.draft import Draft, sha256_of
from lakehouse.platform.connectors.postgres.journal import (
    ExtractedFile,
    ExtractionState,
    Journal,
    PendingFile,
    Watermark,
)
from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.privacy.person import ERASED_TEXT
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore


@dataclass
class Outbox:
    """Files of one extraction on their way; `state` always equals the journal."""

    extraction: Extraction
    lake: Lake
    landing: ObjectStore
    state: ExtractionState = field(init=False)
    rejected: dict[str, str] = field(default_factory=dict)
    """Reason of each landed file that the lake rejected, by path."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.lake.store, self.extraction)
        self.state = self.journal.load()

    def save(self, state: ExtractionState) -> None:
        """Write the journal."""
        self.journal.save(state)
        self.state = state

    def new_draft(self, least: int = 0) -> Draft:
        """Begin a file with a number above those of all earlier files and above ``least``."""
        scratch = self.lake.store.scratch(self.journal.folder)
        return Draft(self.extraction, max(self.state.number, least) + 1, scratch)

    def land(
        self, draft: Draft, path: str, watermark: Watermark, origin: str, since: int = 0
    ) -> ExtractedFile:
        """Stage and land a draft, then set the watermark."""
        failpoint("extraction.drafted")
        digest, size = draft.close()
        file = ExtractedFile(
            path=path,
            digest=digest,
            size=size,
            rows=draft.rows,
            number=draft.number,
            since=since,
        )
        self.lake.store.move_in(draft.path, self.journal.staged(file))
        failpoint("extraction.staged")
        pending = PendingFile(file=file, watermark=watermark, origin=origin)
        self.save(replace(self.state, number=file.number, pending=pending))
        failpoint("extraction.pending")
        self.land_pending()
        return file

    def move_watermark(self, watermark: Watermark, origin: str) -> None:
        """Set the watermark when there is nothing to land."""
        if (watermark, origin) != (self.state.watermark, self.state.origin):
            self.save(replace(self.state, watermark=watermark, origin=origin))

    def land_pending(self) -> ExtractedFile | None:
        """Land the file that the journal names as pending, if any, and set the watermark."""
        pending = self.state.pending
        if pending is None:
            return None
        self._write_to_landing(pending.file)
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

    def _write_to_landing(self, file: ExtractedFile) -> None:
        """Write the staged bytes, unless they are in the landing zone or already committed."""
        landed = self.landing.stat(file.path)
        if landed is not None and landed.size == file.size:
            with self.landing.open(file.path) as stream:
                if sha256_of(stream) == file.digest:
                    return
        if file not in self._committed((file,)):
            with self.lake.store.open(self.journal.staged(file)) as stream:
                self.landing.write(file.path, stream)

    def forget_committed(self) -> None:
        """Forget the oldest waiting files up to the first that the lake has not committed."""
        committed = self._committed(self.state.waiting)
        waiting = list(self.state.waiting)
        while waiting and waiting[0] in committed:
            waiting.pop(0)
        if len(waiting) < len(self.state.waiting):
            self.save(replace(self.state, waiting=tuple(waiting)))
            failpoint("extraction.settled")
        current = {self.journal.staged(file) for file in waiting}
        if self.state.pending is not None:
            current.add(self.journal.staged(self.state.pending.file))
        stale = [e.path for e in self.lake.store.entries(self.journal.folder)]
        self.lake.store.delete(path for path in stale if path not in current)
        self.lake.store.delete(e.path for e in self.lake.store.unfinished(self.journal.folder))

    def committed_position(self) -> int:
        """Return the log position before which the lake has every change; 0 for none."""
        if self.state.waiting:
            return self.state.waiting[0].since
        return self.state.watermark.reached or 0

    def uncommitted(self) -> list[ExtractedFile]:
        """Return the landed files whose rows are not in the lake yet, oldest first."""
        committed = self._committed(self.state.waiting)
        return [file for file in self.state.waiting if file not in committed]

    def _committed(self, files: Sequence[ExtractedFile]) -> set[ExtractedFile]:
        """Return the files that the lake has committed; fill `rejected` with those it rejected.

        A rejected file counts as committed once its corrected version is. So does a file from
        which an erased person was removed, although its bytes differ.
        """
        if not files:
            return set()
        domain, dataset = self.extraction.domain, self.extraction.dataset
        days = sorted({file.day for file in files})
        stored: set[tuple[str, str]] = set()
        failed: dict[str, str] = {}
        for delivery in read_deliveries(self.lake, domain, dataset, days):
            if delivery.readable:
                stored.add((delivery.file, delivery.digest))
            else:
                failed[delivery.file] = delivery.detail or delivery.status.value
        replaced = {path for path, _ in stored if path in failed}
        replaced |= {path for path, digest in stored if self._is_redacted(path, digest, files)}
        self.rejected = {
            f.path: failed[f.path] for f in files if f.path in failed.keys() - replaced
        }
        return {f for f in files if (f.path, f.digest) in stored or f.path in replaced}

    def _is_redacted(self, path: str, digest: str, files: Sequence[ExtractedFile]) -> bool:
        """Return whether the lake stores other bytes of a file because it removed a person."""
        if not any(f.path == path and f.digest != digest for f in files):
            return False
        stored = self.lake.store.read(object_path(self.extraction.domain, digest))
        return ERASED_TEXT.encode() in stored

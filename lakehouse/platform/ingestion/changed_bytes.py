"""Find files whose bytes changed while their size and modification time stayed the same.

A listing cannot show such a change, so the files have to be read. `changed_files` reads those that
it is given. `BytesCheck` reads a bounded number of known files at a time, in turn; its position is
kept in the lake, where losing it only starts the round again.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from lakehouse.platform.ingestion.bytes_position import BytesPosition
from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.errors import LandingError
from lakehouse.platform.ingestion.intake import ErasedPersons, Intake
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.portions import in_order
from lakehouse.platform.ingestion.versions import newest_by_path
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.table import Table

MOST_BYTES = 32 * 1024 * 1024
"""Bytes after which one share of the check ends; a larger file is a share of its own."""


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """A known file that has other bytes now."""

    file: RecognizedFile
    digest: str
    """SHA-256 of the bytes that it has now."""


@dataclass(frozen=True, kw_only=True)
class BytesReader:
    """Compares the bytes of known files with the version that was seen last."""

    intake: Intake

    @cached_property
    def erased(self) -> ErasedPersons:
        """Persons who are removed from files before they are kept."""
        return self.intake.erased()

    def changed(self, bronze: Table, known: Iterable[Delivery]) -> Iterator[ChangedFile]:
        """Yield the files that have other bytes; files that are gone or replaced are left out."""

        def compare(delivery: Delivery) -> ChangedFile | None:
            return self._compare(bronze, delivery)

        with ThreadPoolExecutor(4) as pool:
            for found in in_order(pool, known, compare, 16):
                if found is not None:
                    yield found

    def _compare(self, bronze: Table, delivery: Delivery) -> ChangedFile | None:
        file = _as_listed(bronze.id.table, delivery)
        try:
            data = self.intake.landing.read(file, limit=self.intake.file_limit)
            digest = hashlib.sha256(data).hexdigest()
            if digest != delivery.digest:
                redact = self.erased.redaction(bronze, limit=self.intake.file_limit)
                digest = hashlib.sha256(redact(data, file.path)).hexdigest()
        except LandingError:
            return None
        return None if digest == delivery.digest else ChangedFile(file=file, digest=digest)


def changed_files(
    files: Iterable[RecognizedFile], bronzes: Sequence[Table], intake: Intake
) -> list[ChangedFile]:
    """Read known files and return those that have other bytes than their last version.

    Args:
        files: listed files, all of them known with this size and time.
        bronzes: the bronze table of each dataset.
        intake: the domain and where its files are.
    """
    listed = list(files)
    reader = BytesReader(intake=intake)
    found: list[ChangedFile] = []
    for bronze in bronzes:
        own = {file.path for file in listed if file.dataset == bronze.id.table}
        days = sorted({file.day for file in listed if file.path in own})
        known = read_deliveries(intake.lake, intake.spec.name, bronze.id.table, days)
        newest = newest_by_path(known).values()
        found += reader.changed(bronze, [d for d in newest if d.digest and d.file in own])
    return found


class BytesCheck(BytesPosition):
    """The check of all known files in turn, with its position."""

    def run(
        self, bronzes: Sequence[Table], intake: Intake, *, most_files: int
    ) -> list[ChangedFile]:
        """Read the next files, and again those that were found changed; return the changed ones.

        Args:
            bronzes: the bronze table of each dataset, in a fixed order.
            intake: the domain and where its files are.
            most_files: files to read at most.
        """
        self.started = self.started or intake.now.isoformat()
        reader = BytesReader(intake=intake)
        shares = [*self._pending(bronzes, intake), *self._next(bronzes, intake, most_files)]
        found: list[ChangedFile] = []
        for bronze, known in shares:
            found += reader.changed(bronze, known)
        unique = {each.file.path: each for each in found}
        self.changed = [
            [each.file.dataset, each.file.day.isoformat(), each.file.path]
            for each in unique.values()
        ]
        return list(unique.values())

    def _pending(
        self, bronzes: Sequence[Table], intake: Intake
    ) -> Iterator[tuple[Table, list[Delivery]]]:
        """Yield the files that an earlier share found changed, as they are known now."""
        for bronze in bronzes:
            own = [(day, path) for dataset, day, path in self.changed if dataset == bronze.id.table]
            days = sorted({dt.date.fromisoformat(day) for day, _ in own})
            if own:
                paths = {path for _, path in own}
                yield bronze, [d for d in _known(bronze, days, intake) if d.file in paths]

    def _next(
        self, bronzes: Sequence[Table], intake: Intake, most_files: int
    ) -> Iterator[tuple[Table, list[Delivery]]]:
        """Yield the next files of the round and move the position; start over after the last."""
        number = size = 0
        for bronze in bronzes:
            if bronze.id.table < self.dataset:
                continue
            snapshot = intake.lake.table(raw_table(intake.spec.name, bronze.id.table)).snapshot()
            if bronze.id.table > self.dataset:
                self.dataset, self.day, self.path = bronze.id.table, "", ""
            for stored in snapshot.files:
                if not stored.rows or stored.day.isoformat() < self.day:
                    continue
                after = self.path if stored.day.isoformat() == self.day else ""
                known = [d for d in _known(bronze, [stored.day], intake) if d.file > after]
                share: list[Delivery] = []
                for delivery in known:
                    if number >= most_files or (number and size + delivery.size > MOST_BYTES):
                        break
                    share.append(delivery)
                    number, size = number + 1, size + delivery.size
                    self.day, self.path = stored.day.isoformat(), delivery.file
                self.files += len(share)
                yield bronze, share
                if len(share) < len(known):
                    return
        self._end_round(intake.now)

    def _end_round(self, now: dt.datetime) -> None:
        began = dt.datetime.fromisoformat(self.started)
        self.last_files, self.last_seconds = self.files, (now - began).total_seconds()
        self.dataset = self.day = self.path = self.started = ""
        self.files = 0


def _known(bronze: Table, days: Sequence[dt.date], intake: Intake) -> list[Delivery]:
    """Return the file that was seen last at each path of these days, by path."""
    rows = read_deliveries(intake.lake, intake.spec.name, bronze.id.table, days)
    newest = newest_by_path(rows)
    return [newest[path] for path in sorted(newest) if newest[path].digest]


def _as_listed(dataset: str, delivery: Delivery) -> RecognizedFile:
    return RecognizedFile(
        path=delivery.file,
        dataset=dataset,
        day=delivery.day,
        unit=delivery.unit,
        size=delivery.size,
        modified_at=delivery.landed_at,
        etag=None,
        dated=True,
    )

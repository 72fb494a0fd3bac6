"""What a search returns: places of a person, and files that contain one."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.privacy.file_content import FileFormat, FileMatches
from lakehouse.platform.tables.deliveries_model import Delivery

LANDING, STAGED = "landing", "staged"
"""Stand for a table: the landing zone, and extracted files that have not landed yet."""


class FindingKind(StrEnum):
    """Kind of a place of a person."""

    RECORD = "record"
    """A record or row of theirs."""
    LINE = "line"
    """An unparsable line of theirs."""
    MENTION = "mention"
    """Somebody else's record that names them."""
    NAME = "name"
    """The name of a file."""
    FILE = "file"
    """Somewhere in a file that cannot be read by line."""
    OLD = "old version"
    """Rows in a file that only older versions of a table show."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class PersonFinding:
    """One place of a person; it says nothing else about them.

    Attributes:
        domain: name of the domain.
        table: SQL name of the table, `LANDING` or `STAGED`.
        day: partition or delivery day.
        file: path of the landed file; None for rows without provenance.
        line: physical line in that file.
        rows: number of rows, 1 where the finding has a line.
        what: kind of the place.
    """

    domain: str
    table: str
    day: dt.date | None = None
    file: str | None = None
    line: int | None = None
    rows: int = 1
    what: FindingKind = FindingKind.RECORD


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file with the person: in the landing zone, or extracted and on its way there.

    Attributes:
        path: in its store.
        recognized: None for an unrecognized file and for one that has not landed.
        matches: where in the file the person is.
        file_format: of its source; None for an unrecognized file.
        data: its bytes.
    """

    path: str
    recognized: RecognizedFile | None
    matches: FileMatches
    file_format: FileFormat | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class FoundKeptFile:
    """Kept bytes with the person.

    Attributes:
        digest: SHA-256 of the bytes.
        dataset: None for bytes that no delivery names, which a crash left behind.
        deliveries: those of the dataset with these bytes.
        matches: where in the file the person is.
    """

    digest: str
    dataset: str | None
    deliveries: tuple[Delivery, ...]
    matches: FileMatches

    @property
    def unparsable_lines(self) -> set[tuple[str, int]]:
        """Digest and number of each unparsable line of theirs."""
        return {(self.digest, line) for line in self.matches.lines}

"""The bytes of one file without a person.

Every line of a removed record becomes a line with the text `ERASED`, which the reader counts as
unparsable: other records keep their line numbers, and the file reconciles as before. In a record of
somebody else only the mention is replaced. The same bytes and person always give the same bytes, so
a file that is delivered again is recognized as a duplicate.
"""

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.errors import ERASED
from lakehouse.platform.ingestion.errors import ReadRejected
from lakehouse.platform.privacy.file_content import FileContent, FileFormat, FileMatches, parse
from lakehouse.platform.privacy.person import Person

NOT_ERASABLE = "not_erasable"
"""Reason of a file that is rejected because an erased person cannot be removed from it."""


class NotErasable(ReadRejected):
    """A person cannot be removed from a file without changing how other records are read."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: removing the records of an erased person would change how other records are"
            " read; hint: ask the sender for the file without them",
            reason=NOT_ERASABLE,
        )


@dataclass(frozen=True, kw_only=True)
class RedactedFile:
    """A file without a person.

    Attributes:
        data: the new bytes.
        matches: where the person was.
        others: number of badly quoted lines of others that had to be erased as well.
    """

    data: bytes
    matches: FileMatches
    others: int = 0


def redact(
    data: bytes, name: str, file_format: FileFormat | None, person: Person, *, limit: int
) -> RedactedFile:
    """Return a file without a person; the same bytes if they are not in it.

    Raises:
        NotErasable: other records would be read differently.
    """
    file = FileContent.of(data, name, file_format, limit=limit)
    matches = file.find(person)
    if not matches:
        return RedactedFile(data=data, matches=matches)
    if matches.unreadable:
        return RedactedFile(data=file.compress(f"{ERASED}\n".encode()), matches=matches)
    plain = _without(file, matches, person)
    if _reads_alike(file, plain, matches):
        return RedactedFile(data=file.compress(plain), matches=matches)
    # A bad quote in somebody else's line may have ended inside a record that is removed now.
    bad = frozenset(file.badly_quoted_lines()) - matches.erased
    wider = replace(matches, erased=matches.erased | bad)
    plain = _without(file, wider, person)
    if not _reads_alike(file, plain, wider):
        raise NotErasable(name)
    return RedactedFile(data=file.compress(plain), matches=matches, others=len(bad))


def _without(file: FileContent, matches: FileMatches, person: Person) -> bytes:
    """Return the content with erased lines and replaced mentions."""
    lines = []
    for number, line in enumerate(file.lines, start=1):
        end = line[len(line.rstrip(b"\r\n")) :]
        if number in matches.erased:
            lines.append(ERASED.encode() + end)
        elif number in matches.mentioning:
            encoding = file.parsed.encoding if file.parsed else "latin-1"
            text = line.decode(encoding, "surrogateescape")
            lines.append(person.without_mentions(text).encode(encoding, "surrogateescape"))
        else:
            lines.append(line)
    return b"".join(lines)


def _reads_alike(file: FileContent, plain: bytes, matches: FileMatches) -> bool:
    """Return whether all other records and lines are read from the new content as before."""
    if file.parsed is None or file.file_format is None:
        return True
    new = parse(plain, file.name, file.file_format)
    if new is None:
        return False
    changed = matches.erased | matches.mentioning
    before = [(u.line, u.text) for u in file.parsed.unparsable if u.line not in changed]
    after = [(u.line, u.text) for u in new.unparsable if u.line not in changed]
    return (
        _rows_besides(new.rows, changed).equals(_rows_besides(file.parsed.rows, changed))
        and after == before
        and len(new.rows) == len(file.parsed.rows) - len(matches.records)
    )


def _rows_besides(rows: pa.Table, lines: frozenset[int]) -> pa.Table:
    starts = pa.array(sorted(lines), pa.int32())
    return rows.filter(pc.invert(pc.is_in(rows["_line"], starts))).combine_chunks()

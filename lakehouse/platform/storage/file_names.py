"""Names of the files of a day: their digest, who wrote them together, and their order.

The one file of a day has the name ``<digest>-<write>[-<definition>].parquet``. If a day has more,
their names end in ``.1.parquet``, ``.2.parquet`` and so on, the last one in ``.3of3.parquet``: so a
listing shows the order of the files and whether one is missing. ``<write>`` is 8 hexadecimal digits
that the files of one day share. When several processes wrote sections of the day at once, each
counts the files of its section: ``.2of5-1.parquet``, ``.2of5-2of2.parquet``.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from lakehouse.platform.storage.table_id import DIGEST_LENGTH

_NAME = re.compile(
    r"(?:.*/)?(?P<digest>[0-9a-f]+)-(?P<write>[0-9a-f]+)(?:-(?P<version>[0-9a-z]+))?"
    r"(?:\.(?:(?P<section>[1-9]\d*)of(?P<sections>[1-9]\d*)-)?(?P<part>[1-9]\d*)(?:of(?P<parts>[1-9]\d*))?)?\.parquet"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A section of a day that is written by itself; see `parquet.section_rows`."""

    write: str
    """8 hexadecimal digits that all sections of the day share."""
    place: int
    """From 1."""
    count: int
    """Sections of the day."""


def file_name(
    digest: str,
    write: str,
    definition: str,
    part: int,
    *,
    last: bool,
    section: Section | None = None,
) -> str:
    """Return the name of a file.

    >>> file_name("0123456789abcdef", "01234567", "c1e2", 1, last=True)
    '0123456789abcdef-01234567-c1e2.parquet'
    >>> file_name("0123456789abcdef", "01234567", "", 2, last=True)
    '0123456789abcdef-01234567.2of2.parquet'
    >>> section = Section(write="01234567", place=4, count=5)
    >>> file_name("0123456789abcdef", "01234567", "", 1, last=True, section=section)
    '0123456789abcdef-01234567.4of5-1of1.parquet'
    """
    made_by = f"-{definition}" if definition else ""
    place = f"{part}of{part}" if last else f"{part}"
    if section is not None:
        place = f".{section.place}of{section.count}-{place}"
    else:
        place = "" if part == 1 and last else f".{place}"
    return f"{digest}-{write}{made_by}{place}.parquet"


def definition_in(path: str) -> str:
    """Return the version of the definition in the path of a file; empty when it has none."""
    found = _NAME.fullmatch(path)
    return (found["version"] or "") if found else ""


def place_of(path: str) -> tuple[int, int]:
    """Return the place of a file in its day: that of its section, and its own there, from 1."""
    found = _NAME.fullmatch(path)
    return (int(found["section"] or 1), int(found["part"] or 1)) if found else (1, 1)


def is_part(path: str) -> bool:
    """Return whether a file is one of several that hold a day."""
    found = _NAME.fullmatch(path)
    return found is not None and found["part"] is not None


def write_of(path: str) -> tuple[str, ...]:
    """Return what names the files that were written together as one day.

    The one file of a day has the value of no other file, and so has a path without such a name.
    """
    found = _NAME.fullmatch(path)
    if found is None or found["part"] is None:
        return (path,)
    return found["write"], found["version"] or ""


def is_complete(paths: Sequence[str]) -> bool:
    """Return whether paths in their order are all files of one day."""
    found = [each for path in paths if (each := _NAME.fullmatch(path))]
    if len(found) != len(paths) or len({write_of(path) for path in paths}) != 1:
        return False
    if len(found) == 1 and found[0]["part"] is None:
        return True
    sections = []
    for section, files in groupby(found, key=lambda each: (each["section"], each["sections"])):
        places = [(each["part"], each["parts"]) for each in files]
        count = str(len(places))
        if places != [(str(n), None) for n in range(1, len(places))] + [(count, count)]:
            return False
        sections.append(section)
    count = str(len(sections))
    return sections in ([(None, None)], [(str(n), count) for n in range(1, len(sections) + 1)])


def version_of_files(digests: Sequence[str]) -> str:
    """Return the data version of a day: the digest of its file, or of the digests of its files."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:DIGEST_LENGTH]

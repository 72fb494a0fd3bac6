"""Recognize files of the landing zone by their path: dataset, delivery day and unit.

Pure functions, no I/O. The file name decides the dataset; a folder ``YYYY-MM-DD`` gives the day and
a folder such as ``unit_007`` gives the unit. Nothing else is read from names, and no part of a path
ever becomes part of a query or of another path. A file that matches no source, or whose path cannot
be trusted, becomes an `UnrecognizedFile` with exactly one reason.

Walking the landing zone belongs in ``listing``, the content of files in ``csv``.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakehouse.platform.storage.object_store import Entry

if TYPE_CHECKING:
    from lakehouse.platform.tables.domain_spec import DomainSpec
    from lakehouse.platform.tables.source import Source

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_ONE_DAY = dt.timedelta(days=1)
_NEARLY_DAY = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[-_. ][0-9]{1,2}[-_. ][0-9]{1,2}"
    r"|[0-9]{1,2}[-_. ][0-9]{1,2}[-_. ][0-9]{4}"
    r"|(?:19|20)[0-9]{6})(?![0-9])"
)
_UNFINISHED_ENDS = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_UNFINISHED_NAMES = frozenset({"_success", "_temporary"})


class UnrecognizedReason(StrEnum):
    """Why a file of the landing zone is not recognized.

    A file with several problems gets the reason that comes first in this list.
    """

    UNSAFE_PATH = "unsafe_path"
    """The path contains ``..``, a backslash, a control character or bytes that are not UTF-8."""
    SYMLINK = "symlink"
    """A symbolic link, whatever its target."""
    TEMPORARY = "temporary"
    """A hidden file, or one that is still written under a temporary name; ignored, not recorded."""
    UNKNOWN_FILE = "unknown_file"
    """The file name matches no source of the domain, or more than one."""
    BAD_DAY = "bad_day"
    """A folder looks like a date but is not a valid ``YYYY-MM-DD``, or the path names two days."""
    BAD_UNIT = "bad_unit"
    """A folder looks like a unit but has no valid number, or the path names two units."""
    FUTURE_DAY = "future_day"
    """The delivery day is later than tomorrow."""
    BEFORE_START = "before_start"
    """The delivery day is before the domain's first day."""


_RANK = {reason: rank for rank, reason in enumerate(UnrecognizedReason)}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecognizedFile:
    """A file of the landing zone that belongs to one dataset."""

    path: str
    """Relative to the landing root: ``shop/2026-01-05/unit_007/resent/orders.csv``."""
    dataset: str
    day: dt.date
    """Delivery day."""
    unit: int | None
    """None if the path names no unit, and for snapshots, which belong to no unit."""
    size: int
    """Bytes as stored, compressed or not."""
    modified_at: dt.datetime
    """UTC, aware; microsecond precision on disk, second precision on S3."""
    etag: str | None
    """Set on S3 only."""
    dated: bool
    """True if the path names the day; else ``day`` is the local date of ``modified_at``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnrecognizedFile:
    """A file of the landing zone that belongs to no dataset, with the reason."""

    path: str
    """Relative to the landing root; unprintable characters are escaped."""
    size: int
    modified_at: dt.datetime
    reason: UnrecognizedReason
    detail: str
    """A sentence for people: what was found and how to fix it."""


@dataclass(frozen=True, slots=True)
class PathProblem:
    """A reason not to recognize a path, with the sentence for people."""

    reason: UnrecognizedReason
    detail: str


@dataclass(frozen=True, kw_only=True, eq=False)
class PathRules:
    """What decides which files of the landing zone a domain recognizes."""

    spec: "DomainSpec"
    """Gives the domain's folder, its first day and the folder names of its units."""
    sources: "tuple[Source, ...]"
    zone: ZoneInfo
    """Time zone in which the modification time of an undated file becomes its delivery day."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """Day and unit that a folder path names, or the problem with it."""

    day: dt.date | None = None
    unit: int | None = None
    problem: PathProblem | None = None


def recognize(
    entry: Entry, rules: PathRules, *, today: dt.date
) -> RecognizedFile | UnrecognizedFile:
    """Return the dataset, day and unit of a file by its path, or the reason why there is none.

    >>> from lakehouse.platform.tables.domain_spec import DomainSpec
    >>> from lakehouse.platform.tables.source import Source
    >>> orders = Source(
    ...     domain="shop", dataset="orders", description="Orders.", files=r"orders[.]csv",
    ...     columns={"Id": "Number"},
    ... )
    >>> spec = DomainSpec(name="cafe", title="Café", since=dt.date(2026, 1, 1))
    >>> rules = PathRules(spec=spec, sources=(orders,), zone=ZoneInfo("UTC"))
    >>> path = "cafe/2026-01-05/unit_007/resent/ORDERS.csv.gz"
    >>> entry = Entry(path=path, size=9, modified_at=EPOCH, etag=None)
    >>> file = recognize(entry, rules, today=dt.date(2026, 1, 6))
    >>> file.dataset, file.day.isoformat(), file.unit
    ('orders', '2026-01-05', 7)
    """
    path, _, name = entry.path.rpartition("/")
    folder = _folder(rules.spec.name, rules.spec.unit_folders, path)
    source = _source(rules, name)
    if isinstance(source, PathProblem):
        return unrecognized(entry, _first(p for p in (folder.problem, source) if p))
    if folder.problem:
        return unrecognized(entry, folder.problem)
    day = folder.day or entry.modified_at.astimezone(rules.zone).date()
    if not rules.spec.since <= day <= today + _ONE_DAY:
        return unrecognized(entry, _out_of_range(day, rules, dated=folder.day is not None))
    return RecognizedFile(
        path=entry.path,
        dataset=source.dataset,
        day=day,
        unit=None if source.snapshot else folder.unit,
        size=entry.size,
        modified_at=entry.modified_at,
        etag=entry.etag,
        dated=folder.day is not None,
    )


def unrecognized(entry: Entry, problem: PathProblem) -> UnrecognizedFile:
    """Return the record of a file that has a problem."""
    return UnrecognizedFile(
        path=printable(entry.path),
        size=entry.size,
        modified_at=entry.modified_at,
        reason=problem.reason,
        detail=problem.detail,
    )


def path_names_day(path: str) -> bool:
    """Return whether a file is in a day folder; else its day comes from its modification time.

    >>> path_names_day("shop/2023-01-04/orders.csv"), path_names_day("shop/invoices.csv")
    (True, False)
    """
    return any(day_of_folder(part) for part in path.split("/")[:-1])


def day_of_folder(name: str) -> dt.date | None:
    """Return the day that a folder is named after: ``YYYY-MM-DD`` and nothing else."""
    if len(name) != 10 or name[4] != "-" or name[7] != "-" or not name.isascii():
        return None
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return None


def is_temporary(name: str) -> bool:
    """Return whether a name is hidden or the one of a file that is still being written."""
    lower = name.lower()
    return (
        lower.startswith((".", "~"))
        or lower.endswith(_UNFINISHED_ENDS)
        or lower in _UNFINISHED_NAMES
    )


def printable(path: str) -> str:
    """Return the path with every unprintable character escaped."""
    if path.isprintable():
        return path
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in path
    )


def unsafe_name(part: str) -> PathProblem:
    """Return the problem of a path part that is empty, contains ``..`` or cannot be printed."""
    return PathProblem(
        UnrecognizedReason.UNSAFE_PATH,
        f"unsafe name {printable(part)!r} in the path; hint: rename it to a name that is not empty"
        " and has no '..', backslash or control character",
    )


def _first(problems: Iterable[PathProblem]) -> PathProblem:
    return min(problems, key=lambda problem: _RANK[problem.reason])


def _out_of_range(day: dt.date, rules: PathRules, *, dated: bool) -> PathProblem:
    hint = (
        "hint: rename the folder if the day is wrong"
        if dated
        else "the day comes from the modification time; hint: put the file into a folder YYYY-MM-DD"
    )
    if day < rules.spec.since:
        return PathProblem(
            UnrecognizedReason.BEFORE_START,
            f"delivery day {day} is before the first day of {rules.spec.name},"
            f" {rules.spec.since}; {hint}",
        )
    return PathProblem(
        UnrecognizedReason.FUTURE_DAY, f"delivery day {day} is later than tomorrow; {hint}"
    )


@functools.lru_cache(maxsize=8192)
def _folder(domain: str, unit_folders: tuple[str, ...], path: str) -> _Folder:
    """Return the day and unit of a folder path; many files share one folder."""
    top, *parts = path.split("/")
    is_unit, is_nearly_unit = _unit_patterns(unit_folders)
    days: set[dt.date] = set()
    units: set[int] = set()
    problems = [problem for part in (top, *parts) if (problem := _name_problem(part))]
    if top != domain:
        problems.append(
            PathProblem(UnrecognizedReason.UNKNOWN_FILE, f"the file is not in the folder {domain}/")
        )
    for part in parts:
        if (day := day_of_folder(part)) is not None:
            days.add(day)
        elif unit := is_unit.fullmatch(part):
            units.add(int(unit[1]))
        elif _NEARLY_DAY.search(part):
            detail = f"folder {part!r} is not a valid date; hint: rename it to YYYY-MM-DD"
            problems.append(PathProblem(UnrecognizedReason.BAD_DAY, detail))
        elif is_nearly_unit.fullmatch(part):
            detail = (
                f"folder {part!r} has no valid unit number;"
                f" hint: rename it to {unit_folders[0]}_<number>"
            )
            problems.append(PathProblem(UnrecognizedReason.BAD_UNIT, detail))
    if len(days) > 1:
        found = " and ".join(map(str, sorted(days)))
        detail = f"the path names the days {found}; hint: keep one day folder"
        problems.append(PathProblem(UnrecognizedReason.BAD_DAY, detail))
    if len(units) > 1:
        found = " and ".join(map(str, sorted(units)))
        detail = f"the path names the units {found}; hint: keep one unit folder"
        problems.append(PathProblem(UnrecognizedReason.BAD_UNIT, detail))
    if problems:
        return _Folder(problem=_first(problems))
    return _Folder(day=next(iter(days), None), unit=next(iter(units), None))


@functools.lru_cache
def _unit_patterns(words: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a unit folder and of a folder that looks like one."""
    word = "|".join(map(re.escape, words))
    return (
        re.compile(rf"(?:{word})[-_]([0-9]{{1,9}})", re.IGNORECASE),
        re.compile(rf"(?:{word})(?:[^a-z].*)?", re.IGNORECASE | re.DOTALL),
    )


@functools.lru_cache(maxsize=8192)
def _source(rules: PathRules, name: str) -> "Source | PathProblem":
    """Return the source whose file pattern matches a name."""
    problem = _name_problem(name)
    if problem:
        return problem
    matching = [source for source in rules.sources if source.matches(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        datasets = " and ".join(source.dataset for source in matching)
        detail = (
            f"the name matches the datasets {datasets}; hint: make their file patterns narrower"
        )
    else:
        patterns = ", ".join(source.files for source in rules.sources)
        detail = (
            f"the name matches no dataset of {rules.spec.name} (expected {patterns});"
            " hint: rename or remove the file"
        )
    return PathProblem(UnrecognizedReason.UNKNOWN_FILE, detail)


def _name_problem(part: str) -> PathProblem | None:
    if part in ("", ".", "..") or "\\" in part or not part.isprintable():
        return unsafe_name(part)
    if is_temporary(part):
        return PathProblem(
            UnrecognizedReason.TEMPORARY, "hidden or unfinished file; ignored until it is renamed"
        )
    return None

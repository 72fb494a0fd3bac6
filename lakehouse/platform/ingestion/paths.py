"""Recognize files of the landing zone by their path: dataset, delivery day and unit.

Pure functions, no I/O. The file name decides the dataset; the folders give day and unit in the
forms that the domain declares (see ``folders``). Nothing else is read from names, nothing is
guessed, and no part of a path ever becomes part of a query or of another path. A file that matches
no source, or whose path is not understood or cannot be trusted, becomes an `UnrecognizedFile` with
exactly one reason.

Walking the landing zone belongs in ``listing``, the content of files in ``csv``.
"""

import datetime as dt
import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakehouse.platform.ingestion.folders import (
    Folders,
    day_hint,
    first_day,
    read_folders,
    unit_hint,
)
from lakehouse.platform.ingestion.path_problems import (
    PathProblem,
    UnrecognizedReason,
    first_problem,
    name_problem,
    printable,
)
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.tables.folder_patterns import FolderPatterns

if TYPE_CHECKING:
    from lakehouse.platform.tables.domain_spec import DomainSpec
    from lakehouse.platform.tables.source import Source

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_ONE_DAY = dt.timedelta(days=1)


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
    undeclared: tuple[str, ...] = field(default=(), compare=False)
    """Folders that name nothing and are not declared to, where a unit has one file a day."""


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
    day: dt.date
    """The day under which it is recorded: that of its folder, if a run of the domain can have it,
    else the local date of ``modified_at``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PathRules:
    """What decides which files of the landing zone a domain recognizes."""

    spec: "DomainSpec"
    """Gives the domain's folder, its first day and the folder names of its units."""
    sources: "tuple[Source, ...]"
    zone: ZoneInfo
    """Time zone in which the modification time of an undated file becomes its delivery day."""

    def has_run_of(self, day: dt.date, today: dt.date) -> bool:
        """Return whether a run can have this delivery day: tomorrow is the last."""
        return self.spec.since <= day <= today + _ONE_DAY


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
    folder, _, name = entry.path.rpartition("/")
    folders = _folders(rules.spec.name, rules.spec.folders, folder)
    source = _source(rules, name)
    if isinstance(source, PathProblem):
        problems = [problem for problem in (folders.problem, source) if problem]
        return unrecognized(entry, first_problem(problems), rules, today=today)
    problem = folders.problem or _unclear(folders, source, rules.spec.folders)
    if problem:
        return unrecognized(entry, problem, rules, today=today)
    day = folders.day or entry.modified_at.astimezone(rules.zone).date()
    if not rules.has_run_of(day, today):
        problem = _out_of_range(day, rules, dated=folders.day is not None)
        return unrecognized(entry, problem, rules, today=today)
    return RecognizedFile(
        path=entry.path,
        dataset=source.dataset,
        day=day,
        unit=None if source.snapshot else folders.unit,
        size=entry.size,
        modified_at=entry.modified_at,
        etag=entry.etag,
        dated=folders.day is not None,
        undeclared=folders.others if source.is_per_unit_and_day else (),
    )


def unrecognized(
    entry: Entry, problem: PathProblem, rules: PathRules, *, today: dt.date
) -> UnrecognizedFile:
    """Return the record of a file that has a problem."""
    found = first_day(rules.spec.folders, tuple(entry.path.split("/")[1:-1]))
    day = found.day if found else None
    if day is None or not rules.has_run_of(day, today):
        landed = entry.modified_at.astimezone(rules.zone).date()
        day = min(max(landed, rules.spec.since), today)
    return UnrecognizedFile(
        path=printable(entry.path),
        size=entry.size,
        modified_at=entry.modified_at,
        reason=problem.reason,
        detail=problem.detail,
        day=day,
    )


def path_names_day(patterns: FolderPatterns, path: str) -> bool:
    """Return whether a file is in a day folder; else its day comes from its modification time.

    >>> from lakehouse.platform.tables.domain_spec import DomainSpec
    >>> shop = DomainSpec(name="shop", title="Shop", since=dt.date(2020, 1, 1)).folders
    >>> path_names_day(shop, "shop/2023/01/04/orders.csv"), path_names_day(shop, "shop/orders.csv")
    (True, False)
    """
    return first_day(patterns, tuple(path.split("/")[1:-1])) is not None


def _unclear(folders: Folders, source: "Source", patterns: FolderPatterns) -> PathProblem | None:
    """Return why the folders are not enough for the deliveries of a source; None if they are.

    Files with one delivery per day and unit would replace each other if a folder that is not
    understood were ignored.
    """
    other = next(iter(folders.others), None)
    if folders.day is None and not source.takes_undated:
        found = "" if other is None else f"folder {other!r} is not a date of this domain: "
        return PathProblem(
            UnrecognizedReason.BAD_DAY,
            f"{found}the path names no day, and {source.dataset} need one;"
            f" hint: {day_hint(patterns)}",
        )
    if other is None or not source.is_per_unit_and_day:
        return None
    if folders.unit is None:
        return PathProblem(
            UnrecognizedReason.BAD_UNIT,
            f"folder {other!r} is not a unit of this domain, and {source.dataset} outside of a"
            f" unit's folder stand for all units together; hint: {unit_hint(patterns, other)}",
        )
    if folders.day is None:
        return PathProblem(
            UnrecognizedReason.BAD_DAY,
            f"folder {other!r} is not a date of this domain and the path names no day;"
            f" hint: {day_hint(patterns)}",
        )
    return None


def _out_of_range(day: dt.date, rules: PathRules, *, dated: bool) -> PathProblem:
    hint = (
        "rename the folder if the day is wrong"
        if dated
        else "the day comes from the modification time; put the file into a folder YYYY-MM-DD"
    )
    if day < rules.spec.since:
        return PathProblem(
            UnrecognizedReason.BEFORE_START,
            f"delivery day {day} is before the first day of {rules.spec.name},"
            f" {rules.spec.since}; hint: {hint}",
        )
    return PathProblem(
        UnrecognizedReason.FUTURE_DAY,
        f"delivery day {day} is later than tomorrow; the file is loaded by itself when the day"
        f" comes; hint: {hint}",
    )


@functools.lru_cache(maxsize=8192)
def _folders(domain: str, patterns: FolderPatterns, path: str) -> Folders:
    """Return the day and unit of a folder path; many files share one folder."""
    top, *parts = path.split("/")
    problems = [problem for part in (top, *parts) if (problem := name_problem(part))]
    if top != domain:
        problems.append(
            PathProblem(UnrecognizedReason.UNKNOWN_FILE, f"the file is not in the folder {domain}/")
        )
    found = read_folders(patterns, tuple(parts))
    problems += [found.problem] if found.problem else []
    return Folders(problem=first_problem(problems)) if problems else found


@functools.lru_cache(maxsize=8192)
def _source(rules: PathRules, name: str) -> "Source | PathProblem":
    """Return the source whose file pattern matches a name."""
    problem = name_problem(name)
    if problem:
        return problem
    control_files = rules.spec.control_files
    if control_files and re.fullmatch(control_files, name, re.IGNORECASE):
        return PathProblem(
            UnrecognizedReason.CONTROL_FILE, "control file of a sender; it has no data"
        )
    matching = [source for source in rules.sources if source.matches(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        datasets = " and ".join(source.dataset for source in matching)
        detail = (
            f"the name matches the datasets {datasets}; hint: make their file patterns narrower"
        )
    else:
        examples = ", ".join(f"{source.named_like} ({source.dataset})" for source in rules.sources)
        detail = (
            f"no dataset of {rules.spec.name} has files of this name; files are named like"
            f" {examples}, also with .gz; hint: rename or remove the file"
        )
    return PathProblem(UnrecognizedReason.UNKNOWN_FILE, detail)

"""The landing zone: which files lie there, whose and of which day they are, and what is rejected.

A path names the unit and the day of a delivery; nothing else is read from names, and a name never
becomes part of a query or of another path. Content belongs to ``csvfile``, what is in the lake
already to ``deliveries``.
"""

import datetime as dt
import functools
import os
import re
import stat as mode
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakehouse.platform.storage.object_store import DiskStore, Entry, ObjectStore

if TYPE_CHECKING:
    from lakehouse.platform.tables.source import Source

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CHANGED_WITHIN = dt.timedelta(minutes=10)
"""How long a changed day folder is looked at by every tick."""
FILES_PER_DAY = 100
"""Files of a delivery day until a listing has shown better."""

_ONE_DAY = dt.timedelta(days=1)
_UNIT = re.compile(r"(?:unidade|unit)[-_]([0-9]{1,9})", re.IGNORECASE)
_NEARLY_UNIT = re.compile(r"(?:unidade|unit)(?:[^a-z].*)?", re.IGNORECASE | re.DOTALL)
_NEARLY_DAY = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[-_. ][0-9]{1,2}[-_. ][0-9]{1,2}"
    r"|[0-9]{1,2}[-_. ][0-9]{1,2}[-_. ][0-9]{4}"
    r"|(?:19|20)[0-9]{6})(?![0-9])"
)
_UNFINISHED_ENDS = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_UNFINISHED_NAMES = frozenset({"_success", "_temporary"})


class LandingError(Exception):
    """The landing zone or a file of it cannot be used; the message says what to do."""


class FileChanged(LandingError):
    """A file is not the one that was listed any more; the next listing shows what it became."""


class ReadRejected(LandingError):
    """A listed file that must not be read; ``reason`` is ``too_large`` or ``symlink``."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnrecognizedReason(StrEnum):
    """Why a file of the landing zone is not taken; of several reasons the first is given."""

    UNSAFE_PATH = "unsafe_path"
    """The path climbs, or has a backslash, a control character or bytes that are no text."""
    SYMLINK = "symlink"
    """A symbolic link, wherever it leads: one file has one name."""
    TEMPORARY = "temporary"
    """Hidden, or still being written under another name; ignored and not recorded."""
    UNKNOWN_FILE = "unknown_file"
    """No dataset of the system takes a file of this name, or two do."""
    BAD_DAY = "bad_day"
    """A folder is nearly a day, is no day of the calendar, or two folders name two days."""
    BAD_UNIT = "bad_unit"
    """A folder is nearly a unit, or two folders name two units."""
    FUTURE_DAY = "future_day"
    """A day later than tomorrow."""
    BEFORE_START = "before_start"
    """A day before the system's first."""


_RANK = {reason: rank for rank, reason in enumerate(UnrecognizedReason)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One recognised file of the landing zone."""

    path: str
    """Relative to the landing root: ``mrhealth/2026-01-05/unidade_007/reenvio/PEDIDO.csv``."""
    dataset: str
    day: dt.date
    """Delivery day."""
    unit: int | None
    """None for a single-folder delivery and for a snapshot, which belongs to no unit."""
    size: int
    """Bytes as they lie there, packed or not."""
    modified_at: dt.datetime
    """UTC, aware, to the microsecond on disk and to the second on S3."""
    etag: str | None
    """S3 only."""
    dated: bool
    """The path names the day; else it is the day of ``modified_at`` in the lake's time zone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnrecognizedFile:
    """A file of the landing zone that is not taken, and why."""

    path: str
    """Relative to the landing root; what cannot be printed is written as an escape."""
    size: int
    modified_at: dt.datetime
    reason: UnrecognizedReason
    detail: str
    """For people, with the hint."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What one look at the landing zone showed."""

    files: tuple[Arrival, ...]
    """By day, then path."""
    unrecognized_files: tuple[UnrecognizedFile, ...]
    """By path; to be recorded."""
    growing: tuple[str, ...]
    """Changed too lately to be whole for certain; left alone until the next look."""
    temporary: tuple[str, ...]
    """Hidden or unfinished files and folders (ending in '/'); ignored."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """What a domain takes from the landing zone."""

    domain: str
    sources: "tuple[Source, ...]"
    zone: ZoneInfo
    """Time zone of the delivery day of a file whose path names none."""
    start: dt.date
    """First day of the system."""


@dataclass(frozen=True, slots=True)
class _Problem:
    reason: UnrecognizedReason
    detail: str


@dataclass(frozen=True, slots=True)
class _Place:
    """What a folder's path says of the files in it."""

    day: dt.date | None = None
    unit: int | None = None
    problem: _Problem | None = None


def recognised(entry: Entry, rules: Rules, *, today: dt.date) -> Arrival | UnrecognizedFile:
    """Whose and of which day a file is, by its path; or why it is not taken.

    >>> from lakehouse.platform.tables.csv_format import CsvFormat
    >>> from lakehouse.platform.tables.source import Source
    >>> orders = Source(dataset="orders", files=r"pedido[.]csv", format=CsvFormat(columns=("Id",)))
    >>> rules = Rules(
    ...     system="mrhealth", sources=(orders,), zone=ZoneInfo("UTC"), start=dt.date(2026, 1, 1)
    ... )
    >>> path = "mrhealth/2026-01-05/unidade_007/reenvio/PEDIDO.csv.gz"
    >>> entry = Entry(path=path, size=9, modified_at=EPOCH, etag=None)
    >>> arrival = recognised(entry, rules, today=dt.date(2026, 1, 6))
    >>> arrival.dataset, arrival.day.isoformat(), arrival.unit
    ('orders', '2026-01-05', 7)
    """
    folder, _, name = entry.path.rpartition("/")
    place = _place(rules.domain, folder)
    source = _source(rules, name)
    if isinstance(source, _Problem):
        return _unrecognized_file(entry, _foremost(p for p in (place.problem, source) if p))
    if place.problem:
        return _unrecognized_file(entry, place.problem)
    day = place.day or entry.modified_at.astimezone(rules.zone).date()
    if not rules.start <= day <= today + _ONE_DAY:
        return _unrecognized_file(entry, _outside(day, rules, dated=place.day is not None))
    return Arrival(
        path=entry.path,
        dataset=source.dataset,
        day=day,
        unit=None if source.snapshot else place.unit,
        size=entry.size,
        modified_at=entry.modified_at,
        etag=entry.etag,
        dated=place.day is not None,
    )


def names_a_day(path: str) -> bool:
    """Whether a landed file lies in a folder of a day; else its day is that of its landing.

    >>> names_a_day("sales/2023-01-04/sales_raw.csv"), names_a_day("cards/tb_faturas.csv")
    (True, False)
    """
    return any(_day(part) for part in path.split("/")[:-1])


class Landing:
    """The files that one system's units put into the landing zone.

    Args:
        store: the landing root; the system's files lie below a folder of its name.
        system: that name.
        sources: the datasets it delivers.
        zone: time zone of the lake's days.
        start: first day of the system.
    """

    def __init__(
        self,
        store: ObjectStore,
        domain: str,
        sources: "Sequence[Source]",
        *,
        zone: ZoneInfo,
        start: dt.date,
    ) -> None:
        self.store = store
        self.rules = Rules(domain=domain, sources=tuple(sources), zone=zone, start=start)

    def days(self) -> list[dt.date]:
        """Delivery days that have a folder, sorted; costs a look at the folders, not at files.

        A day folder is the first part of a path below the system that is a date, at any depth:
        ``mrhealth/2026-01-05`` or ``mrhealth/raw/csv_sales/2026-01-05``.
        """
        return sorted(self._survey(files=False).days)

    def changed(self, since: dt.datetime) -> list[dt.date]:
        """Days whose folder got or lost a name since a moment, the latest first; none on S3.

        Only the day folder itself is asked, so a file in a unit's folder that was there already
        does not show here: that is what the sweep over the older days is for.
        """
        if not isinstance(self.store, DiskStore):
            return []
        found: dict[dt.date, dt.datetime] = {}
        for day, folders in self._survey(files=False).days.items():
            for folder in folders:
                try:
                    seen = os.lstat(os.path.join(self.store.uri, folder))
                except FileNotFoundError:
                    continue
                found[day] = max(_moment(seen), found.get(day, EPOCH))
        lately = (day for day, moment in found.items() if moment >= since)
        return sorted(lately, key=lambda day: (found[day], day), reverse=True)

    def listing(
        self,
        *,
        days: Iterable[dt.date] | None = None,
        undated: bool = True,
        now: dt.datetime,
        quiet: dt.timedelta,
    ) -> Listing:
        """The system's files, told apart.

        Args:
            days: look only into the folders of these days; None looks at everything.
            undated: with ``days``, also look at what lies outside of day folders.
            now: the moment of the look, aware; it decides what is of the future.
            quiet: a file changed less than this before (or after) ``now`` may still grow.

        Raises:
            LandingError: a folder cannot be read; that is never taken for an empty one.
        """
        survey = _Survey()
        if days is None:
            found = self._below(self.rules.domain, survey)
        else:
            survey = self._survey(files=undated)
            wanted = [folder for day in sorted(set(days)) for folder in survey.days.get(day, ())]
            within = (entry for folder in wanted for entry in self._below(folder, survey))
            found = (entry for part in (tuple(survey.files), within) for entry in part)
        return self._told_apart(found, survey, now=now, quiet=quiet)

    def read(self, arrival: Arrival, *, limit: int) -> bytes:
        """The bytes of a listed file, whole and unchanged since it was listed.

        Raises:
            FileChanged: it is gone, was replaced or grew; leave it to the next listing.
            ReadRejected: it has more than ``limit`` bytes, or a symbolic link took its place.
        """
        if arrival.size > limit:
            raise ReadRejected(
                f"{arrival.path} has {arrival.size:,} bytes, more than the {limit:,} allowed;"
                " split the file or raise the limit",
                reason="too_large",
            )
        try:
            if isinstance(self.store, DiskStore):
                data = _read_plainly(self.store.uri, arrival)
            else:
                with self.store.open(arrival.path) as stream:
                    data = stream.read(arrival.size + 1)
        except FileNotFoundError as error:
            raise FileChanged(f"{arrival.path} is gone since it was listed") from error
        if len(data) != arrival.size:
            raise FileChanged(f"{arrival.path} had {arrival.size:,} bytes when it was listed")
        return data

    def _told_apart(
        self, found: Iterable[Entry], survey: "_Survey", *, now: dt.datetime, quiet: dt.timedelta
    ) -> Listing:
        today = now.astimezone(self.rules.zone).date()
        files: list[Arrival] = []
        unrecognized_files: list[UnrecognizedFile] = []
        growing: list[str] = []
        for entry in found:
            met = recognised(entry, self.rules, today=today)
            if isinstance(met, UnrecognizedFile) and met.reason is UnrecognizedReason.TEMPORARY:
                survey.temporary.append(met.path)
            elif -quiet < now - entry.modified_at < quiet:
                growing.append(_printable(entry.path))
            elif isinstance(met, UnrecognizedFile):
                unrecognized_files.append(met)
            else:
                files.append(met)
        return Listing(
            files=tuple(sorted(files, key=lambda file: (file.day, file.path))),
            unrecognized_files=tuple(
                sorted(
                    (*unrecognized_files, *survey.unrecognized_files), key=lambda stray: stray.path
                )
            ),
            growing=tuple(sorted(growing)),
            temporary=tuple(sorted(survey.temporary)),
        )

    def _survey(self, *, files: bool) -> "_Survey":
        """The day folders, and what lies outside of them; day folders are not entered."""
        survey = _Survey()
        pending = [] if self._is_link(survey) else [self.rules.domain]
        while pending:
            folder = pending.pop()
            for name in self._level(folder, survey, files=files):
                below = f"{folder}/{name}"
                day = _day(name)
                if day is not None:
                    survey.days.setdefault(day, []).append(below)
                elif name in (".", ".."):
                    survey.unrecognized_files.append(_unlistable(below))
                elif _is_temporary(name):
                    survey.temporary.append(f"{_printable(below)}/")
                else:
                    pending.append(below)
        return survey

    def _level(self, folder: str, survey: "_Survey", *, files: bool) -> list[str]:
        """Names of the folders directly in a folder; its files go to the survey when wanted."""
        if isinstance(self.store, DiskStore):
            level = _scan(self.store.uri, folder, files=files)
            survey.files.extend(level.files)
            survey.unrecognized_files.extend(level.unrecognized_files)
            return level.folders
        if files:
            survey.files.extend(self.store.entries(folder, recursive=False))
        return self.store.folders(folder)

    def _below(self, folder: str, survey: "_Survey") -> Iterator[Entry]:
        """All files below a folder; what is not a plain file goes to the survey."""
        if not isinstance(self.store, DiskStore):
            yield from self.store.entries(folder)
            return
        pending = [] if self._is_link(survey) else [folder]
        while pending:
            folder = pending.pop()
            level = _scan(self.store.uri, folder)
            survey.unrecognized_files.extend(level.unrecognized_files)
            yield from level.files
            pending.extend(f"{folder}/{name}" for name in level.folders)

    def _is_link(self, survey: "_Survey") -> bool:
        """Whether the system's own folder is a symbolic link, which is not followed."""
        if not isinstance(self.store, DiskStore):
            return False
        place = os.path.join(self.store.uri, self.rules.domain)
        if not os.path.islink(place):
            return False
        link = _disk_entry(self.rules.domain, os.lstat(place))
        if not any(stray.path == link.path for stray in survey.unrecognized_files):
            survey.unrecognized_files.append(
                _unrecognized_file(link, _linked(self.store.uri, link.path))
            )
        return True


@dataclass
class Sweep:
    """Which days a tick looks at: recent ones, changed ones, and older ones in turn.

    Its memory is only about fairness: what is lost of it makes a day wait longer, and no file is
    ever missed by it.
    """

    recent_days: int
    budget: int
    """Files of older days that a tick looks at in turn, and at most as many of changed ones."""
    position: dt.date | None = None
    """The older day looked at last."""
    files_per_day: int = FILES_PER_DAY

    def listing(self, landing: Landing, *, now: dt.datetime, quiet: dt.timedelta) -> Listing:
        """One tick's look at the landing zone; what lies outside of day folders is always seen."""
        days, self.position = due(
            landing.days(),
            today=now.astimezone(landing.rules.zone).date(),
            recent_days=self.recent_days,
            position=self.position,
            budget=self.budget,
            files_per_day=self.files_per_day,
            changed=landing.changed(now - CHANGED_WITHIN),
        )
        seen = landing.listing(days=days, now=now, quiet=quiet)
        dated = [file.day for file in seen.files if file.dated]
        if dated:
            self.files_per_day = -(-len(dated) // len(set(dated)))
        return seen


def due(
    days: Iterable[dt.date],
    *,
    today: dt.date,
    recent_days: int,
    position: dt.date | None,
    budget: int,
    files_per_day: int = FILES_PER_DAY,
    changed: Collection[dt.date] = (),
) -> tuple[list[dt.date], dt.date | None]:
    """Days that a tick looks at, sorted, and the position for the next tick.

    Recent days (tomorrow included) are always due. Of the others ``budget // files_per_day`` days,
    at least one, follow the position in turn, from the first again after the last: with that many
    days a tick, each of ``n`` is met within ``n / that + 1`` ticks, from any position. As many of
    the ``changed`` days, the first named first, come on top.

    >>> days = [dt.date(2026, 1, n) for n in (1, 2, 3, 4, 30)]
    >>> today = dt.date(2026, 1, 31)
    >>> due(days, today=today, recent_days=5, position=days[1], budget=200)[0] == days[2:]
    True
    """
    given = set(days)
    since = today - dt.timedelta(days=recent_days)
    recent = {day for day in given if since < day <= today + _ONE_DAY}
    older = sorted(given - recent)
    share = max(1, budget // max(1, files_per_day))
    start = 0 if position is None else sum(day <= position for day in older)
    turn = [*older[start:], *older[:start]][:share]
    first = [day for day in changed if day in given - recent][:share]
    return sorted(recent.union(turn, first)), turn[-1] if turn else position


@dataclass
class _Survey:
    """What a walk outside of the day folders found; the lists grow while a listing is made."""

    days: dict[dt.date, list[str]] = field(default_factory=dict)
    files: list[Entry] = field(default_factory=list)
    unrecognized_files: list[UnrecognizedFile] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    """What lies directly in one folder of the disk."""

    files: list[Entry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unrecognized_files: list[UnrecognizedFile] = field(default_factory=list)


def _scan(root: str, folder: str, *, files: bool = True) -> _Level:
    level = _Level()
    try:
        with os.scandir(os.path.join(root, folder)) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    level.folders.append(item.name)
                elif files:
                    _scan_file(root, f"{folder}/{item.name}", item, level)
    except (FileNotFoundError, NotADirectoryError):
        return level
    except PermissionError as error:
        raise LandingError(
            f"{_printable(folder)} in {root} cannot be listed ({error.strerror});"
            " give this user the right to read and enter it"
        ) from error
    return level


def _scan_file(root: str, path: str, item: os.DirEntry[str], level: _Level) -> None:
    try:
        seen = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    entry = _disk_entry(path, seen)
    if mode.S_ISREG(seen.st_mode):
        level.files.append(entry)
    elif mode.S_ISLNK(seen.st_mode):
        level.unrecognized_files.append(_unrecognized_file(entry, _linked(root, path)))
    else:
        detail = "a pipe, socket or device, not a file; remove it"
        level.unrecognized_files.append(
            _unrecognized_file(entry, _Problem(UnrecognizedReason.UNKNOWN_FILE, detail))
        )


def _disk_entry(path: str, seen: os.stat_result) -> Entry:
    return Entry(path=path, size=seen.st_size, modified_at=_moment(seen), etag=None)


def _moment(seen: os.stat_result) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=seen.st_mtime_ns // 1000)


def _read_plainly(root: str, arrival: Arrival) -> bytes:
    """The bytes of a file on disk, entering each folder by its own name and following no link.

    A check of the path before opening it could be outrun by somebody who swaps a folder.
    """
    *folders, name = arrival.path.split("/")
    place = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part, kind in [
            *((folder, os.O_DIRECTORY) for folder in folders),
            (name, os.O_NONBLOCK),
        ]:
            below = _enter(part, kind, place, arrival)
            os.close(place)
            place = below
        _check_as_listed(os.fstat(place), arrival)
        with os.fdopen(place, "rb", closefd=False) as stream:
            data = stream.read(arrival.size + 1)
        _check_as_listed(os.fstat(place), arrival)
        return data
    finally:
        os.close(place)


def _enter(name: str, kind: int, place: int, arrival: Arrival) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=place)
    except OSError as error:
        try:
            linked = mode.S_ISLNK(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            linked = False
        if linked:
            raise ReadRejected(
                f"{arrival.path}: {name!r} is a symbolic link now; put the file itself there",
                reason=UnrecognizedReason.SYMLINK.value,
            ) from error
        if isinstance(error, NotADirectoryError):
            raise FileNotFoundError(arrival.path) from error
        raise


def _check_as_listed(seen: os.stat_result, arrival: Arrival) -> None:
    listed = (seen.st_size, _moment(seen)) == (arrival.size, arrival.modified_at)
    if not listed or not mode.S_ISREG(seen.st_mode):
        raise FileChanged(f"{arrival.path} changed since it was listed; the next look will show it")


def _unrecognized_file(entry: Entry, problem: _Problem) -> UnrecognizedFile:
    return UnrecognizedFile(
        path=_printable(entry.path),
        size=entry.size,
        modified_at=entry.modified_at,
        reason=problem.reason,
        detail=problem.detail,
    )


def _foremost(problems: Iterable[_Problem]) -> _Problem:
    return min(problems, key=lambda problem: _RANK[problem.reason])


def _linked(root: str, path: str) -> _Problem:
    real, top = os.path.realpath(os.path.join(root, path)), os.path.realpath(root)
    where = "inside" if os.path.commonpath([real, top]) == top else "outside"
    return _Problem(
        UnrecognizedReason.SYMLINK,
        f"a symbolic link to a place {where} the landing zone; put the file itself here",
    )


def _unlistable(folder: str) -> UnrecognizedFile:
    """A folder whose files cannot even be named one by one; it has no time of its own."""
    entry = Entry(path=f"{folder}/", size=0, modified_at=EPOCH, etag=None)
    return _unrecognized_file(entry, _unsafe(folder))


def _outside(day: dt.date, rules: Rules, *, dated: bool) -> _Problem:
    hint = (
        "rename the folder if the day is wrong"
        if dated
        else "taken from the time it was last changed; put the file into a folder YYYY-MM-DD"
    )
    if day < rules.start:
        told = f"{day} is before {rules.domain}'s first day {rules.start}; {hint}"
        return _Problem(UnrecognizedReason.BEFORE_START, told)
    return _Problem(UnrecognizedReason.FUTURE_DAY, f"{day} is later than tomorrow; {hint}")


@functools.lru_cache(maxsize=8192)
def _place(domain: str, folder: str) -> _Place:
    top, *parts = folder.split("/")
    days: set[dt.date] = set()
    units: set[int] = set()
    problems = [found for part in (top, *parts) if (found := _unfit(part))]
    if top != domain:
        problems.append(_Problem(UnrecognizedReason.UNKNOWN_FILE, f"not in the folder {domain}/"))
    for part in parts:
        if (day := _day(part)) is not None:
            days.add(day)
        elif unit := _UNIT.fullmatch(part):
            units.add(int(unit[1]))
        elif _NEARLY_DAY.search(part):
            told = f"the folder {part!r} is no day of the calendar; name it YYYY-MM-DD"
            problems.append(_Problem(UnrecognizedReason.BAD_DAY, told))
        elif _NEARLY_UNIT.fullmatch(part):
            told = f"the folder {part!r} names no unit; name it unidade_<number>"
            problems.append(_Problem(UnrecognizedReason.BAD_UNIT, told))
    if len(days) > 1:
        told = f"the path names {' and '.join(map(str, sorted(days)))}; leave one of them"
        problems.append(_Problem(UnrecognizedReason.BAD_DAY, told))
    if len(units) > 1:
        told = f"the path names the units {' and '.join(map(str, sorted(units)))}; leave one"
        problems.append(_Problem(UnrecognizedReason.BAD_UNIT, told))
    if problems:
        return _Place(problem=_foremost(problems))
    return _Place(day=next(iter(days), None), unit=next(iter(units), None))


@functools.lru_cache(maxsize=8192)
def _source(rules: Rules, name: str) -> "Source | _Problem":
    problem = _unfit(name)
    if problem:
        return problem
    takers = [source for source in rules.sources if source.matches(name)]
    if len(takers) == 1:
        return takers[0]
    if takers:
        told = " and ".join(source.dataset for source in takers)
        return _Problem(
            UnrecognizedReason.UNKNOWN_FILE, f"both {told} take it; sharpen their patterns"
        )
    expected = ", ".join(source.files for source in rules.sources)
    told = f"{rules.domain} takes no file of this name, only {expected}; rename or remove it"
    return _Problem(UnrecognizedReason.UNKNOWN_FILE, told)


def _unfit(part: str) -> _Problem | None:
    if part in ("", ".", "..") or "\\" in part or not part.isprintable():
        return _unsafe(part)
    if _is_temporary(part):
        return _Problem(
            UnrecognizedReason.TEMPORARY, "hidden or unfinished; ignored until it is renamed"
        )
    return None


def _unsafe(part: str) -> _Problem:
    return _Problem(
        UnrecognizedReason.UNSAFE_PATH,
        f"{_printable(part)!r} in the path is rejected; use names without '..', backslashes"
        " and control characters, and no empty ones",
    )


def _is_temporary(name: str) -> bool:
    lower = name.lower()
    return (
        lower.startswith((".", "~"))
        or lower.endswith(_UNFINISHED_ENDS)
        or lower in _UNFINISHED_NAMES
    )


def _day(name: str) -> dt.date | None:
    """The day that a folder is named after, ``YYYY-MM-DD`` and nothing else."""
    if len(name) != 10 or name[4] != "-" or name[7] != "-" or not name.isascii():
        return None
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return None


def _printable(path: str) -> str:
    if path.isprintable():
        return path
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in path
    )

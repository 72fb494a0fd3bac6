"""Walk a domain's folder of the landing zone, on disk or S3, and classify what it contains.

On disk, symbolic links, pipes and devices are recorded as unrecognized files and never followed or
opened. A folder that cannot be read is reported, never taken for an empty folder.
"""

import datetime as dt
import os
import stat as mode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lakehouse.platform.ingestion.errors import LandingError
from lakehouse.platform.ingestion.folders import first_day
from lakehouse.platform.ingestion.path_problems import (
    NOT_RECORDED,
    PathProblem,
    UnrecognizedReason,
    is_temporary,
    printable,
    unsafe_name,
)
from lakehouse.platform.ingestion.paths import (
    EPOCH,
    PathRules,
    RecognizedFile,
    UnrecognizedFile,
    recognize,
    unrecognized,
)
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.object_store import Entry, ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_cause, problem_of


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Files of the landing zone at one moment."""

    files: tuple[RecognizedFile, ...]
    """Sorted by day, then path."""
    unrecognized_files: tuple[UnrecognizedFile, ...]
    """Sorted by path; to be recorded."""
    growing: tuple[str, ...]
    """Paths that changed too recently to be complete; skipped until the next listing."""
    temporary: tuple[str, ...]
    """Paths of hidden, unfinished and control files, and of such folders (ending in '/'); they are
    ignored."""
    unreadable: tuple[str, ...] = ()
    """Messages about folders that cannot be listed; their files are missing here."""


@dataclass
class Survey:
    """Result of a walk over folders; the lists grow during the walk."""

    rules: PathRules
    today: dt.date
    days: dict[dt.date, list[str]] = field(default_factory=dict)
    """Paths of the folders of each day."""
    files: list[Entry] = field(default_factory=list)
    """Files outside of day folders."""
    not_files: list[tuple[Entry, PathProblem]] = field(default_factory=list)
    """Links and other entries that are not plain files."""
    temporary: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Messages about folders that cannot be listed."""

    def day_of(self, path: str) -> dt.date | None:
        """Return the day of a folder with which the files below it are listed, if it has one.

        Folders of days that no run can have, such as those in the future, are listed with the files
        that are in no day folder: their files are recorded by the run of another day.
        """
        folders = tuple(path.split("/")[1:])
        found = first_day(self.rules.spec.folders, folders)
        if found is None or found.end < len(folders):
            return None
        return found.day if self.rules.has_run_of(found.day, self.today) else None


@dataclass(slots=True)
class _Level:
    """Entries directly in one folder on disk."""

    files: list[Entry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    not_files: list[tuple[Entry, PathProblem]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def survey_folders(store: ObjectStore, survey: Survey, *, files: bool) -> Survey:
    """Find a domain's day folders at any depth, without entering them.

    Args:
        store: the landing root.
        survey: an empty survey of the domain; it is filled and returned.
        files: also list the files outside of day folders.
    """
    domain = survey.rules.spec.name
    pending = [] if _is_link(store, domain, survey) else [domain]
    while pending:
        folder = pending.pop()
        for name in _folders_in(store, folder, survey, files=files):
            path = f"{folder}/{name}"
            day = survey.day_of(path)
            if day is not None:
                survey.days.setdefault(day, []).append(path)
            elif name in (".", ".."):
                survey.not_files.append(_unsafe_folder(path))
            elif is_temporary(name):
                survey.temporary.append(f"{printable(path)}/")
            else:
                pending.append(path)
    return survey


def files_below(store: ObjectStore, folder: str, survey: Survey) -> Iterator[Entry]:
    """Yield every plain file below a folder; add links and other entries to the survey."""
    if not isinstance(store, DiskStore):
        yield from store.entries(folder)
        return
    pending = [] if _is_link(store, survey.rules.spec.name, survey) else [folder]
    while pending:
        folder = pending.pop()
        level = _scan(store.uri, folder)
        survey.not_files.extend(level.not_files)
        survey.unreadable.extend(level.unreadable)
        yield from level.files
        pending.extend(f"{folder}/{name}" for name in level.folders)


def classify(
    entries: Iterable[Entry],
    survey: Survey,
    *,
    now: dt.datetime,
    quiet: dt.timedelta,
) -> Listing:
    """Sort entries into recognized, unrecognized, growing and temporary files.

    Args:
        entries: files found by a walk. They are consumed before `survey` is read, because the walk
            adds to it.
        survey: links and folders found by the same walk.
        now: time of the listing, aware.
        quiet: a file that changed less than this before (or after) `now` may still grow.
    """
    rules, today = survey.rules, survey.today
    files: list[RecognizedFile] = []
    unrecognized_files: list[UnrecognizedFile] = []
    growing: list[str] = []
    for entry in entries:
        file = recognize(entry, rules, today=today)
        if isinstance(file, UnrecognizedFile) and file.reason in NOT_RECORDED:
            survey.temporary.append(file.path)
        elif -quiet < now - entry.modified_at < quiet:
            growing.append(printable(entry.path))
        elif isinstance(file, UnrecognizedFile):
            unrecognized_files.append(file)
        else:
            files.append(file)
    files, others = _without_conflicting_folders(files, rules, today)
    unrecognized_files += others
    unrecognized_files += [
        unrecognized(entry, problem, rules, today=today) for entry, problem in survey.not_files
    ]
    return Listing(
        files=tuple(sorted(files, key=lambda file: (file.day, file.path))),
        unrecognized_files=tuple(sorted(unrecognized_files, key=lambda file: file.path)),
        growing=tuple(sorted(growing)),
        temporary=tuple(sorted(survey.temporary)),
        unreadable=tuple(sorted(set(survey.unreadable))),
    )


def _without_conflicting_folders(
    found: Iterable[RecognizedFile], rules: PathRules, today: dt.date
) -> tuple[list[RecognizedFile], list[UnrecognizedFile]]:
    """Set aside the files of one delivery that are in several folders which are not declared.

    Such folders may be shifts or tills, so that one file must not replace the other. A single such
    folder holds a resent file.
    """
    files = list(found)
    folders: dict[tuple[str, dt.date, int | None], set[tuple[str, ...]]] = defaultdict(set)
    for file in files:
        if file.undeclared:
            folders[file.dataset, file.day, file.unit].add(file.undeclared)
    kept: list[RecognizedFile] = []
    others: list[UnrecognizedFile] = []
    for file in files:
        names = folders.get((file.dataset, file.day, file.unit), set())
        if not file.undeclared or len(names) < 2:
            kept.append(file)
            continue
        entry = Entry(path=file.path, size=file.size, modified_at=file.modified_at, etag=file.etag)
        problem = _several_folders(file, sorted("/".join(each) for each in names))
        others.append(unrecognized(entry, problem, rules, today=today))
    return kept, others


def _several_folders(file: RecognizedFile, names: Sequence[str]) -> PathProblem:
    return PathProblem(
        UnrecognizedReason.BAD_UNIT,
        f"folders {' and '.join(map(repr, names[:3]))} each have {file.dataset} of the same unit"
        " and day, and one file would replace the other; hint: send them as one file, or declare"
        " the names of folders with resent files in ignored_folders of the domain",
    )


def modified_at(status: os.stat_result) -> dt.datetime:
    """Return the modification time of a file on disk, UTC, to the microsecond."""
    return EPOCH + dt.timedelta(microseconds=status.st_mtime_ns // 1000)


def _folders_in(store: ObjectStore, folder: str, survey: Survey, *, files: bool) -> list[str]:
    """Return the names of the folders directly in a folder; add its files to the survey."""
    if isinstance(store, DiskStore):
        level = _scan(store.uri, folder, files=files)
        survey.files.extend(level.files)
        survey.not_files.extend(level.not_files)
        survey.unreadable.extend(level.unreadable)
        return level.folders
    if files:
        survey.files.extend(store.entries(folder, recursive=False))
    return store.folders(folder)


def _is_link(store: ObjectStore, domain: str, survey: Survey) -> bool:
    """Return whether the domain's own folder is a symbolic link, and record it if so."""
    if not isinstance(store, DiskStore):
        return False
    place = os.path.join(store.uri, domain)
    if not os.path.islink(place):
        return False
    link = _entry(domain, os.lstat(place))
    if not any(entry.path == link.path for entry, _ in survey.not_files):
        survey.not_files.append((link, _link_problem(store.uri, link.path)))
    return True


def _scan(root: str, folder: str, *, files: bool = True) -> _Level:
    """List one folder on disk; a folder that disappeared is empty.

    A folder that cannot be listed is reported beside the others, so that it does not stop them.

    Raises:
        LandingError: the folder of the domain itself cannot be listed.
    """
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
    except OSError as error:
        if not is_outside_cause(error):
            raise
        message = (
            f"folder {printable(folder)} of the landing zone {root} cannot be listed"
            f" ({problem_of(error)}); hint: give this user read and execute permission on it"
        )
        if "/" not in folder:
            raise LandingError(message) from error
        level.unreadable.append(message)
    return level


def _scan_file(root: str, path: str, item: os.DirEntry[str], level: _Level) -> None:
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    entry = _entry(path, status)
    if mode.S_ISREG(status.st_mode):
        level.files.append(entry)
    elif mode.S_ISLNK(status.st_mode):
        level.not_files.append((entry, _link_problem(root, path)))
    else:
        detail = "not a file but a pipe, socket or device; hint: remove it"
        problem = PathProblem(UnrecognizedReason.UNKNOWN_FILE, detail)
        level.not_files.append((entry, problem))


def _entry(path: str, status: os.stat_result) -> Entry:
    return Entry(path=path, size=status.st_size, modified_at=modified_at(status), etag=None)


def _link_problem(root: str, path: str) -> PathProblem:
    target, top = os.path.realpath(os.path.join(root, path)), os.path.realpath(root)
    where = "inside" if os.path.commonpath([target, top]) == top else "outside"
    return PathProblem(
        UnrecognizedReason.SYMLINK,
        f"symbolic link to a target {where} the landing zone; hint: replace it by the file itself",
    )


def _unsafe_folder(folder: str) -> tuple[Entry, PathProblem]:
    """Return the record of a folder that cannot be entered; it has no modification time."""
    entry = Entry(path=f"{folder}/", size=0, modified_at=EPOCH, etag=None)
    return entry, unsafe_name(folder)

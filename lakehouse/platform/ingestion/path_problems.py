"""Why a path of the landing zone is not recognized: the reasons, and problems of single names."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

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
    CONTROL_FILE = "control_file"
    """A file that only confirms a data file, declared by the domain; ignored, not recorded."""
    UNKNOWN_FILE = "unknown_file"
    """The file name matches no source of the domain, or more than one."""
    BAD_DAY = "bad_day"
    """A folder may be a date but is not one that the domain declares, the path may name several
    days, or it names none and the dataset needs one."""
    BAD_UNIT = "bad_unit"
    """A folder may be a unit but is not one that the domain declares, or the path may name several
    units."""
    FUTURE_DAY = "future_day"
    """The delivery day is later than tomorrow."""
    BEFORE_START = "before_start"
    """The delivery day is before the domain's first day."""


NOT_RECORDED = frozenset({UnrecognizedReason.TEMPORARY, UnrecognizedReason.CONTROL_FILE})
"""Reasons of files that are ignored and not recorded."""
_RANK = {reason: rank for rank, reason in enumerate(UnrecognizedReason)}


@dataclass(frozen=True, slots=True)
class PathProblem:
    """A reason not to recognize a path, with the sentence for people."""

    reason: UnrecognizedReason
    detail: str


def first_problem(problems: Iterable[PathProblem]) -> PathProblem:
    """Return the problem whose reason comes first in the list of reasons."""
    return min(problems, key=lambda problem: _RANK[problem.reason])


def name_problem(part: str) -> PathProblem | None:
    """Return the problem of one part of a path, whatever it names; None if there is none."""
    if part in ("", ".", "..") or "\\" in part or not part.isprintable():
        return unsafe_name(part)
    if is_temporary(part):
        return PathProblem(
            UnrecognizedReason.TEMPORARY, "hidden or unfinished file; ignored until it is renamed"
        )
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

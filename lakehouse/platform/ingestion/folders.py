"""Read day and unit from the folders of a landed file, and reject what could mean two things.

Pure functions. Which names a domain understands is declared in `DomainSpec`. A number alone may be
a year, a month, a day or a unit, so it counts only where the other folders leave one reading.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.platform.ingestion.path_problems import (
    PathProblem,
    UnrecognizedReason,
    first_problem,
)
from lakehouse.platform.tables.folder_patterns import EXAMPLE_DAY, FolderPatterns

_NEARLY_DAY = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[-_. ][0-9]{1,2}[-_. ][0-9]{1,2}"
    r"|[0-9]{1,2}[-_. ][0-9]{1,2}[-_. ][0-9]{4}"
    r"|(?:19|20)[0-9]{6}|[0-3][0-9][01][0-9](?:19|20)[0-9]{2})(?![0-9])"
)
_PART_OF_DAY = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}|[0-9]{1,2}[-_. ][0-9]{1,2}[-_. ][0-9]{2})(?![0-9])"
    r"|\A[0-9]{1,2}[-_. ][0-9]{1,2}\Z|\A[0-9]{6}\Z"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_NUMBER = re.compile(r"[0-9]+")
_ONE_NUMBER = re.compile(r"[^0-9]*([0-9]{1,9})[^0-9]*")
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Folders:
    """What the folders of a path name together, or the problem with them."""

    day: dt.date | None = None
    unit: int | None = None
    others: tuple[str, ...] = ()
    """Folders that name neither and are not declared to mean nothing."""
    problem: PathProblem | None = None


@dataclass(frozen=True, slots=True, order=True)
class DayFolders:
    """Folders in a row that name a day."""

    end: int
    """Position after the last one."""
    first: int
    """Position of the first one."""
    day: dt.date


@functools.lru_cache(maxsize=8192)
def read_folders(patterns: FolderPatterns, folders: tuple[str, ...]) -> Folders:
    """Return the day and unit of the folders below a domain's folder.

    >>> from lakehouse.platform.tables.folder_patterns import DayPattern
    >>> patterns = FolderPatterns(
    ...     days=(DayPattern("YYYY/MM/DD"),), unit_words=("shop",), numbered_units=True, ignored=(),
    ... )
    >>> found = read_folders(patterns, ("2026", "01", "05", "7"))
    >>> found.day.isoformat(), found.unit
    ('2026-01-05', 7)
    """
    return _Reading(patterns, folders).result()


@functools.lru_cache(maxsize=8192)
def first_day(patterns: FolderPatterns, folders: tuple[str, ...]) -> DayFolders | None:
    """Return the folders that are the first to name a day; None if that may be two days."""
    found = sorted(_days(patterns, folders))
    if not found or len({each.day for each in found if each.end == found[0].end}) > 1:
        return None
    return found[0]


def _days(patterns: FolderPatterns, folders: Sequence[str]) -> Iterator[DayFolders]:
    for pattern in patterns.days:
        for first in range(len(folders) - pattern.length + 1):
            end = first + pattern.length
            day = pattern.day_of(folders[first:end])
            if day is not None:
                yield DayFolders(end=end, first=first, day=day)


class _Reading:
    """One reading of the folders of a path; collects what they name and what is wrong."""

    def __init__(self, patterns: FolderPatterns, folders: tuple[str, ...]) -> None:
        self.patterns = patterns
        self.folders = folders
        self.days = sorted(_days(patterns, folders))
        self.day = self.days[0].day if self.days else None
        self.units: dict[int, str] = {}
        self.others: list[str] = []
        self.problems: list[PathProblem] = []

    def result(self) -> Folders:
        self._require_one_day()
        of_days = {n for found in self.days for n in range(found.first, found.end)}
        rest = [n for n in range(len(self.folders)) if n not in of_days]
        by_word = {n: self.patterns.unit_of(self.folders[n]) for n in rest}
        self.units = {unit: self.folders[n] for n, unit in by_word.items() if unit is not None}
        numbers = []
        is_settled = False
        for n in rest:
            name = self.folders[n]
            if by_word[n] is not None:
                continue
            if _NUMBER.fullmatch(name) and not _NEARLY_DAY.fullmatch(name):
                if not is_settled:
                    numbers.append(n)
                continue
            self._read_text(name)
            is_settled = is_settled or any(by_word[m] is not None for m in rest if m < n)
        self._read_numbers(numbers, has_unit=bool(self.units))
        if self.day is None:
            self._require_no_part_of_a_day()
        if len(self.units) > 1:
            names = " and ".join(repr(name) for name in self.units.values())
            self._add(
                UnrecognizedReason.BAD_UNIT,
                f"folders {names} may each be a unit; hint: keep one unit folder",
            )
        if self.problems:
            return Folders(problem=first_problem(self.problems))
        return Folders(day=self.day, unit=next(iter(self.units), None), others=tuple(self.others))

    def _add(self, reason: UnrecognizedReason, detail: str) -> None:
        self.problems.append(PathProblem(reason, detail))

    def _require_one_day(self) -> None:
        days = sorted({found.day for found in self.days})
        if len(days) < 2:
            return
        found = " and ".join(map(str, days))
        detail = f"the path names the days {found}; hint: keep one day folder"
        for each in self.days:
            same = {d.day for d in self.days if (d.first, d.end) == (each.first, each.end)}
            if len(same) > 1:
                name = "/".join(self.folders[each.first : each.end])
                either = " or ".join(map(str, sorted(same)))
                detail = f"folder {name!r} may be {either}; hint: rename it to YYYY-MM-DD"
        self._add(UnrecognizedReason.BAD_DAY, detail)

    def _read_text(self, name: str) -> None:
        """Read a folder that is not a number and names neither a day nor a unit."""
        if _NEARLY_DAY.search(name):
            self._add(
                UnrecognizedReason.BAD_DAY,
                f"folder {name!r} is not a valid date of this domain;"
                f" hint: {day_hint(self.patterns)}",
            )
        elif self.patterns.resembles_unit(name):
            self._add(
                UnrecognizedReason.BAD_UNIT,
                f"folder {name!r} has no valid unit number;"
                f" hint: rename it to {_unit_folder(self.patterns, name)}",
            )
        elif not self.patterns.ignores(name):
            self.others.append(name)

    def _read_numbers(self, numbers: Sequence[int], *, has_unit: bool) -> None:
        """Read folders that are only numbers: years and months above the day, or units."""
        above = self._above_the_day()
        for n in numbers:
            name = self.folders[n]
            if self.day is not None and name == f"{self.day.year:04}" and self._may_be_a_year(n):
                continue
            if n in above and self.patterns.numbered_units and not has_unit:
                self._add(
                    UnrecognizedReason.BAD_UNIT,
                    f"folder {name!r} may be a part of the date or a unit;"
                    f" hint: {unit_hint(self.patterns, name)}",
                )
            elif n in above:
                continue
            elif _YEAR.fullmatch(name) and self.day is not None:
                self._add(
                    UnrecognizedReason.BAD_DAY,
                    f"folder {name!r} may be a year, and the path names the day {self.day};"
                    " hint: rename or remove that folder",
                )
            elif self.day is None and self._may_be_part_of_a_day(n, numbers):
                self._add(
                    UnrecognizedReason.BAD_DAY,
                    f"folder {name!r} in {'/'.join(self.folders)!r} may be a part of a date, but"
                    f" the path names no day of this domain; hint: {day_hint(self.patterns)}",
                )
            elif self.patterns.numbered_units and len(name) <= _MOST_DIGITS:
                self.units.setdefault(int(name), name)
            elif self.patterns.numbered_units:
                self._add(
                    UnrecognizedReason.BAD_UNIT,
                    f"folder {name!r} has too many digits for a unit;"
                    f" hint: rename it to {self.patterns.unit_words[0]}_<number>",
                )
            else:
                self.others.append(name)

    def _above_the_day(self) -> Sequence[int]:
        """Return the positions of year, month and day folders directly above the day's folder."""
        if not self.days:
            return ()
        first, day = self.days[0].first, self.days[0].day
        names = (f"{day.year:04}", f"{day.month:02}", f"{day.day:02}")
        for length in (3, 2):
            if first >= length and self.folders[first - length : first] == names[:length]:
                return range(first - length, first)
        return ()

    def _may_be_a_year(self, n: int) -> bool:
        """Return whether the number of the day's year says nothing: it may also be a unit below."""
        return n < self.days[0].first or not self.patterns.numbered_units

    def _may_be_part_of_a_day(self, n: int, numbers: Sequence[int]) -> bool:
        """Return whether a number may be a part of a date: a year, or beside another number.

        Where a number alone is a unit, it may also be the day, so it needs a day beside it.
        """
        return (
            self.patterns.numbered_units
            or _YEAR.fullmatch(self.folders[n]) is not None
            or n - 1 in numbers
            or n + 1 in numbers
        )

    def _require_no_part_of_a_day(self) -> None:
        for name in self.others:
            if _PART_OF_DAY.search(name):
                self._add(
                    UnrecognizedReason.BAD_DAY,
                    f"folder {name!r} may be a part of a date, and the path names no day;"
                    f" hint: {day_hint(self.patterns)}",
                )


def day_hint(patterns: FolderPatterns) -> str:
    """Return how to rename or declare a folder that may be a day."""
    forms = ", ".join(pattern.text for pattern in patterns.days)
    return (
        f"name the day folder {patterns.days[0].written(EXAMPLE_DAY)} (this domain reads {forms})"
        " or declare its form in day_folders of the domain"
    )


def unit_hint(patterns: FolderPatterns, name: str) -> str:
    """Return how to rename or declare a folder that may be a unit."""
    return (
        f"rename it to {_unit_folder(patterns, name)}, or declare it in the domain:"
        " unit_folders for the word of a unit, numbered_units for a number alone,"
        " ignored_folders for a name without meaning"
    )


def _unit_folder(patterns: FolderPatterns, name: str) -> str:
    """Return the name that a folder should have, with the only number in its present one."""
    number = _ONE_NUMBER.fullmatch(name)
    return f"{patterns.unit_words[0]}_" + (f"{int(number[1]):03d}" if number else "<number>")

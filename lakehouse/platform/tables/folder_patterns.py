"""Patterns of the folders that name a day or a unit, as a domain declares them.

Pure text: what the folders of a landed file mean together is decided in ``ingestion.folders``.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

YEAR_FIRST = ("YYYY-MM-DD", "YYYY_MM_DD", "YYYY.MM.DD", "YYYYMMDD", "YYYY/MM/DD")
"""Day folders that cannot be confused with another order of year, month and day."""
EXAMPLE_DAY = dt.date(2026, 1, 31)

_FIRST_YEAR = 1900
_TOKENS = {
    "YYYY": ("year", "[0-9]{4}"),
    "MM": ("month", "[0-9]{2}"),
    "DD": ("day", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    "D": ("day", "[0-9]{1,2}"),
}
_TOKEN = re.compile("(YYYY|MM|DD|M|D)")
_SEPARATOR = "(?: - |[-_. ])?"


@dataclass(frozen=True)
class DayPattern:
    """One form of a day folder, such as ``YYYY-MM-DD`` or, over three folders, ``YYYY/MM/DD``.

    ``MM`` and ``DD`` stand for two digits, ``M`` and ``D`` for one or two. All other letters are
    lower-case and are compared without case.

    Raises:
        ValueError: the pattern does not have one year, one month and one day.

    >>> DayPattern("day_DD-MM-YYYY").day_of(("Day_05-01-2026",))
    datetime.date(2026, 1, 5)
    """

    text: str

    def __post_init__(self) -> None:
        pieces = _TOKEN.split(self.text)
        named = sorted(_TOKENS[each][0] for each in pieces[1::2])
        literals = "".join(pieces[::2])
        if (
            named != ["day", "month", "year"]
            or literals != literals.lower()
            or not literals.isprintable()
            or "\\" in literals
            or {"", ".", ".."} & set(self.text.split("/"))
        ):
            raise ValueError(
                f"expected one YYYY, one MM or M, one DD or D and lower-case letters, such as"
                f" YYYY-MM-DD or YYYY/MM/DD, found {self.text!r}"
            )

    @property
    def length(self) -> int:
        """Number of folders."""
        return self.text.count("/") + 1

    def day_of(self, folders: Sequence[str]) -> dt.date | None:
        """Return the day that these folders name; None if they do not match or are not a date.

        A year before 1900 is not accepted: eight digits then have one reading only.
        """
        found = self._regex.fullmatch("/".join(folders))
        if not found or int(found["year"]) < _FIRST_YEAR:
            return None
        try:
            return dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return None

    def written(self, day: dt.date) -> str:
        """Return the folders of a day."""
        values = {
            "YYYY": f"{day.year:04}",
            "MM": f"{day.month:02}",
            "DD": f"{day.day:02}",
            "M": f"{day.month}",
            "D": f"{day.day}",
        }
        return "".join(values.get(piece, piece) for piece in _TOKEN.split(self.text))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(map(_regex_of, _TOKEN.split(self.text))), re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class FolderPatterns:
    """The folder names that a domain understands; compared by identity, so it is a cheap key.

    Args:
        days: forms of day folders.
        unit_words: words before the number of a unit.
        numbered_units: whether a folder that is only a number is a unit.
        ignored: names of folders that say nothing about day and unit.
    """

    days: tuple[DayPattern, ...]
    unit_words: tuple[str, ...]
    numbered_units: bool
    ignored: tuple[str, ...]

    def unit_of(self, name: str) -> int | None:
        """Return the unit that a folder names by one of the words; None if it does not."""
        found = self._unit.fullmatch(composed(name))
        return int(found[1]) if found else None

    def resembles_unit(self, name: str) -> bool:
        """Return whether a folder begins like a unit's and may have a malformed number."""
        return self._nearly_unit.fullmatch(composed(name)) is not None

    def ignores(self, name: str) -> bool:
        """Return whether a folder is declared to mean nothing; a number may follow its name."""
        return self._ignored.fullmatch(composed(name)) is not None

    @cached_property
    def _unit(self) -> re.Pattern[str]:
        words = _words(self.unit_words)
        return re.compile(rf"(?:{words}){_SEPARATOR}([0-9]{{1,9}})", re.IGNORECASE)

    @cached_property
    def _nearly_unit(self) -> re.Pattern[str]:
        words = _words(self.unit_words)
        return re.compile(rf"(?:{words})(?:[\W\d_].*)?", re.IGNORECASE | re.DOTALL)

    @cached_property
    def _ignored(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{_words(self.ignored)}){_SEPARATOR}[0-9]{{0,6}}", re.IGNORECASE)


def _regex_of(piece: str) -> str:
    if piece not in _TOKENS:
        return re.escape(piece)
    name, digits = _TOKENS[piece]
    return f"(?P<{name}>{digits})"


def composed(name: str) -> str:
    """Return a name with composed accents: some systems write a letter and its accent apart."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _words(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(composed(word)) for word in words)

"""Files with extreme values: for each column of a source one file, with one value in each row."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lakehouse.platform.tables.source import Source

HOPELESS = (
    "9" * 18,
    "9" * 19,
    "9" * 40,
    "1" + "0" * 39,
    "170141183460469000000000000000000000000",
    "1e308",
    "1,7E+38",
    "1.70141E+38",
    "-1e-400",
    "NaN",
    "Infinity",
    "-inf",
    "0x1F",
    "99:99",
    "2026-01-05 99:99",
    "2026-01-05 24:00:00",
    "2026-01-05 23:59:60",
    "2026-02-30",
    "0000-00-00",
    "１２３",
    "١٢٣",
    "2０26-01-05",
    "x" * 20_000,
    "🙂" * 2_000,
    "\u202e123",
    "'; DROP TABLE orders; --",
)
"""Texts that no domain reads as number, date or flag."""
PLAUSIBLE = (
    "",
    "  ",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "-0",
    "-0.00",
    "0",
    "007",
    "+1",
    "1_000",
    "99999999",
    "2147483647",
    "2147483648",
    "99999999999.99",
    "999999999999.99",
    "922337203685477.5807",
    "0.005",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01 00:00:00.000",
    "9999-12-31 23:59:59.999",
    "1582-10-10",
    "Loja\u00a0Fi\u0301sica",
    "\u200bFinalizado\ufeff",
    "NULL",
    "None",
)
"""Texts that a column may accept, each in one way only."""
EXTREMES = HOPELESS + PLAUSIBLE

Row = Mapping[str, str]


@dataclass(frozen=True)
class ExtremeFile:
    """One file: valid rows, and rows with an extreme value in one column."""

    source: Source
    column: str
    rows: tuple[Row, ...]
    extremes: tuple[tuple[int, str], ...]
    """Line and value of each row with an extreme value."""

    def data(self, delimiter: str) -> bytes:
        columns = self.source.format.columns
        lines = [delimiter.join(columns)]
        lines += [
            delimiter.join(_quoted(row.get(name, ""), delimiter) for name in columns)
            for row in self.rows
        ]
        return ("\n".join(lines) + "\n").encode()


def extreme_files(
    source: Source, valid: Callable[[int], Row], columns: tuple[str, ...] = ()
) -> Iterator[ExtremeFile]:
    """Yield one file per column of a source.

    Args:
        source: the source.
        valid: returns a valid row for a number; rows of different numbers have different keys.
        columns: the columns to change; all columns by default.
    """
    number = 0
    for column in columns or source.format.columns:
        rows: list[Row] = []
        changed = []
        for value in EXTREMES:
            rows += [valid(number), {**valid(number + 1), column: value}]
            changed.append((len(rows) + 1, value))
            number += 2
        rows.append(valid(number))
        number += 1
        yield ExtremeFile(source, column, tuple(rows), tuple(changed))


def _quoted(value: str, delimiter: str) -> str:
    special = delimiter in value or value.strip() != value or value == ""
    return f'"{value}"' if special else value

"""Generate polluted CSV files, each with the rows that a reader should find in it.

The kinds of pollution are those of the Pollock benchmark (Vitagliano et al., VLDB 2023): of the
file, of its tables, of its characters, and of each row and each cell. The files are our own. To
them come kinds of other everyday files (`MORE`): encodings, titles, totals, mixed line ends.
"""

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lakehouse.platform.tables.csv_format import CsvFormat

COLUMNS = ("Id", "Day", "Price", "Product", "Description", "Url", "Comments")
MORE = "more"
ROWS = 60

Row = tuple[str, ...]
Fields = list[str]
"""The fields of a line as they are written."""


@dataclass(frozen=True, kw_only=True)
class PollutedFile:
    """A polluted file and what is in it.

    Attributes:
        name: what was polluted, and where.
        kind: the kind of pollution; `MORE` for the kinds that Pollock does not have.
        weight: how often the kind occurs in Pollock's survey of published files, shared by the
            files of the kind.
        data: the bytes.
        rows: the records that can be found without guessing, in order.
        truth: the records that were written, also those that cannot be read without guessing.
        header: the file has a header line.
        final_newline: a complete file of this kind ends in a line end.
    """

    name: str
    kind: str
    weight: float
    data: bytes
    rows: tuple[Row, ...]
    truth: tuple[Row, ...] = field(repr=False)
    header: bool = True
    final_newline: bool = True

    @property
    def format(self) -> CsvFormat:
        """What the source of such files declares."""
        return CsvFormat(
            columns=COLUMNS, header=self.header, final_newline=self.final_newline, strip=False
        )


def table(count: int = ROWS) -> list[Row]:
    """Return the records of the clean file; always the same."""
    chance = random.Random(2023)
    words = [
        "steady",
        "bright",
        "light",
        "cotton",
        "trail",
        "lake",
        "pine",
        "river",
        "camp",
        "boot",
    ]

    def some(number: int) -> str:
        return " ".join(chance.choice(words) for _ in range(number))

    rows: list[Row] = []
    for n in range(1, count + 1):
        product = some(2).title() + (f', Round {n}"' if n % 5 == 0 else "")
        text = f"Made for {some(3)}, {some(2)}." + (' It says "new".' if n % 7 == 0 else "")
        price = f"${chance.randint(100, 9999) / 100:.2f}"
        comment = "" if n % 4 else some(2)
        url = f"https://www.example.com/{n:04d}.html"
        rows.append((f"P-{n:04d}", f"{n % 28 + 1:02d}/01/2018", price, product, text, url, comment))
    return rows


@dataclass(kw_only=True)
class Layout:
    """How the records are written; the fields of single lines can be changed before."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    end: str = "\r\n"
    quote_all: frozenset[int] = frozenset({4, 5})
    """Positions of columns that are always quoted."""

    def fields(self, row: Sequence[str]) -> Fields:
        """Return the values of a record as fields, quoted where it is required."""
        return [self.field(value, at in self.quote_all) for at, value in enumerate(row)]

    def field(self, value: str, always: bool) -> str:
        if always or any(letter in value for letter in (self.delimiter, self.quote, "\n", "\r")):
            return (
                self.quote
                + value.replace(self.quote, (self.escape or self.quote) + self.quote)
                + self.quote
            )
        return value

    def text(self, lines: Sequence[Fields]) -> str:
        """Return lines as text, each with its end."""
        return "".join(self.delimiter.join(line) + self.end for line in lines)


def polluted_files(*, step: int = 1) -> Iterator[PollutedFile]:
    """Yield all polluted files, of those of single rows and cells every `step`-th only."""
    generator = _Generator()
    yield from generator.of_files()
    for number, file in enumerate(generator.of_rows()):
        if number % step == 0:
            yield file
    yield from generator.more()


class _Generator:
    def __init__(self) -> None:
        self.rows = table()
        self.layout = Layout()
        self.lines = [list(COLUMNS), *map(self.layout.fields, self.rows)]

    def file(
        self,
        name: str,
        text: str | bytes,
        *,
        kind: str = "",
        weight: float = 0,
        rows: Sequence[Row] | None = None,
        truth: Sequence[Row] | None = None,
        header: bool = True,
        final_newline: bool = True,
    ) -> PollutedFile:
        found = tuple(self.rows if rows is None else rows)
        return PollutedFile(
            name=name,
            kind=kind or name,
            weight=weight,
            data=text.encode() if isinstance(text, str) else text,
            rows=found,
            truth=found if truth is None else tuple(truth),
            header=header,
            final_newline=final_newline,
        )

    def of_files(self) -> Iterator[PollutedFile]:
        """Yield files with a pollution of the entire file."""
        layout, lines, rows = self.layout, self.lines, self.rows
        plain = layout.text(lines)
        yield self.file("clean", plain, weight=1)
        yield self.file("empty", "", weight=15, rows=())
        yield self.file("no_final_newline", plain[:-2], weight=184, final_newline=False)
        yield self.file("two_final_newlines", plain + "\r\n", weight=5)
        yield self.file("no_header", layout.text(lines[1:]), weight=470, header=False)
        for count in (2, 3):
            text = layout.text([*[lines[0]] * count, *lines[1:]])
            yield self.file(f"header_rows_{count}", text, weight=47)
        yield self.file("preamble", f"Products of 2018,,,,,,\r\n,,,,,,\r\n{plain}", weight=282)
        for name, other in _other_tables(layout):
            text = f"{plain}\r\n{other}"
            yield self.file(f"other_table_{name}_columns", text, weight=62.7)
        yield self.file("header_only", layout.text(lines[:1]), weight=3, rows=())
        yield self.file("one_row", layout.text(lines[:2]), weight=4, rows=rows[:1])
        layouts = {
            ("record_end_lf", 1691.0): Layout(end="\n"),
            ("record_end_cr", 7.0): Layout(end="\r"),
            ("delimiter_tab", 4.0): Layout(delimiter="\t"),
            ("delimiter_semicolon", 834.0): Layout(delimiter=";"),
            ("delimiter_comma_blank", 101.0): Layout(delimiter=", "),
            ("quote_single", 11.0): Layout(quote="'", quote_all=frozenset(range(7))),
            ("escape_backslash", 1.0): Layout(escape="\\"),
        }
        for (name, weight), each in layouts.items():
            header = each.fields(COLUMNS) if each.quote == "'" else list(COLUMNS)
            text = each.text([header, *map(each.fields, rows)])
            yield self.file(name, text, weight=weight)
        yield self.file(
            "escape_none", self._without_escapes(), weight=7, rows=self._plain_rows(), truth=rows
        )

    def of_rows(self) -> Iterator[PollutedFile]:
        """Yield files in which one row or one cell is polluted."""
        rows, lines = len(self.lines), self.lines
        cells = rows * len(COLUMNS)
        for at in range(rows):
            for column in range(len(COLUMNS)):
                place = f"row{at}_column{column}"
                line = list(lines[at])
                if column:
                    both = line[column - 1] + line[column]
                    merged = [*line[: column - 1], both, *line[column + 1 :]]
                    yield self._changed(
                        at, merged, f"less_{place}", "delimiter_missing", 247 / cells
                    )
                more = [*line[:column], "", *line[column:]]
                yield self._changed(at, more, f"more_{place}", "delimiter_added", 247 / cells)
                quoted = [*line[:column], '"' + line[column], *line[column + 1 :]]
                yield self._changed(at, quoted, f"quote_{place}", "quote_added", 7 / cells)
            blank = [" ".join(lines[at])]
            yield self._changed(at, blank, f"blanks_row{at}", "delimiter_of_one_row", 7 / rows)

    def _changed(self, at: int, line: Fields, name: str, kind: str, weight: float) -> PollutedFile:
        """Return the file with one line changed; its record cannot be read without guessing."""
        text = self.layout.text([*self.lines[:at], line, *self.lines[at + 1 :]])
        rows = [row for n, row in enumerate(self.rows, start=1) if n != at]
        return self.file(name, text, kind=kind, weight=weight, rows=rows, truth=self.rows)

    def _without_escapes(self) -> str:
        lines = [
            [f'"{value}"' if '"' in value else f for value, f in zip(row, line, strict=True)]
            for row, line in zip(self.rows, self.lines[1:], strict=True)
        ]
        return self.layout.text([self.lines[0], *lines])

    def _plain_rows(self) -> list[Row]:
        return [row for row in self.rows if '"' not in "".join(row)]

    def more(self) -> Iterator[PollutedFile]:
        """Yield kinds of files that Pollock does not have."""
        layout, lines, rows = self.layout, self.lines, self.rows
        plain = layout.text(lines)
        accented = [(*row[:3], f"Calção {row[3]}", *row[4:]) for row in rows]
        named = layout.text([lines[0], *map(layout.fields, accented)])
        texts: dict[str, str | bytes] = {
            "mark": b"\xef\xbb\xbf" + plain.encode(),
            "separator_line": "sep=;\r\n"
            + Layout(delimiter=";").text([list(COLUMNS), *map(Layout(delimiter=";").fields, rows)]),
            "delimiter_bar": Layout(delimiter="|").text(
                [list(COLUMNS), *map(Layout(delimiter="|").fields, rows)]
            ),
            "delimiter_blanks_around": _padded(layout, [list(COLUMNS), *map(layout.fields, rows)]),
            "title_lines": f"Products\r\n\r\nPrinted on 05/01/2018\r\n{plain}",
            "footer": f"{plain}\r\nPrinted on 05/01/2018\r\n",
            "totals": f"{plain}Total,,$123.45,,,,\r\n",
            "joined": plain + "\ufeff" + layout.text(lines[:1]),
            "repeated_header": layout.text([*lines[:30], lines[0], *lines[30:]]),
            "mixed_record_ends": "".join(
                layout.delimiter.join(line) + ("\n" if n % 3 else "\r\n")
                for n, line in enumerate(lines)
            ),
            "trailing_columns": layout.text([[*line, "", ""] for line in lines]),
            "cut": plain[:-40],
            "open_quote": plain + 'P-9,"open,1\r\n',
            "zero_bytes": plain + "\0" * 100,
            "reordered": layout.text([line[::-1] for line in lines]),
        }
        for name, text in texts.items():
            yield self.file(
                name,
                text,
                kind=MORE,
                rows=() if name in ("cut", "open_quote", "zero_bytes") else rows,
                truth=rows,
            )
        for encoding in ("cp1252", "utf-16", "utf-16-le", "utf-16-be"):
            yield self.file(
                f"encoding_{encoding}", named.encode(encoding), kind=MORE, rows=accented
            )
        mixed = "".join(
            layout.text([line]) for line in [lines[0], *map(layout.fields, accented[:40])]
        ).encode()
        mixed += layout.text([*map(layout.fields, accented[40:])]).encode("cp1252")
        yield self.file("encoding_mixed", mixed, kind=MORE, rows=accented[:40], truth=accented)


def _other_tables(layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield tables of other columns: fewer, as many and more than the first table has."""
    names = ("City", "State", "Country", "Region", "Mayor", "Zone", "Language", "Currency", "River")
    for name, width in (("fewer", 5), ("same", 7), ("more", 9)):
        values = [[f"{column} {n}" for column in names[:width]] for n in range(1, 20)]
        yield name, layout.text([list(names[:width]), *values])


def _padded(layout: Layout, lines: Sequence[Fields]) -> str:
    return "".join(" , ".join(line) + layout.end for line in lines)


def physical_lines(file: PollutedFile) -> int:
    """Count the lines of a file independently of the reader: ends are CR LF, LF or CR."""
    text = file.data
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text[:20]:
        code = (
            "utf-16"
            if text[:2] in (b"\xff\xfe", b"\xfe\xff")
            else "utf-16-be"
            if text[:1] == b"\0"
            else "utf-16-le"
        )
        text = text.decode(code).encode()
    return len(io.StringIO(text.decode("latin-1"), newline=None).readlines())

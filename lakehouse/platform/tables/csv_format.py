"""The CSV format of a source: its columns and its dialect.

How a file is read by this format belongs to `lakehouse.platform.ingestion.csv`.
"""

import codecs
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

BLANKS = " \t\r\n\u00a0"
"""Characters that `CsvDialect.strip` removes around a value."""


@dataclass(frozen=True, kw_only=True)
class CsvDialect:
    """How the values of a CSV file are separated, encoded and written.

    Empty text is null, quoted or not; so are the `null_texts`.

    Args:
        delimiters: tried on the header line; the delimiter that finds most columns is used. A first
            line ``sep=;`` adds its own.
        encodings: tried in this order. A byte order mark, or every second byte zero, decides for
            UTF-8 or UTF-16. A file that is valid UTF-8 is UTF-8; any other file is read as
            Windows-1252, what Excel writes in Brazil and Western Europe. If most lines with
            non-ASCII characters are valid UTF-8, the file is read as UTF-8 and its other lines are
            undecodable, and the other way round. The bytes 81, 8D, 8F, 90 and 9D do not exist in
            Windows-1252; their lines are undecodable.
        null_texts: values that mean null.
        strip: remove `BLANKS` around each value before it is compared with `null_texts`.
        final_newline: complete files end in a line end, so a file without one is truncated.
        header: files have a header line. Otherwise every file has all columns, in their order.
        totals: first value of a row of totals, in lower case. Such a row, if it has empty values,
            is a footer and no record.
        sheet: name of the sheet to read from a workbook; None for the one with the table.

    Raises:
        ValueError: a delimiter is a quote, a blank or a line end, or an encoding is unknown.
    """

    delimiters: str = ",;\t|"
    encodings: tuple[str, ...] = ("utf-8", "cp1252")
    null_texts: frozenset[str] = frozenset()
    strip: bool = False
    final_newline: bool = True
    header: bool = True
    totals: tuple[str, ...] = ("total", "totals", "subtotal", "grand total")
    sheet: str | None = None

    def __post_init__(self) -> None:
        if not self.delimiters or set(self.delimiters) & set('" \r\n'):
            raise ValueError(
                f"delimiters {self.delimiters!r}: expected one or more characters other than"
                " quote, blank and line end"
            )
        if not self.encodings:
            raise ValueError("encodings: expected at least one, found none")
        for encoding in self.encodings:
            try:
                codecs.lookup(encoding)
            except LookupError as error:
                raise ValueError(f"encodings: {error}") from None


@dataclass(frozen=True, kw_only=True)
class CsvFormat(CsvDialect):
    """The dialect and the columns of a source's files.

    Header names are compared by `header_key`.

    Args:
        columns: the source's columns, in the order of the bronze table.
        aliases: other accepted spelling of a header name → column.
        optional: columns that a file may lack; they are filled with null.
        decimal_comma: columns whose numbers have a decimal comma; all others have a point. The
            reader keeps the text; the tables that parse the numbers use this.
        quotes_inside: columns whose unquoted values may contain quotes, for example XML. In all
            others such a quote makes the line unparsable, because it may be all that is left of two
            merged values.

    Raises:
        ValueError: a column is named twice or reserved, or an option names an unknown column.
    """

    columns: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    optional: tuple[str, ...] = ()
    decimal_comma: tuple[str, ...] = ()
    quotes_inside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        keys = [header_key(column) for column in self.columns]
        if not keys or len(set(keys)) < len(keys):
            raise ValueError(
                f"columns {self.columns}: expected at least one, each with its own name"
            )
        if reserved := {"_line", "_rescued"} & set(self.columns):
            raise ValueError(f"columns {sorted(reserved)}: reserved for the reader's own columns")
        named = {*self.optional, *self.aliases.values(), *self.decimal_comma, *self.quotes_inside}
        if unknown := named - set(self.columns):
            raise ValueError(
                f"optional, aliases, decimal_comma or quotes_inside name columns {sorted(unknown)},"
                f" which are not among the columns {self.columns}"
            )


def header_key(name: str) -> str:
    """Return a header name in the form in which names are compared.

    Case, accents, quotes and surrounding blanks do not count, and a blank equals an underscore.

    >>> header_key(' "Endereço Entrega"')
    'endereco_entrega'
    """
    plain = name.replace("\ufeff", "").strip().strip('"').strip()
    letters = unicodedata.normalize("NFKD", plain)
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"\s+", "_", plain).casefold()

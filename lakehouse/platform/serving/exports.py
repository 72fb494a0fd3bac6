"""Declare exports: tables that leave the lake in the file layout that their readers know.

An export is one SQL statement over the read-only catalog, and the path of its files.
`export_writing` writes the files; the declarations are in the module ``exports`` of each domain.
"""

import importlib
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.settings import Settings

FORMATS = (".parquet", ".csv", ".txt", ".ctl")
"""Endings of exported files; a ``.ctl`` file is empty and says that another file is complete."""
MANIFESTS = "_lakehouse"
"""Folder below the root of an export that records which files there the lake wrote."""
LONGEST_VALUE = 200
"""Most bytes of a value that becomes part of a path."""

_COLUMN = re.compile(r"\{([^{}]+)\}")


class ExportError(Exception):
    """An export that cannot be written as declared; the message names the export."""


@dataclass(frozen=True, kw_only=True)
class Csv:
    """The dialect of a CSV export; how a value is formatted is up to the SQL.

    Args:
        delimiter: one character.
        bom: whether the file starts with the UTF-8 byte order mark.
        line_end: of every line, the last one included.
        null: text written for null; equal text is put in quotes.
    """

    delimiter: str = ","
    bom: bool = False
    line_end: str = "\n"
    null: str = ""

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ValueError(
                f"delimiter {self.delimiter!r}: expected one character other than a quote or a"
                " line end"
            )
        if self.line_end not in ("\n", "\r\n"):
            raise ValueError(f"line_end {self.line_end!r}: expected \\n or \\r\\n")


@dataclass(frozen=True, kw_only=True)
class Export:
    """Rows that leave the lake as one or more files.

    Args:
        name: unique within the domain.
        path: below the root of the export, with an ending of `FORMATS`. A column in braces makes
            one file for each of its values and is left out of the files.
        sql: one SELECT statement. Rows are sorted by all columns unless it has an ORDER BY, which
            must end in a unique key to give the same file every time.
        csv: the dialect of a ``.csv``.

    Raises:
        ExportError: the name or the path is invalid.
    """

    name: str
    path: str
    sql: str
    csv: Csv = field(default_factory=Csv)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ExportError(
                f"export {self.name!r}: a name has lower-case letters, digits and _ and starts"
                " with a letter"
            )
        if self.format not in FORMATS:
            raise ExportError(
                f"export {self.name}: path {self.path!r} must end in one of {', '.join(FORMATS)}"
            )
        self._require_inner_path(_COLUMN.sub("0", self.path))

    @property
    def format(self) -> str:
        """The ending of the path in lower case, with its dot."""
        return Path(self.path).suffix.lower()

    @property
    def statement(self) -> str:
        """The SQL without a final semicolon, so that another statement can contain it."""
        return self.sql.strip().removesuffix(";")

    @property
    def path_columns(self) -> tuple[str, ...]:
        """Columns in braces in the path, in order and each once."""
        return tuple(dict.fromkeys(_COLUMN.findall(self.path)))

    def path_of(self, values: Sequence[object]) -> str:
        """Return the path of the file for one set of values of `path_columns`.

        Raises:
            ExportError: a value cannot be part of a path.
        """
        pairs = zip(self.path_columns, values, strict=True)
        texts = {column: self._path_text(column, value) for column, value in pairs}
        path = _COLUMN.sub(lambda found: texts[found[1]], self.path)
        self._require_inner_path(path)
        return path

    def _path_text(self, column: str, value: object) -> str:
        """Return a value as part of a path; it may come from delivered data."""
        text = "" if value is None else str(value)
        safe = text.isprintable() and not set(text) & set('/\\:*?"<>|')
        if not text or not safe or len(text.encode()) > LONGEST_VALUE or text != text.strip():
            raise ExportError(
                f"export {self.name}: value {value!r} of column {column!r} cannot be part of a"
                " path; hint: leave out such rows in the SQL, or format the value otherwise"
            )
        return text

    def _require_inner_path(self, path: str) -> None:
        """Require that a path stays below its root, is not hidden and not among the manifests."""
        parts = path.split("/")
        hidden = any(part.startswith(".") or part in ("", MANIFESTS) for part in parts)
        if hidden or not path.isprintable() or "\\" in path:
            raise ExportError(f"export {self.name}: {path!r} is not a path below its root")


def exports_of(domain: str, settings: Settings) -> tuple[Export, ...]:
    """Return the exports that a domain's module ``exports`` declares; none without that module.

    The module holds a tuple ``EXPORTS``, or a function ``exports(settings)`` where settings of the
    domain decide about paths.

    Raises:
        ExportError: two exports have the same name.
    """
    module = f"{DOMAINS}.{domain}.exports"
    if importlib.util.find_spec(module) is None:
        return ()
    declared = importlib.import_module(module)
    exports: tuple[Export, ...] = tuple(
        declared.exports(settings) if hasattr(declared, "exports") else declared.EXPORTS
    )
    names = [export.name for export in exports]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ExportError(f"{module}: several exports are named {', '.join(sorted(repeated))}")
    return exports

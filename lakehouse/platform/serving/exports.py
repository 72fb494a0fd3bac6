"""Tables leave the lake in the file layout that their readers know.

An export is one SQL statement over the read-only catalog and the path of its files. The same rows
give the same bytes. What an export wrote is kept in a manifest beside it, so that files of an
earlier export that have no rows any more are removed, and no file that something else put there.
"""

import datetime as dt
import hashlib
import importlib
import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.parquet import row_groups
from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.settings import Settings

MANIFESTS = "_lakehouse"
"""Folder below an export's root that says which of the files there the lake wrote."""
FETCHED = 65_536
"""Rows in memory at once on their hint."""
LONGEST_VALUE = 200
"""Bytes of a value that becomes part of a path."""

_COLUMN = re.compile(r"\{([^{}]+)\}")


class ExportError(Exception):
    """An export that cannot be written as declared; the message names it and the hint."""


@dataclass(frozen=True, kw_only=True)
class Csv:
    """How a CSV export is written; what a column looks like is for its SQL to say.

    Args:
        delimiter: one character.
        bom: begin with the UTF-8 byte order mark.
        line_end: of every line, the last one too.
        null: written for null; a text that is the same is put in quotes.
    """

    delimiter: str = ","
    bom: bool = False
    line_end: str = "\n"
    null: str = ""

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ValueError(f"no delimiter can be {self.delimiter!r}")
        if self.line_end not in ("\n", "\r\n"):
            raise ValueError(f"lines end in \\n or \\r\\n, not in {self.line_end!r}")


@dataclass(frozen=True, kw_only=True)
class Export:
    """Rows that leave the lake as files.

    Args:
        name: unique in its system.
        path: below the export's root, ending in ``.parquet``, ``.csv``, ``.txt`` or, for files
            without content, ``.ctl``. A column in braces makes a file for each of its values and
            is left out of the files.
        sql: one statement that reads. Without an ORDER BY of its own the rows are sorted by all
            columns; one that it has ends in a key, or equal rows swap places.
        csv: the form of a ``.csv``.

    Raises:
        ExportError: the name or the path cannot be one.
    """

    name: str
    path: str
    sql: str
    csv: Csv = field(default_factory=Csv)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ExportError(f"export {self.name!r}: lower-case letters, digits and _ only")
        if self.format not in WRITERS:
            raise ExportError(f"export {self.name}: {self.path!r} ends in none of {list(WRITERS)}")
        _require_path(self, _COLUMN.sub("0", self.path))

    @property
    def format(self) -> str:
        """By the ending of the path, with its dot."""
        return Path(self.path).suffix.lower()

    @property
    def statement(self) -> str:
        """The SQL in a form that another statement can hold."""
        return self.sql.strip().removesuffix(";")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that make the path."""
        return tuple(dict.fromkeys(_COLUMN.findall(self.path)))

    def path_of(self, values: Sequence[object]) -> str:
        """The file of one set of values of `columns`.

        Raises:
            ExportError: a value cannot be part of a path.
        """
        texts = {c: _path_text(self, c, v) for c, v in zip(self.columns, values, strict=True)}
        path = _COLUMN.sub(lambda found: texts[found[1]], self.path)
        _require_path(self, path)
        return path


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What one export wrote."""

    name: str
    files: int
    rows: int
    removed: tuple[str, ...]
    """Files of an earlier export that have no rows any more."""
    kept: tuple[str, ...]
    """Such files that were changed since and were therefore left alone."""


def exports_of(domain: str, settings: Settings) -> tuple[Export, ...]:
    """Return the exports that a domain's module ``exports`` declares; none without that module.

    The module holds a tuple ``EXPORTS``, or a function ``exports(settings)`` where settings of the
    domain decide about paths.

    Raises:
        ExportError: two exports have one name.
    """
    module = f"{DOMAINS}.{domain}.exports"
    if importlib.util.find_spec(module) is None:
        return ()
    declared = importlib.import_module(module)
    found: tuple[Export, ...] = tuple(
        declared.exports(settings) if hasattr(declared, "exports") else declared.EXPORTS
    )
    names = [export.name for export in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ExportError(f"{module} has several exports named {', '.join(sorted(twice))}")
    return found


def write(
    domain: str, exports: Iterable[Export], out: str, lake: Lake, settings: Settings
) -> Iterator[Exported]:
    """Write a domain's exports below a folder or an ``s3://`` prefix, one after the other.

    Every file appears whole. A crash leaves files of the new and of the old export side by side;
    the same export again leaves the new ones only.

    Raises:
        ExportError: an export cannot be written; the files of the others stand.
    """
    target = ObjectStore.at(out)
    for own in (lake.root, ObjectStore.at(settings.landing).uri):
        if f"{target.uri}/".startswith(f"{own}/") or f"{own}/".startswith(f"{target.uri}/"):
            raise ExportError(f"{out} and {own} lie in each other; give a folder beside it")
    for export in exports:
        yield _Writer(export, target, f"{MANIFESTS}/{domain}/{export.name}.json").run(
            lake, settings
        )


@dataclass
class _Writer:
    """One export on its way to one root."""

    export: Export
    target: ObjectStore
    manifest: str

    def run(self, lake: Lake, settings: Settings) -> Exported:
        names = catalog.names_in(self.export.statement)
        with catalog.connect(lake, settings, names=names) as connection:
            try:
                return self._written(connection)
            except (duckdb.Error, catalog.CatalogError) as error:
                said = " ".join(str(error).split("\n\nLINE")[0].split())
                raise ExportError(f"export {self.export.name}: {said}") from error

    def _written(self, connection: duckdb.DuckDBPyConnection) -> Exported:
        before = self._recorded()
        expected = self._expected(connection)
        # What is about to be written is on record first, so that a crash leaves nothing unknown.
        self._record({**before, **{path: None for path, _ in expected}})
        made: dict[str, str | None] = {}
        rows = 0
        given = _Rows(catalog.query(connection, self._ordered(connection)))
        for path, count in expected:
            digest, written = self._file(path, given.schema, given.take(count))
            made[path] = digest
            rows += written
        stale = [path for path in before if path not in made]
        changed = [path for path in stale if not self._is_own(path, before[path])]
        removed = [path for path in stale if path not in changed]
        self.target.delete(removed)
        self._record(made)
        return Exported(
            name=self.export.name,
            files=len(made),
            rows=rows,
            removed=tuple(removed),
            kept=tuple(changed),
        )

    def _recorded(self) -> dict[str, str | None]:
        """Files of earlier exports and the SHA-256 of each; None for one that a crash cut off."""
        try:
            said = json.loads(self.target.read(self.manifest))
        except FileNotFoundError:
            return {}
        files: dict[str, str | None] = said["files"]
        return files

    def _record(self, files: Mapping[str, str | None]) -> None:
        said = {"export": self.export.name, "files": dict(sorted(files.items()))}
        self.target.write(self.manifest, (json.dumps(said, indent=1) + "\n").encode())

    def _is_own(self, path: str, digest: str | None) -> bool:
        """Whether a file is still the one that was exported, or gone."""
        if digest is None:
            return True
        try:
            with self.target.open(path) as stream:
                found = hashlib.sha256()
                while piece := stream.read(1 << 20):
                    found.update(piece)
        except FileNotFoundError:
            return True
        return found.hexdigest() == digest

    def _expected(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int | None]]:
        """Every path with its rows, in the order of their values, before anything is written."""
        if not self.export.columns:
            return [(self.export.path, None)]
        columns = ", ".join(map(quoted, self.export.columns))
        found = catalog.query(
            connection,
            f"SELECT {columns}, count(*) FROM ({self.export.statement})"  # noqa: S608  quoted
            f" GROUP BY {columns} ORDER BY {columns}",
        ).fetchall()
        paths: dict[str, tuple[int, tuple[object, ...]]] = {}
        for *values, count in found:
            path = self.export.path_of(values)
            if path in paths:
                raise ExportError(
                    f"export {self.export.name}: {paths[path][1]} and {tuple(values)} are one path"
                    f" {path!r}; put a word between the columns"
                )
            paths[path] = (count, tuple(values))
        return [(path, count) for path, (count, _) in paths.items()]

    def _ordered(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The rows by path, within it in the order that the statement says, else by everything."""
        rows = self.export.statement
        said = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [rows]).fetchone()
        nodes = [each["node"] for each in json.loads(said[0]).get("statements", ())] if said else []
        kinds = {modifier["type"] for node in nodes for modifier in node["modifiers"]}
        if "ORDER_MODIFIER" not in kinds:
            rows = f"SELECT * FROM ({rows}) ORDER BY ALL"  # noqa: S608  of the code
        if not self.export.columns:
            return rows
        columns = ", ".join(map(quoted, self.export.columns))
        numbered = f"SELECT *, row_number() OVER () AS _place FROM ({rows})"  # noqa: S608  of the code
        return (
            f"SELECT * EXCLUDE ({columns}, _place) FROM ({numbered})"  # noqa: S608  quoted
            f" ORDER BY {columns}, _place"
        )

    def _file(self, path: str, schema: pa.Schema, rows: Iterable[pa.Table]) -> tuple[str, int]:
        """Write one file; gives the digest of its bytes and its rows."""
        scratch = self.target.scratch(path.rpartition("/")[0])
        try:
            count = WRITERS[self.export.format](scratch, self.export, schema, rows)
            with scratch.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            self.target.move_in(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
        return digest, count


class _Rows:
    """The rows of one answer, taken from its front."""

    def __init__(self, answer: duckdb.DuckDBPyConnection) -> None:
        reader = answer.to_arrow_reader(FETCHED)
        self.schema: pa.Schema = reader.schema
        self._batches = iter(reader)
        self._held: pa.Table = self.schema.empty_table()

    def take(self, count: int | None) -> Iterator[pa.Table]:
        """The next so many rows, or all that are left, in pieces."""
        left = count
        while left is None or left:
            if not self._held.num_rows:
                batch = next(self._batches, None)
                if batch is None:
                    return
                self._held = pa.Table.from_batches([batch], self.schema)
                continue
            piece = self._held if left is None else self._held.slice(0, left)
            self._held = self._held.slice(piece.num_rows)
            left = None if left is None else left - piece.num_rows
            yield piece


def _parquet(to: Path, _: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    count = 0
    with pq.ParquetWriter(to, schema, compression="snappy", store_schema=False) as writer:
        for group in row_groups(rows, schema):
            writer.write_table(group, row_group_size=group.num_rows)
            count += group.num_rows
    return count


def _csv(to: Path, export: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    form = export.csv
    count = 0
    with to.open("w", encoding="utf-8-sig" if form.bom else "utf-8", newline="") as stream:
        stream.write(_line(schema.names, form))
        for piece in rows:
            for row in zip(*(column.to_pylist() for column in piece.columns), strict=True):
                stream.write(_line(row, form))
            count += piece.num_rows
    return count


def _text(to: Path, export: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    if len(schema) != 1:
        raise ExportError(f"export {export.name}: a text has one column, not {schema.names}")
    count = 0
    with to.open("w", encoding="utf-8", newline="") as stream:
        for piece in rows:
            for value in piece.column(0).to_pylist():
                stream.write(f"{'' if value is None else value}\n")
            count += piece.num_rows
    return count


def _control(to: Path, _: Export, __: pa.Schema, rows: Iterable[pa.Table]) -> int:
    """A file without content: that it is there says that another one is whole."""
    to.touch()
    return sum(piece.num_rows for piece in rows)


WRITERS: Mapping[str, Callable[[Path, Export, pa.Schema, Iterable[pa.Table]], int]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".txt": _text,
    ".ctl": _control,
}
"""How rows are written, by the ending of the path."""


def _line(values: Iterable[object], form: Csv) -> str:
    return form.delimiter.join(_field(value, form) for value in values) + form.line_end


def _field(value: object, form: Csv) -> str:
    """A value as CSV has it; a text that would be read as null, or trimmed, is put in quotes.

    >>> [_field(value, Csv(null="NULL")) for value in (None, "NULL", "a,b", "CM ", True)]
    ['NULL', '"NULL"', '"a,b"', '"CM "', 'true']
    """
    match value:
        case None:
            return form.null
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return value.isoformat(" ")
        case _:
            text = str(value)
    is_bare = text != form.null and text == text.strip()
    if not is_bare or any(letter in text for letter in (form.delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _path_text(export: Export, column: str, value: object) -> str:
    """A value as part of a path; it may come from landed data."""
    text = "" if value is None else str(value)
    safe = text.isprintable() and not set(text) & set('/\\:*?"<>|')
    if not text or not safe or len(text.encode()) > LONGEST_VALUE or text != text.strip():
        raise ExportError(
            f"export {export.name}: {value!r} of column {column!r} cannot be part of a path; leave"
            " such rows out in its SQL, or write them otherwise"
        )
    return text


def _require_path(export: Export, path: str) -> None:
    """A path stays below its root, is not hidden and not among the manifests."""
    parts = path.split("/")
    hidden = any(part.startswith(".") or part in ("", MANIFESTS) for part in parts)
    if hidden or not path.isprintable() or "\\" in path:
        raise ExportError(f"export {export.name}: {path!r} is no path below a folder")

"""Write exports: the rows of a query as files below a folder or an ``s3://`` prefix.

Equal rows give equal bytes. A manifest beside the files records what an export wrote. The next
export removes recorded files that no longer have rows, and never a file that somebody else wrote.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.serving.exports import MANIFESTS, Csv, Export, ExportError
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.parquet import RowGroups
from lakehouse.platform.storage.published import ShownVersions
from lakehouse.platform.tables.formulas import neutralized
from lakehouse.settings import Settings

BATCH_ROWS = 65_536
"""Rows fetched at a time."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What one export wrote.

    Attributes:
        name: name of the export.
        files: files written.
        rows: rows written.
        removed: files of an earlier export that were removed because they no longer have rows.
        kept: such files that were not removed because somebody changed them.
        older: tables of which an older contract made some of the exported days.
    """

    name: str
    files: int
    rows: int
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    older: tuple[str, ...] = ()


def write_exports(
    domain: str, exports: Iterable[Export], out: str, lake: Lake, settings: Settings
) -> Iterator[Exported]:
    """Write exports of a domain below a folder or an ``s3://`` prefix, one after the other.

    Each file appears only when it is complete. After a crash, files of the old and of the new
    export exist side by side until the export is repeated.

    Raises:
        ExportError: an export cannot be written; the files of the exports before it remain.
    """
    target = ObjectStore.at(out)
    for own in (lake.root, ObjectStore.at(settings.landing).uri):
        if f"{target.uri}/".startswith(f"{own}/") or f"{own}/".startswith(f"{target.uri}/"):
            raise ExportError(
                f"one of {out} and {own} contains the other; hint: export to another folder"
            )
    shown = ShownVersions(lake)
    for export in exports:
        yield _Writer(export, target, f"{MANIFESTS}/{domain}/{export.name}.json").run(
            lake, settings, shown
        )


@dataclass
class _Writer:
    """One export below one root."""

    export: Export
    target: ObjectStore
    manifest: str

    def run(self, lake: Lake, settings: Settings, shown: ShownVersions) -> Exported:
        """Query the rows, write the files and remove outdated ones."""
        names = catalog.names_in(self.export.statement)
        older: list[str] = []
        with catalog.connect(
            lake, settings, names=names, shown=shown, on_older=older.append
        ) as connection:
            try:
                return replace(self._write(connection), older=tuple(older))
            except (duckdb.Error, CatalogError) as error:
                if cause := catalog.cause_of(connection, lake, error):
                    raise cause from error
                reason = " ".join(str(error).split("\n\nLINE")[0].split())
                raise ExportError(f"export {self.export.name}: {reason}") from error

    def _write(self, connection: duckdb.DuckDBPyConnection) -> Exported:
        before = self._read_manifest()
        planned = self._plan(connection)
        # The files are recorded before they are written, so that a crash leaves no unknown file.
        self._write_manifest({**before, **{path: None for path, _ in planned}})
        written: dict[str, str | None] = {}
        rows = 0
        answer = _Rows(catalog.query(connection, self._ordered_query(connection)))
        for path, count in planned:
            written[path], file_rows = self._write_file(path, answer.schema, answer.take(count))
            rows += file_rows
        outdated = [path for path in before if path not in written]
        changed = [path for path in outdated if not self._is_unchanged(path, before[path])]
        removed = [path for path in outdated if path not in changed]
        self.target.delete(removed)
        self._write_manifest(written)
        return Exported(
            name=self.export.name,
            files=len(written),
            rows=rows,
            removed=tuple(removed),
            kept=tuple(changed),
        )

    def _read_manifest(self) -> dict[str, str | None]:
        """Return path → SHA-256 of earlier exports; None for a file that a crash interrupted."""
        try:
            manifest = json.loads(self.target.read(self.manifest))
        except FileNotFoundError:
            return {}
        files: dict[str, str | None] = manifest["files"]
        return files

    def _write_manifest(self, files: Mapping[str, str | None]) -> None:
        manifest = {"export": self.export.name, "files": dict(sorted(files.items()))}
        self.target.write(self.manifest, (json.dumps(manifest, indent=1) + "\n").encode())

    def _is_unchanged(self, path: str, digest: str | None) -> bool:
        """Return whether a file is as the export wrote it, incomplete, or already gone."""
        if digest is None:
            return True
        try:
            with self.target.open(path) as stream:
                found = hashlib.sha256()
                while chunk := stream.read(1 << 20):
                    found.update(chunk)
        except FileNotFoundError:
            return True
        return found.hexdigest() == digest

    def _plan(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int | None]]:
        """Return every path with its number of rows, in the order in which they are written.

        The number is None when all rows go to one file.
        """
        if not self.export.path_columns:
            return [(self.export.path, None)]
        columns = ", ".join(map(quoted, self.export.path_columns))
        groups = catalog.query(
            connection,
            f"SELECT {columns}, count(*) FROM ({self.export.statement})"  # noqa: S608  quoted
            f" GROUP BY {columns} ORDER BY {columns}",
        ).fetchall()
        paths: dict[str, tuple[int, tuple[object, ...]]] = {}
        for *values, count in groups:
            path = self.export.path_of(values)
            if path in paths:
                raise ExportError(
                    f"export {self.export.name}: values {paths[path][1]} and {tuple(values)} give"
                    f" the same path {path!r}; hint: put text between the columns of the path"
                )
            paths[path] = (count, tuple(values))
        return [(path, count) for path, (count, _) in paths.items()]

    def _ordered_query(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Return the query with its rows by path, and within a path in the declared order."""
        rows = self.export.statement
        if not _has_order(connection, rows):
            rows = f"SELECT * FROM ({rows}) ORDER BY ALL"  # noqa: S608  declared
        if not self.export.path_columns:
            return rows
        columns = ", ".join(map(quoted, self.export.path_columns))
        numbered = f"SELECT *, row_number() OVER () AS _place FROM ({rows})"  # noqa: S608  declared
        return (
            f"SELECT * EXCLUDE ({columns}, _place) FROM ({numbered})"  # noqa: S608  quoted
            f" ORDER BY {columns}, _place"
        )

    def _write_file(
        self, path: str, schema: pa.Schema, rows: Iterable[pa.Table]
    ) -> tuple[str, int]:
        """Write one file; return its SHA-256 and its number of rows."""
        scratch = self.target.scratch(path.rpartition("/")[0])
        try:
            count = WRITERS[self.export.format](scratch, self.export, schema, rows)
            with scratch.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            self.target.move_in(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
        return digest, count


def _has_order(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Return whether a statement has an ORDER BY at its top level."""
    ((parsed,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    nodes = [each["node"] for each in json.loads(parsed).get("statements", ())]
    return any(each["type"] == "ORDER_MODIFIER" for node in nodes for each in node["modifiers"])


class _Rows:
    """The rows of a query, taken from the front in pieces."""

    def __init__(self, answer: duckdb.DuckDBPyConnection) -> None:
        reader = answer.to_arrow_reader(BATCH_ROWS)
        self.schema: pa.Schema = reader.schema
        self._batches = iter(reader)
        self._rest: pa.Table = self.schema.empty_table()

    def take(self, count: int | None) -> Iterator[pa.Table]:
        """Yield the next `count` rows in pieces, or all remaining rows."""
        missing = count
        while missing is None or missing:
            if not self._rest.num_rows:
                batch = next(self._batches, None)
                if batch is None:
                    return
                self._rest = pa.Table.from_batches([batch], self.schema)
                continue
            piece = self._rest if missing is None else self._rest.slice(0, missing)
            self._rest = self._rest.slice(piece.num_rows)
            missing = None if missing is None else missing - piece.num_rows
            yield piece


def _write_parquet(to: Path, _: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    count = 0
    with pq.ParquetWriter(to, schema, compression="snappy", store_schema=False) as writer:
        for group in RowGroups(rows, schema):
            writer.write_table(group, row_group_size=group.num_rows)
            count += group.num_rows
    return count


def _write_csv(to: Path, export: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    csv = export.csv
    count = 0
    with to.open("w", encoding="utf-8-sig" if csv.bom else "utf-8", newline="") as stream:
        stream.write(_csv_line(schema.names, csv))
        for piece in rows:
            for row in zip(*(column.to_pylist() for column in piece.columns), strict=True):
                stream.write(_csv_line(row, csv))
            count += piece.num_rows
    return count


def _write_text(to: Path, export: Export, schema: pa.Schema, rows: Iterable[pa.Table]) -> int:
    if len(schema) != 1:
        raise ExportError(
            f"export {export.name}: a .txt file has one column, the SQL has {schema.names}"
        )
    count = 0
    with to.open("w", encoding="utf-8", newline="") as stream:
        for piece in rows:
            for value in piece.column(0).to_pylist():
                stream.write(f"{'' if value is None else value}\n")
            count += piece.num_rows
    return count


def _write_control(to: Path, _: Export, __: pa.Schema, rows: Iterable[pa.Table]) -> int:
    """Write an empty file, which says that another file is complete."""
    to.touch()
    return sum(piece.num_rows for piece in rows)


WRITERS: Mapping[str, Callable[[Path, Export, pa.Schema, Iterable[pa.Table]], int]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".txt": _write_text,
    ".ctl": _write_control,
}
"""Ending of the path → function that writes the rows and returns their number."""


def _csv_line(values: Iterable[object], csv: Csv) -> str:
    return csv.delimiter.join(_csv_field(value, csv) for value in values) + csv.line_end


def _csv_field(value: object, csv: Csv) -> str:
    """Return a value as a CSV field; text that a reader could change or misread is quoted.

    Text that a spreadsheet could run as a formula gets an apostrophe in front.

    >>> [_csv_field(value, Csv(null="NULL")) for value in (None, "NULL", "a,b", "=1", "CM ", True)]
    ['NULL', '"NULL"', '"a,b"', "'=1", '"CM "', 'true']
    """
    match value:
        case None:
            return csv.null
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return value.isoformat(" ")
        case str():
            text = neutralized(value)
        case _:
            text = str(value)
    is_plain = text != csv.null and text == text.strip()
    if not is_plain or any(letter in text for letter in (csv.delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text

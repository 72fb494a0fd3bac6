"""Read a patch: an export of rejected rows that people have edited."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lakehouse.platform.quarantine.corrections import Edit
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.export import PATCH_COLUMNS, RECORD_COLUMNS
from lakehouse.platform.tables.formulas import restored
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.source import Source

YES, NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"", "no", "n", "false", "0"})
ENDINGS = (".csv", ".json")


@dataclass(frozen=True, kw_only=True)
class PatchRow:
    """One row of a patch: the edit of one record of a delivered file."""

    file: str
    digest: str
    """SHA-256 of the file from which the record was exported."""
    edit: Edit
    place: str
    """Where the row is in the patch, for messages."""


def read_patch(path: Path, domain: Domain) -> list[PatchRow]:
    """Read a patch, or all patches of a folder.

    Raises:
        ReplayError: naming file, line and column of a row that cannot be used.
    """
    rows: list[PatchRow] = []
    first_places: dict[tuple[str, int], str] = {}
    for file in _patch_files(path):
        for place, values in _read_rows(file):
            row = _patch_row(values, place, domain)
            first = first_places.setdefault((row.file, row.edit.line), place)
            if first != place:
                raise ReplayError(
                    f"{place}: line {row.edit.line} of {row.file} is also edited in {first};"
                    " hint: remove one of the two rows"
                )
            rows.append(row)
    return rows


def source_of_file(domain: Domain, file: str, place: str) -> Source:
    """Return the source of a delivered file, by the name of the file.

    Raises:
        ReplayError: no source takes the file. `place` says where the file is named.
    """
    name = PurePosixPath(file).name
    for source in domain.sources:
        if source.matches(name):
            return source
    raise ReplayError(
        f"{place}: {file} matches no source of {domain.name}, so a corrected version cannot be"
        " landed; hint: rename a file with an unknown name in the landing zone; correct rows that"
        " were read from a database in the database"
    )


def _patch_files(path: Path) -> list[Path]:
    if not path.exists():
        raise ReplayError(
            f"{path} does not exist; hint: name an edited export, which is a file or a folder"
        )
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
    if not files:
        raise ReplayError(f"{path} contains no .csv or .json file; hint: name an edited export")
    return files


def _read_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of one file, each with its place."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReplayError(f"{file} is not UTF-8 text; hint: save it as UTF-8") from error
    yield from (_read_json if file.suffix.lower() == ".json" else _read_csv)(file, text)


def _read_json(file: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReplayError(
            f"{file} is not valid JSON: {error}; hint: keep the structure of the export"
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReplayError(
            f"{file} is not a list of objects; hint: keep the structure of the export"
        )
    for number, row in enumerate(rows, start=1):
        yield f"{file.name}, entry {number}", row


def _read_csv(file: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a CSV file, whose delimiter a spreadsheet may have changed."""
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        for values in reader:
            place = f"{file.name}, line {reader.line_num}"
            if not any(values):
                continue
            if len(values) != len(names):
                raise ReplayError(
                    f"{place}: expected {len(names)} values, one for each column, found"
                    f" {len(values)}; hint: keep every column of the export"
                )
            yield place, dict(zip(names, map(restored, values), strict=True))
    except csv.Error as error:
        place = f"{file.name}, line {reader.line_num}"
        raise ReplayError(f"{place} is not valid CSV: {error}; hint: export again") from error


def _patch_row(row: dict[str, Any], place: str, domain: Domain) -> PatchRow:
    for column in RECORD_COLUMNS:
        if row.get(column) in (None, ""):
            raise ReplayError(
                f"{place}: column {column!r} is missing or empty; hint: keep its exported value"
            )
    file, number = str(row["_file"]), str(row["_line"])
    if not re.fullmatch("[0-9]{1,9}", number):
        raise ReplayError(
            f"{place}: column '_line' is {number!r}, expected a line number; hint: export again"
        )
    columns = source_of_file(domain, file, place).format.columns
    if missing := [column for column in columns if column not in row]:
        raise ReplayError(
            f"{place}: column {missing[0]!r} is missing; hint: keep every column of the export,"
            " empty where there is no value"
        )
    if unknown := sorted(set(row) - {*columns, *PATCH_COLUMNS}):
        raise ReplayError(
            f"{place}: column {unknown[0]!r} is unknown; the columns of {file} are"
            f" {', '.join(columns)}; hint: rename or remove it"
        )
    delete = str(row.get("_delete") or "").strip().lower()
    if delete not in YES | NO:
        raise ReplayError(
            f"{place}: column '_delete' is {row['_delete']!r}, expected yes or an empty value"
        )
    return PatchRow(
        file=file,
        digest=str(row["_digest"]),
        edit=Edit(
            line=int(number),
            values={c: None if row[c] is None else str(row[c]) for c in columns},
            text=None if row.get("_text") in (None, "") else str(row["_text"]),
            delete=delete in YES,
        ),
        place=place,
    )

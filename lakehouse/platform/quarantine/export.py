"""Export rejected rows and lines as a file that people edit and `replay` reads: a patch.

A patch has the columns of the source, and `PATCH_COLUMNS`. People correct values in place, an
unparsable line in ``_text``; ``_delete`` = yes removes the record.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lakehouse.platform.quarantine.listing import Rejection, RejectionKind, list_rejections
from lakehouse.platform.quarantine.selection import ALL, Selection, source_of_table
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.formulas import neutralized
from lakehouse.platform.tables.registry import load_domain

RECORD_COLUMNS = ("_file", "_line", "_digest")
"""Columns of a patch that identify a record of a delivered file."""
PATCH_COLUMNS = ("_text", "_delete", "_reasons", "_detail", *RECORD_COLUMNS)
"""Columns of a patch in addition to those of the source."""
FORMATS = ("csv", "json")


def export_rejections(
    lake: Lake,
    path: Path,
    selection: Selection = ALL,
    format: str = "csv",  # noqa: A002  the word of the command
) -> dict[Path, int]:
    """Write the selected rows and lines to a patch, or to a folder with a patch for each dataset.

    Args:
        lake: where the tables are.
        path: a path with the ending ``.csv`` or ``.json`` is one file; any other is a folder.
        selection: which rejections; whole files are left out, because they have no rows to edit.
        format: csv or json.

    Returns:
        Number of rows by written file.

    Raises:
        ValueError: the format is unknown, or one file would get rows of several datasets.
    """
    if format not in FORMATS:
        raise ValueError(f"the format is {format!r}, expected csv or json")
    datasets: dict[tuple[str, str], list[Rejection]] = defaultdict(list)
    for rejection in list_rejections(lake, selection):
        if rejection.kind is not RejectionKind.FILE:
            datasets[rejection.domain, rejection.table].append(rejection)
    is_file = path.suffix.lower() in (".csv", ".json")
    if is_file and len(datasets) > 1:
        names = ", ".join(f"{domain}.{table}" for domain, table in sorted(datasets))
        raise ValueError(
            f"{path} is one file, but the selected rows belong to several datasets: {names};"
            " hint: select one of them, or name a folder"
        )
    written = {}
    for (domain, table), rejections in sorted(datasets.items()):
        target = path if is_file else path / f"{domain}_{table}.{format}"
        target.parent.mkdir(parents=True, exist_ok=True)
        loaded = load_domain(domain)
        wanted = source_of_table(loaded, table).format
        rows = [_patch_row(rejection, wanted, loaded.spec.hints) for rejection in rejections]
        target.write_bytes(_encoded(rows, [*wanted.columns, *PATCH_COLUMNS], format))
        written[target] = len(rows)
    return written


def _patch_row(
    rejection: Rejection, wanted: CsvFormat, hints: Mapping[str, str]
) -> dict[str, str | int | None]:
    is_line = rejection.kind is RejectionKind.LINE
    return {
        **rejection.values_of(wanted),
        "_text": rejection.values if is_line else None,
        "_delete": None,
        "_reasons": ",".join(rejection.reasons),
        "_detail": _detail(rejection, hints),
        "_file": rejection.file,
        "_line": rejection.line,
        "_digest": rejection.digest,
    }


def _detail(rejection: Rejection, hints: Mapping[str, str]) -> str | None:
    """Return what was found, followed by what the sender can do in the language of the units."""
    found = [hints[reason] for reason in rejection.reasons if reason in hints]
    return " | ".join([*([rejection.detail] if rejection.detail else []), *found]) or None


def _encoded(rows: Sequence[dict[str, Any]], columns: Sequence[str], format_name: str) -> bytes:
    """Return rows as a file.

    CSV has a byte order mark, so that spreadsheets show accents, and text that spreadsheets could
    run as a formula has an apostrophe, which reading a patch removes.
    """
    if format_name == "json":
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({c: neutralized(v) if isinstance(v, str) else v for c, v in row.items()})
    return text.getvalue().encode("utf-8-sig")

"""Control files: an empty file beside a data file confirms that its copy is complete.

    raw/cards/control/<dataset>/<delivery day>/<file>.ctl             waits to be processed
    raw/cards/control/consumed/<dataset>/<delivery day>/<file>.ctl    was processed

<file> is the path below the day's folder, so files with one name in two folders differ.

A file is processed when each of its rows has an outcome. Then it is added to the register
``ops.cards_ctl_processed_filenames``, once, and its control file is moved to the consumed ones.
Every step adds only what is missing, so it can be interrupted anywhere and repeated.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import pyarrow as arrow

from lakehouse.domains.cards import SPEC
from lakehouse.domains.cards.rules import GENERATED
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.table import Hook, NotReady
from lakehouse.platform.transform.outcomes import KEPT, outcomes_of

FATURAS, PAGAMENTOS = DATASETS = ("tb_faturas", "tb_pagamentos")
REGISTER = TableId("ops", SPEC.name, "ctl_processed_filenames")
SCHEMA = arrow.schema(
    [
        ("tb_name", arrow.string()),
        ("dt_proc", arrow.string()),
        ("qtd_registros", arrow.int64()),
        ("qtd_lidos", arrow.int64()),
        ("file", arrow.string()),
        ("digest", arrow.string()),
    ]
)
"""Columns of the register, by delivery day. `qtd_lidos` is the number of rows read from the file,
`qtd_registros` the number of its rows in the silver table when it was processed.
"""
ATTEMPTS = 5


class ControlFileMissing(Exception):
    """Raised when a data file has no control file, so its copy may be incomplete."""


class BookNotReady(ControlFileMissing, NotReady):
    """Raised when the book of a month cannot be computed yet."""


def missing_control_file(
    dataset: str, detail: str, kind: type[ControlFileMissing] = ControlFileMissing
) -> ControlFileMissing:
    """Return the error in the words that the operators know, with the detail as a note."""
    error = kind(f"Arquivo de Controle não encontrado para assunto {dataset}")
    error.add_note(detail)
    return error


def announce(lake: Lake, dataset: str, deliveries: Sequence[Delivery]) -> None:
    """Write a control file for each data file with rows that was not processed yet."""
    done = registered(lake, dataset)
    for delivery in filter(_counts, deliveries):
        path = _waiting(dataset, delivery)
        if _identity(delivery) not in done and lake.store.stat(path) is None:
            lake.store.write(path, b"")


def required(dataset: str) -> Hook:
    """Return a hook that requires a control file, or a registration, for each file of the days."""

    def require_control_files(lake: Lake, days: Sequence[dt.date]) -> None:
        done = registered(lake, dataset)
        for delivery in _touching(lake, dataset, days):
            path = _waiting(dataset, delivery)
            if _identity(delivery) not in done and lake.store.stat(path) is None:
                raise missing_control_file(
                    dataset, f"{path} does not exist; hint: ingest {delivery.day} again"
                )

    return require_control_files


def registering(dataset: str) -> Hook:
    """Return a hook that registers the processed files and moves their control files."""

    def register_and_consume(lake: Lake, days: Sequence[dt.date]) -> None:
        touching = _touching(lake, dataset, days)
        done = _register(lake, dataset, touching)
        _consume(lake, dataset, [d for d in touching if _identity(d) in done])

    return register_and_consume


def both_registered(lake: Lake, days: Sequence[dt.date]) -> None:
    """Require that invoices and payments have landed and that every file is processed.

    Raises:
        BookNotReady: naming the dataset that is missing or unfinished.
    """
    for dataset in DATASETS:
        done = registered(lake, dataset)
        loaded = _loaded(lake, dataset, None)
        if not loaded:
            detail = (
                f"no file of {dataset} has landed; {_book_of(days)} needs one; hint:"
                " lakehouse land cards FILE, then lakehouse ingest"
            )
            raise missing_control_file(dataset, detail, BookNotReady)
        for delivery in loaded:
            if _identity(delivery) not in done:
                detail = (
                    f"{delivery.file} is not processed; {_book_of(days)} needs it; hint:"
                    " lakehouse ingest --domain cards"
                )
                raise missing_control_file(dataset, detail, BookNotReady)


def registered(lake: Lake, dataset: str) -> set[tuple[str, str]]:
    """Return path and digest of the processed files of a dataset."""
    table = lake.table(REGISTER)
    shown = table.snapshot()
    if shown.schema is None:
        return set()
    rows = table.read(snapshot=shown, columns=["tb_name", "file", "digest"]).to_pylist()
    return {(row["file"], row["digest"]) for row in rows if row["tb_name"] == dataset}


def _register(lake: Lake, dataset: str, touching: Sequence[Delivery]) -> set[tuple[str, str]]:
    """Add processed files to the register; return all of the dataset that are in it."""
    for attempt in range(ATTEMPTS):
        try:
            return _registered_with(lake, dataset, touching)
        except DayConflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _registered_with(
    lake: Lake, dataset: str, touching: Sequence[Delivery]
) -> set[tuple[str, str]]:
    table = lake.table(REGISTER)
    before = table.snapshot()
    done = registered(lake, dataset)
    fresh = [d for d in touching if _identity(d) not in done]
    finished = _finished(lake, dataset, fresh) if fresh else {}
    by_day: dict[dt.date, list[dict[str, object]]] = {d.day: [] for d in finished}
    if before.schema is not None:
        for row in table.read(sorted(by_day), snapshot=before).to_pylist():
            by_day[row.pop("day")].append(row)
    for delivery, kept in finished.items():
        found = re.search(GENERATED, delivery.file)
        by_day[delivery.day].append(
            {
                "tb_name": dataset,
                "dt_proc": found[1] if found else "",
                "qtd_registros": kept,
                "qtd_lidos": delivery.record_rows,
                "file": delivery.file,
                "digest": delivery.digest,
            }
        )
    days = {
        day: arrow.Table.from_pylist(
            sorted(rows, key=lambda r: (r["tb_name"], r["file"], r["digest"])), schema=SCHEMA
        )
        for day, rows in by_day.items()
    }
    if days:
        table.write(days, schema=SCHEMA, based_on=before, note={"by": "control files"})
    return done | {_identity(d) for d in finished}


def _finished(lake: Lake, dataset: str, fresh: Iterable[Delivery]) -> dict[Delivery, int]:
    """Return the files whose rows all have an outcome, with the number of rows in silver.

    A row about the day after its delivery cannot be in silver yet and is not required.
    """
    days = sorted({d.day for d in fresh})
    bronze = lake.table(TableId("bronze", SPEC.name, dataset))
    required_rows: Counter[tuple[str, str]] = Counter()
    for row in bronze.counts(["day", "_file", "_digest", "_business_day"], days).to_pylist():
        if (row["_business_day"] or row["day"]) <= row["day"]:
            required_rows[row["_file"], row["_digest"]] += row["rows"]
    outcomes = lake.table(outcomes_of(TableId("silver", SPEC.name, dataset)))
    shown = outcomes.snapshot()
    about = [file.day for file in _overlapping(shown, "delivery_day", days)]
    columns = ["day", "delivery_day", "file", "digest", "outcome"]
    outcome_counts = outcomes.counts(columns, about, snapshot=shown).to_pylist() if about else []
    accounted: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    for row in outcome_counts:
        identity = (row["file"], row["digest"])
        accounted[identity] += row["rows"] if row["day"] <= row["delivery_day"] else 0
        kept[identity] += row["rows"] if row["outcome"] == KEPT else 0
    return {
        d: kept[_identity(d)]
        for d in fresh
        if accounted[_identity(d)] == required_rows[_identity(d)]
    }


def _consume(lake: Lake, dataset: str, processed: Sequence[Delivery]) -> None:
    """Move the control files of processed files to the consumed ones."""
    waiting = {entry.path for entry in lake.store.entries(_folder(dataset))}
    for delivery in processed:
        path = _waiting(dataset, delivery)
        if path in waiting:
            lake.store.write(_consumed(dataset, delivery), b"")
            lake.store.delete([path])


def _touching(lake: Lake, dataset: str, days: Sequence[dt.date]) -> list[Delivery]:
    """Return the loaded files of the delivery days that have rows on these business days."""
    bronze = lake.table(TableId("bronze", SPEC.name, dataset)).snapshot()
    delivered = [file.day for file in _overlapping(bronze, "_business_day", days)]
    return _loaded(lake, dataset, delivered)


def _overlapping(shown: Snapshot, column: str, days: Sequence[dt.date]) -> list[DayFiles]:
    """Return the data files of a table that may have values of a column among these days."""
    first, last = min(days), max(days)
    bounds = ((file, file.bounds.get(column)) for file in shown.files if file.rows)
    return [file for file, ends in bounds if ends and ends[0] <= last and ends[1] >= first]


def _loaded(lake: Lake, dataset: str, days: Sequence[dt.date] | None) -> list[Delivery]:
    return [d for d in read_deliveries(lake, SPEC.name, dataset, days) if _counts(d)]


def _counts(delivery: Delivery) -> bool:
    return delivery.status is Status.LOADED and delivery.record_rows > 0


def _identity(delivery: Delivery) -> tuple[str, str]:
    return delivery.file, delivery.digest


def _folder(dataset: str) -> str:
    return f"raw/{SPEC.name}/control/{dataset}"


def _waiting(dataset: str, delivery: Delivery) -> str:
    return f"{_folder(dataset)}/{delivery.day}/{_name(delivery)}"


def _consumed(dataset: str, delivery: Delivery) -> str:
    return f"{_folder('consumed')}/{dataset}/{delivery.day}/{_name(delivery)}"


def _name(delivery: Delivery) -> str:
    path = PurePosixPath(
        re.sub(r"(\.csv|\.xlsx|\.zip)(\.gz|\.zip)?$", ".ctl", delivery.file, flags=re.IGNORECASE)
    )
    day = PurePosixPath(SPEC.name, str(delivery.day))
    return str(path.relative_to(day if path.is_relative_to(day) else SPEC.name))


def _book_of(days: Sequence[dt.date]) -> str:
    return f"the book of {min(days):%Y-%m}"

"""Build the bronze rows and the quarantined lines of one delivery day from its files.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.paths import path_names_day
from lakehouse.platform.ingestion.versions import corrected_by
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.folder_patterns import FolderPatterns
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.source import Source

DayFiles = tuple[Delivery, CsvFile]
"""A file whose rows are in bronze, with its content."""

_ONE_DAY = dt.timedelta(days=1)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})([ T][0-9:.]+)?")
_DAY_FIRST = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


@dataclass(frozen=True, kw_only=True)
class DatasetFormat:
    """How the files of a dataset become rows. It can be sent to other processes.

    Args:
        source: the dataset.
        schema: columns of the bronze table's files.
        contract_version: version of the bronze table's contract.
        since: first day of the domain; an earlier business day is ignored.
        folders: the folder names that the domain understands.
        zone: the lake's time zone.
        limit: largest file that is read, decompressed, in bytes.
    """

    source: Source
    schema: pa.Schema
    contract_version: str
    since: dt.date
    folders: FolderPatterns
    zone: ZoneInfo
    limit: int


def bronze_rows(dataset: DatasetFormat, day: dt.date, files: Sequence[DayFiles]) -> pa.Table:
    """Return the bronze rows of a delivery day, in the order of the files.

    Args:
        dataset: how files become rows.
        day: the delivery day.
        files: current and superseded files of the day.
    """
    schema = dataset.schema
    if not files:
        return schema.empty_table()
    rows = pa.concat_tables([file.rows for _, file in files])
    counts = [file.rows.num_rows for _, file in files]
    file_of_row = pa.array(np.repeat(np.arange(len(files), dtype=np.int32), counts))

    def of_file(values: Iterable[object], type_: pa.DataType) -> pa.Array:
        return pa.array(list(values), type_).take(file_of_row)

    moments = [d.moment.astimezone(dt.UTC).replace(tzinfo=None) for d, _ in files]
    columns = {
        "_file": of_file((d.file for d, _ in files), pa.string()),
        "_line": rows["_line"].cast(pa.int64()),
        "_digest": of_file((d.digest for d, _ in files), pa.string()),
        "_delivered_at": of_file(moments, pa.timestamp("us")),
        "_unit": of_file((d.unit for d, _ in files), pa.int64()),
        "_superseded": of_file((d.status is Status.SUPERSEDED for d, _ in files), pa.bool_()),
        "_rescued": rows["_rescued"],
        "_business_day": _business_days(dataset, day, files),
    }
    columns |= {name: rows[name] for name in dataset.source.format.columns}
    return pa.table([columns[name] for name in schema.names], schema=schema)


def unparsable_rows(dataset: DatasetFormat, day: dt.date, files: Sequence[DayFiles]) -> pa.Table:
    """Return the quarantine rows of the unparsable lines of a delivery day."""
    rows = [
        {
            "delivery_day": day,
            "file": delivery.file,
            "line": line.line,
            "digest": delivery.digest,
            "reasons": [line.reason.value],
            "detail": line.detail,
            "values": line.text,
            "contract_version": dataset.contract_version,
        }
        for delivery, file in files
        for line in file.unparsable
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINE.stored)


def _business_days(
    dataset: DatasetFormat, day: dt.date, files: Sequence[DayFiles]
) -> pa.Array | pa.ChunkedArray:
    """Return the business day of each row; null for sources without a column for it.

    An undated file may be replaced after its first delivery day, so its rows may name any day until
    the newest version landed.
    """
    source, column = dataset.source, dataset.source.business_day
    if column is None:
        return pa.nulls(sum(file.rows.num_rows for _, file in files), pa.date32())
    parts = []
    for delivery, file in files:
        landed = day
        path = corrected_by(delivery.file) or delivery.file
        if source.per_file and not path_names_day(dataset.folders, path):
            landed = max(day, delivery.moment.astimezone(dataset.zone).date())
        written = file.rows[column].combine_chunks().dictionary_encode()
        texts = written.dictionary.to_pylist()
        days = [business_day(text, day, dataset.since, landed) for text in texts]
        parts.append(pa.array(days, pa.date32()).take(written.indices))
    return pa.chunked_array(parts, pa.date32()).fill_null(pa.scalar(day, pa.date32()))


def business_day(
    text: str | None, delivery_day: dt.date, since: dt.date, landed: dt.date | None = None
) -> dt.date:
    """Return the day that a row names, or its delivery day if it names no plausible one.

    Args:
        text: the value of the row, ISO or ``dd/mm/yyyy``.
        delivery_day: the day of the delivery.
        since: the domain's first day; an earlier day is not plausible.
        landed: the day on which the file landed, by default the delivery day; a day later than the
            day after it is not plausible.

    >>> business_day("2024-02-30", dt.date(2024, 3, 1), dt.date(2023, 1, 1))
    datetime.date(2024, 3, 1)
    """
    plain = (text or "").strip()
    if found := _ISO.fullmatch(plain):
        year, month, number = found.group(1, 2, 3)
    elif found := _DAY_FIRST.fullmatch(plain):
        number, month, year = found.group(1, 2, 3)
    else:
        return delivery_day
    try:
        named = dt.date(int(year), int(month), int(number))
    except ValueError:
        return delivery_day
    last = (landed or delivery_day) + _ONE_DAY
    return named if since <= named <= last else delivery_day

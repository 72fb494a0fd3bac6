"""Turn the values of records into Arrow rows, and word the details of unparsable lines.

Shared by reading by record and by column, so that both give equal rows and equal messages.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.header import Header
from lakehouse.platform.tables.csv_format import BLANKS

ONLY_BLANKS = "only blanks"


def column_count(width: int, header: Header) -> str:
    """Return the detail of a line with the wrong number of columns."""
    found = "1 column" if width == 1 else f"{width:,} columns"
    hint = (
        f"put values that contain {header.delimiter!r} in quotes"
        if width > header.width
        else "look for a missing delimiter, a line break inside a value or a cut line"
    )
    return f"found {found}, expected {header.width:,}; hint: {hint}"


def batch_of_records(
    records: list[list[str]], lines: Sequence[int], header: Header
) -> pa.RecordBatch:
    """Return records as a batch of rows, with nulls as the format defines them.

    Args:
        records: the values of each record, as many as the header has columns.
        lines: physical line on which each record starts.
        header: the file's header.
    """
    strip = header.format.strip
    nulls = header.format.null_texts | {""}

    def values(column: tuple[str, ...]) -> Sequence[str | None]:
        texts = [text.strip(BLANKS) for text in column] if strip else column
        if nulls.isdisjoint(texts):
            return texts
        return [None if text in nulls else text for text in texts]

    columns = list(zip(*records, strict=True))
    missing = pa.nulls(len(records), pa.string())
    arrays = [
        missing if position is None else pa.array(values(columns[position]), pa.string())
        for position in header.positions
    ]
    arrays.append(pa.array(lines, pa.int32()))
    if header.extra:
        extra = [values(columns[position]) for position in header.extra.values()]
        missing = pa.array(_rescued(tuple(header.extra), extra), pa.string())
    arrays.append(missing)
    return pa.RecordBatch.from_arrays(arrays, schema=header.schema)


def table_of_columns(parsed: pa.Table, lines: Any, header: Header) -> pa.Table:
    """Return parsed columns as rows in the format's order.

    Args:
        parsed: every column of the file as text, in the file's order. Nulls are set already,
            except where the format strips values.
        lines: int32 array of the physical lines of the rows.
        header: the file's header.
    """
    nulls = pa.array(["", *header.format.null_texts], pa.string())

    def values(position: int) -> pa.ChunkedArray:
        column = parsed.column(position)
        if not header.format.strip:
            return column
        column = pc.utf8_trim(column, characters=BLANKS)
        return pc.if_else(pc.is_in(column, nulls), pa.scalar(None, pa.string()), column)

    missing = pa.nulls(parsed.num_rows, pa.string())
    columns = [missing if position is None else values(position) for position in header.positions]
    if header.extra:
        extra = [values(position).to_pylist() for position in header.extra.values()]
        missing = pa.array(_rescued(tuple(header.extra), extra), pa.string())
    return pa.Table.from_arrays([*columns, pa.array(lines), missing], schema=header.schema)


def _rescued(
    names: tuple[str, ...], columns: Sequence[Sequence[str | None]]
) -> Iterator[str | None]:
    """Yield the values of undeclared columns of each row as a JSON object; None if all are null."""
    for values in zip(*columns, strict=True):
        kept = {name: text for name, text in zip(names, values, strict=True) if text is not None}
        yield json.dumps(kept, ensure_ascii=False) if kept else None

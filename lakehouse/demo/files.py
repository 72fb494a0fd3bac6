"""Build the files of sample deliveries: moments, CSV text, amounts, columns joined to lines."""

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file of the landing zone.

    Attributes:
        path: relative to the landing zone, such as ``sales/2026-01-05/sales_raw.csv``.
        data: its bytes.
        modified_at: when it was delivered, in UTC.
    """

    path: str
    data: bytes
    modified_at: dt.datetime


def moment(day: dt.date, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:
    """Return a time of a day in UTC."""
    return dt.datetime.combine(day, dt.time(hour, minute, second), dt.UTC)


def money(cents: int) -> str:
    """Return an amount with a decimal point and two places.

    >>> money(1290)
    '12.90'
    """
    return f"{cents // 100}.{cents % 100:02d}"


def csv_text(rows: Iterable[Iterable[object]], line_end: str = "\n") -> str:
    r"""Return rows as CSV with commas; values are quoted where they must be.

    >>> csv_text([("name", "city"), ("Ana", "Rio, RJ")])
    'name,city\nAna,"Rio, RJ"\n'
    """
    text = StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def joined_columns(*columns: "pa.Array | pa.Scalar | str") -> memoryview:
    """Concatenate the values of each row, and then all rows, into one block of bytes.

    A text or a scalar is the same in every row. Fast enough for millions of rows.
    """
    import numpy as np
    import pyarrow.compute as pc

    rows = pc.binary_join_element_wise(*columns, "")
    _, offsets, data = rows.buffers()
    return memoryview(data)[: int(np.frombuffer(offsets, np.int32)[len(rows)])]

"""Write values, rows and files in the dialect of the shop's dump."""

import datetime as dt
from collections.abc import Iterable, Sequence

import numpy as np

from lakehouse.domains.bikes import sources
from lakehouse.platform.tables.source import declared_in

NULL = "NULL"
COLUMNS = {source.dataset: source.format.columns for source in declared_in(sources)}
"""Columns of the files by dataset."""

Row = list[str]
Rows = list[Row]


def money(ten_thousandths: int) -> str:
    """Return an amount with a decimal comma and two to four places.

    >>> money(415723), money(20249940)
    ('41,5723', '2024,994')
    """
    whole, part = divmod(ten_thousandths, 10_000)
    places = f"{part:04d}"
    return f"{whole},{places[:2]}{places[2:].rstrip('0')}"


def line_total(millionths: int) -> str:
    """Return an amount with a decimal point and six places.

    >>> line_total(2024994000)
    '2024.994000'
    """
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"


def timestamp(day: dt.date, time: str = "00:00:00.000") -> str:
    """Return a timestamp as the shop writes it."""
    return f"{day} {time}"


def guids(rng: np.random.Generator, count: int) -> list[str]:
    """Return random row ids in upper case."""
    text = rng.bytes(16 * count).hex().upper()
    return [
        f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}"
        for t in (text[32 * n : 32 * n + 32] for n in range(count))
    ]


def some(rng: np.random.Generator, among: Sequence[int], count: int) -> set[int]:
    """Return `count` random numbers of a sequence."""
    return set(rng.choice(np.asarray(among), size=min(count, len(among)), replace=False).tolist())


def dump(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return a file in the shop's dialect: byte order mark, ``;``, CR LF."""
    lines = [";".join(columns), *(";".join(row) for row in rows), ""]
    return "\r\n".join(lines).encode("utf-8-sig")

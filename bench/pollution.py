"""Read polluted CSV files with the platform's reader, DuckDB, pandas, Polars and Python's csv.

    python -m bench.pollution [--step 1]

Scores are those of Pollock: a file gives up to 10 points: 1 if it was read at all, and precision,
recall and F1 of its header, records and cells. The simple score is the mean over all files, the
weighted one counts each kind as often as Pollock's survey found it. A file that is not read gives
0 points, unless it has no bytes. A row is wrong if it was accepted and nobody wrote it. Every
reader knows what the source of the file declares (no header); the platform's reader also knows
the columns, as in production.
"""

import argparse
import contextlib
import csv
import io
import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from bench.polluted_files import COLUMNS, MORE, PollutedFile, physical_lines, polluted_files
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv

Names = Sequence[str]
Rows = Sequence[Sequence[str]]
Loaded = tuple[Names, Rows]


def platform(file: PollutedFile, _: Path) -> Loaded:
    read = read_csv(file.data, file.format, name=file.name)
    return COLUMNS, [[row[c] or "" for c in COLUMNS] for row in read.rows.to_pylist()]


def with_duckdb(file: PollutedFile, path: Path) -> Loaded:
    options = f"all_varchar=true, ignore_errors=true, header={file.header}"
    with duckdb.connect() as engine:
        found = engine.sql(f"SELECT * FROM read_csv('{path}', {options})")
        return found.columns, [[value or "" for value in row] for row in found.fetchall()]


def with_pandas(file: PollutedFile, path: Path) -> Loaded:
    frame = pd.read_csv(
        path,
        sep=None,
        engine="python",
        dtype=str,
        keep_default_na=False,
        on_bad_lines="skip",
        index_col=False,
        header=0 if file.header else None,
    )
    return [str(name) for name in frame.columns], frame.fillna("").to_numpy().tolist()


def with_polars(file: PollutedFile, path: Path) -> Loaded:
    frame = pl.read_csv(
        path,
        has_header=file.header,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
    return frame.columns, [[value or "" for value in row] for row in frame.rows()]


def with_csv(file: PollutedFile, path: Path) -> Loaded:
    text = path.read_bytes().decode()
    delimiter, quote = ",", '"'
    with contextlib.suppress(csv.Error):
        found = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
        delimiter, quote = found.delimiter, found.quotechar or quote
    lines = io.StringIO(text, newline="")
    rows = list(csv.reader(lines, delimiter=delimiter, quotechar=quote))
    return (rows[0], rows[1:]) if file.header else ((), rows)


READERS: dict[str, Callable[[PollutedFile, Path], Loaded]] = {
    "platform": platform,
    "DuckDB": with_duckdb,
    "pandas": with_pandas,
    "Polars": with_polars,
    "Python csv": with_csv,
}


@dataclass(kw_only=True)
class Result:
    """What one reader made of all files."""

    points: float = 0
    files: int = 0
    weighted_points: float = 0
    weight: float = 0
    wrong_files: int = 0
    unread_files: int = 0

    def add(self, file: PollutedFile, loaded: Loaded | None) -> None:
        """Count one file."""
        self.unread_files += loaded is None
        self.wrong_files += loaded is not None and has_wrong_rows(file, loaded)
        if file.kind != MORE:
            points = score(file, loaded)
            self.points += points
            self.files += 1
            self.weighted_points += points * file.weight
            self.weight += file.weight

    def as_json(self) -> dict[str, float]:
        return {
            "simple": round(self.points / self.files, 3),
            "weighted": round(self.weighted_points / self.weight, 3),
            "wrong_files": self.wrong_files,
            "unread_files": self.unread_files,
        }


def score(file: PollutedFile, loaded: Loaded | None) -> float:
    """Return the points of a file, 0 to 10."""
    if loaded is None:
        return 0 if file.data else 10
    names, rows = loaded
    header = measures(COLUMNS, names) if file.header and file.truth else 3
    records = measures(map(tuple, file.truth), map(tuple, rows))
    cells = measures(
        (value for row in file.truth for value in row), (value for row in rows for value in row)
    )
    return 1 + header + records + cells


def measures(wanted: Iterable[Hashable], found: Iterable[Hashable]) -> float:
    """Return precision + recall + F1 of a multiset of values."""
    source, loaded = Counter(wanted), Counter(found)
    if not source:
        return 3
    both = (source & loaded).total()
    if not both:
        return 0
    precision, recall = both / loaded.total(), both / source.total()
    return precision + recall + 2 * precision * recall / (precision + recall)


def has_wrong_rows(file: PollutedFile, loaded: Loaded) -> bool:
    """Return whether a reader accepted a row that is not among those that were written."""
    names, rows = loaded
    places = [list(names).index(c) for c in COLUMNS] if {*COLUMNS} <= {*names} else None
    for row in rows:
        values = tuple(row) if places is None or len(row) < len(names) else None
        if values is None and places is not None:
            values = tuple(row[place] for place in places)
        if values not in file.truth:
            return True
    return False


def is_conserved(file: PollutedFile) -> bool:
    """Return whether the platform accounts for every physical line of a file that it reads."""
    try:
        read = read_csv(file.data, file.format, name=file.name)
    except FileRejected:
        return True
    return read.balance == 0 and read.physical_lines == physical_lines(file)


def measured(step: int) -> dict[str, dict[str, float]]:
    """Read all files with every reader."""
    results = {name: Result() for name in READERS}
    lost = 0
    with tempfile.TemporaryDirectory(prefix="lakehouse-bench-") as folder:
        path = Path(folder) / "polluted.csv"
        for file in polluted_files(step=step):
            path.write_bytes(file.data)
            lost += not is_conserved(file)
            for name, reader in READERS.items():
                try:
                    loaded = reader(file, path)
                except Exception:  # noqa: BLE001  any error means that the file was not read
                    loaded = None
                results[name].add(file, loaded)
    figures = {name: result.as_json() for name, result in results.items()}
    figures["platform"]["files_with_lost_lines"] = lost
    return figures


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.pollution", description=__doc__)
    words.add_argument("--step", type=int, default=1, help="take every n-th row and cell only")
    given = words.parse_args()
    warnings.simplefilter("ignore")
    print(json.dumps(measured(given.step)))


if __name__ == "__main__":
    main()

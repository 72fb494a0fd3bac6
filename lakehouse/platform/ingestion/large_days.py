"""Write large delivery days with several tasks, none of which has all rows of a day.

First the files are read to learn what they hold. From these counts follow the statuses of the
files and in which section of a day each row is. Then each section is written by a task that reads
its files again. So the files of a table are those that one process writes; see `spark_sections`.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
import uuid
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import pyarrow as pa

from lakehouse.platform.ingestion.bronze_rows import bronze_rows, unparsable_rows
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.portions import portions
from lakehouse.platform.ingestion.read_day import DayReader, Outcome, outcome_of
from lakehouse.platform.ingestion.write_day import DayWriter, WrittenDay, WrittenTable
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.file_names import Section
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery
from lakehouse.platform.tables.stored_rows import in_words

Run = Callable[[Callable[[Any], Any], Sequence[Any]], Sequence[Any]]
"""Call a function for each part; return the results in their order."""


@dataclass(frozen=True, kw_only=True)
class FilesReader:
    """Reads files to learn what their content makes of them."""

    reader: DayReader

    def __call__(self, files: Sequence[Delivery]) -> list[Outcome]:
        """Return the outcome of each file."""
        self.reader.kept.fetch({each.digest for each in files})
        return [outcome_of(self.reader.read_file(each)) for each in files]


@dataclass(frozen=True, kw_only=True)
class SectionOfFiles:
    """Rows of a day that one task writes, and the files that hold them."""

    day: dt.date
    is_bronze: bool
    """Whether the rows are those of bronze, else those of the quarantine."""
    section: Section | None
    """None when it is the complete day."""
    files: Sequence[Delivery]
    skipped: int
    """Rows of the first file that belong to the section before."""
    rows: int


@dataclass(frozen=True, kw_only=True)
class SectionWriter:
    """Writes one section of a day, file by file."""

    writer: DayWriter

    def __call__(self, section: SectionOfFiles) -> tuple[Staged, Counter[str]]:
        """Return the written files, and how often their rows break each rule."""
        to = self.writer.bronze if section.is_bronze else self.writer.quarantine
        broken = Counter[str]()
        rows = self._compared(section, to, broken)
        if section.section is None:
            staged = to.table.stage(section.day, rows, to.schema, definition=to.definition)
        else:
            staged = to.table.stage_section(
                section.day, section.section, rows, to.schema, definition=to.definition
            )
        if staged.rows != section.rows:
            raise StorageError(
                f"{to.table.id}: {section.day} has {staged.rows:,} rows in a section, expected"
                f" {section.rows:,}. hint: run again"
            )
        return staged, broken

    def _compared(
        self, section: SectionOfFiles, to: WrittenTable, broken: Counter[str]
    ) -> Iterator[pa.Table]:
        """Yield the rows of the section; count those that break a rule."""
        skipped, left = section.skipped, section.rows
        for portion in portions(section.files, lambda each: (1, each.size)):
            self.writer.reader.kept.fetch({each.digest for each in portion})
            for file in portion:
                rows = self._rows(section, file).slice(skipped, left)
                skipped, left = 0, left - rows.num_rows
                if to.rules:
                    broken += to.rules.count(rows)
                yield rows

    def _rows(self, section: SectionOfFiles, file: Delivery) -> pa.Table:
        reader = self.writer.reader
        result = reader.read_file(file)
        files = [(file, result)] if isinstance(result, CsvFile) else []
        make = bronze_rows if section.is_bronze else unparsable_rows
        return make(reader.format, section.day, files)


def write_large_days(
    writer: DayWriter, days: Mapping[dt.date, Sequence[Delivery]], run: Run
) -> Iterator[WrittenDay]:
    """Write days in parts; yield the results.

    Args:
        writer: of the dataset.
        days: all files of each day.
        run: does the work on parts, in other processes.

    Raises:
        StorageError: kept bytes changed while they were read.
    """
    outcomes = _outcomes(writer.reader, days, run)
    resolved = {day: writer.reader.resolved(files, outcomes[day]) for day, files in days.items()}
    sections = [
        section
        for day, files in resolved.items()
        for is_bronze in (True, False)
        for section in sections_of_files(writer, day, files, is_bronze=is_bronze)
    ]
    written = [*zip(sections, run(SectionWriter(writer=writer), sections), strict=True)]
    for day, files in resolved.items():
        yield _written_day(writer, day, files, [each for each in written if each[0].day == day])


def _outcomes(
    reader: DayReader, days: Mapping[dt.date, Sequence[Delivery]], run: Run
) -> dict[dt.date, dict[str, Outcome]]:
    """Return by day what the content of each digest makes of a file."""
    first = {
        (day, each.digest): each
        for day, files in days.items()
        for each in reversed(files)
        if each.digest
    }
    parts = portions(first.values(), lambda each: (1, each.size))
    found = (outcome for part in run(FilesReader(reader=reader), parts) for outcome in part)
    outcomes: dict[dt.date, dict[str, Outcome]] = {day: {} for day in days}
    for (day, digest), outcome in zip(first, found, strict=True):
        outcomes[day][digest] = outcome
    return outcomes


def sections_of_files(
    writer: DayWriter, day: dt.date, resolved: Sequence[Delivery], *, is_bronze: bool
) -> list[SectionOfFiles]:
    """Cut the rows of a day, in the order of its files, into sections; at least one."""
    to = writer.bronze if is_bronze else writer.quarantine
    files = writer.reader.with_rows(resolved)
    counts = [each.record_rows if is_bronze else each.unparsable_lines for each in files]
    ends = [*accumulate(counts)]
    total = ends[-1] if ends else 0
    length = to.table.section_rows(to.schema)
    number = max(1, -(-total // length))
    write = uuid.uuid4().hex[:8]
    starts = [end - count for end, count in zip(ends, counts, strict=True)]
    found = []
    for place in range(number):
        start, end = place * length, min(total, (place + 1) * length)
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        found.append(
            SectionOfFiles(
                day=day,
                is_bronze=is_bronze,
                section=Section(write=write, place=place + 1, count=number) if number > 1 else None,
                files=[files[each] for each in range(first, last) if counts[each]],
                skipped=start - starts[first] if first < last else 0,
                rows=end - start,
            )
        )
    return found


def _written_day(
    writer: DayWriter,
    day: dt.date,
    deliveries: list[Delivery],
    written: Iterable[tuple[SectionOfFiles, tuple[Staged, Counter[str]]]],
) -> WrittenDay:
    """Return the day of which the sections of bronze and quarantine were written."""
    raw = writer.raw
    rows = DELIVERIES.to_arrow(deliveries)
    staged = {raw.table.id: raw.table.stage(day, rows, raw.schema)}
    broken = Counter[str]()
    for _, (part, found) in written:
        earlier = staged[part.table].files if part.table in staged else ()
        staged[part.table] = replace(part, files=(*earlier, *part.files))
        broken += found
    return WrittenDay(
        day=day,
        deliveries=deliveries,
        staged=staged,
        problems={
            raw.table.id: raw.rules.broken(rows) if raw.rules else "",
            writer.bronze.table.id: in_words(broken),
        },
    )

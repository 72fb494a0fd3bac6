"""Who does the work on the files of an ingestion: this process, or the executors of a cluster.

Both do the same with the same functions, so the tables are the same. The executors get lists of
files; only names, statuses, counts and statistics come back.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lakehouse.platform.engines.executor_tasks import Executors
from lakehouse.platform.engines.session import engine_settings, engine_version
from lakehouse.platform.ingestion.errors import FileChanged
from lakehouse.platform.ingestion.keep_files import FileKeeper, Kept
from lakehouse.platform.ingestion.large_days import write_large_days
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.portions import in_order, portions
from lakehouse.platform.ingestion.write_day import DayWriter, WrittenDay
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.settings import Settings

ROW_BYTES = 50
"""Bytes of a delivered row, about: how many rows a file has is not known before it is read."""

FILE_ROWS = 100
"""Rows that are as much work as opening, keeping and recording a file, about."""

WHOLE_DAY_BYTES = 64 << 20
"""Bytes of the files of a day from which several tasks write it."""


class Workers(ABC):
    """Keeps files, and writes days."""

    engine: str
    """What does the work, for people."""

    @abstractmethod
    def keep(
        self, keeper: FileKeeper, files: Sequence[RecognizedFile]
    ) -> Iterator[Kept | FileChanged]:
        """Read and keep files; yield the results in the order of the files."""

    @abstractmethod
    def write(
        self, writer: DayWriter, days: Mapping[dt.date, Sequence[Delivery]]
    ) -> Iterator[WrittenDay]:
        """Write days, each with all its files; yield the results in the order of the days."""


@dataclass(frozen=True, kw_only=True)
class ThisProcess(Workers):
    """Threads of this process."""

    engine: str

    def keep(
        self, keeper: FileKeeper, files: Sequence[RecognizedFile]
    ) -> Iterator[Kept | FileChanged]:
        yield from keeper.each(files)

    def write(
        self, writer: DayWriter, days: Mapping[dt.date, Sequence[Delivery]]
    ) -> Iterator[WrittenDay]:
        with ThreadPoolExecutor(2) as pool:
            yield from in_order(pool, days.items(), lambda each: writer.write(*each), 3)


@dataclass(frozen=True, kw_only=True)
class Cluster(Workers):
    """Executors of a cluster."""

    engine: str
    executors: Executors

    def keep(
        self, keeper: FileKeeper, files: Sequence[RecognizedFile]
    ) -> Iterator[Kept | FileChanged]:
        for portion in self.executors.run(keeper, portions(files, lambda file: (1, file.size))):
            yield from portion

    def write(
        self, writer: DayWriter, days: Mapping[dt.date, Sequence[Delivery]]
    ) -> Iterator[WrittenDay]:
        large = {day: files for day, files in days.items() if _bytes(files) > WHOLE_DAY_BYTES}
        whole = portions(
            ((day, files) for day, files in days.items() if day not in large),
            lambda each: (len(each[1]), _bytes(each[1])),
        )
        written = {each.day: each for part in self.executors.run(writer, whole) for each in part}
        written |= {each.day: each for each in write_large_days(writer, large, self.executors.run)}
        yield from (written[day] for day in days)


def workers_for(settings: Settings, sizes: Iterable[int]) -> Workers:
    """Return who works on files of these sizes: a cluster only if they are many or large.

    Args:
        settings: the engine, and from how many rows work is large.
        sizes: bytes of each file that is read.
    """
    files = [*sizes]
    rows = sum(max(FILE_ROWS, size // ROW_BYTES) for size in files)
    amount = f"({len(files):,} files, {sum(files):,} bytes)"
    chosen = engine_settings(settings, embedded=not files, rows=rows)
    if chosen.engine != "spark":
        return ThisProcess(engine=f"this process {amount}")
    from lakehouse.platform.engines.spark import spark_session

    executors = Executors(
        spark=spark_session(chosen),
        store=ObjectStore.at(settings.root),
        uses_s3=settings.uses_s3 or settings.landing.startswith("s3://"),
    )
    return Cluster(engine=f"{engine_version(chosen)} {amount}", executors=executors)


def _bytes(files: Iterable[Delivery]) -> int:
    return sum(file.size for file in files)

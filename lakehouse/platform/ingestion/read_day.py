"""Read all files of one delivery day from their kept bytes: statuses, bronze rows, bad lines.

The result depends only on the kept bytes and the list of files, so it can be computed again at any
time; reconciliation does so to audit what is stored.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from lakehouse.platform.ingestion.bronze_rows import bronze_rows, unparsable_rows
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import unpack
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.versions import resolve_versions, with_row_moments
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class DayRows:
    """The rows of one delivery day in the raw table, bronze and the bronze quarantine."""

    day: dt.date
    deliveries: list[Delivery]
    bronze: pa.Table
    unparsable: pa.Table


@dataclass(frozen=True, kw_only=True)
class _Rejected:
    """Content that cannot be read, with the number of its lines."""

    error: FileRejected
    lines: int


@dataclass(frozen=True, kw_only=True)
class DayReader:
    """Reads the delivery days of one dataset.

    Args:
        bronze: the dataset's table.
        spec: the domain.
        settings: limits and the lake's time zone.
        kept: where the bytes are.
    """

    bronze: Table
    spec: DomainSpec
    settings: Settings
    kept: KeptFiles

    def read(self, day: dt.date, deliveries: Sequence[Delivery]) -> DayRows:
        """Read a day.

        Args:
            day: the delivery day.
            deliveries: all files of the day. Their stored status is not used, except for files
                that were never read.
        """
        source = source_of(self.bronze)
        results: dict[str, CsvFile | _Rejected] = {}
        evaluated = [self._evaluate(delivery, source, results) for delivery in deliveries]
        resolved = resolve_versions(evaluated, source)
        files = [
            (delivery, result)
            for delivery in with_row_moments(resolved, source)
            if delivery.has_rows and isinstance(result := results[delivery.digest], CsvFile)
        ]
        return DayRows(
            day=day,
            deliveries=resolved,
            bronze=bronze_rows(
                self.bronze, source, day, files, zone=self.settings.zone, spec=self.spec
            ),
            unparsable=unparsable_rows(self.bronze, day, files),
        )

    def _evaluate(
        self, delivery: Delivery, source: Source, results: dict[str, CsvFile | _Rejected]
    ) -> Delivery:
        """Return a delivery as its content makes it; a file that was never read stays rejected.

        Args:
            delivery: the file.
            source: its source.
            results: the file of each digest that was read already; extended here.
        """
        if not delivery.digest:
            return delivery
        if delivery.digest not in results:
            results[delivery.digest] = self._read_file(delivery, source)
        result = results[delivery.digest]
        if isinstance(result, _Rejected):
            return _rejected(delivery, result)
        return replace(
            delivery,
            status=Status.LOADED,
            physical_lines=result.physical_lines,
            header_lines=result.header_lines,
            continuation_lines=result.continuation_lines,
            record_rows=result.rows.num_rows,
            unparsable_lines=len(result.unparsable),
            encoding=result.encoding,
            delimiter=result.delimiter,
            drift="; ".join(result.drift) or None,
        )

    def _read_file(self, delivery: Delivery, source: Source) -> CsvFile | _Rejected:
        kept = self.kept.read(delivery.digest)
        try:
            limit = self.settings.max_file_mb * 1024 * 1024
            data = unpack(kept, source.format, name=delivery.file, limit=limit)
            return read_csv(data, source.format, name=delivery.file)
        except FileRejected as error:
            lines = kept.count(b"\n") + (not kept.endswith(b"\n") and bool(kept))
            return _Rejected(error=error, lines=lines)


def source_of(bronze: Table) -> Source:
    """Return the source of a bronze table; TypeError if it has none."""
    if bronze.source is None:
        raise TypeError(f"{bronze.id.name} has no source")
    return bronze.source


def _rejected(delivery: Delivery, rejected: _Rejected) -> Delivery:
    return replace(
        delivery,
        status=Status.HELD if rejected.error.held else Status.REJECTED,
        reason=rejected.error.reason.value,
        detail=str(rejected.error),
        physical_lines=rejected.lines,
        header_lines=0,
        continuation_lines=0,
        record_rows=0,
        unparsable_lines=0,
        encoding=None,
        delimiter=None,
        drift=None,
    )

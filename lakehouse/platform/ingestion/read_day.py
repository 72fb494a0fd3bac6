"""Read the files of one delivery day from their kept bytes: statuses, bronze rows, bad lines.

The result depends only on the kept bytes and the list of files, so it can be computed again at any
time; reconciliation does so to audit what is stored.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from lakehouse.platform.ingestion.bronze_rows import DatasetFormat, bronze_rows, unparsable_rows
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import unpack
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.versions import resolve_versions, with_row_moments
from lakehouse.platform.tables.deliveries_model import Delivery, Status

Outcome = Mapping[str, Any]
"""Fields of a delivery that follow from the content of its file."""


@dataclass(frozen=True, kw_only=True)
class DayRows:
    """The rows of one delivery day in the raw table, bronze and the bronze quarantine."""

    day: dt.date
    deliveries: list[Delivery]
    bronze: pa.Table
    unparsable: pa.Table


@dataclass(frozen=True, kw_only=True)
class RejectedFile:
    """Content that cannot be read, with the number of its lines."""

    error: FileRejected
    lines: int


@dataclass(frozen=True, kw_only=True)
class DayReader:
    """Reads the delivery days of one dataset. It can be sent to other processes.

    Args:
        format: how the dataset's files become rows.
        kept: where the bytes are.
    """

    format: DatasetFormat
    kept: KeptFiles

    def read(self, day: dt.date, deliveries: Sequence[Delivery]) -> DayRows:
        """Read a day.

        Args:
            day: the delivery day.
            deliveries: all files of the day. Their stored status is not used, except for files
                that were never read.
        """
        results: dict[str, CsvFile | RejectedFile] = {}
        for delivery in deliveries:
            if delivery.digest and delivery.digest not in results:
                results[delivery.digest] = self.read_file(delivery)
        outcomes = {digest: outcome_of(result) for digest, result in results.items()}
        resolved = self.resolved(deliveries, outcomes)
        files = [
            (delivery, result)
            for delivery in self.with_rows(resolved)
            if isinstance(result := results[delivery.digest], CsvFile)
        ]
        return DayRows(
            day=day,
            deliveries=resolved,
            bronze=bronze_rows(self.format, day, files),
            unparsable=unparsable_rows(self.format, day, files),
        )

    def resolved(
        self, deliveries: Sequence[Delivery], outcomes: Mapping[str, Outcome]
    ) -> list[Delivery]:
        """Return the files of a day with version and status; those never read stay rejected.

        Args:
            deliveries: all files of the day.
            outcomes: what the content of each digest makes of a file.
        """
        evaluated = [
            replace(each, **outcomes[each.digest]) if each.digest else each for each in deliveries
        ]
        return resolve_versions(evaluated, self.format.source)

    def with_rows(self, resolved: Sequence[Delivery]) -> list[Delivery]:
        """Return the files whose rows are in bronze, in order, with the moment of their rows."""
        dated = with_row_moments(resolved, self.format.source)
        return [delivery for delivery in dated if delivery.has_rows]

    def read_file(self, delivery: Delivery) -> CsvFile | RejectedFile:
        """Read the kept bytes of a file.

        Raises:
            KeptFileDamaged: they do not exist, or are not those that were kept.
        """
        kept = self.kept.read(delivery.digest)
        try:
            csv = self.format.source.format
            data = unpack(kept, csv, name=delivery.file, limit=self.format.limit)
            return read_csv(data, csv, name=delivery.file)
        except FileRejected as error:
            lines = kept.count(b"\n") + (not kept.endswith(b"\n") and bool(kept))
            return RejectedFile(error=error, lines=lines)


def outcome_of(result: CsvFile | RejectedFile) -> Outcome:
    """Return the fields of a delivery that follow from its content."""
    if isinstance(result, RejectedFile):
        return {
            "status": Status.HELD if result.error.held else Status.REJECTED,
            "reason": result.error.reason.value,
            "detail": str(result.error),
            "physical_lines": result.lines,
            "header_lines": 0,
            "continuation_lines": 0,
            "record_rows": 0,
            "unparsable_lines": 0,
            "encoding": None,
            "delimiter": None,
            "drift": None,
        }
    return {
        "status": Status.LOADED,
        "physical_lines": result.physical_lines,
        "header_lines": result.header_lines,
        "continuation_lines": result.continuation_lines,
        "record_rows": result.rows.num_rows,
        "unparsable_lines": len(result.unparsable),
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "drift": "; ".join(result.drift) or None,
    }

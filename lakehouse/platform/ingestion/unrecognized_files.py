"""Record files that belong to no dataset, so that each is reported once and stays traceable."""

import datetime as dt
from collections.abc import Sequence

from lakehouse.platform.ingestion.conflicts import retry_conflicts
from lakehouse.platform.ingestion.deliveries import DeliveredFiles, raw_table, read_deliveries
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import UnrecognizedFile
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status

UNRECOGNIZED_FILES = "unrecognized_files"
"""Name of the raw table of a domain's unrecognized files."""


def unrecognized_files_of(domain: str) -> TableId:
    """Return the table that records the unrecognized files of a domain."""
    return raw_table(domain, UNRECOGNIZED_FILES)


def record_unrecognized_files(
    listing: Listing,
    days: Sequence[dt.date],
    intake: Intake,
    *,
    note: dict[str, str],
) -> int:
    """Commit unrecognized files as rejected deliveries; return the number recorded for these days.

    Files that the listing recognizes are no longer recorded: their day has come, or the domain
    understands their folders now.

    Args:
        listing: files of the landing zone.
        days: record only files of these days.
        intake: the domain and its lake.
        note: stored with the commit.

    Raises:
        DayConflict: other runs kept changing the same days.
    """
    lake, domain = intake.lake, intake.spec.name
    table = lake.table(unrecognized_files_of(domain))

    def commit() -> int:
        before = table.snapshot()
        outdated = DeliveredFiles(lake, domain).days_with(UNRECOGNIZED_FILES, listing.files)
        by_day: dict[dt.date, dict[str, Delivery]] = {day: {} for day in sorted({*days, *outdated})}
        recognized = {(file.path, file.modified_at) for file in listing.files}
        for row in read_deliveries(lake, domain, UNRECOGNIZED_FILES, list(by_day), snapshot=before):
            if (row.file, row.landed_at) not in recognized:
                by_day[row.day][row.file] = row
        for file in listing.unrecognized_files:
            if file.day in by_day:
                by_day[file.day][file.path] = _rejected(file)
        table.write(
            {
                day: DELIVERIES.to_arrow(sorted(rows.values(), key=lambda row: row.order))
                for day, rows in by_day.items()
            },
            schema=DELIVERIES.stored,
            based_on=before,
            note=note,
        )
        return sum(len(by_day[day]) for day in days)

    return retry_conflicts(commit)


def has_recorded(delivered: DeliveredFiles, file: UnrecognizedFile) -> bool:
    """Return whether an unrecognized file is recorded as it was listed, on its day or another.

    The day is another one if the file is dated in the future and was recorded on an earlier day, or
    if the domain understands its folders since then.
    """
    if delivered.has_on(UNRECOGNIZED_FILES, file.day, file):
        return True
    return bool(delivered.days_with(UNRECOGNIZED_FILES, [file]))


def _rejected(file: UnrecognizedFile) -> Delivery:
    return Delivery(
        day=file.day,
        unit=None,
        file=file.path,
        digest="",
        size=file.size,
        landed_at=file.modified_at,
        status=Status.REJECTED,
        reason=file.reason.value,
        detail=file.detail,
    )

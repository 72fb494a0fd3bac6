"""Record files that belong to no dataset, so that each is reported once and stays traceable."""

import datetime as dt
from collections.abc import Sequence

from lakehouse.platform.ingestion.deliveries import DeliveredFiles, raw_table, read_deliveries
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import UnrecognizedFile
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.stored_rows import stage_ops_table

UNRECOGNIZED_FILES = "unrecognized_files"
"""Name of the raw table of a domain's unrecognized files."""


def unrecognized_files_of(domain: str) -> TableId:
    """Return the table that records the unrecognized files of a domain."""
    return raw_table(domain, UNRECOGNIZED_FILES)


def stage_unrecognized_files(
    listing: Listing, days: Sequence[dt.date], intake: Intake
) -> StagedTables:
    """Write the files of unrecognized files as rejected deliveries, based on those recorded now.

    Files that the listing recognizes are no longer recorded: their day has come, or the domain
    understands their folders now.

    Args:
        listing: files of the landing zone.
        days: record only files of these days.
        intake: the domain and its lake.
    """
    lake, domain = intake.lake, intake.spec.name
    table = unrecognized_files_of(domain)
    before = lake.table(table).snapshot()
    outdated = DeliveredFiles(lake, domain).days_with(UNRECOGNIZED_FILES, listing.files)
    by_day: dict[dt.date, dict[str, Delivery]] = {day: {} for day in sorted({*days, *outdated})}
    recognized = {(file.path, file.modified_at) for file in listing.files}
    for row in read_deliveries(lake, domain, UNRECOGNIZED_FILES, list(by_day), snapshot=before):
        if (row.file, row.landed_at) not in recognized:
            by_day[row.day][row.file] = row
    for file in listing.unrecognized_files:
        if file.day in by_day:
            by_day[file.day][file.path] = _rejected(file)
    rows = {
        day: DELIVERIES.to_arrow(sorted(rows.values(), key=lambda row: row.order))
        for day, rows in by_day.items()
    }
    return stage_ops_table(lake, table, DELIVERIES, rows, based_on=before)


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

"""Record files that belong to no dataset, so that each is reported once and stays traceable."""

import datetime as dt
from collections.abc import Sequence

from lakehouse.platform.ingestion.conflicts import retry_conflicts
from lakehouse.platform.ingestion.deliveries import DeliveredFiles, raw_table, read_deliveries
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.paths import UnrecognizedFile, UnrecognizedReason, day_of_folder
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.settings import Settings

UNRECOGNIZED_FILES = "unrecognized_files"
"""Name of the raw table of a domain's unrecognized files."""


def unrecognized_files_of(domain: str) -> TableId:
    """Return the table that records the unrecognized files of a domain."""
    return raw_table(domain, UNRECOGNIZED_FILES)


def record_unrecognized_files(
    files: Sequence[UnrecognizedFile],
    days: Sequence[dt.date],
    intake: Intake,
    *,
    note: dict[str, str],
) -> int:
    """Commit unrecognized files as rejected deliveries; return the number recorded for these days.

    Args:
        files: unrecognized files of a listing.
        days: record only files of these days, see `unrecognized_file_day`.
        intake: the domain and its lake.
        note: stored with the commit.

    Raises:
        DayConflict: other runs kept changing the same days.
    """
    lake, domain = intake.lake, intake.spec.name
    table = lake.table(unrecognized_files_of(domain))

    def commit() -> int:
        before = table.snapshot()
        by_day: dict[dt.date, dict[tuple[str, dt.datetime], Delivery]] = {day: {} for day in days}
        for row in read_deliveries(lake, domain, UNRECOGNIZED_FILES, days, snapshot=before):
            by_day[row.day][row.file, row.landed_at] = row
        for file in files:
            day = unrecognized_file_day(file, intake.settings)
            if day in by_day:
                by_day[day][file.path, file.modified_at] = _rejected(file, day)
        table.write(
            {
                day: DELIVERIES.to_arrow(sorted(rows.values(), key=lambda row: row.order))
                for day, rows in by_day.items()
            },
            schema=DELIVERIES.stored,
            based_on=before,
            note=note,
        )
        return sum(len(rows) for rows in by_day.values())

    return retry_conflicts(commit)


def has_recorded(delivered: DeliveredFiles, file: UnrecognizedFile, settings: Settings) -> bool:
    """Return whether an unrecognized file is recorded as it was listed."""
    return delivered.has_on(UNRECOGNIZED_FILES, unrecognized_file_day(file, settings), file)


def unrecognized_file_day(file: UnrecognizedFile, settings: Settings) -> dt.date:
    """Return the day under which an unrecognized file is recorded.

    It is the first day folder of its path, else the local date of its modification time. A day
    folder in the future or before the domain's first day is ignored.
    """
    if file.reason not in (UnrecognizedReason.FUTURE_DAY, UnrecognizedReason.BEFORE_START):
        for part in file.path.split("/")[:-1]:
            if day := day_of_folder(part):
                return day
    return file.modified_at.astimezone(settings.zone).date()


def _rejected(file: UnrecognizedFile, day: dt.date) -> Delivery:
    return Delivery(
        day=day,
        unit=None,
        file=file.path,
        digest="",
        size=file.size,
        landed_at=file.modified_at,
        status=Status.REJECTED,
        reason=file.reason.value,
        detail=file.detail,
    )

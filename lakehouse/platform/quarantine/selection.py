"""Select rejections by domain, table, days, reason and file."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.source import Source


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rejections to read; None selects all.

    Args:
        domain: name of a domain.
        table: a dataset or a table, or ``unrecognized_files``.
        days: delivery days of files and lines, business days of rows.
        reason: a reason code; a rejection may have others, too.
        file: path of a delivered file in the landing zone.
    """

    domain: str | None = None
    table: str | None = None
    days: Collection[dt.date] | None = None
    reason: str | None = None
    file: str | None = None

    def includes_day(self, day: dt.date) -> bool:
        """Return whether rejections of a day are selected."""
        return self.days is None or day in self.days

    def includes_file(self, file: str) -> bool:
        """Return whether rejections of a delivered file are selected."""
        return self.file in (None, file)

    def includes_table(self, table: str) -> bool:
        """Return whether rejections of a table are selected."""
        return self.table in (None, table)


ALL = Selection()


def source_of_table(domain: Domain, table: str) -> Source:
    """Return the source of a dataset, or of the dataset whose rows a silver table validates."""
    datasets = {silver.id.table: name for name, silver in domain.validating_tables.items()}
    dataset = datasets.get(table, table)
    return next(source for source in domain.sources if source.dataset == dataset)

"""What lands: the files of a subject, how they are recognised and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.platform.csvfile import CsvFormat


@dataclass(frozen=True, kw_only=True)
class Source:
    """One subject that a system's units deliver as CSV files.

    Args:
        subject: the bronze table the rows go to.
        files: pattern of the file name (compared without case, without ``.gz``).
        format: columns and dialect.
        business_day: bronze column that names the day a row is about, ISO or ``dd/mm/yyyy``.
        self_identifying: the rows say themselves whose and of which day they are, so the same
            bytes in another place are a repetition. Where they do not (items without a unit), the
            same bytes from another unit are another delivery.
        snapshot: a delivery is the whole table as of its day; else it is that day's rows.
        required_per_unit: each active unit owes one of these a day.
    """

    subject: str
    files: str
    format: CsvFormat
    business_day: str | None = None
    self_identifying: bool = True
    snapshot: bool = False
    required_per_unit: bool = False
    query: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def matches(self, name: str) -> bool:
        """Whether a file of this name (no folder) belongs to the subject."""
        plain = name.lower().removesuffix(".gz")
        return re.fullmatch(self.files, plain) is not None

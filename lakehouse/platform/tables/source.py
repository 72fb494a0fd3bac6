"""What lands: the files of a dataset, how they are recognised and read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.platform.tables.csv_format import CsvFormat

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.deliveries_model import Delivery


@dataclass(frozen=True, kw_only=True)
class Source:
    """One dataset that a domain's units deliver as CSV files.

    Args:
        dataset: the bronze table the rows go to.
        files: pattern of the file name (compared without case, without ``.gz``).
        format: columns and dialect.
        business_day: bronze column that names the day a row is about, ISO or ``dd/mm/yyyy``.
        self_identifying: the rows say themselves whose and of which day they are, so the same
            bytes in another place are a repetition. Where they do not (items without a unit), the
            same bytes from another unit are another delivery.
        snapshot: a delivery is the whole table as of its day; else it is that day's rows.
        required_per_unit: each active unit owes one of these a day.
        per_file: each file name is a delivery of its own, so all files of a day are taken and other
            bytes under a known name replace the old ones. Else a day and unit have one delivery.
        counts_copies: the same bytes under another name are a delivery like any other.
        key: bronze columns of a business key that is unique over all days, not within one. The
            newest delivery of a key wins wherever its older rows lie, and their days are refreshed.
        affects: other datasets whose rows depend on this one's, each with the columns, named alike
            in both, that join them: the days of rows that join what arrived are refreshed.
        ignored: for columns of `key` and `affects` that are written in several ways, a regular
            expression of the part that does not count where rows are joined.
        change_log: of several rows of a key in one file the later replaces the earlier. Else they
            contradict each other and the earlier is rejected.
        query: reads the dataset from PostgreSQL.
        kept: called with the lake, the dataset and all deliveries of a run's days after they are
            committed, perhaps more than once.

    Raises:
        ValueError: a key column is not in the files.
    """

    dataset: str
    files: str
    format: CsvFormat
    business_day: str | None = None
    self_identifying: bool = True
    snapshot: bool = False
    required_per_unit: bool = False
    per_file: bool = False
    counts_copies: bool = False
    key: tuple[str, ...] = ()
    affects: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    ignored: Mapping[str, str] = field(default_factory=dict, hash=False)
    change_log: bool = False
    query: str | None = None
    kept: "Callable[[Lake, str, Sequence[Delivery]], None] | None" = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        named = {*self.key, *(column for columns in self.affects.values() for column in columns)}
        named |= self.ignored.keys()
        if unknown := named - set(self.format.columns):
            raise ValueError(f"{self.dataset}: no columns {sorted(unknown)} to join by")

    def matches(self, name: str) -> bool:
        """Whether a file of this name (no folder) belongs to the dataset."""
        plain = name.lower().removesuffix(".gz")
        return re.fullmatch(self.files, plain) is not None

"""One business whose data the platform runs."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The one question that a domain is asked first.

    Args:
        question: for people, in their language.
        sql: answers it, over names such as ``gold.sales_daily_sales``.
    """

    question: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A time at which a domain's job runs, beside the nightly ones that every system has.

    Args:
        name: the schedule's, unique in the system.
        cron: when, in the lake's time zone.
        description: what for.
        work: ``arrivals``, ``refresh``, ``monthly`` or ``data_quality``.
        first: first day of the run, counted from the day it fires; −1 is yesterday.
        last: last day of the run, counted likewise.
        running: whether it is switched on until somebody switches it off in the Dagster UI.
        needs_files: without a landed file on its days there is no run; people are told instead.
        retries: how often a run that failed is tried again, five minutes after each failure.

    Raises:
        ValueError: fewer retries than none.
    """

    name: str
    cron: str
    description: str
    work: str = "arrivals"
    first: int = -1
    last: int = 0
    running: bool = True
    needs_files: bool = False
    retries: int = 0

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError(f"schedule {self.name!r}: retries must be 0 or more")


@dataclass(frozen=True, kw_only=True)
class DomainSpec:
    """What a domain says of itself.

    Args:
        name: the word used in asset keys, table names and the landing folder.
        title: the business' name for people.
        since: first day of its partitions.
        owners: Dagster owners, ``team:<name>`` or an e-mail address.
        headline: what the demo and the overview answer for it.
        schedules: schedules of its own.
        unit_folders: words that name a unit's folder in the landing zone: ``unit`` stands for
            ``unit_007`` and ``unit-7``, in any case. The platform writes the first one.
    """

    name: str
    title: str
    since: dt.date
    owners: tuple[str, ...] = ()
    headline: Headline | None = None
    schedules: tuple[Schedule, ...] = ()
    unit_folders: tuple[str, ...] = ("unit",)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", self.name):
            raise ValueError(f"system name {self.name!r}: lower-case letters, digits and _ only")
        if not self.unit_folders or not all(map(str.isidentifier, self.unit_folders)):
            raise ValueError(
                f"domain {self.name!r}: unit_folders must be words such as ('unit',),"
                f" found {self.unit_folders}"
            )

    def unit_folder(self, unit: int) -> str:
        """Return the folder of a unit in the landing zone, such as ``unit_007``."""
        return f"{self.unit_folders[0]}_{unit:03d}"

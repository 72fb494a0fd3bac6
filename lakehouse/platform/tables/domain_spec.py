"""The specification of a domain: its name, first day, owners, headline and schedules."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lakehouse.platform.storage.table_id import require_domain_name
from lakehouse.platform.tables.folder_patterns import YEAR_FIRST, DayPattern, FolderPatterns
from lakehouse.settings import Setting, Settings, T, platform_settings

REPLAY = "replay"
"""Folder of the landing zone for corrected files."""


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The most important question about a domain, which the demo and the overview answer.

    Args:
        question: shown to people, in their language.
        sql: query that answers it, over names such as ``gold.shop_daily_orders``.
    """

    question: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule of a domain, in addition to the nightly schedules that every domain has.

    Args:
        name: name of the schedule, unique in the domain.
        cron: cron expression, in the lake's time zone.
        description: purpose, shown in the Dagster UI.
        work: ``arrivals``, ``refresh``, ``reference_dates``, ``as_of`` or ``data_quality``.
        first: first day of the run, counted from the day on which it starts; −1 is yesterday.
        last: last day of the run, counted in the same way.
        running: whether the schedule is on by default; the Dagster UI can switch it.
        needs_files: skip the run and send a notification when no file landed on its days.
        retries: number of retries of a failed run, five minutes after each failure.

    Raises:
        ValueError: the number of retries is negative.
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
            raise ValueError(
                f"schedule {self.name!r}: retries: expected 0 or more, found {self.retries}"
            )


@dataclass(frozen=True, kw_only=True)
class DomainSpec:
    """The specification of a domain: one business and its data.

    Args:
        name: one word, used in asset keys, table names and the landing folder; also the name of
            the domain's folder in the code.
        title: name of the business, shown to people.
        since: first day of the domain's partitions.
        owners: Dagster owners, ``team:<name>`` or an e-mail address.
        headline: the question that the demo and the overview answer.
        schedules: schedules in addition to those that every domain has.
        unit_folders: words that name a unit's folder in the landing zone: ``unit`` stands for
            ``unit_007``, ``Unit-7``, ``unit 7`` and ``unit7``. The platform writes the first one.
        numbered_units: a folder that is only a number, such as ``7`` or ``007``, is a unit.
        day_folders: forms of the folders that name a day, see `DayPattern`. The default are forms
            that begin with the year. With ``DD-MM-YYYY`` and ``MM-DD-YYYY`` together, files in
            ``01-02-2026`` are unrecognized, because that may be either day.
        ignored_folders: names of folders that say nothing about day and unit, such as ``raw``; a
            number may follow. Below the folder of a unit, every other name is ignored too.
        control_files: pattern of the names of files that senders put beside data files to confirm
            them (compared without case). They are neither loaded nor reported.
        settings: environment variables ``LAKEHOUSE_<DOMAIN>_<NAME>`` of its own. The platform gives
            three names a meaning: ``dsn`` (PostgreSQL with reference tables or with the table to
            extract), ``extraction`` (how to extract it) and ``warehouse_dsn``.
        hints: what the sender can do about a rejected line or file, by reason, in the language of
            the units. An export of the quarantine shows it beside the detail.

    Raises:
        ValueError: the name is not one word, `unit_folders` or `day_folders` cannot be used, or two
            settings share a variable.
    """

    name: str
    title: str
    since: dt.date
    owners: tuple[str, ...] = ()
    headline: Headline | None = None
    schedules: tuple[Schedule, ...] = ()
    unit_folders: tuple[str, ...] = ("unit",)
    numbered_units: bool = False
    day_folders: tuple[str, ...] = YEAR_FIRST
    ignored_folders: tuple[str, ...] = ()
    control_files: str | None = None
    settings: tuple[Setting[Any], ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        require_domain_name(self.name)
        if not self.unit_folders or not all(map(str.isidentifier, self.unit_folders)):
            raise ValueError(
                f"domain {self.name!r}: unit_folders must be words such as ('unit',),"
                f" found {self.unit_folders}"
            )
        if not self.day_folders:
            raise ValueError(f"domain {self.name!r}: day_folders must name a form: YYYY-MM-DD")
        try:
            _ = self.folders
        except ValueError as error:
            raise ValueError(f"domain {self.name!r}: day_folders: {error}") from None
        variables = [setting.variable() for setting in platform_settings()]
        variables += [setting.variable(self.name) for setting in self.settings]
        if twice := {each for each in variables if variables.count(each) > 1}:
            raise ValueError(f"domain {self.name!r}: {', '.join(sorted(twice))} is declared twice")

    @cached_property
    def folders(self) -> FolderPatterns:
        """Return the folder names that the domain understands."""
        return FolderPatterns(
            days=tuple(map(DayPattern, self.day_folders)),
            unit_words=self.unit_folders,
            numbered_units=self.numbered_units,
            ignored=(REPLAY, *self.ignored_folders),
        )

    def unit_folder(self, unit: int) -> str:
        """Return the folder of a unit in the landing zone, such as ``unit_007``."""
        return f"{self.unit_folders[0]}_{unit:03d}"

    def read(self, setting: Setting[T], settings: Settings) -> T:
        """Return the value of a declared setting.

        Raises:
            SettingsError: the variable's text cannot be used.
        """
        variable = setting.variable(self.name)
        return setting.parse(settings.domain_variables.get(variable, ""), variable)

    def value(self, name: str, settings: Settings) -> Any:
        """Return the value of the setting of this name; None when the domain declares none.

        Raises:
            SettingsError: the variable's text cannot be used.
        """
        for setting in self.settings:
            if setting.name == name:
                return self.read(setting, settings)
        return None

    def require_usable(self, settings: Settings) -> None:
        """Raise `SettingsError` when a variable of the domain has a text that cannot be used."""
        for setting in self.settings:
            self.read(setting, settings)

    def secrets(self, settings: Settings) -> Iterator[str]:
        """Yield the texts of the domain's secret variables, usable or not."""
        for setting in self.settings:
            text = settings.domain_variables.get(setting.variable(self.name), "").strip()
            if setting.secret and text:
                yield text

"""One business whose data the platform runs."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.settings import Setting, Settings, T, platform_settings


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
        settings: environment variables ``LAKEHOUSE_<DOMAIN>_<NAME>`` of its own. The platform gives
            three names a meaning: ``dsn`` (PostgreSQL with reference tables or with the table to
            extract), ``extraction`` (how to extract it) and ``warehouse_dsn``.

    Raises:
        ValueError: the name is malformed, or two settings share a variable.
    """

    name: str
    title: str
    since: dt.date
    owners: tuple[str, ...] = ()
    headline: Headline | None = None
    schedules: tuple[Schedule, ...] = ()
    unit_folders: tuple[str, ...] = ("unit",)
    settings: tuple[Setting[Any], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", self.name):
            raise ValueError(f"system name {self.name!r}: lower-case letters, digits and _ only")
        if not self.unit_folders or not all(map(str.isidentifier, self.unit_folders)):
            raise ValueError(
                f"domain {self.name!r}: unit_folders must be words such as ('unit',),"
                f" found {self.unit_folders}"
            )
        variables = [setting.variable() for setting in platform_settings()]
        variables += [setting.variable(self.name) for setting in self.settings]
        if twice := {each for each in variables if variables.count(each) > 1}:
            raise ValueError(f"domain {self.name!r}: {', '.join(sorted(twice))} is declared twice")

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

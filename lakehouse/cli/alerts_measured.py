"""What `lakehouse alerts backtest` measures in each domain: days of the lake, or generated ones."""

import datetime as dt
import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.settings import Settings

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from lakehouse.demo.incidents.labels import Comparison

Alerts = list[dict[str, Any]]
FIRST = dt.date(2026, 1, 1)


class Measured(ABC):
    """The alerts of one domain on days of the lake, and on generated days.

    Args:
        domain: name of the domain.
    """

    place: str
    """Word for what can have an alert of its own."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    @abstractmethod
    def between(self, settings: Settings, first: dt.date, last: dt.date) -> tuple[Alerts, int]:
        """Return the alerts that were first visible between two days, and place-days."""

    @abstractmethod
    def compared(
        self, labels: Path, found: Alerts, first: dt.date, last: dt.date
    ) -> "Comparison[Any]":
        """Compare alerts with the incidents of a file that began between two days."""

    @abstractmethod
    def generated(
        self, seeds: Iterable[int], settings: Settings, *, clean: bool
    ) -> Iterator[tuple["Comparison[Any]", int]]:
        """Yield for each seed what was found, and its number of place-days."""


class Restaurants(Measured):
    """Alerts of mrhealth."""

    place = "unit"

    def __init__(self, orders: float, *, later: bool) -> None:
        super().__init__("mrhealth")
        self.orders = orders
        self.later = later

    def between(self, settings: Settings, first: dt.date, last: dt.date) -> tuple[Alerts, int]:
        from lakehouse.domains.mrhealth.detection.tables import rows_of
        from lakehouse.domains.mrhealth.gold.alerts import alerts
        from lakehouse.platform.alerts.backtest import alerts_between
        from lakehouse.platform.storage.lake import Lake
        from lakehouse.platform.storage.table_id import TableId

        lake = Lake(settings.root, settings.file_mb)
        files = lake.table(TableId("gold", self.domain, "unit_day")).snapshot().files
        unit_days = sum(file.rows for file in files if first <= file.day <= last)
        inputs = _inputs((last - first).days + 1)
        return alerts_between(alerts, rows_of, lake, settings, first, last, inputs), unit_days

    def compared(
        self, labels: Path, found: Alerts, first: dt.date, last: dt.date
    ) -> "Comparison[Any]":
        from lakehouse.demo.mrhealth.alert_quality import compare, incidents_from

        known = incidents_from(map(json.loads, labels.read_text("utf-8").splitlines()))
        return compare([each for each in known if first <= each.first <= last], found)

    def generated(
        self, seeds: Iterable[int], settings: Settings, *, clean: bool
    ) -> Iterator[tuple["Comparison[Any]", int]]:
        from lakehouse.demo.mrhealth.alert_quality import compare
        from lakehouse.demo.mrhealth.day_rows import as_table, rows_of
        from lakehouse.demo.mrhealth.scenario import scenario_of
        from lakehouse.domains.mrhealth.detection.tables import rows_of as alert_rows
        from lakehouse.domains.mrhealth.gold.alerts import alerts
        from lakehouse.platform.alerts.backtest import alerts_in_rows

        for seed in seeds:
            scenario = scenario_of(
                seed,
                first=_begins(seed),
                orders_per_unit=self.orders,
                rounds=0 if clean else 2,
                later=self.later,
            )
            since = scenario.first_incident_day
            rows = rows_of(scenario)
            found = alerts_in_rows(
                alerts,
                alert_rows,
                {name: as_table(each) for name, each in rows.items()},
                settings,
                since,
                scenario.last,
                _inputs((scenario.last - since).days + 1),
            )
            days = sum(row["day"] >= since for row in rows["unit_day"])
            yield compare(scenario.incidents, found), days


def _inputs(days: int) -> "dict[str, ir.Table]":
    """Return what the alerts of restaurants read for a number of days; the table reads fewer."""
    from lakehouse.domains.mrhealth.detection.inputs import inputs_of
    from lakehouse.domains.mrhealth.gold.alerts import alerts

    return inputs_of(*(read.table.unbound for read in alerts.reads), keep_days=days)


class Series(Measured):
    """Alerts of sales, cards or people, which Python code finds in daily figures."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.rules = importlib.import_module(f"lakehouse.domains.{domain}.alert_rules")
        self.detection = importlib.import_module(f"lakehouse.domains.{domain}.detection")
        self.table = importlib.import_module(f"lakehouse.domains.{domain}.gold.alerts").alerts
        self.place = {"sales": "region", "cards": "portfolio", "people": "register"}[domain]

    def between(self, settings: Settings, first: dt.date, last: dt.date) -> tuple[Alerts, int]:
        from lakehouse.platform.alerts.backtest import alerts_between
        from lakehouse.platform.storage.lake import Lake

        lake = Lake(settings.root, settings.file_mb)
        found = alerts_between(self.table, self.detection.rows_of, lake, settings, first, last)
        return found, ((last - first).days + 1) * self.rules.PLACES

    def compared(
        self, labels: Path, found: Alerts, first: dt.date, last: dt.date
    ) -> "Comparison[Any]":
        from lakehouse.demo.incidents.labels import labels_from
        from lakehouse.demo.incidents.quality import compare

        known = labels_from(map(json.loads, labels.read_text("utf-8").splitlines()))
        return compare(self.domain, [each for each in known if first <= each.first <= last], found)

    def generated(
        self, seeds: Iterable[int], settings: Settings, *, clean: bool
    ) -> Iterator[tuple["Comparison[Any]", int]]:
        from lakehouse.demo.incidents.quality import compare
        from lakehouse.platform.alerts.backtest import alerts_in_rows

        generator = importlib.import_module(f"lakehouse.demo.incidents.{self.domain}")
        for seed in seeds:
            scenario = generator.scenario_of(seed, first=_begins(seed), clean=clean)
            found = alerts_in_rows(
                self.table,
                self.detection.rows_of,
                scenario.rows,
                settings,
                scenario.first,
                scenario.last,
            )
            days = ((scenario.last - scenario.first).days + 1) * scenario.places
            yield compare(self.domain, scenario.labels, found), days


def measured_domain(domain: str, orders: float | None, *, later: bool = False) -> Measured:
    """Return what is measured in a domain.

    Raises:
        click.UsageError: the domain has no alerts, or an option does not belong to it.
    """
    if domain == "mrhealth":
        return Restaurants(60.0 if orders is None else orders, later=later)
    if domain not in ("sales", "cards", "people"):
        raise click.UsageError(f"{domain} has no alerts")
    if orders is not None or later:
        raise click.UsageError(
            "--orders and --later belong to the days of restaurants, --domain mrhealth"
        )
    return Series(domain)


def _begins(seed: int) -> dt.date:
    return FIRST + dt.timedelta(days=37 * seed % 300)

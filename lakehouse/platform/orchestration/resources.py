"""The resource of all runs: lake, landing zone and settings, read when a run starts."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from lakehouse.platform.connectors.postgres.snapshots import PostgresSnapshots
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.snapshots import SnapshotReader
from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.workers import worker_path
from lakehouse.platform.orchestration.publishing import publish_run
from lakehouse.platform.privacy.marks import MarkedPersons
from lakehouse.platform.reconciliation.reconcile import BalancesByDay, reconcile
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import as_of, reference_dates
from lakehouse.settings import Settings


class Platform(dg.ConfigurableResource[Any]):
    """The lake, the landing zone and the settings of one run.

    The landing zone is listed once for all datasets of a run, so that files which belong together
    are loaded by the same run.
    """

    quiet_seconds: float | None = None
    """Overrides the setting of this name; 0 also reads files that changed a moment ago."""

    reread: bool = False
    """Also read files whose size and time look unchanged, and compare their bytes."""

    _listings: dict[Any, Listing] = PrivateAttr(default_factory=dict)
    _reference_dates: dict[Any, dict[dt.date, str]] = PrivateAttr(default_factory=dict)
    _as_of: dict[Any, dict[dt.date, str]] = PrivateAttr(default_factory=dict)
    _balances: dict[Any, BalancesByDay] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Platform"]:
        """Hold the lock file of the run, which proves that it is alive; publish at its end."""
        if context.instance is None or context.run is None:
            yield self
            return
        with hold(worker_path(context.instance, context.run.run_id)):
            yield self
            publish_run(context.instance, context.run, self.lake, self.settings)

    @cached_property
    def settings(self) -> Settings:
        """Return the settings of the environment in which the run started."""
        settings = Settings.from_env()
        if self.quiet_seconds is None:
            return settings
        return replace(settings, quiet_seconds=self.quiet_seconds)

    @cached_property
    def lake(self) -> Lake:
        """Return the lake."""
        return Lake(self.settings.root, self.settings.file_mb)

    @cached_property
    def started_at(self) -> dt.datetime:
        """Return when the run started: it tells future and growing files."""
        return dt.datetime.now(dt.UTC)

    def intake(self, domain: Domain) -> Intake:
        """Return where the files of a domain come from and where they go."""
        dsn = domain.spec.value("dsn", self.settings)
        snapshots = PostgresSnapshots(dsn) if dsn else None
        return intake_of(domain, self.lake, self.settings, self.started_at, snapshots)

    def listing(self, domain: Domain, days: tuple[dt.date, ...]) -> Listing:
        """List the files of these days and those outside of day folders, once per run."""
        key = (domain.name, days)
        if key not in self._listings:
            self._listings[key] = self.intake(domain).listing(days)
        return self._listings[key]

    def balances(self, domain: Domain, days: tuple[dt.date, ...]) -> BalancesByDay:
        """Reconcile these days once per run, when every other table of the run is written."""
        key = (domain.name, days)
        if key not in self._balances:
            self._balances[key] = reconcile(domain, self.lake, days)
        return self._balances[key]

    def reference_inputs(self, domain: Domain, days: tuple[dt.date, ...]) -> dict[dt.date, str]:
        """Return the inputs of reference dates, as they were when the run first asked for them."""
        key = (domain.name, days)
        if key not in self._reference_dates:
            self._reference_dates[key] = reference_dates.digests(domain, self.lake, days)
        return self._reference_dates[key]

    def as_of_inputs(self, domain: Domain, days: tuple[dt.date, ...]) -> dict[dt.date, str]:
        """Return the inputs of as-of days, as they were when the run first asked for them."""
        key = (domain.name, days)
        if key not in self._as_of:
            self._as_of[key] = as_of.digests(domain, self.lake, days)
        return self._as_of[key]


def intake_of(
    domain: Domain,
    lake: Lake,
    settings: Settings,
    now: dt.datetime,
    snapshots: SnapshotReader | None = None,
) -> Intake:
    """Return where the files of a domain come from and where they go."""
    return Intake(
        spec=domain.spec,
        landing=landing_zone_of(domain, settings),
        lake=lake,
        settings=settings,
        now=now,
        erased=lambda: MarkedPersons.load(lake, settings, domain.name),
        snapshots=snapshots,
    )

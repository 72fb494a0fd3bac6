"""Build a lake from landed files with the steps of the platform, without Dagster."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lakehouse.demo.files import LandedFile
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.unrecognized_files import stage_unrecognized_files
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.resources import intake_of
from lakehouse.platform.reconciliation.reconcile import reconcile, stage_reconciliation
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings


def land(files: Iterable[LandedFile], settings: Settings) -> None:
    """Put files into the landing zone."""
    store = ObjectStore.at(settings.landing)
    for file in files:
        store.write(file.path, file.data)


def ingest_days(of: Domain, days: Sequence[dt.date], settings: Settings) -> Lake:
    """Commit raw and bronze for these delivery days."""
    lake = Lake(settings.root)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
    intake = intake_of(of, lake, replace(settings, quiet_seconds=0), now)
    listing = intake.listing(None)
    for table in of.tables:
        if table.source is not None and table.layer == "bronze":
            ingest(table, days, intake, listing, note={})
    stage_unrecognized_files(listing, days, intake).commit(note={})
    return lake


def build(days: Sequence[dt.date], settings: Settings, *, domain: str = "mrhealth") -> Lake:
    """Commit every table of a domain for these days, from the landed files.

    Of an as-of table only the last day is made.
    """
    of = load_domain(domain)
    lake = ingest_days(of, days, settings)
    for table in of.tables:
        if table.transform is not None and not table.options.on_request:
            own = days[-1:] if table.as_of else days
            done = stage_days(table, own, lake, settings)
            assert not done.failed_days, f"{table.id}: {done.failed_days}"
            commit(done, lake, note={})
    stage_reconciliation(of, lake, reconcile(of, lake, days)).commit(note={})
    return lake

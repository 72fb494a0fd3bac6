"""Find the days that a domain still has to run, from its deliveries and its reconciliation.

A delivery day is unfinished when its balance was computed from other deliveries than there are
now. A business day is waited for when rows of a delivery need it to be rebuilt. These tables are
the only state: no cursor and no file beside them decides what has to run.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import delivery_fingerprint
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import readable_table


def reconciliation_of(domain: str) -> TableId:
    """Return the table that holds the balances of a domain."""
    return TableId("ops", domain, "reconciliation")


@dataclass(frozen=True, kw_only=True)
class OpenWork:
    """The days that a domain still has to run."""

    unfinished: Mapping[dt.date, str]
    """Delivery days whose deliveries are not reconciled, with the fingerprint of the deliveries."""
    waiting: Mapping[dt.date, str]
    """Business days that deliveries wait for, with a fingerprint of these deliveries."""
    delivered: Mapping[dt.date, int]
    """Number of delivered files of each day."""


@dataclass(frozen=True, kw_only=True)
class DeliveredDay:
    """The deliveries of one day, as far as the logs of the tables show them."""

    fingerprint: str
    files: int


@dataclass(frozen=True, kw_only=True)
class EarlierBalance:
    """The stored balance of one delivery day, before a run replaces it."""

    inputs: str
    """Fingerprint of the deliveries that it was computed from."""
    waiting_days: frozenset[dt.date]


def delivered_days(domain: Domain, lake: Lake) -> dict[dt.date, DeliveredDay]:
    """Return every delivery day of a domain; only the logs of the raw tables are read.

    Files of a dataset without a silver table are not counted: they have no balance to wait for.
    """
    snapshots = {
        source.dataset: lake.table(TableId("raw", domain.name, source.dataset)).snapshot()
        for source in domain.sources
    }
    validated = domain.validating_tables
    found: dict[dt.date, DeliveredDay] = {}
    for day in sorted({day for snapshot in snapshots.values() for day in snapshot.days}):
        files = {dataset: snapshot.by_day.get(day) for dataset, snapshot in snapshots.items()}
        found[day] = DeliveredDay(
            fingerprint=delivery_fingerprint(
                file.data_version if file else None for file in files.values()
            ),
            files=sum(
                file.rows for dataset, file in files.items() if file and dataset in validated
            ),
        )
    return found


def open_work(domain: Domain, lake: Lake) -> OpenWork:
    """Return what a domain still has to run; reads logs, and the files of waiting days."""
    table = readable_table(lake, reconciliation_of(domain.name))
    snapshot = table.snapshot()
    unfinished = {}
    deliveries = delivered_days(domain, lake)
    for day, delivered in deliveries.items():
        file = snapshot.by_day.get(day)
        reconciled = file.bounds.get("inputs", (None, None))[0] if file and file.rows else None
        if delivered.files and reconciled != delivered.fingerprint:
            unfinished[day] = delivered.fingerprint
    waiting: dict[dt.date, str] = {}
    if days := _days_that_wait(snapshot):
        columns = ["waiting_days", "inputs"]
        for row in table.read(days, snapshot=snapshot, columns=columns).to_pylist():
            for day in _parse_days(row["waiting_days"]):
                waiting[day] = delivery_fingerprint([waiting.get(day), row["inputs"]])
    return OpenWork(
        unfinished=unfinished,
        waiting=dict(sorted(waiting.items())),
        delivered={day: each.files for day, each in deliveries.items()},
    )


def earlier_balances(
    domain: Domain, lake: Lake, delivery_days: Sequence[dt.date]
) -> dict[dt.date, EarlierBalance]:
    """Return the stored balances of these delivery days and of every day that waits."""
    table = readable_table(lake, reconciliation_of(domain.name))
    snapshot = table.snapshot()
    if snapshot.schema is None:
        return {}
    days = sorted({*delivery_days, *_days_that_wait(snapshot)})
    columns = ["day", "inputs", "waiting_days"]
    found: dict[dt.date, EarlierBalance] = {}
    for row in table.read(days, snapshot=snapshot, columns=columns).to_pylist():
        known = found.get(row["day"])
        found[row["day"]] = EarlierBalance(
            inputs=known.inputs if known else row["inputs"],
            waiting_days=(known.waiting_days if known else frozenset())
            | _parse_days(row["waiting_days"]),
        )
    return found


def _days_that_wait(snapshot: Snapshot) -> list[dt.date]:
    """Return the delivery days with a file that waits, from the log of the reconciliation."""
    return [f.day for f in snapshot.files if f.rows and f.bounds.get("waiting", (0, 0))[1] == 1]


def _parse_days(text: str | None) -> frozenset[dt.date]:
    return frozenset(dt.date.fromisoformat(day) for day in (text or "").split(",") if day)

"""Reconcile deliveries: every line of a delivered file must end in exactly one outcome.

`reconcile` reads the deliveries, the rows of bronze and the outcomes of silver, and returns one
balance for each file; `stage_reconciliation` writes them for ``ops/<domain>/reconciliation`` by
delivery day. How one file balances is in `balance`; proving the stored balances is in `audit`.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.reconciliation.balance import balance_file
from lakehouse.platform.reconciliation.open_work import (
    EarlierBalance,
    delivered_days,
    earlier_balances,
    reconciliation_of,
)
from lakehouse.platform.reconciliation.touched_days import (
    delivery_days_touching,
    newly_named_days,
    newly_registered_days,
    outdated_snapshot_days,
    reached_days,
    touched_days,
)
from lakehouse.platform.reconciliation.waiting_days import DependentDays, waiting_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.ops_tables import RECONCILIATION, FileBalance
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.stored_rows import stage_ops_table
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.outcomes import outcomes_of

T = TypeVar("T")
FileKey = tuple[dt.date, str, str]
"""Delivery day, path and digest of a file."""
BalancesByDay = dict[dt.date, list[FileBalance]]
"""Balances of the files of each delivery day, by dataset, path and digest."""


def reconcile(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> BalancesByDay:
    """Return the balance of every delivered file that a run over these days may have changed.

    Args:
        domain: the domain of the deliveries.
        lake: where the tables are.
        days: days that the run refreshed in every layer. A delivery day outside of them keeps the
            fingerprint of its deliveries, so that it stays finished or unfinished as it was.
    """
    window = set(days)
    touching = delivery_days_touching(domain, lake, sorted(window))
    earlier = earlier_balances(domain, lake, touching)
    waiting = (day for day, balance in earlier.items() if balance.waiting_days & window)
    return _reconcile(domain, lake, window, sorted({*touching, *waiting}), earlier)


def reconcile_day(domain: Domain, lake: Lake, day: dt.date) -> list[FileBalance]:
    """Return the balances of one delivery day, as a run over this day alone computes them."""
    earlier = earlier_balances(domain, lake, [day])
    return _reconcile(domain, lake, {day}, [day], earlier)[day]


def stage_reconciliation(domain: Domain, lake: Lake, balances: BalancesByDay) -> StagedTables:
    """Write the files of these balances; when they are committed, their days count as processed.

    Deliveries that changed since `reconcile` have another fingerprint, so their day stays
    unfinished.
    """
    rows = {day: RECONCILIATION.to_arrow(files).drop(["day"]) for day, files in balances.items()}
    return stage_ops_table(lake, reconciliation_of(domain.name), RECONCILIATION, rows)


def _reconcile(
    domain: Domain,
    lake: Lake,
    window: Set[dt.date],
    delivery_days: Sequence[dt.date],
    earlier: Mapping[dt.date, EarlierBalance],
) -> BalancesByDay:
    """Return the balances of these delivery days after a run over the days of the window."""
    balances: BalancesByDay = {day: [] for day in delivery_days}
    delivered = delivered_days(domain, lake)
    if not any(day in delivered and delivered[day].files for day in delivery_days):
        return balances
    inputs = {day: delivered[day].fingerprint if day in delivered else "" for day in delivery_days}
    changed = {
        day
        for day in delivery_days
        if day in window and (day not in earlier or earlier[day].inputs != inputs[day])
    }
    for day in set(delivery_days) - window:
        inputs[day] = earlier[day].inputs if day in earlier else ""
    touched = touched_days(domain, lake, delivery_days)
    reached = reached_days(domain, lake, sorted(changed))
    for silver in domain.validating_tables.values():
        for find in (newly_named_days, newly_registered_days):
            for day, earlier_days in find(lake, silver, sorted(changed)).items():
                reached[day] |= earlier_days
    for dataset, silver in domain.validating_tables.items():
        counts = _read_counts(lake, silver, delivery_days)
        for delivery in read_deliveries(lake, domain.name, dataset, delivery_days):
            day = delivery.day
            dependent = DependentDays(
                waited_for=earlier[day].waiting_days if day in earlier else frozenset(),
                touched=touched.get(day, frozenset()),
                reached=reached.get(day, frozenset()),
                outdated=counts.outdated.get(day, frozenset()),
                changed=day in changed,
            )
            waiting = waiting_of(delivery, silver.reads[0].table.source, dependent, window)
            balances[day].append(
                balance_file(
                    delivery,
                    dataset,
                    bronze_rows=_of_file(delivery, counts.bronze, 0),
                    outcomes=_of_file(delivery, counts.outcomes, Counter()),
                    waiting_days=waiting.days,
                    must_wait=waiting.must_wait,
                    inputs=inputs[day],
                )
            )
    for files in balances.values():
        files.sort(key=lambda file: (file.table, file.file, file.digest))
    return balances


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """Rows of the files of one dataset."""

    bronze: Mapping[FileKey, int]
    outcomes: Mapping[FileKey, Counter[str]]
    outdated: Mapping[dt.date, Set[dt.date]]
    """For each delivery day of a snapshot, the days that should show it but do not."""


def _read_counts(lake: Lake, silver: Table, delivery_days: Sequence[dt.date]) -> _Counts:
    return _Counts(
        bronze=_bronze_rows(lake, silver.reads[0].table, delivery_days),
        outcomes=_outcomes(lake, silver, delivery_days),
        outdated=(
            outdated_snapshot_days(lake, silver, delivery_days) if silver.options.snapshot else {}
        ),
    )


def _of_file(delivery: Delivery, counts: Mapping[FileKey, T], nothing: T) -> T:
    """Return the count of a file; nothing for a duplicate, which has the key of another file."""
    if not delivery.has_rows:
        return nothing
    return counts.get((delivery.day, delivery.file, delivery.digest), nothing)


def _bronze_rows(lake: Lake, bronze: Table, delivery_days: Sequence[dt.date]) -> dict[FileKey, int]:
    """Count the rows of each file in bronze."""
    table = lake.table(bronze.id)
    snapshot = table.snapshot()
    if snapshot.schema is None:
        return {}
    counted = table.counts(["day", "_file", "_digest"], delivery_days, snapshot=snapshot)
    return {(row["day"], row["_file"], row["_digest"]): row["rows"] for row in counted.to_pylist()}


def _outcomes(
    lake: Lake, silver: Table, delivery_days: Sequence[dt.date]
) -> dict[FileKey, Counter[str]]:
    """Count the rows of each file by outcome, over all business days."""
    table = lake.table(outcomes_of(silver.id))
    snapshot = table.snapshot()
    if snapshot.schema is None:
        return {}
    business_days = [
        file.day
        for file in snapshot.files
        if file.rows
        and file.bounds["delivery_day"][0] <= delivery_days[-1]
        and file.bounds["delivery_day"][1] >= delivery_days[0]
    ]
    columns = ["delivery_day", "file", "digest", "outcome"]
    counted = table.counts(columns, business_days, snapshot=snapshot)
    wanted = pc.is_in(counted["delivery_day"], pa.array(list(delivery_days), pa.date32()))
    outcomes: dict[FileKey, Counter[str]] = defaultdict(Counter)
    for row in counted.filter(wanted).to_pylist():
        outcomes[row["delivery_day"], row["file"], row["digest"]][row["outcome"]] = row["rows"]
    return outcomes

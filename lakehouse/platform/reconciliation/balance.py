"""The balance of every delivery: what landed is what is somewhere, row for row.

    physical lines = header + continuation + unparsable + withheld + bronze rows
    bronze rows    = silver + quarantine + duplicate + superseded

``withheld`` counts the lines of a file that was rejected, held or a duplicate as a whole. The
balance is kept by delivery day in ``ops/<domain>/reconciliation``. It is also the lake's memory of
what is finished: a day whose balance was made from other deliveries than there are now, or whose
rows wait for business days outside of the run, is asked for again.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as arrow
import pyarrow.compute as pc

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Delivery, Status, delivery_fingerprint
from lakehouse.platform.tables.ops_tables import RECONCILIATION, Balance
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.tables.upgrade import readable_table
from lakehouse.platform.transform.inputs import valid_snapshots
from lakehouse.platform.transform.outcomes import DUPLICATE, KEPT, REJECTED, SUPERSEDED, outcomes_of

JOINED_DAYS = 400
"""Delivery days whose keys are in memory at once."""

T = TypeVar("T")


def reconciliation_of(domain: str) -> TableId:
    """Where a domain's balances are kept."""
    return TableId("ops", domain, "reconciliation")


@dataclass(frozen=True, kw_only=True)
class State:
    """What the books of a domain say is done and not done."""

    unfinished: Mapping[dt.date, str]
    """Delivery days whose deliveries are not the balanced ones, with their fingerprint."""
    waiting: Mapping[dt.date, str]
    """Business days that deliveries still wait for, with a fingerprint of those deliveries."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What was delivered for one day, read from the logs alone."""

    fingerprint: str
    files: int


def inputs_of(domain: Domain, lake: Lake) -> dict[dt.date, Inputs]:
    """For each delivery day the fingerprint of its deliveries, and how many files they are."""
    shown = [
        lake.table(TableId("raw", domain.name, source.dataset)).snapshot()
        for source in domain.sources
    ]
    found: dict[dt.date, Inputs] = {}
    for day in sorted({day for snapshot in shown for day in snapshot.days}):
        files = [snapshot.by_day.get(day) for snapshot in shown]
        found[day] = Inputs(
            fingerprint=delivery_fingerprint(file.data_version if file else None for file in files),
            files=sum(file.rows for file in files if file),
        )
    return found


def state(domain: Domain, lake: Lake) -> State:
    """What a domain still has to do; reads logs, and files of waiting days only."""
    table = readable_table(lake, reconciliation_of(domain.name))
    shown = table.snapshot()
    unfinished = {}
    for day, delivered in inputs_of(domain, lake).items():
        file = shown.by_day.get(day)
        made = file.bounds.get("inputs", (None, None))[0] if file and file.rows else None
        if delivered.files and made != delivered.fingerprint:
            unfinished[day] = delivered.fingerprint
    held = [f.day for f in shown.files if f.rows and f.bounds.get("waiting", (0, 0))[1] == 1]
    waiting: dict[dt.date, str] = {}
    if held:
        for row in table.read(held, snapshot=shown, columns=["waiting_days", "inputs"]).to_pylist():
            for day in _days_of(row["waiting_days"]):
                waiting[day] = delivery_fingerprint([waiting.get(day), row["inputs"]])
    return State(unfinished=unfinished, waiting=dict(sorted(waiting.items())))


def judged_tables(domain: Domain) -> dict[str, Table]:
    """The silver table that accounts for the landed rows of each dataset."""
    return {table.reads[0].table.id.table: table for table in domain.stored if table.validates_rows}


def affected_deliveries(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> list[dt.date]:
    """Delivery days whose rows may lie on these business days, and the days themselves."""
    found = set(days)
    for table in domain.stored:
        if table.source is None or table.source.business_day is None or table.layer != "bronze":
            continue
        for file in lake.table(table.id).snapshot().files:
            low, high = file.bounds.get("_business_day", (None, None))
            if low is not None and low <= days[-1] and high >= days[0]:
                found.add(file.day)
    return sorted(found)


def balances(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> dict[dt.date, arrow.Table]:
    """The balance of every delivery that these days touch.

    The days are those that the run refreshed in every layer; rows on other days may have to wait,
    and a day outside of them stays as finished or unfinished as it was. Gives a table of `RECONCILIATION.schema`
    for each delivery day.
    """
    window = set(days)
    asked = affected_deliveries(domain, lake, sorted(window))
    previous = _previous(domain, lake, asked)
    delivery_days = sorted({*asked, *(d for d, was in previous.items() if was.waits & window)})
    return _balances(domain, lake, window, delivery_days, previous)


def balance_of(domain: Domain, lake: Lake, day: dt.date) -> arrow.Table:
    """The balance of what was delivered on one day, as a run over this day alone makes it."""
    previous = _previous(domain, lake, [day])
    return _balances(domain, lake, {day}, [day], previous)[day]


def _balances(
    domain: Domain,
    lake: Lake,
    window: Set[dt.date],
    delivery_days: Sequence[dt.date],
    previous: "Mapping[dt.date, _Before]",
) -> dict[dt.date, arrow.Table]:
    """The balance of these delivery days after a run over the days of the window."""
    inputs = inputs_of(domain, lake)
    if not any(day in inputs and inputs[day].files for day in delivery_days):
        return {day: RECONCILIATION.schema.empty_table() for day in delivery_days}
    rows: dict[dt.date, list[dict[str, object]]] = {day: [] for day in delivery_days}
    touched = _touched(domain, lake, delivery_days)
    changed = [
        day
        for day in delivery_days
        if day in window
        and (day not in previous or previous[day].inputs != inputs[day].fingerprint)
    ]
    reached = reached_days(domain, lake, changed)
    for dataset, silver in judged_tables(domain).items():
        deliveries = _deliveries(domain, lake, dataset, delivery_days)
        in_bronze = _bronze_counts(lake, silver.reads[0].table, delivery_days)
        fates = _fates(lake, silver, delivery_days)
        stale = _stale_days(lake, silver, delivery_days) if silver.options.snapshot else {}
        source = silver.reads[0].table.source
        for delivery in deliveries:
            counted = _own(delivery, in_bronze, 0)
            fate = _own(delivery, fates, Counter())
            waits = previous[delivery.day].waits if delivery.day in previous else set()
            rest = set(waits)
            if not waits - window or delivery.day in changed:
                rest |= touched.get(delivery.day, set())
            if silver.options.snapshot and delivery.status is Status.LOADED:
                rest |= stale.get(delivery.day, set())
            open_days = stale.get(delivery.day, set()) - window
            if source is not None and (source.key or source.affects):
                open_days |= (waits | reached.get(delivery.day, set())) - window
                rest |= open_days
            rows[delivery.day].append(
                _balanced(
                    delivery,
                    dataset,
                    counted,
                    fate,
                    sorted(rest - window),
                    must_wait=bool(open_days) and delivery.status is Status.LOADED,
                )
            )
    for day in delivery_days:
        rows[day].sort(key=lambda row: (str(row["table"]), str(row["file"]), str(row["digest"])))
        was = previous.get(day)
        for row in rows[day]:
            if day in window:
                row["inputs"] = inputs[day].fingerprint
            else:
                row["inputs"] = was.inputs if was else ""
    return {
        day: arrow.Table.from_pylist(rows[day], schema=RECONCILIATION.schema)
        for day in delivery_days
    }


def _own(delivery: Delivery, found: Mapping[tuple[dt.date, str, str], T], nothing: T) -> T:
    """What was found of a delivery; of a repetition nothing, though path and digest are equal."""
    if not delivery.has_rows:
        return nothing
    return found.get((delivery.day, delivery.file, delivery.digest), nothing)


def _balanced(
    delivery: Delivery,
    dataset: str,
    bronze_rows: int,
    fate: Mapping[str, int],
    rest: Sequence[dt.date],
    *,
    must_wait: bool,
) -> dict[str, object]:
    """One delivery's row; `rest` are the days it may wait for."""
    withheld = 0 if delivery.has_rows else delivery.physical_lines
    accounted = (
        delivery.header_lines
        + delivery.continuation_lines
        + delivery.unparsable_lines
        + bronze_rows
        if delivery.has_rows
        else withheld
    )
    of_lines = delivery.physical_lines - accounted
    of_rows = bronze_rows - sum(fate.values())
    stale = sum(n for outcome, n in fate.items() if outcome != SUPERSEDED)
    misplaced = stale if delivery.status is Status.SUPERSEDED else 0
    difference = of_lines + of_rows
    open_rows = of_rows != 0 or misplaced != 0 or must_wait
    if of_lines or (open_rows and not rest):
        balance = Balance.UNBALANCED
    else:
        balance = Balance.WAITING if open_rows else Balance.BALANCED
    waiting = balance is Balance.WAITING
    return {
        "day": delivery.day,
        "table": dataset,
        "unit": delivery.unit,
        "file": delivery.file,
        "digest": delivery.digest,
        "status": delivery.status.value,
        "physical_lines": delivery.physical_lines,
        "header_lines": delivery.header_lines if delivery.has_rows else 0,
        "continuation_lines": delivery.continuation_lines if delivery.has_rows else 0,
        "unparsable_lines": delivery.unparsable_lines if delivery.has_rows else 0,
        "excluded_lines": withheld,
        "bronze_rows": bronze_rows,
        "silver_rows": fate.get(KEPT, 0),
        "quarantined_rows": fate.get(REJECTED, 0),
        "duplicate_rows": fate.get(DUPLICATE, 0),
        "superseded_rows": fate.get(SUPERSEDED, 0),
        "difference": difference or (misplaced if balance is Balance.UNBALANCED else 0),
        "balance": balance.value,
        "waiting_days": ",".join(d.isoformat() for d in rest) if waiting else None,
        "waiting": int(waiting),
    }


def _deliveries(
    domain: Domain, lake: Lake, dataset: str, days: Sequence[dt.date]
) -> list[Delivery]:
    return read_deliveries(lake, domain.name, dataset, days)


def _bronze_counts(
    lake: Lake, bronze: Table, days: Sequence[dt.date]
) -> dict[tuple[dt.date, str, str], int]:
    table = lake.table(bronze.id)
    shown = table.snapshot()
    if shown.schema is None:
        return {}
    counted = table.counts(["day", "_file", "_digest"], days, snapshot=shown)
    return {(row["day"], row["_file"], row["_digest"]): row["rows"] for row in counted.to_pylist()}


def _fates(
    lake: Lake, silver: Table, days: Sequence[dt.date]
) -> dict[tuple[dt.date, str, str], Counter[str]]:
    """What became of the rows of each delivery, over all business days."""
    table = lake.table(outcomes_of(silver.id))
    shown = table.snapshot()
    if shown.schema is None:
        return {}
    wanted = [
        file.day
        for file in shown.files
        if file.rows
        and file.bounds["delivery_day"][0] <= days[-1]
        and file.bounds["delivery_day"][1] >= days[0]
    ]
    counted = table.counts(["delivery_day", "file", "digest", "outcome"], wanted, snapshot=shown)
    asked = pc.is_in(counted["delivery_day"], arrow.array(list(days), arrow.date32()))
    fates: dict[tuple[dt.date, str, str], Counter[str]] = defaultdict(Counter)
    for row in counted.filter(asked).to_pylist():
        fates[row["delivery_day"], row["file"], row["digest"]][row["outcome"]] = row["rows"]
    return fates


def _touched(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> dict[dt.date, set[dt.date]]:
    """Business days that the rows of each delivery day lie on, the day itself among them."""
    found: dict[dt.date, set[dt.date]] = {day: {day} for day in days}
    for table in domain.stored:
        if table.source is None or table.source.business_day is None or table.layer != "bronze":
            continue
        stored = lake.table(table.id)
        shown = stored.snapshot()
        if shown.schema is None:
            continue
        pairs = stored.counts(["day", "_business_day"], days, snapshot=shown)
        for row in pairs.to_pylist():
            found[row["day"]].add(row["_business_day"])
    return found


def reached_days(
    domain: Domain, lake: Lake, days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Business days whose tables depend on rows of these delivery days through a key.

    Rows of the same key on other days are beaten by what arrived, or stand again where a newer
    version lacks them; rows of a dataset that is affected find what they refer to.
    """
    found: dict[dt.date, set[dt.date]] = {day: set() for day in days}
    if not days:
        return found
    for source in domain.sources:
        arrived = TableId("bronze", domain.name, source.dataset)
        own = {source.dataset: source.key} if source.key else {}
        for dataset, columns in {**own, **source.affects}.items():
            other = TableId("bronze", domain.name, dataset)
            for day, reached in _joined(lake, arrived, other, columns, source.ignored_parts, days):
                found[day].add(reached)
    return found


def _joined(
    lake: Lake,
    arrived: TableId,
    other: TableId,
    columns: Sequence[str],
    ignored: Mapping[str, str],
    days: Sequence[dt.date],
) -> Iterator[tuple[dt.date, dt.date]]:
    """Delivery day of a row, and business day of a row of the other table with equal columns.

    What is ignored of a column need not be equal.
    """
    here, there = lake.table(arrived), lake.table(other)
    shown = there.snapshot()
    if shown.schema is None or here.snapshot().schema is None:
        return
    keys = _counting(here.counts([*columns, "day"], days).drop(["rows"]), ignored)
    keys = keys.rename_columns([*columns, "arrived_on"])
    filled = [file.day for file in shown.files if file.rows]
    for start in range(0, len(filled), JOINED_DAYS):
        part = filled[start : start + JOINED_DAYS]
        rows = there.read(part, snapshot=shown, columns=[*columns, "_business_day", "day"])
        on_day = pc.coalesce(rows["_business_day"], rows["day"])
        rows = _counting(rows.select(list(columns)), ignored).append_column("on_day", on_day)
        pairs = rows.join(keys, list(columns), join_type="inner")
        for row in pairs.group_by(["arrived_on", "on_day"]).aggregate([]).to_pylist():
            yield row["arrived_on"], row["on_day"]


def _counting(rows: arrow.Table, ignored: Mapping[str, str]) -> arrow.Table:
    """The rows with what counts of their columns."""
    for place, name in enumerate(rows.column_names):
        if name in ignored:
            counting = pc.replace_substring_regex(rows[name], ignored[name], "")
            rows = rows.set_column(place, name, counting)
    return rows


def _stale_days(lake: Lake, silver: Table, days: Sequence[dt.date]) -> dict[dt.date, set[dt.date]]:
    """For each of these snapshot days, materialized days that should show it and do not."""
    bronze = lake.table(silver.reads[0].table.id)
    shown = lake.table(silver.id).snapshot()
    taken = bronze.snapshot()
    if not shown.files or not taken.files:
        return {}
    valid = valid_snapshots(taken, shown.days)
    current = _current_versions(
        bronze.read(days, snapshot=taken, columns=["day", "_digest", "_superseded"])
    )
    stale: dict[dt.date, set[dt.date]] = defaultdict(set)
    for file in shown.files:
        wanted = valid.get(file.day)
        if wanted is None or wanted not in current:
            continue
        used = file.bounds.get("snapshot_day", (None, None))[0]
        version = file.bounds.get("snapshot_version", (None, None))[0]
        if used != wanted or (version is not None and version != current.get(wanted)):
            stale[wanted].add(file.day)
    return stale


def _current_versions(rows: arrow.Table) -> dict[dt.date, str]:
    kept = rows.filter(pc.invert(rows["_superseded"]))
    pairs = kept.group_by(["day", "_digest"]).aggregate([])
    return {row["day"]: row["_digest"][:16] for row in pairs.to_pylist()}


@dataclass(frozen=True, kw_only=True)
class _Before:
    """What the balance of a delivery day said before this run."""

    inputs: str
    waits: set[dt.date]


def _previous(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> dict[dt.date, _Before]:
    """What was said before of these days, and of every day that waits for another."""
    table = readable_table(lake, reconciliation_of(domain.name))
    shown = table.snapshot()
    if shown.schema is None:
        return {}
    waiting = {f.day for f in shown.files if f.rows and f.bounds.get("waiting", (0, 0))[1] == 1}
    found: dict[dt.date, _Before] = {}
    for row in table.read(
        sorted({*days, *waiting}), snapshot=shown, columns=["day", "inputs", "waiting_days"]
    ).to_pylist():
        before = found.setdefault(row["day"], _Before(inputs=row["inputs"], waits=set()))
        before.waits.update(_days_of(row["waiting_days"]))
    return found


def _days_of(text: str | None) -> set[dt.date]:
    return {dt.date.fromisoformat(day) for day in (text or "").split(",") if day}


def record(
    domain: Domain,
    lake: Lake,
    days: Sequence[dt.date],
    *,
    note: dict[str, str],
    made: dict[dt.date, arrow.Table] | None = None,
) -> dict[dt.date, arrow.Table]:
    """Make and commit the balances of a run; every day of it counts as processed.

    `made` are its `balances` where the run knows them already. Deliveries that changed since then
    do not match their fingerprint, so the day is asked for again.
    """
    made = balances(domain, lake, days) if made is None else made
    table = lake.table(reconciliation_of(domain.name))
    table.write(
        {day: rows.drop(["day"]) for day, rows in made.items()},
        schema=RECONCILIATION.stored,
        note=note,
    )
    return made

"""Find the business days that depend on deliveries, and the deliveries behind business days.

A delivery of one day may have rows of many business days. Other days depend on it through a key:
a row with the same key on another day wins or loses against its rows, and rows that refer to them
find another parent.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Read, Table
from lakehouse.platform.transform.inputs import valid_snapshots
from lakehouse.platform.transform.snapshots import comparable_texts

JOINED_DAYS = 400
"""Delivery days whose keys are in memory at once."""


def delivery_days_touching(domain: Domain, lake: Lake, days: Sequence[dt.date]) -> list[dt.date]:
    """Return these business days and every delivery day that may have rows of them.

    Args:
        domain: the domain of the deliveries.
        lake: where the tables are; only their logs are read.
        days: business days in order.
    """
    found = set(days)
    for table in _bronze_by_business_day(domain):
        for file in lake.table(table.id).snapshot().files:
            low, high = file.bounds.get("_business_day", (None, None))
            if low is not None and low <= days[-1] and high >= days[0]:
                found.add(file.day)
    return sorted(found)


def touched_days(
    domain: Domain, lake: Lake, delivery_days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Return for each delivery day the business days of its rows, and the day itself."""
    found: dict[dt.date, set[dt.date]] = {day: {day} for day in delivery_days}
    for table in _bronze_by_business_day(domain):
        stored = lake.table(table.id)
        snapshot = stored.snapshot()
        if snapshot.schema is None:
            continue
        pairs = stored.counts(["day", "_business_day"], delivery_days, snapshot=snapshot)
        for row in pairs.to_pylist():
            found[row["day"]].add(row["_business_day"])
    return found


def reached_days(
    domain: Domain, lake: Lake, delivery_days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Return for each delivery day the business days that share a key with its rows.

    On these days a row of the same key may lose against a newer one, or win again when a newer
    version of a file lacks it. Rows of a dataset that the source affects find their parent there.
    """
    found: dict[dt.date, set[dt.date]] = {day: set() for day in delivery_days}
    if not delivery_days:
        return found
    for source in domain.sources:
        delivered = TableId("bronze", domain.name, source.dataset)
        own = {source.dataset: source.key} if source.key else {}
        for dataset, columns in {**own, **source.affects}.items():
            other = TableId("bronze", domain.name, dataset)
            for day, reached in _joined_days(
                lake, delivered, other, columns, source.ignored_parts, delivery_days
            ):
                found[day].add(reached)
    return found


def outdated_snapshot_days(
    lake: Lake, silver: Table, delivery_days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Return for each delivery day of a snapshot the stored days that should show it but do not."""
    bronze = lake.table(silver.reads[0].table.id)
    stored = lake.table(silver.id).snapshot()
    delivered = bronze.snapshot()
    if not stored.files or not delivered.files:
        return {}
    valid = valid_snapshots(delivered, stored.days)
    current = _current_versions(
        bronze.read(delivery_days, snapshot=delivered, columns=["day", "_digest", "_superseded"])
    )
    outdated: dict[dt.date, set[dt.date]] = defaultdict(set)
    for file in stored.files:
        expected = valid.get(file.day)
        if expected is None or expected not in current:
            continue
        used = file.bounds.get("snapshot_day", (None, None))[0]
        version = file.bounds.get("snapshot_version", (None, None))[0]
        if file.bounds.get("snapshot_day", (None, None))[1] != used:  # rows of later ones, too
            version = _version_of(lake, silver, file.day, expected)
        if used != expected or (version is not None and version != current[expected]):
            outdated[expected].add(file.day)
    return outdated


def newly_registered_days(
    lake: Lake, silver: Table, delivery_days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Return for each delivery day of a snapshot earlier days that have or should have its rows.

    Known are the days of tables with the option ``later_rows`` only. A day is also returned when a
    snapshot between has such a row no longer: computing it again changes nothing then.
    """
    found: dict[dt.date, set[dt.date]] = {}
    if not silver.options.later_rows:
        return found
    stored = lake.table(silver.id)
    days = stored.snapshot().days
    key = [name for name in silver.contract.key if name != "day"]
    known = [day for day in days if day <= max(delivery_days, default=dt.date.min)]
    if not known:
        return found
    shown: dict[dt.date, dict[tuple[object, ...], dt.date]] = {day: {} for day in known}
    for row in stored.read(known, columns=["day", "snapshot_day", *key]).to_pylist():
        shown[row["day"]][tuple(row[name] for name in key)] = row["snapshot_day"]
    taken = {day for rows in shown.values() for day in rows.values()}
    for delivered in sorted({*delivery_days} & {*known} & taken):
        own = {values for values, day in shown[delivered].items() if day == delivered}
        found[delivered] = {
            day
            for day in known
            if day < delivered
            and (not own <= shown[day].keys() or delivered in shown[day].values())
        }
    return found


def newly_named_days(
    lake: Lake, silver: Table, delivery_days: Sequence[dt.date]
) -> dict[dt.date, set[dt.date]]:
    """Return for each delivery day of a snapshot earlier business days that name its new rows.

    New rows are those that the snapshot before it does not have. Without an earlier snapshot there
    are none, because every earlier day shows all rows of the snapshot.
    """
    found: dict[dt.date, set[dt.date]] = {day: set() for day in delivery_days}
    bronze = lake.table(silver.reads[0].table.id)
    filled = [file.day for file in bronze.snapshot().files if file.rows]
    for read in silver.naming_reads:
        for day in delivery_days:
            earlier = [each for each in filled if each < day]
            if day not in filled or not earlier:
                continue
            columns = list(read.names)
            new = _names(bronze.read([day], columns=columns)) - _names(
                bronze.read([earlier[-1]], columns=columns)
            )
            if new:
                found[day] |= _days_that_name(lake, read, new, day)
    return found


def _days_that_name(
    lake: Lake, read: Read, new: set[tuple[str, ...]], before: dt.date
) -> set[dt.date]:
    """Return the business days before a day on which delivered rows have one of these values."""
    naming = lake.table(read.table.id)
    if naming.snapshot().schema is None:
        return set()
    dated = defaultdict(set)
    if read.dated_by is not None and lake.table(read.dated_by.id).snapshot().schema is not None:
        pairs = lake.table(read.dated_by.id).read(columns=["day", "_business_day"])
        for row in pairs.group_by(["day", "_business_day"]).aggregate([]).to_pylist():
            dated[row["day"]].add(row["_business_day"] or row["day"])
    rows = naming.read(columns=[*read.names, "_business_day", "day"])
    keys = pa.table({name: comparable_texts(rows[name]) for name in read.names})
    keys = keys.append_column("delivered", rows["day"])
    keys = keys.append_column("business_day", pc.coalesce(rows["_business_day"], rows["day"]))
    found = set()
    for row in keys.group_by(keys.column_names).aggregate([]).to_pylist():
        if tuple(row[name] for name in read.names) in new:
            found |= {row["business_day"], *dated[row["delivered"]]}
    return {day for day in found if day < before}


def _names(rows: pa.Table) -> set[tuple[str, ...]]:
    """Return the values by which rows of a snapshot are named."""
    texts = [comparable_texts(column).to_pylist() for column in rows.columns]
    return set(zip(*texts, strict=True))


def _version_of(lake: Lake, silver: Table, day: dt.date, snapshot_day: dt.date) -> str | None:
    """Return the version of one of the snapshots that a day of silver shows."""
    rows = lake.table(silver.id).read([day], columns=["snapshot_day", "snapshot_version"])
    versions = rows.filter(pc.equal(rows["snapshot_day"], pa.scalar(snapshot_day)))
    return min(versions["snapshot_version"].to_pylist(), default=None)


def _bronze_by_business_day(domain: Domain) -> Iterator[Table]:
    """Return the bronze tables whose rows name a business day of their own."""
    for table in domain.tables:
        if table.layer == "bronze" and table.source and table.source.business_day is not None:
            yield table


def _joined_days(
    lake: Lake,
    delivered: TableId,
    other: TableId,
    columns: Sequence[str],
    ignored_parts: Mapping[str, str],
    delivery_days: Sequence[dt.date],
) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield delivery day and business day of rows of two tables with equal columns.

    The delivery day is that of a delivered row, the business day that of a row of the other table.
    """
    stored, target = lake.table(delivered), lake.table(other)
    snapshot = target.snapshot()
    if snapshot.schema is None or stored.snapshot().schema is None:
        return
    keys = stored.counts([*columns, "day"], delivery_days).drop(["rows"])
    keys = _without_ignored_parts(keys, ignored_parts)
    keys = keys.rename_columns([*columns, "delivery_day"])
    filled = [file.day for file in snapshot.files if file.rows]
    for start in range(0, len(filled), JOINED_DAYS):
        part = filled[start : start + JOINED_DAYS]
        rows = target.read(part, snapshot=snapshot, columns=[*columns, "_business_day", "day"])
        business_day = pc.coalesce(rows["_business_day"], rows["day"])
        rows = _without_ignored_parts(rows.select(list(columns)), ignored_parts)
        rows = rows.append_column("business_day", business_day)
        pairs = rows.join(keys, list(columns), join_type="inner")
        for row in pairs.group_by(["delivery_day", "business_day"]).aggregate([]).to_pylist():
            yield row["delivery_day"], row["business_day"]


def _without_ignored_parts(rows: pa.Table, ignored_parts: Mapping[str, str]) -> pa.Table:
    """Return rows without the parts of key values that do not distinguish keys."""
    for place, name in enumerate(rows.column_names):
        if name in ignored_parts:
            values = pc.replace_substring_regex(rows[name], ignored_parts[name], "")
            rows = rows.set_column(place, name, values)
    return rows


def _current_versions(rows: pa.Table) -> dict[dt.date, str]:
    """Return the first 16 digits of the digest of the current snapshot of each delivery day."""
    current = rows.filter(pc.invert(rows["_superseded"]))
    pairs = current.group_by(["day", "_digest"]).aggregate([])
    return {row["day"]: row["_digest"][:16] for row in pairs.to_pylist()}

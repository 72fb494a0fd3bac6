"""Monthly tables: which months exist, and which of them have to be computed again.

A month is computed from the days of its upstream tables that are within its reach. The digest of
the data versions of these days is stored in ``ops/<domain>/months``. A month is out of date when
the current digest differs, which is decided from the Delta logs without reading rows.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import MONTHS, MonthInputs
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Monthly, Table, months_after
from lakehouse.settings import Settings


def months_of(domain: str) -> TableId:
    """Return the ops table that records from which data each month was computed."""
    return TableId("ops", domain, MONTHS.name)


def monthly_tables(domain: Domain) -> tuple[Table, ...]:
    """Return the domain's stored monthly tables, each after the tables it reads."""
    return tuple(table for table in domain.tables if table.options.monthly)


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the first days of the months that a range of days touches.

    >>> len(months_between(dt.date(2024, 1, 31), dt.date(2024, 3, 1)))
    3
    """
    found = [months_after(first, 0)]
    while (following := months_after(found[-1], 1)) <= last:
        found.append(following)
    return found


def months_out_of_date(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """Return the months to compute, each with what identifies the work.

    That is the digest of the data and the version of the record, so that work is asked for again
    when the data returns to an earlier state.

    Months from the first day with rows to the month after the last day with rows are computed
    automatically. Later months, up to the current one, are kept up to date after a run has
    computed them once.
    """
    requested = {
        day for table in monthly_tables(domain) for day in lake.table(table.id).snapshot().days
    }
    filled = [
        file.day
        for table in _upstream(domain)
        for file in lake.table(table).snapshot().files
        if file.rows
    ]
    last = months_after(max(filled), 1) if filled else dt.date.min
    record = lake.table(months_of(domain.name)).snapshot()
    recorded = {
        file.day: file.bounds.get("inputs", (None, None))[0] for file in record.files if file.rows
    }
    return {
        month: f"{digest}@{record.version}"
        for month, digest in upstream_digests(domain, lake, settings).items()
        if (month <= last or month in requested) and recorded.get(month) != digest
    }


def record_months(
    domain: Domain, lake: Lake, months: Sequence[dt.date], digests: Mapping[dt.date, str]
) -> None:
    """Commit from which data these months were computed.

    The digests must be those from before the months were computed: a day that changes during the
    run makes its months out of date again.
    """
    count = len(monthly_tables(domain))
    rows = {
        month: MONTHS.to_arrow(
            [MonthInputs(day=month, tables=count, inputs=digests.get(month, ""))]
        )
        for month in months
    }
    lake.table(months_of(domain.name)).write(rows, schema=MONTHS.stored, note={"by": "months"})


def upstream_digests(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """Return for each month the digest of the data that it would be computed from now."""
    today = dt.datetime.now(settings.zone).date()
    found: dict[dt.date, list[str]] = {}
    for table, reach in sorted(_upstream(domain).items()):
        filled = [file for file in lake.table(table).snapshot().files if file.rows]
        if not filled:
            continue
        first = max(months_after(filled[0].day, 1 - reach.after), domain.spec.since)
        last = min(months_after(filled[-1].day, reach.before), months_after(today, 0))
        for month in months_between(first, last) if first <= last else ():
            start, end = reach.reach(month)
            versions = [f"{f.day}={f.data_version}" for f in filled if start <= f.day <= end]
            if versions and month >= domain.spec.since:
                found.setdefault(month, []).append(f"{table.name}:{','.join(versions)}")
    return {
        month: hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]
        for month, texts in sorted(found.items())
    }


def _upstream(domain: Domain) -> dict[TableId, Monthly]:
    """Return the daily tables that monthly tables read, each with the widest reach."""
    found: dict[TableId, Monthly] = {}
    for table in monthly_tables(domain):
        for read in table.reads:
            if table.options.monthly and not read.table.options.monthly:
                known = found.get(read.table.id, table.options.monthly)
                found[read.table.id] = Monthly(
                    before=max(table.options.monthly.before, known.before),
                    after=max(table.options.monthly.after, known.after),
                )
    return found

"""Tables with a partition for each month: which months there are, and which are out of date.

A month is made from the days of its upstream tables that are within its reach. A digest of their
data versions is kept in ``ops/<domain>/months``, so a month is out of date when any of these days
changed, and that is known from the logs alone.
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
    """Where it is kept what each month was made from."""
    return TableId("ops", domain, "months")


def monthly_tables(domain: Domain) -> tuple[Table, ...]:
    """The system's stored tables by month, each after those it reads."""
    return tuple(table for table in domain.stored if table.options.monthly)


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of the months that a range of days touches.

    >>> len(months_between(dt.date(2024, 1, 31), dt.date(2024, 3, 1)))
    3
    """
    found = [months_after(first, 0)]
    while (following := months_after(found[-1], 1)) <= last:
        found.append(following)
    return found


def out_of_date(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """Months that have to be made, each with the digest of what it would be made from.

    Made by themselves are the months from the first day with rows to the month after the last;
    later months, up to the current one, once somebody has asked for them.
    """
    inputs = inputs_of(domain, lake, settings)
    asked = {
        day for table in monthly_tables(domain) for day in lake.table(table.id).snapshot().days
    }
    filled = [
        file.day
        for table in _upstream(domain)
        for file in lake.table(table).snapshot().files
        if file.rows
    ]
    last = months_after(max(filled), 1) if filled else dt.date.min
    wanted = {m: digest for m, digest in inputs.items() if m <= last or m in asked}
    shown = lake.table(months_of(domain.name)).snapshot()
    made = {
        file.day: file.bounds.get("inputs", (None, None))[0] for file in shown.files if file.rows
    }
    return {month: digest for month, digest in wanted.items() if made.get(month) != digest}


def record(
    domain: Domain, lake: Lake, months: Sequence[dt.date], inputs: Mapping[dt.date, str]
) -> None:
    """Note what these months were made from.

    `inputs` are the digests as they were before the tables were made: what changed meanwhile makes
    the month out of date again.
    """
    count = len(monthly_tables(domain))
    rows = {
        month: MONTHS.to_arrow([MonthInputs(day=month, tables=count, inputs=inputs.get(month, ""))])
        for month in months
    }
    lake.table(months_of(domain.name)).write(rows, schema=MONTHS.stored, note={})


def inputs_of(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """For each month the digest of what it would be made from now."""
    today = dt.datetime.now(settings.zone).date()
    found: dict[dt.date, list[str]] = {}
    for name, reach in sorted(_upstream(domain).items()):
        shown = lake.table(name).snapshot()
        filled = [file for file in shown.files if file.rows]
        if not filled:
            continue
        first = max(months_after(filled[0].day, 1 - reach.after), domain.spec.since)
        last = min(months_after(filled[-1].day, reach.before), months_after(today, 0))
        for month in months_between(first, last) if first <= last else ():
            start, end = reach.reach(month)
            versions = [f"{f.day}={f.data_version}" for f in filled if start <= f.day <= end]
            if versions and month >= domain.spec.since:
                found.setdefault(month, []).append(f"{name.name}:{','.join(versions)}")
    return {
        month: hashlib.sha256("|".join(said).encode()).hexdigest()[:16]
        for month, said in sorted(found.items())
    }


def _upstream(domain: Domain) -> dict[TableId, Monthly]:
    """Tables by day that tables by month are made from, each with the widest reach."""
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

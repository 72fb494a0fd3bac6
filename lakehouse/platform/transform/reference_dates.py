"""Reference dates: which of them exist, and which have to be computed again.

A reference date is computed from the days of its upstream tables that are within its reach. The
digest of the data versions of these days is stored in ``ops/<domain>/months``. A date is out of
date when the current digest differs, which is decided from the Delta logs without reading rows.

The first of each month is kept up to date by itself. Other days are made when somebody asks for
them; when their data changes later they are stale, and rebuilt on request.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import MONTHS, ReferenceDateInputs
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import ReferenceDates, Table, months_after
from lakehouse.settings import Settings


def inputs_of(domain: str) -> TableId:
    """Return the ops table that records from which data each reference date was computed."""
    return TableId("ops", domain, MONTHS.name)


def reference_tables(domain: Domain) -> tuple[Table, ...]:
    """Return the domain's tables with reference dates, each after the tables it reads."""
    return tuple(table for table in domain.tables if table.options.reference_dates)


def firsts_of_months(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the first days of the months that a range of days touches.

    >>> len(firsts_of_months(dt.date(2024, 1, 31), dt.date(2024, 3, 1)))
    3
    """
    found = [months_after(first, 0)]
    while (following := months_after(found[-1], 1)) <= last:
        found.append(following)
    return found


def out_of_date(domain: Domain, lake: Lake, settings: Settings) -> dict[dt.date, str]:
    """Return the firsts of months to compute, each with what identifies the work.

    That is the digest of the data and the version of the record, so that work is asked for again
    when the data returns to an earlier state.

    Months from the first day with rows to the month after the last day with rows are computed
    automatically. Later months, up to the current one, are kept up to date after a run has
    computed them once.
    """
    if not reference_tables(domain):
        return {}
    upstream = _filled_days(domain, lake)
    requested = {
        day
        for table in reference_tables(domain)
        for day in lake.table(table.id).snapshot().days
        if day.day == 1
    }
    version, recorded = _recorded(domain, lake)
    return {
        day: f"{digest}@{version}"
        for day, digest in _digests(upstream, _automatic(domain, settings, upstream, requested))
        if recorded.get(day) != digest
    }


def stale_days(domain: Domain, lake: Lake) -> list[dt.date]:
    """Return the computed reference dates whose data changed since, firsts of months included."""
    if not reference_tables(domain):
        return []
    _, recorded = _recorded(domain, lake)
    now = dict(_digests(_filled_days(domain, lake), sorted(recorded)))
    return [day for day, digest in recorded.items() if now.get(day, "") != digest]


def digests(domain: Domain, lake: Lake, days: Iterable[dt.date]) -> dict[dt.date, str]:
    """Return for each day the digest of the data that it would be computed from now.

    A day without data within its reach is left out.
    """
    return dict(_digests(_filled_days(domain, lake), days))


def record_reference_dates(
    domain: Domain, lake: Lake, days: Sequence[dt.date], digests: Mapping[dt.date, str]
) -> None:
    """Commit from which data these days were computed.

    The digests must be those from before the days were computed: data that changes during the run
    makes the day out of date again.
    """
    count = len(reference_tables(domain))
    rows = {
        day: MONTHS.to_arrow(
            [ReferenceDateInputs(day=day, tables=count, inputs=digests.get(day, ""))]
        )
        for day in days
    }
    lake.table(inputs_of(domain.name)).write(rows, schema=MONTHS.stored, note={"by": "months"})


_Upstream = Mapping[TableId, tuple[ReferenceDates, Sequence[DayFiles]]]
"""Of each upstream table the widest reach and the days with rows, in order."""


def _automatic(
    domain: Domain, settings: Settings, upstream: _Upstream, requested: Collection[dt.date]
) -> list[dt.date]:
    """Return the firsts of months that are kept up to date, in order."""
    newest = max((files[-1].day for _, files in upstream.values()), default=None)
    if newest is None:
        return []
    today = dt.datetime.now(settings.zone).date()
    found: set[dt.date] = set()
    for reach, files in upstream.values():
        first = max(months_after(files[0].day, 1 - reach.after), domain.spec.since)
        last = min(months_after(files[-1].day, reach.before), months_after(today, 0))
        found.update(firsts_of_months(first, last) if first <= last else ())
    last = months_after(newest, 1)
    return sorted(d for d in found if d >= domain.spec.since and (d <= last or d in requested))


def _digests(upstream: _Upstream, days: Iterable[dt.date]) -> Iterable[tuple[dt.date, str]]:
    for day in days:
        texts = []
        for table, (dates, files) in sorted(upstream.items()):
            start, end = dates.reach(day)
            versions = [f"{f.day}={f.data_version}" for f in files if start <= f.day <= end]
            if versions:
                texts.append(f"{table.name}:{','.join(versions)}")
        if texts:
            yield day, hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]


def _recorded(domain: Domain, lake: Lake) -> tuple[int, dict[dt.date, str | None]]:
    """Return the version of the record, and the digest of each computed day."""
    record = lake.table(inputs_of(domain.name)).snapshot()
    return record.version, {
        file.day: file.bounds.get("inputs", (None, None))[0] for file in record.files if file.rows
    }


def _filled_days(domain: Domain, lake: Lake) -> _Upstream:
    """Return the by-day tables that tables with reference dates read, if they have rows."""
    reaches: dict[TableId, ReferenceDates] = {}
    for table in reference_tables(domain):
        dates = table.options.reference_dates
        for read in table.reads:
            if dates is not None and not read.table.options.reference_dates:
                known = reaches.get(read.table.id, dates)
                reaches[read.table.id] = ReferenceDates(
                    before=max(dates.before, known.before), after=max(dates.after, known.after)
                )
    found: dict[TableId, tuple[ReferenceDates, Sequence[DayFiles]]] = {}
    for upstream, reach in reaches.items():
        if files := [file for file in lake.table(upstream).snapshot().files if file.rows]:
            found[upstream] = (reach, files)
    return found

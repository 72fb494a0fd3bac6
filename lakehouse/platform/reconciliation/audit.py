"""Audit a domain: prove that what is stored follows from the delivered files.

The stored reconciliation is not trusted. Files are hashed, deliveries and bronze are read again
from the kept bytes, every row is followed to its one outcome, balances are computed again, and
silver and gold are computed again and compared by their data versions. Nothing is written into
the lake, and memory does not grow with the number of days.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from lakehouse.platform.reconciliation.audit_control_totals import audit_control_totals
from lakehouse.platform.reconciliation.audit_deliveries import audit_deliveries
from lakehouse.platform.reconciliation.audit_files import audit_files, audit_logs
from lakehouse.platform.reconciliation.audit_independently import audit_independently
from lakehouse.platform.reconciliation.audit_outcomes import audit_balances, audit_outcomes
from lakehouse.platform.reconciliation.audit_recompute import audit_recomputed
from lakehouse.platform.reconciliation.audit_row_accounts import audit_row_accounts
from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import (
    UNEXPECTED_VALUES,
    UNREADABLE,
    AuditCheck,
    AuditFinding,
    finding,
)
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform.outcomes import outcomes_of
from lakehouse.settings import Settings

Progress = Callable[[dt.date, int, int], None]
"""Called with the day that was audited, the number of audited days, and that of all days."""

GROUP_DAYS = 31
"""Days that are computed again together: preparing an expression costs as much as a day of rows."""

SQL_DAYS = 366
"""Days that plain SQL compares at once; fewer where they have many rows."""


def audit_domain(
    lake: Lake,
    domain: Domain,
    settings: Settings,
    days: Collection[dt.date] | None = None,
    *,
    tables: Collection[TableId] | None = None,
    progress: Progress | None = None,
    skipped: Counter[str] | None = None,
) -> Iterator[AuditFinding]:
    """Yield everything about a domain that differs from what follows from the delivered files.

    Cheap checks come first, so a damaged day is reported soon. A day with a damaged table file is
    not checked further. A table whose log cannot be read is reported, and so is each check that
    needs it; the others go on.

    Args:
        lake: the lake; it is not changed.
        domain: the domain, as its code declares it now.
        settings: of the runs that wrote the lake: limits of files, engine.
        days: delivery days and business days to audit; None for every day.
        tables: only what concerns these tables; None for all.
        progress: called after every day.
        skipped: is extended by the number of files that were not compared, by what and why.
    """
    not_compared = Counter[str]() if skipped is None else skipped

    def audited_lake() -> AuditedLake:
        return AuditedLake(lake=lake, domain=domain, settings=settings, only=tables)

    first = audited_lake()
    yield from audit_logs(first)
    all_days = first.days() if days is None else sorted(set(days))
    all_undamaged: list[dt.date] = []
    for start in range(0, len(all_days), GROUP_DAYS):
        group = all_days[start : start + GROUP_DAYS]
        audited = audited_lake()
        undamaged = []
        for day in group:
            damage = None
            for damage in audit_files(audited, day):
                yield damage
            if damage is None:
                undamaged.append(day)
        for number, day in enumerate(undamaged, start=start):
            yield from _audit_rows(audited, day, not_compared)
            if progress is not None:
                progress(day, number, len(all_days))
        yield from audit_recomputed(audited, undamaged, not_compared)
        all_undamaged += undamaged
        if progress is not None:
            progress(group[-1], start + len(group), len(all_days))
    for start in range(0, len(all_undamaged), SQL_DAYS):
        yield from _audit_by_sql(
            audited_lake(), all_undamaged[start : start + SQL_DAYS], not_compared
        )


def _audit_rows(
    audited: AuditedLake, day: dt.date, skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Audit deliveries, bronze, balances and outcomes of a day with undamaged files."""
    name = audited.domain.name
    for bronze in audited.domain.tables:
        if bronze.layer == "bronze" and bronze.source is not None:
            yield from _without_crash(
                TableId("raw", name, bronze.id.table),
                day,
                AuditCheck.DELIVERIES,
                audit_deliveries(audited, bronze, day),
            )
            yield from _without_crash(
                bronze.id,
                day,
                AuditCheck.INDEPENDENT,
                audit_independently(audited, bronze, day, skipped),
            )
    if audited.only is None or any(table.layer != "gold" for table in audited.only):
        yield from _without_crash(
            reconciliation_of(name), day, AuditCheck.BALANCE, audit_balances(audited, day)
        )
    for silver in audited.domain.validating_tables.values():
        if audited.includes(silver.id, silver.reads[0].table.id):
            yield from _without_crash(
                outcomes_of(silver.id),
                day,
                AuditCheck.ROW_OUTCOMES,
                audit_outcomes(audited, silver, day),
            )


def _audit_by_sql(
    audited: AuditedLake, days: Sequence[dt.date], skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Audit the account of rows, then silver and gold, by plain SQL for all days at once."""
    if not days:
        return
    for silver in audited.domain.validating_tables.values():
        if audited.includes(silver.id, silver.reads[0].table.id):
            yield from _without_crash(
                outcomes_of(silver.id),
                days[0],
                AuditCheck.ROW_ACCOUNTS,
                audit_row_accounts(audited, silver, days, skipped),
            )
    yield from _without_crash(
        reconciliation_of(audited.domain.name),
        days[0],
        AuditCheck.CONTROL_TOTAL,
        audit_control_totals(audited, days, skipped),
    )


def _without_crash(
    table: TableId, day: dt.date, check: AuditCheck, findings: Iterator[AuditFinding]
) -> Iterator[AuditFinding]:
    """Yield findings; values that no run writes end the check with a finding, not with an error."""
    try:
        yield from findings
    except (*UNREADABLE, *UNEXPECTED_VALUES) as error:
        text = f"{type(error).__name__}: {error}"
        yield finding(table, day, check, "values that the platform writes", text)

"""Audit silver and gold by control totals: plain SQL over files that the logs list.

Neither the tables' expressions nor the platform's engine, storage code or classification of rows
takes part. Tables without a control total are counted, not checked.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import (
    UNEXPECTED_VALUES,
    UNREADABLE,
    AuditCheck,
    AuditFinding,
    finding,
)
from lakehouse.platform.reconciliation.independent_reader import (
    IndependentReader,
    LoggedFile,
    TooManyRows,
)
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.control_total import ControlTotal
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.as_of import stale_days

MOST_DIFFERENCES = 10_000
_JOIN = """
    select b.* exclude (day), b.day as _delivery_day, p.day as day {more}
    from {bronze} b join {places} p
    on b.day = p.delivery_day and b._file = p.file and b._digest = p.digest and b._line = p.line
    {where}
"""
_COMPANIONS = {
    "kept": ("outcomes", "", "where p.outcome = 'silver'"),
    "rejected": ("quarantine", ", p.reasons as _reasons", ""),
}


@dataclass(frozen=True, kw_only=True)
class _Missing(Exception):
    """A relation has no file on the days that are looked at."""

    relation: str


def audit_control_totals(
    audited: AuditedLake, days: Sequence[dt.date], skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Compare what the control totals of a domain compute with what is stored for these days.

    Of an as-of table the newest of the days is checked.

    Args:
        audited: the lake; nothing is written there.
        days: days without damaged files.
        skipped: is extended by what was not compared.
    """
    controls: dict[str, list[ControlTotal]] = {}
    for control in audited.domain.control_totals:
        controls.setdefault(control.table, []).append(control)
    stale = set(stale_days(audited.domain, audited.lake))
    reader = IndependentReader(store=audited.lake.store)
    for table in audited.domain.tables:
        if table.transform is None or not audited.includes(table.id):
            continue
        name = f"{table.id.layer}.{table.id.table}"
        stored = set(reader.days(table.id))
        own = [day for day in days if not table.as_of or (day in stored and day not in stale)]
        if not stored or not own:
            continue
        if name not in controls:
            skipped[f"rows of {table.id.name}: no control total is declared"] = 1
            continue
        if table.as_of and len(own) > 1:
            skipped["earlier days of as-of tables: one of each year is compared"] += len(own) - 1
            own = own[-1:]
        for control in controls[name]:
            yield from _audited(audited, reader, table, control, own, skipped)


def _audited(
    audited: AuditedLake,
    reader: IndependentReader,
    table: Table,
    control: ControlTotal,
    days: Sequence[dt.date],
    skipped: Counter[str],
) -> Iterator[AuditFinding]:
    """Run one control total; what cannot be compared is counted or reported, not raised."""
    try:
        yield from _differences(audited, reader, table, control, days)
    except _Missing as missing:
        skipped[f"rows of {table.id.name}: {missing.relation} has no rows on any day"] += 1
    except TooManyRows:
        if len(days) > 1 and not control.all_days:
            half = len(days) // 2
            for part in (days[:half], days[half:]):
                yield from _audited(audited, reader, table, control, part, skipped)
            return
        skipped[f"rows of {table.id.name}: too many to be compared in memory"] += 1
    except duckdb.BinderException as error:
        text = str(error).splitlines()[0]
        skipped[f"rows of {table.id.name}: written under an earlier contract ({text})"] += 1
    except (*UNREADABLE, *UNEXPECTED_VALUES) as error:
        text = f"{type(error).__name__}: {error}"
        expected = "values that the platform writes"
        yield finding(table.id, days[0], AuditCheck.CONTROL_TOTAL, expected, text)


def _differences(
    audited: AuditedLake,
    reader: IndependentReader,
    table: Table,
    control: ControlTotal,
    days: Sequence[dt.date],
) -> Iterator[AuditFinding]:
    """Compare the results of both statements; a finding for each day that differs."""
    relations = _Relations(audited=audited, reader=reader, table=table, control=control, days=days)
    with duckdb.connect(config={"threads": 1}) as connection:
        relations.create(connection)
        connection.execute(f"create table _expected as {control.expected}")
        connection.execute(f"create table _found as {control.found}")
        within = "" if table.as_of else " where day in (select unnest($days))"
        values = None if table.as_of else {"days": list(days)}
        names = [each[0] for each in connection.execute("from _found limit 0").description]
        rows: list[list[tuple[object, ...]]] = []
        for one, other in (("_expected", "_found"), ("_found", "_expected")):
            statement = (
                f"(select * from {one}{within}) except all (select * from {other}{within})"
                f" order by all limit {MOST_DIFFERENCES}"
            )
            rows.append(connection.execute(statement, values).fetchall())
    place = names.index("day") if "day" in names and not table.as_of else None

    def day_of(row: tuple[object, ...]) -> object:
        return days[-1] if place is None else row[place]

    for day in days:
        missing, surplus = ([row for row in each if day_of(row) == day] for each in rows)
        if missing or surplus:
            yield finding(
                table.id,
                day,
                AuditCheck.CONTROL_TOTAL,
                _text(names, missing, "no row that differs"),
                f"{_text(names, surplus, 'no such row')};"
                f" {max(len(missing), len(surplus))} rows differ",
            )


def _text(names: Sequence[str], rows: Sequence[tuple[object, ...]], otherwise: str) -> str:
    if not rows:
        return otherwise
    return "(" + ", ".join(f"{n}={v}" for n, v in zip(names, rows[0], strict=True)) + ")"


@dataclass(frozen=True, kw_only=True)
class _Relations:
    """The relations of one control total, for the days that are compared."""

    audited: AuditedLake
    reader: IndependentReader
    table: Table
    control: ControlTotal
    days: Sequence[dt.date]

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Register every relation that the statements read.

        Raises:
            _Missing: one has no file.
        """
        for schema in sorted({schema for schema, _ in self.control.relations}):
            connection.execute(f"create schema {schema}")
        for number, (schema, name) in enumerate(self.control.relations):
            if schema in ("kept", "rejected"):
                self._join_outcomes(connection, schema, name, number)
                continue
            table = TableId(schema, self.audited.domain.name, name)
            connection.register(f"_r{number}", self._rows(table))
            connection.execute(f"create view {schema}.{name} as from _r{number}")

    def _rows(self, table: TableId) -> pa.Table:
        declared = next((each for each in self.audited.domain.tables if each.id == table), None)
        last = self.days[-1]
        wanted: Callable[[LoggedFile], bool]
        if self.table.as_of and declared is not None and declared.as_of:
            wanted = _on_days({last})
        elif self.table.as_of:
            wanted = lambda file: file.day <= last  # noqa: E731
        elif self.control.all_days:
            wanted = lambda _: True  # noqa: E731
        else:
            wanted = _on_days(set(self.days))
        return self._rows_or_none(table, wanted, self._is_used)

    def _rows_or_none(
        self,
        table: TableId,
        wanted: Callable[[LoggedFile], bool],
        columns: Callable[[str], bool] = lambda _: True,
    ) -> pa.Table:
        """Return rows; of days without a file none, with the columns of the table.

        Raises:
            _Missing: the table has no file on any day.
        """
        rows = self.reader.rows(table, wanted, columns)
        if rows is None and (files := self.reader.files(table)):
            rows = self.reader.rows(table, _on_days({files[0].day}), columns)
            rows = rows if rows is None else rows.slice(0, 0)
        if rows is None:
            raise _Missing(relation=table.name)
        return rows

    def _is_used(self, column: str) -> bool:
        return (
            column in self.control.expected
            or column in self.control.found
            or "*" in (self.control.expected)
        )

    def _join_outcomes(
        self, connection: duckdb.DuckDBPyConnection, schema: str, name: str, number: int
    ) -> None:
        """Create the rows of bronze that have one outcome."""
        silver = self.audited.domain.validating_tables[name].id
        days = set(self.days)
        by_day = (lambda _: True) if self.control.all_days else _on_days(days)
        companion, more, where = _COMPANIONS[schema]
        beside = TableId(silver.layer, silver.domain, silver.table, companion)
        found = self._rows_or_none(beside, by_day)
        delivered = set(found["delivery_day"].to_pylist())
        source = TableId("bronze", silver.domain, name)
        bronze = self._rows_or_none(source, _on_days(delivered))
        connection.register(f"_b{number}", bronze)
        connection.register(f"_p{number}", found)
        statement = _JOIN.format(bronze=f"_b{number}", places=f"_p{number}", more=more, where=where)
        connection.execute(f"create view {schema}.{name} as {statement}")


def _on_days(days: Collection[dt.date]) -> Callable[[LoggedFile], bool]:
    return lambda file: file.day in days

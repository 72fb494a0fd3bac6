"""The declaration of a quality check, and the values that it works with.

A check measures all days with one expression that returns a row for each day. A pure function then
assesses the measured values of each day alone.
"""

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.schema as sch
import ibis.expr.types as ir

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError, contract_of
from lakehouse.platform.tables.ops_model import OpsTable
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.outcomes import quarantine_of

SHOWN_NAMES = 20


class CheckStatus(StrEnum):
    """Status of a check on one day, from best to worst."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The status of one day with its reasons.

    Args:
        status: pass, warn or fail.
        expected: the value or range that passes.
        actual: the measured value.
        details: names or reasons; empty when there are none.
    """

    status: CheckStatus
    expected: str
    actual: str
    details: str = ""


@dataclass(frozen=True, kw_only=True)
class DayFacts:
    """The values that a check measured for one day, and those that they are compared with.

    Args:
        day: the assessed day.
        measured: the row of the day; empty when the tables have no rows on it.
        previous: rows of the earlier days that the check asks for, oldest first; a day that was
            processed without rows is an empty row, a day that was never processed is left out.
        now: the moment of the assessment, in the time zone of the lake.
        deadline_hours: hours after the start of the day when its deliveries are overdue.
    """

    day: dt.date
    measured: Mapping[str, Any]
    previous: Sequence[Mapping[str, Any]] = ()
    now: dt.datetime
    deadline_hours: float


@dataclass(frozen=True, kw_only=True)
class CheckInput:
    """A stored table that a check reads for the assessed days.

    Args:
        id: the table.
        columns: returns the columns that are read; a check that is not evaluated needs none.
        as_of: each day reads the newest stored day up to it that has rows, as with reference
            tables; so a day without a delivery still has expected values.
        newest: every day reads the newest stored day that has any rows, under its own date.
    """

    id: TableId
    columns: Callable[[], sch.Schema] = field(compare=False)
    as_of: bool = False
    newest: bool = False

    @functools.cached_property
    def schema(self) -> sch.Schema:
        """The columns that are read."""
        return self.columns()

    @property
    def name(self) -> str:
        """Name of the relation in the expression."""
        kind = "__as_of" if self.as_of else "__newest" if self.newest else ""
        return self.id.path.replace("/", "__") + kind

    @property
    def unbound(self) -> ir.Table:
        """The table without data, to build expressions on."""
        return ibis.table(self.schema, name=self.name)


def rows_of(table: Table, *, as_of: bool = False, newest: bool = False) -> CheckInput:
    """Return the input of a table's stored rows."""
    return CheckInput(
        id=table.id, columns=lambda: table.contract.schema, as_of=as_of, newest=newest
    )


def rejected_rows_of(table: Table) -> CheckInput:
    """Return the input of the rows that a table rejected, by business day."""
    return CheckInput(
        id=quarantine_of(table.id), columns=lambda: sch.Schema.from_pyarrow(QUARANTINE.schema)
    )


def ops_rows_of(table: OpsTable[Any], domain: str) -> CheckInput:
    """Return the input of the rows of an ops table about one domain."""
    return CheckInput(
        id=TableId("ops", domain, table.name), columns=lambda: contract_of(table.model).schema
    )


@dataclass(frozen=True, kw_only=True)
class QualityCheck:
    """One question about the lake that is answered for every day.

    Args:
        name: unique among the checks of `table`.
        category: kind of check, such as freshness.
        table: the table that the check is about; the Dagster UI shows it there.
        description: what passes, warns and fails, in one sentence.
        inputs: the tables that `measure` takes, in this order.
        measure: returns a table with the column ``day`` and measured values, at most one row a day.
        assess: turns the measured values of a day into a status.
        previous_days: number of days before the assessed one that `assess` compares with.
        blocking: a failed day makes the run fail after the log is written; for conditions that only
            the platform itself can break.
        enforced_by: the rule that enforces the same condition before rows are stored; empty when
            there is none.

    `require_day` compares the measurement with its inputs when the domain is loaded.
    """

    name: str
    category: str
    table: TableId
    description: str
    inputs: tuple[CheckInput, ...]
    measure: Callable[..., ir.Table]
    assess: Callable[[DayFacts], Assessment]
    previous_days: int = 0
    blocking: bool = False
    enforced_by: str = ""

    def require_day(self) -> None:
        """Build the measurement, so that a missing column stops the import.

        Raises:
            ContractError: the measurement has no column ``day``.
        """
        if "day" not in self.expression.columns:
            raise ContractError(f"{self.id}: the measurement has no column 'day'")

    @property
    def id(self) -> str:
        """Table and name; the same in every run."""
        return f"{self.table.name}.{self.name}"

    @functools.cached_property
    def expression(self) -> ir.Table:
        """The measurement over unbound tables."""
        return self.measure(*(each.unbound for each in self.inputs))

    @functools.cached_property
    def sql(self) -> str:
        """The measurement over all stored days, as SQL with the table names of the lake."""
        text = str(ibis.to_sql(self.expression, dialect="duckdb"))
        for each in self.inputs:
            text = text.replace(f'"{each.name}"', each.id.name)
        return text


@dataclass(frozen=True, kw_only=True)
class CheckedDay:
    """The assessment of one day by one check.

    Args:
        check: the check.
        day: the assessed day.
        assessment: status and reasons.
        seconds: time that the check took for all days of its run.
    """

    check: QualityCheck
    day: dt.date
    assessment: Assessment
    seconds: float


def shortened(names: Sequence[object]) -> str:
    """Return the first 20 names as text, then the number of the others.

    >>> shortened(["Recife", "Olinda"])
    'Recife, Olinda'
    """
    more = len(names) - SHOWN_NAMES
    shown = ", ".join(str(name) for name in names[:SHOWN_NAMES])
    return shown + (f" and {more} more" if more > 0 else "")

"""A table of the lake: its identity, its contract, what it reads and how it is computed.

How a table is declared in a domain's code and which declarations are rejected belongs to
`lakehouse.platform.tables.declare`.
"""

import datetime
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import Contract, ContractError, contract_of
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.without_pyspark import pandera_ibis as pa

if TYPE_CHECKING:
    from lakehouse.platform.tables.source import Source

ONE_DAY = datetime.timedelta(days=1)

PARTITIONS = ibis.table({"day": "date", "is_due": "boolean"}, name="partitions")
"""Among the `reads` of a table: the days of the run as rows, for calendars and reference dates.

`is_due` is true from the first delivery of the units to the last day whose deadline has passed.
"""

Hook = Callable[[Lake, Sequence[datetime.date]], None]
"""A function that is called with the lake and the days of a table that are computed."""


class NotReady(Exception):
    """Raised by `TableOptions.before_compute` when no day can be computed yet."""


class ReadScope(StrEnum):
    """Which days of an upstream table are read to compute some days of a table."""

    SAME_DAY = "same_day"
    TOUCHING_DAYS = "touching_days"
    SNAPSHOT = "snapshot"
    ALL_DAYS = "all_days"
    NAMING = "naming"
    UP_TO_DAY = "up_to_day"
    IN_REACH = "in_reach"
    LAST_DAYS = "last_days"


@dataclass(frozen=True, kw_only=True)
class Read:
    """One upstream table and its read scope.

    Args:
        table: the upstream table.
        scope: which of its days are read.
        names: of scope ``naming``, the columns that name rows of the table's snapshots.
        dated_by: of scope ``naming``, the upstream table whose rows say for which business days a
            delivery is, when the rows themselves do not.
        days: of scope ``last_days``, how many days up to the day are read.
    """

    table: "Table"
    scope: ReadScope
    names: tuple[str, ...] = ()
    dated_by: "Table | None" = None
    days: int = 0

    @property
    def has_day(self) -> bool:
        """Whether rows of an as-of table have the column ``day`` for the table that reads them."""
        return self.scope is ReadScope.LAST_DAYS or not self.table.read_by_newest_day

    @property
    def name(self) -> str:
        """Name of the relation in the expression and in its SQL."""
        return relation_name(self.table.id)


@dataclass(frozen=True)
class AllDays:
    """Mark an upstream table of which every day is read; made by `all_days`."""

    table: "Table"


def all_days(table: "Table") -> AllDays:
    """Among the `reads` of a table: read every day of an upstream table, not the same day only.

    Of a bronze table, superseded rows are left out.
    """
    return AllDays(table)


@dataclass(frozen=True)
class LastDays:
    """Mark an as-of table of which several stored days are read; made by `last_days`."""

    table: "Table"
    days: int


def last_days(table: "Table", days: int) -> LastDays:
    """Among the `reads` of an as-of table: another as-of table, as of each of the last days.

    The rows keep their column ``day``. They are read as they were stored and do not change
    when the code does.
    """
    return LastDays(table, days)


@dataclass(frozen=True)
class NamedBy:
    """Mark delivered rows that name rows of a snapshot; made by `named_by`."""

    table: "Table"
    columns: tuple[str, ...]
    dated_by: "Table | None" = None


def named_by(table: "Table", *columns: str, dated_by: "Table | None" = None) -> NamedBy:
    """Among the `reads` of a snapshot table: delivered rows that name its rows.

    A row that these rows name on a day, and that no snapshot up to the day has, is taken from the
    earliest later snapshot that has it. The function of the table gets no argument for them.

    Args:
        table: bronze table of the naming rows.
        columns: columns whose values name a row; both bronze tables have them.
        dated_by: bronze table whose rows of the same delivery have the business days.
    """
    return NamedBy(table, columns, dated_by)


@dataclass(frozen=True, kw_only=True)
class ReferenceDates:
    """An as-of table that is made for reference dates: the first of each month, or any chosen day.

    All reference dates of a run are computed together. The expression gets them as `PARTITIONS` and
    must itself leave out the days that are not within the reach of a date, because it is given
    those of all dates.

    Args:
        before: number of months before the month of a date that its partition reads.
        after: number of months that it reads from the first day of this month on.
    """

    before: int = 13
    after: int = 1

    def reach(self, day: datetime.date) -> tuple[datetime.date, datetime.date]:
        """Return the first and the last day that the partition of a day reads."""
        return months_after(day, -self.before), months_after(day, self.after) - ONE_DAY


def months_after(day: datetime.date, months: int) -> datetime.date:
    """Return the first day of the month that is this number of months after the day's month.

    >>> months_after(datetime.date(2024, 2, 1), -13)
    datetime.date(2023, 1, 1)
    """
    month = day.year * 12 + day.month - 1 + months
    return datetime.date(month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Options of a table that most tables do not need.

    Args:
        snapshot: a delivery of the upstream table holds all rows as of its day, so each day of
            this table is computed from the newest delivery up to that day (or the earliest, when
            all are later). With `named_by` it has rows of later deliveries, too.
        later_rows: of a snapshot table, a row that no snapshot up to a day has is taken from the
            earliest later snapshot that has it, whether or not other rows name it. For what exists
            before it is registered, such as states.
        python: names of the modules that compute the rows of an as-of table from Arrow tables, for
            what an expression cannot say; the transform returns `PythonRows`. Their code is part of
            the table's definition. Needs `embedded`.
        models: names of trained models of the domain; the Python code gets the versions in use as
            inputs of these names, with the columns ``version`` and ``content`` and no row before
            the first promotion. Another version in use makes the newest day out of date.
        pandas: the transform takes and returns pandas data frames, for what an expression cannot
            say. Its columns are compared with the contract when it runs.
        reference_dates: of an as-of table, partitions are made for these dates. Its contract has a
            column `day` with the reference date.
        keep_days: of an as-of table, a partition is deleted when it is more than this number of
            days older than the newest one.
        on_request: of an as-of table, partitions are made only when somebody asks for them; each
            query of its SQL name computes the rows. For tables too large to store every day.
        sliced_by: an integer column of the key. Rows with one value of the column are computed only
            from upstream rows with the same value, so a large day can be computed in slices.
        embedded: computed by DuckDB in the process of the run, also where the engine is Spark. For
            an expression over few rows whose plan is too large for a cluster.
        renamed_from: earlier name of the table; `lakehouse migrate` moves its days.
        before_compute: called before days are computed; may raise `NotReady`.
        after_commit: called after days are committed.
        owners: Dagster owners of the table; the domain's owners when empty.
        tags: Dagster tags of the table, in addition to the platform's tags.
    """

    snapshot: bool = False
    later_rows: bool = False
    python: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    pandas: bool = False
    reference_dates: ReferenceDates | None = None
    keep_days: int = 400
    on_request: bool = False
    sliced_by: str | None = None
    embedded: bool = False
    renamed_from: str | None = None
    before_compute: Hook | None = None
    after_commit: Hook | None = None
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


NO_OPTIONS = TableOptions()


@dataclass(frozen=True, kw_only=True)
class PythonRows:
    """How the rows of one day of an as-of table are computed by Python code.

    Args:
        inputs: name → expression over the upstream tables; their rows must fit in memory.
        compute: takes the day and the rows of the inputs by name; returns the columns of the
            contract without ``day``, in any order, or a table without columns when there are no
            rows. Equal inputs must give equal rows.
    """

    inputs: Mapping[str, ir.Table]
    compute: Callable[[datetime.date, Mapping[str, pyarrow.Table]], pyarrow.Table]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One table of one layer of one domain.

    Args:
        id: layer, domain and name.
        model: the Pandera model of the contract.
        description: shown in the Dagster UI and in the data dictionary.
        reads: the upstream tables, in the order of the transform's arguments.
        transform: computes the table from its upstream tables; None for raw and bronze tables,
            whose rows come from files.
        source: the dataset whose files a raw or bronze table records.
        as_of: each partition holds the whole table as known at the end of its day; else the rows of
            its day.
        options: see `TableOptions`.
    """

    id: TableId
    model: type[pa.DataFrameModel]
    description: str
    reads: tuple[Read, ...] = ()
    transform: Callable[..., Any] | None = None
    source: "Source | None" = None
    as_of: bool = False
    options: TableOptions = NO_OPTIONS
    is_of_code: bool = field(default=False, init=False, repr=False)
    """Whether facts about it are those of the code on disk; see `code_facts`."""

    @property
    def layer(self) -> Layer:
        """Return the layer as a member, to compare ranks."""
        return Layer(self.id.layer)

    @property
    def contract(self) -> Contract:
        """Return the contract of the table's model."""
        return contract_of(self.model)

    @property
    def validates_rows(self) -> bool:
        """Whether each upstream row must become a row, be superseded, or be rejected."""
        return bool(self.reads) and self.reads[0].scope in (
            ReadScope.TOUCHING_DAYS,
            ReadScope.SNAPSHOT,
        )

    @property
    def keyed_over_all_days(self) -> bool:
        """Whether a key is unique over all days, so that rows of different days can conflict."""
        return (
            self.validates_rows
            and self.reads[0].table.source is not None
            and bool(self.reads[0].table.source.key)
            and "day" not in self.contract.key
        )

    @property
    def naming_reads(self) -> tuple[Read, ...]:
        """Return the upstream tables whose rows name rows of this table's snapshots."""
        return tuple(read for read in self.reads if read.scope is ReadScope.NAMING and read.names)

    @property
    def has_later_rows(self) -> bool:
        """Whether a day may have rows of snapshots that were delivered later."""
        return self.options.later_rows or bool(self.naming_reads)

    @property
    def daily(self) -> bool:
        """Whether a run over a range of days makes the partition of each of these days."""
        return not self.as_of

    @property
    def read_by_newest_day(self) -> bool:
        """Whether as-of tables read only its newest day, without the column ``day``.

        Of a table with reference dates they read every date up to their day.
        """
        return self.as_of and self.options.reference_dates is None

    @functools.cached_property
    def unbound(self) -> ir.Table:
        """Return a relation without data that has the columns of the contract."""
        return ibis.table(self.contract.schema, name=relation_name(self.id))

    @property
    def has_expression(self) -> bool:
        """Whether one expression computes the table."""
        return self.transform is not None and not (self.options.pandas or self.options.python)

    @functools.cached_property
    def python_rows(self) -> PythonRows:
        """Return the result of the transform of a table with the option `python`."""
        if self.transform is None or not self.options.python:
            raise ContractError(f"{self.id.name} is not computed by Python code")
        given = (
            read.table.unbound if read.has_day else read.table.unbound.drop("day")
            for read in self.reads
        )
        made = self.transform(*given)
        if not isinstance(made, PythonRows):
            raise ContractError(
                f"{self.id.name}: expected PythonRows, found {type(made).__name__}; hint: return"
                " the inputs and the function that computes the rows"
            )
        return made

    @functools.cached_property
    def expression(self) -> ir.Table:
        """Return the result of the transform for its unbound upstream tables."""
        if self.transform is None or not self.has_expression:
            raise ContractError(f"{self.id.name} is not computed by an expression")
        return self.transform(*(read.table.unbound for read in self.reads))

    def expression_over(self, delivered: ir.Table) -> ir.Table:
        """Return the expression with another relation in place of the first upstream table."""
        first = self.reads[0].table.unbound.op()
        if delivered.op() == first:
            return self.expression
        return self.expression.op().replace({first: delivered.op()}).to_expr()

    @functools.cached_property
    def contracted_expression(self) -> ir.Table:
        """Return the expression with the columns of the contract, in its order and types."""
        made = self.expression
        return made.select(
            **{name: made[name].cast(kind) for name, kind in self.contract.schema.items()}
        )

    def __repr__(self) -> str:
        return f"Table({self.id.name})"


def relation_name(table: TableId) -> str:
    """Return the name of a lake table inside SQL text: ``silver__shop__orders``."""
    return "__".join((table.layer, table.domain, table.table))

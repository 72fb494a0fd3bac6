"""A table: a contract and one pure expression in one file.

The module path names it: ``lakehouse/domains/<domain>/<layer>/<table>.py``. The expression is
called on unbound tables made from the upstream contracts when it is declared, and compared with its
own contract, so a table that cannot keep its promise stops the import, before any data is read.
"""

import datetime
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import Contract, ContractError, contract_of, disagreements
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.provenance import PROVENANCE, Landed
from lakehouse.platform.tables.source import Source

if TYPE_CHECKING:
    from lakehouse.platform.storage.lake import Lake

VERDICTS = {
    "_reasons": dt.string,
    "_detail": dt.string,
    "_replaced": dt.boolean,
    "_version": dt.string,
}
PARTITIONS = ibis.table({"day": "date"}, name="partitions")
"""Among the `reads` of a table: the days that a run makes, as rows; for spines and dates."""
Hook = Callable[["Lake", Sequence[datetime.date]], None]
"""Something that happens around the making of these days of a table."""


class NotReady(Exception):
    """A gate's word that no day of a table can be made before something else has happened."""


class ReadScope(StrEnum):
    """Which days of an upstream table a table reads for a window of its own days."""

    SAME_DAY = "same_day"
    TOUCHING_DAYS = "touching_days"
    SNAPSHOT = "snapshot"
    ALL_DAYS = "all_days"


@dataclass(frozen=True, kw_only=True)
class Read:
    """One upstream table and how it is read."""

    table: "Table"
    scope: ReadScope

    @property
    def name(self) -> str:
        """Name of the relation in the expression and its SQL."""
        return relation(self.table.id)


@dataclass(frozen=True)
class AllDays:
    """An upstream table of which every day is read; made by `all_days`."""

    table: "Table"


@dataclass(frozen=True, kw_only=True)
class Monthly:
    """A table with a partition for each month, whose day is the month's first.

    Args:
        before: how many months before its day a partition reads of what it reads whole.
        after: how many months after its day, the first day after them left out.
    """

    before: int = 13
    after: int = 1

    def reach(self, day: datetime.date) -> tuple[datetime.date, datetime.date]:
        """First and last day that the partition of a day reads."""
        return months_after(day, -self.before), months_after(day, self.after) - ONE_DAY


ONE_DAY = datetime.timedelta(days=1)


def months_after(day: datetime.date, months: int) -> datetime.date:
    """First day of the month that is so many months after a day's.

    >>> months_after(datetime.date(2024, 2, 1), -13)
    datetime.date(2023, 1, 1)
    """
    month = day.year * 12 + day.month - 1 + months
    return datetime.date(month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One table of one layer of one system: its promise, and what keeps it."""

    id: TableId
    model: type[pa.DataFrameModel]
    description: str
    reads: tuple[Read, ...] = ()
    transform: Callable[..., ir.Table] | None = None
    source: Source | None = None
    snapshot: bool = False
    view: bool = False
    frames: bool = False
    monthly: Monthly | None = None
    sliced_by: str | None = None
    gate: Hook | None = None
    stored: Hook | None = None
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def layer(self) -> Layer:
        """The layer as a member, to compare ranks."""
        return Layer(self.id.layer)

    @property
    def contract(self) -> Contract:
        """The promise of the table's model."""
        return contract_of(self.model)

    @property
    def judges_rows(self) -> bool:
        """Rows of landed files become rows here one by one, so each is kept or accounted for."""
        return bool(self.reads) and self.reads[0].scope in (
            ReadScope.TOUCHING_DAYS,
            ReadScope.SNAPSHOT,
        )

    @property
    def keyed(self) -> bool:
        """Its key is unique over all days, so rows of one key contest it wherever they lie."""
        return (
            self.judges_rows
            and self.reads[0].table.source is not None
            and bool(self.reads[0].table.source.key)
            and "day" not in self.contract.key
        )

    @functools.cached_property
    def unbound(self) -> ir.Table:
        """The table as an upstream of others: its promise without data."""
        return ibis.table(self.contract.schema, name=relation(self.id))

    @functools.cached_property
    def expression(self) -> ir.Table:
        """What the transform gives for its upstream tables."""
        if self.transform is None or self.frames:
            raise ContractError(f"{self.id.name} is not made by an expression")
        return self.transform(*(read.table.unbound for read in self.reads))

    @functools.cached_property
    def promised(self) -> ir.Table:
        """The expression with the columns of the contract, in its order and its types."""
        made = self.expression
        return made.select(
            **{name: made[name].cast(kind) for name, kind in self.contract.schema.items()}
        )

    def __repr__(self) -> str:
        return f"Table({self.id.name})"


def relation(table: TableId) -> str:
    """Name of a lake table inside SQL text: ``silver__mrhealth__orders``."""
    return "__".join((table.layer, table.domain, table.table))


def located(module: str, name: str) -> TableId:
    """The identity that a table's place in the code gives it.

    Raises:
        ContractError: the module is not ``…domains.<domain>.<layer>.<table>`` or the function is
            not named after it.
    """
    found = re.search(
        r"domains\.([a-z0-9_]+)\.(raw|bronze|silver|gold|ops)(?:\.([a-z0-9_]+))?$", module
    )
    if not found:
        raise ContractError(
            f"{module}.{name}: a table lives in domains/<domain>/<layer>/<table>.py"
        )
    domain, layer, table = found.groups()
    if table and table != name:
        raise ContractError(f"{module}: the table here must be named {table!r}, it is {name!r}")
    return TableId(layer, domain, name)


def declared(
    transform: Callable[..., ir.Table],
    *,
    table: TableId,
    contract: type[pa.DataFrameModel],
    reads: Sequence[Table | AllDays | ir.Table] = (),
    snapshot: bool = False,
    view: bool = False,
    frames: bool = False,
    monthly: Monthly | None = None,
    sliced_by: str | None = None,
    gate: Hook | None = None,
    stored: Hook | None = None,
    owners: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
) -> Table:
    """A table made by an expression, checked against its contract and its place.

    With `frames` the transform takes and gives pandas frames instead, for what an expression cannot
    say; its columns are judged when it runs. `sliced_by` names a whole number of the key: rows with
    one value of it are made from upstream rows with the same value alone, so that a day with very
    many rows may be made slice by slice. `gate` is called before days are computed and may
    raise, `stored` after they are committed; both with the lake and the days.

    Raises:
        ContractError: naming table and column, with the hint.
    """
    upstream = [each for each in reads if each is not PARTITIONS]
    for each in upstream:
        _check_reads(table, each.table if isinstance(each, AllDays) else each)
    made = Table(
        id=table,
        model=contract,
        description=inspect.getdoc(transform) or "",
        reads=tuple(_read(table, each, snapshot) for each in upstream),
        transform=_with_partitions(transform, reads),
        snapshot=snapshot,
        view=view,
        frames=frames,
        monthly=monthly,
        sliced_by=sliced_by,
        gate=gate,
        stored=stored,
        owners=tuple(owners),
        tags=dict(tags or {}),
    )
    if not made.description:
        raise ContractError(f"{table.name}: say in the function's docstring what the table is")
    _check_slices(made)
    if frames:
        return _with_a_day(made)
    try:
        given = made.expression.schema()
    except ContractError as error:
        raise ContractError(f"{table.name}: {error}") from error
    except Exception as error:
        raise ContractError(
            f"{table.name}: the expression does not fit its upstream contracts"
            f" ({', '.join(read.table.id.name for read in made.reads)}): {error}"
        ) from error
    problems = disagreements(made.contract, _without_verdicts(made, given))
    problems += _told_apart_by_case(made.expression)
    if problems:
        raise ContractError(
            f"{table.name} breaks its contract {made.contract.name}: " + "; ".join(problems)
        )
    return made if view else _with_a_day(made)


def _with_partitions(
    transform: Callable[..., ir.Table], reads: Sequence[object]
) -> Callable[..., ir.Table]:
    """The transform as a function of its upstream tables alone."""
    places = [place for place, each in enumerate(reads) if each is PARTITIONS]
    if not places:
        return transform

    @functools.wraps(transform)
    def filled(*upstream: ir.Table) -> ir.Table:
        given = list(upstream)
        for place in places:
            given.insert(place, PARTITIONS)
        return transform(*given)

    return filled


def _told_apart_by_case(expression: ir.Table) -> list[str]:
    """Columns of one relation that differ in case only: SQL takes them for one column."""
    found = set()
    for relation_ in expression.op().find(ops.Relation):
        spellings: dict[str, str] = {}
        for name in relation_.schema:
            other = spellings.setdefault(name.lower(), name)
            if other != name:
                found.add(f"columns {other!r} and {name!r} are one name in SQL; call one otherwise")
    return sorted(found)


def _with_a_day(table: Table) -> Table:
    if "day" not in table.contract.schema:
        raise ContractError(
            f"{table.id.name} breaks its contract {table.contract.name}: column 'day' is missing;"
            " every stored table is partitioned by day"
        )
    return table


def _check_slices(table: Table) -> None:
    column = table.sliced_by
    if column is None:
        return
    schema, key = table.contract.schema, [name for name in table.contract.key if name != "day"]
    if key[:1] != [column] or not schema[column].is_integer():
        raise ContractError(
            f"{table.id.name} is sliced by {column!r}, which must be a whole number and the first"
            " column of its key after the day"
        )


def _check_reads(table: TableId, upstream: object) -> None:
    if not isinstance(upstream, Table):
        raise ContractError(
            f"{table.name} reads {upstream!r}, which is no table; import the upstream table object"
        )
    layer, above = Layer(table.layer), Layer(upstream.id.layer)
    if upstream.id.domain != table.domain and above is not Layer.GOLD:
        raise ContractError(
            f"{table.name} reads {upstream.id.name}; of another system only gold may be read"
        )
    if upstream.id.domain == table.domain and not layer.may_read(above):
        raise ContractError(
            f"{table.name} reads {upstream.id.name}; {layer.value} reads its own layer or the one"
            " just before it"
        )
    if upstream.view and not Layer.GOLD.value == table.layer:
        raise ContractError(f"{table.name} reads the view {upstream.id.name}; read what it is over")


def all_days(table: Table) -> AllDays:
    """Among the `reads` of a table: every day of an upstream table, not the same day alone.

    Of landed rows the current ones.
    """
    return AllDays(table)


def _read(table: TableId, upstream: object, snapshot: bool) -> Read:
    if isinstance(upstream, AllDays):
        return Read(table=upstream.table, scope=ReadScope.ALL_DAYS)
    if not isinstance(upstream, Table):
        raise TypeError(f"{table.name} reads {upstream!r}")
    return Read(table=upstream, scope=_how(table, upstream, snapshot))


def _how(table: TableId, upstream: Table, snapshot: bool) -> ReadScope:
    crosses = table.layer == Layer.SILVER and issubclass(upstream.model, Landed)
    if not crosses:
        return ReadScope.SAME_DAY
    return ReadScope.SNAPSHOT if snapshot else ReadScope.TOUCHING_DAYS


def _without_verdicts(table: Table, given: sch.Schema) -> sch.Schema:
    """The expression's columns less those that only tell the platform what happened to a row."""
    if not table.judges_rows:
        return given
    missing = [name for name in PROVENANCE if name not in given]
    if missing:
        raise ContractError(
            f"{table.id.name}: the expression drops {', '.join(missing)}; a table over landed rows"
            " gives one row for each of them and keeps where it came from"
        )
    for name, promised in VERDICTS.items():
        if name in given and not isinstance(given[name], (type(promised), dt.Null)):
            raise ContractError(f"{table.id.name}: {name} must be {promised}, not {given[name]}")
    hidden = {*PROVENANCE, *VERDICTS} - set(table.contract.schema.names)
    return ibis.schema({name: kind for name, kind in given.items() if name not in hidden})


def _decorator(
    layer: Layer, *, view: bool = False
) -> Callable[..., Callable[[Callable[..., ir.Table]], Table]]:
    def of(
        *,
        contract: type[pa.DataFrameModel],
        reads: Sequence[Table | AllDays | ir.Table],
        snapshot: bool = False,
        frames: bool = False,
        monthly: Monthly | None = None,
        sliced_by: str | None = None,
        gate: Hook | None = None,
        stored: Hook | None = None,
        owners: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> Callable[[Callable[..., ir.Table]], Table]:
        def declare(transform: Callable[..., ir.Table]) -> Table:
            place = located(transform.__module__, transform.__name__)
            if place.layer != layer.value:
                raise ContractError(
                    f"{place.name}: declared as {layer.value}, lies in {place.layer}"
                )
            return declared(
                transform,
                table=place,
                contract=contract,
                reads=reads,
                snapshot=snapshot,
                view=view,
                frames=frames,
                monthly=monthly,
                sliced_by=sliced_by,
                gate=gate,
                stored=stored,
                owners=owners,
                tags=tags,
            )

        return declare

    return of


bronze = _decorator(Layer.BRONZE)
silver = _decorator(Layer.SILVER)
gold = _decorator(Layer.GOLD)
view = _decorator(Layer.GOLD, view=True)


def landed(
    *, module: str, source: Source, contract: type[Landed], owners: Sequence[str] = ()
) -> Table:
    """A bronze table: the rows of a source's files as text, under the contract of its columns.

    Raises:
        ContractError: the contract and the source's columns differ.
    """
    place = located(module, source.dataset)
    promised = [c for c in contract_of(contract).schema.names if c not in _LANDED]
    if promised != list(source.format.columns):
        raise ContractError(
            f"{place.name}: the contract says {promised}, the source {list(source.format.columns)}"
        )
    return Table(
        id=place,
        model=contract,
        description=inspect.getdoc(contract) or "",
        source=source,
        snapshot=source.snapshot,
        owners=tuple(owners),
    )


_LANDED = frozenset(contract_of(Landed).schema.names)


def in_order(tables: Iterable[Table]) -> list[Table]:
    """Tables so that each comes after those it reads.

    Raises:
        ContractError: a table reads one that is not among them.
    """
    given = {table.id: table for table in tables}
    done: dict[TableId, Table] = {}

    def visit(table: Table) -> None:
        if table.id in done:
            return
        for read in table.reads:
            if read.table.id not in given:
                raise ContractError(
                    f"{table.id.name} reads {read.table.id.name}, which does not exist"
                )
            visit(given[read.table.id])
        done[table.id] = table

    for table in sorted(given.values(), key=lambda t: (t.layer.rank, t.id)):
        visit(table)
    return list(done.values())

"""The decorators that declare a table: `bronze`, `silver`, `gold` and `gold_as_of`.

A table is one file with a contract and one pure function. The module path gives its name:
``lakehouse/domains/<domain>/<layer>/<table>.py``. The function is called when the module is
imported, on unbound relations made from the upstream contracts, and its result is compared with
the table's own contract. So a table that cannot fulfil its contract fails at import, before any
data is read. Code that passed is not compared again (`code_facts`).
"""

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.as_of import as_of_day, with_day
from lakehouse.platform.tables.contract import ContractError, schema_differences
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS, Provenance
from lakehouse.platform.tables.table import (
    NO_OPTIONS,
    PARTITIONS,
    AllDays,
    LastDays,
    NamedBy,
    Read,
    ReadScope,
    Table,
    TableOptions,
)
from lakehouse.platform.tables.without_pyspark import pandera_ibis as pa

OUTCOME_COLUMNS = {
    "_reasons": dt.string,
    "_detail": dt.string,
    "_replaced": dt.boolean,
    "_version": dt.string,
}
"""Columns that an expression may add to say what happens to a row; they are not stored."""

Upstream: TypeAlias = Table | AllDays | LastDays | NamedBy | ir.Table
"""What `reads` holds: tables, `all_days`, `last_days`, `named_by`, and `PARTITIONS`."""


def _decorator(
    layer: Layer, *, as_of: bool = False
) -> Callable[..., Callable[[Callable[..., ir.Table]], Table]]:
    def with_arguments(
        *,
        contract: type[pa.DataFrameModel],
        reads: Sequence[Upstream],
        options: TableOptions = NO_OPTIONS,
    ) -> Callable[[Callable[..., ir.Table]], Table]:
        def declare(transform: Callable[..., ir.Table]) -> Table:
            table = table_id_of(transform.__module__, transform.__name__)
            if table.layer != layer.value:
                raise ContractError(
                    f"{table.name}: declared as {layer.value}, but its folder is {table.layer}/;"
                    f" hint: move the file to {layer.value}/ or use @{table.layer}"
                )
            made = _declared(transform, table, contract, reads, as_of=as_of, options=options)
            caller = sys._getframe(1)
            is_of_module = caller.f_code.co_name == "<module>"
            if not is_of_module or not code_facts.has_passed(made, caller.f_globals["__name__"]):
                check_contract(made)
            return made

        return declare

    return with_arguments


bronze = _decorator(Layer.BRONZE)
silver = _decorator(Layer.SILVER)
gold = _decorator(Layer.GOLD)
gold_as_of = _decorator(Layer.GOLD, as_of=True)
"""A table of which each day holds all rows as known at its end: dimensions, roll-ups, rankings."""


def table_id_of(module: str, name: str) -> TableId:
    """Return the identity that a module's path gives to the table in it.

    Raises:
        ContractError: the module is not ``…domains.<domain>.<layer>.<table>``, or the function
            does not have the name of the module.
    """
    found = re.search(
        r"domains\.([a-z0-9_]+)\.(bronze|silver|gold|ops)(?:\.([a-z0-9_]+))?$", module
    )
    if not found:
        raise ContractError(
            f"{module}.{name}: expected a table in domains/<domain>/<layer>/<table>.py"
        )
    domain, layer, table = found.groups()
    if table and table != name:
        raise ContractError(
            f"{module}: the function must have the name of its file, expected {table!r}, found"
            f" {name!r}; hint: rename the function or the file"
        )
    return TableId(layer, domain, name)


def declare_table(
    transform: Callable[..., ir.Table],
    *,
    table: TableId,
    contract: type[pa.DataFrameModel],
    reads: Sequence[Upstream] = (),
    as_of: bool = False,
    options: TableOptions = NO_OPTIONS,
) -> Table:
    """Return a table computed by a function, after comparing it with its contract.

    Raises:
        ContractError: naming table and column, what was expected and found, and a hint.
    """
    made = _declared(transform, table, contract, reads, as_of=as_of, options=options)
    check_contract(made)
    return made


def check_contract(table: Table) -> None:
    """Compare a table with its contract: columns of the expression, day and slices.

    Raises:
        ContractError: naming table and column, what was expected and found, and a hint.
    """
    if table.transform is None:
        return
    _check_slices(table)
    if table.has_expression:
        _check_expression(table)
    elif table.options.python:
        _check_inputs(table)
    _check_day(table)


def _declared(
    transform: Callable[..., ir.Table],
    table: TableId,
    contract: type[pa.DataFrameModel],
    reads: Sequence[Upstream],
    *,
    as_of: bool,
    options: TableOptions,
) -> Table:
    """Return a table whose expression was not compared with its contract yet."""
    upstream = [each for each in reads if each is not PARTITIONS]
    naming = [each for each in upstream if isinstance(each, NamedBy)]
    found = tuple(
        _read(table, each, options, as_of=as_of)
        for each in upstream
        if not isinstance(each, NamedBy)
    )
    filled = _with_partitions(transform, [each for each in reads if not isinstance(each, NamedBy)])
    if naming:
        filled = _with_first_tables(filled, len(found))
        found += tuple(_naming_reads(table, naming, found))
    adds_day = as_of and options.reference_dates is None
    made = Table(
        id=table,
        model=with_day(table, contract) if adds_day else contract,
        description=inspect.getdoc(transform) or "",
        reads=found,
        transform=as_of_day(filled, found) if adds_day and not options.python else filled,
        as_of=as_of,
        options=options,
    )
    if not made.description:
        raise ContractError(
            f"{table.name}: the function has no docstring; hint: describe there what the table"
            " contains, for the Dagster UI and the data dictionary"
        )
    _check_options(made)
    return made


def _read(table: TableId, upstream: Upstream, options: TableOptions, *, as_of: bool) -> Read:
    """Return an upstream table with its read scope."""
    of = upstream.table if isinstance(upstream, AllDays | LastDays) else upstream
    if not isinstance(of, Table):
        raise ContractError(
            f"{table.name} reads {of!r}, which is not a table; hint: import the upstream table,"
            " not its module or its contract"
        )
    _check_layers(table, of, options, as_of=as_of)
    if isinstance(upstream, LastDays):
        if not (as_of and options.reference_dates is None and of.read_by_newest_day):
            raise ContractError(
                f"{table.name} reads the last days of {of.id.name}; expected an as-of table that"
                " reads another one"
            )
        return Read(table=of, scope=ReadScope.LAST_DAYS, days=upstream.days)
    scope = ReadScope.SAME_DAY
    if as_of and options.reference_dates is not None:
        scope = ReadScope.SAME_DAY if of.options.reference_dates else ReadScope.IN_REACH
    elif as_of:
        scope = ReadScope.UP_TO_DAY
    elif isinstance(upstream, AllDays):
        scope = ReadScope.ALL_DAYS
    elif table.layer == Layer.SILVER and issubclass(of.model, Provenance):
        scope = ReadScope.SNAPSHOT if options.snapshot else ReadScope.TOUCHING_DAYS
    return Read(table=of, scope=scope)


def _naming_reads(
    table: TableId, naming: Sequence[NamedBy], reads: Sequence[Read]
) -> Iterator[Read]:
    """Return the reads of the rows that name rows of a snapshot table.

    Raises:
        ContractError: the table has no snapshots, or a naming column is not in both bronze tables.
    """
    if not reads or reads[0].scope is not ReadScope.SNAPSHOT:
        raise ContractError(
            f"{table.name}: only a table with the option snapshot can have named_by among its reads"
        )
    dating = {each.dated_by.id: each.dated_by for each in naming if each.dated_by is not None}
    for each in naming:
        for name in each.columns:
            if name not in each.table.contract.schema or name not in reads[0].table.contract.schema:
                raise ContractError(
                    f"{table.name}: named_by names the column {name!r}, expected a column of"
                    f" {each.table.id.name} and {reads[0].table.id.name}"
                )
        yield Read(
            table=each.table, scope=ReadScope.NAMING, names=each.columns, dated_by=each.dated_by
        )
        dating.pop(each.table.id, None)
    for other in dating.values():
        yield Read(table=other, scope=ReadScope.NAMING)


def _with_first_tables(transform: Callable[..., ir.Table], count: int) -> Callable[..., ir.Table]:
    """Return the transform as a function that ignores all upstream tables after the first ones."""

    @functools.wraps(transform)
    def with_first(*upstream: ir.Table) -> ir.Table:
        return transform(*upstream[:count])

    return with_first


def _check_layers(table: TableId, upstream: Table, options: TableOptions, *, as_of: bool) -> None:
    layer, above = Layer(table.layer), upstream.layer
    if upstream.id.domain != table.domain and above is not Layer.GOLD:
        raise ContractError(
            f"{table.name} reads {upstream.id.name}; of another domain only gold may be read"
        )
    if upstream.id.domain == table.domain and not layer.may_read(above):
        raise ContractError(
            f"{table.name} reads {upstream.id.name}; {layer.value} may read its own layer and the"
            " layer just before it"
        )
    if upstream.options.on_request and not options.on_request:
        raise ContractError(
            f"{table.name} reads {upstream.id.name}, which is made on request only; hint: read the"
            " tables that it reads"
        )
    if upstream.as_of and not as_of:
        raise ContractError(
            f"{table.name} reads {upstream.id.name}, of which each day holds the whole table; hint:"
            " declare the table with @gold_as_of, or read the tables that it reads"
        )


def _with_partitions(
    transform: Callable[..., ir.Table], reads: Sequence[Upstream]
) -> Callable[..., ir.Table]:
    """Return the transform as a function of its upstream tables, with `PARTITIONS` filled in."""
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


def _check_options(table: Table) -> None:
    if table.options.on_request and not table.as_of:
        raise ContractError(
            f"{table.id.name}: only as-of tables can be made on request; hint: use @gold_as_of"
        )
    if table.options.later_rows and not table.options.snapshot:
        raise ContractError(
            f"{table.id.name}: only a table with the option snapshot has later rows; hint: use both"
        )
    if table.options.python and not (table.read_by_newest_day and table.options.embedded):
        raise ContractError(
            f"{table.id.name}: Python code computes as-of tables without reference dates, in the"
            " process of the run; hint: use @gold_as_of and the option embedded=True"
        )
    if table.options.models and not table.options.python:
        raise ContractError(
            f"{table.id.name}: only Python code is given trained models; hint: use the option"
            " python"
        )
    if table.options.reference_dates is not None and not table.as_of:
        raise ContractError(
            f"{table.id.name}: only as-of tables have reference dates; hint: use @gold_as_of"
        )


def _check_slices(table: Table) -> None:
    column = table.options.sliced_by
    if column is None:
        return
    schema, key = table.contract.schema, [name for name in table.contract.key if name != "day"]
    if key[:1] != [column] or not schema[column].is_integer():
        raise ContractError(
            f"{table.id.name}: sliced_by is {column!r}; expected an integer column that is the"
            f" first of the key after the day, the key is {list(table.contract.key)}"
        )


def _check_expression(table: Table) -> None:
    """Compare the columns of the expression with the contract."""
    try:
        given = table.expression.schema()
    except ContractError as error:
        raise ContractError(f"{table.id.name}: {error}") from error
    except Exception as error:
        raise ContractError(
            f"{table.id.name}: the expression does not fit its upstream contracts"
            f" ({', '.join(read.table.id.name for read in table.reads)}): {error}"
        ) from error
    problems = schema_differences(table.contract, _contracted_part(table, given))
    problems += _names_that_differ_in_case_only(table.expression)
    if problems:
        raise ContractError(
            f"{table.id.name} breaks its contract {table.contract.name}: " + "; ".join(problems)
        )


def _check_inputs(table: Table) -> None:
    """Build the inputs of a table that Python code computes, without running them."""
    try:
        inputs = table.python_rows.inputs
    except ContractError:
        raise
    except Exception as error:
        raise ContractError(
            f"{table.id.name}: an input does not fit the upstream contracts"
            f" ({', '.join(read.table.id.name for read in table.reads)}): {error}"
        ) from error
    problems = [each for name in inputs for each in _names_that_differ_in_case_only(inputs[name])]
    if problems:
        raise ContractError(f"{table.id.name}: " + "; ".join(problems))


def _contracted_part(table: Table, given: sch.Schema) -> sch.Schema:
    """Return the expression's columns without those that only tell what happens to a row."""
    if not table.validates_rows:
        return given
    missing = [name for name in PROVENANCE_COLUMNS if name not in given]
    if missing:
        raise ContractError(
            f"{table.id.name}: the expression has no columns {', '.join(missing)}; a table over"
            " bronze rows gives one row for each of them, with its provenance; hint: add"
            " **provenance_of(rows, day=…) to the select"
        )
    for name, expected in OUTCOME_COLUMNS.items():
        if name in given and not isinstance(given[name], (type(expected), dt.Null)):
            raise ContractError(
                f"{table.id.name}: column {name!r}: expected {expected}, found {given[name]}"
            )
    hidden = {*PROVENANCE_COLUMNS, *OUTCOME_COLUMNS} - set(table.contract.schema.names)
    return ibis.schema({name: kind for name, kind in given.items() if name not in hidden})


def _names_that_differ_in_case_only(expression: ir.Table) -> list[str]:
    """Return a message for each pair of columns of one relation that SQL takes for one column."""
    found = set()
    for relation in expression.op().find(ops.Relation):
        spellings: dict[str, str] = {}
        for name in relation.schema:
            other = spellings.setdefault(name.lower(), name)
            if other != name:
                found.add(
                    f"columns {other!r} and {name!r} are the same name in SQL; rename one of them"
                )
    return sorted(found)


def _check_day(table: Table) -> None:
    if "day" not in table.contract.schema:
        raise ContractError(
            f"{table.id.name} breaks its contract {table.contract.name}: column 'day' is missing;"
            " every stored table is partitioned by day"
        )

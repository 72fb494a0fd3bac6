"""The definition of a table: what makes its rows, as a version and as readable content.

The version has three parts. ``c`` is the contract: columns, key and rules. ``e`` is the expression,
or the format of the files of a bronze table. ``u`` is everything upstream: a day of a gold table is
older than its code also when only the expression of a silver table changed. Descriptions do not
count.
"""

import functools
import hashlib
import importlib
import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.storage.made_with import MIXED, Definition, made_with
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.contract import Contract
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Read, Table

PART = 8
"""Hexadecimal digits of each part of a version."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a version; two versions differ in those that changed."""

    contract: str
    expression: str
    upstream: str

    @classmethod
    def of(cls, version: str) -> "Parts":
        """Return the parts of a version; empty texts for a day without one.

        >>> Parts.of("c0a1b2c3de11111111u22222222").expression
        '11111111'
        """
        size = PART + 1
        contract, expression, upstream = (version[n * size : n * size + size] for n in range(3))
        return cls(contract=contract[1:], expression=expression[1:], upstream=upstream[1:])


def has_definition(table: Table) -> bool:
    """Return whether days of a table name a definition: not those that the platform defines."""
    return table.layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD)


@functools.cache
def definition_of(table: Table) -> Definition:
    """Return the definition of a table by the code that is loaded."""
    known = json.loads(code_facts.of_table(table, "definition", lambda: _as_json(table)))
    return Definition(version=known["version"], content=known["content"])


def _as_json(table: Table) -> str:
    """Return version and content of the definition of a table, which is a fact of the code."""
    made_by = _source(table.source) if table.source is not None else _expression(table)
    upstream = {read.table.id.name: _meaning(read.table) for read in table.reads}
    contract = table.contract.version[:PART]
    version = f"c{contract}e{_digest(made_by)}u{_digest(upstream)}"
    content = {
        **contract_content(table.contract),
        "expression": made_by,
        "upstream": {
            read.table.id.name: definition_of(read.table).version
            for read in table.reads
            if has_definition(read.table)
        },
    }
    return json.dumps({"version": version, "content": content})


def version_of(table: Table, read: Iterable[tuple[Table, Iterable[str]]]) -> str:
    """Return the version of days of a table that are computed from these files now.

    It ends in `MIXED` when an older definition made one of the files: the days then have to be
    computed again after the days that they read.

    Args:
        table: that is computed.
        read: each upstream table with the files that are read.
    """
    version = definition_of(table).version
    for upstream, urls in read:
        if has_definition(upstream):
            current = definition_of(upstream).version
            if any(_is_older(url, current, upstream) for url in urls):
                return version[: -len(MIXED)] + MIXED
    return version


def _is_older(url: str, current: str, table: Table) -> bool:
    """Return whether the rows of a file may mean something else; a column more does not matter."""
    version = made_with(url)
    if not version or version == current:
        return False
    return table.source is None or Parts.of(version).expression != Parts.of(current).expression


def contract_content(contract: Contract) -> dict[str, Any]:
    """Return columns, key and rules of a contract as JSON values."""
    return {
        "columns": [
            {
                "name": c.name,
                "type": str(c.type),
                "nullable": c.nullable,
                **{tag: c.tags[tag] for tag in ("personal",) if tag in c.tags},
            }
            for c in contract.columns
        ],
        "key": list(contract.key),
        "rules": [
            {"code": r.code, "column": r.column, "check": r.check, "values": _values(r.statistics)}
            for r in contract.rules
            if r.check != "not_null"
        ],
    }


def _values(statistics: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in sorted(statistics.items())}


@functools.cache
def _meaning(table: Table) -> str:
    """Return a digest of everything that decides on the rows of an upstream table.

    Columns of a bronze table are texts from files: an added one changes nothing for those who do
    not read it, and those who read it name it in their own expression.
    """
    if table.source is not None:
        return _digest(_source(table.source))
    return definition_of(table).version


def _expression(table: Table) -> str:
    """Return the SQL of a table, or the source code of its function over data frames."""
    options: dict[str, Any] = {
        "reads": [_read(read) for read in table.reads],
        "snapshot": table.options.snapshot,
        "reference_dates": repr(table.options.reference_dates),
        "as_of": table.as_of,
    }
    if table.transform is None:
        return ""
    if table.validates_rows:
        options |= _order_of_rows(table)
    if table.options.python:
        inputs = {n: typed_sql(e, "duckdb") for n, e in table.python_rows.inputs.items()}
        modules = (importlib.import_module(name) for name in table.options.python)
        code = [f"{module.__name__} {_digest(inspect.getsource(module))}" for module in modules]
        return "\n".join((json.dumps(options), *inputs.values(), *code))
    if table.options.pandas:
        return f"{json.dumps(options)}\n{inspect.getsource(inspect.unwrap(table.transform))}"
    if table.validates_rows:
        return f"{json.dumps(options)}\n{typed_sql(table.expression, 'duckdb')}"
    return f"{json.dumps(options)}\n{typed_sql(table.contracted_expression, 'duckdb')}"


def _read(read: Read) -> list[Any]:
    """Return which rows of an upstream table are read; what most tables do not have is left out."""
    return [read.table.id.name, read.scope.value, *([read.days] if read.days else ()), *read.names]


def _order_of_rows(table: Table) -> dict[str, Any]:
    """Return what a source says about rows of one key; empty for most sources."""
    source = table.reads[0].table.source
    if source is None:
        return {}
    key = source.key if table.keyed_over_all_days else ()
    given = {
        "key": [[name, source.ignored_parts.get(name)] for name in key],
        "change_log": source.change_log,
    }
    return {name: value for name, value in given.items() if value}


def _source(source: Source) -> str:
    """Return how the files of a source become rows."""
    shape = source.format
    return json.dumps(
        {
            **{name: _plain(value) for name, value in sorted(vars(source.dialect).items())},
            "aliases": dict(sorted(shape.aliases.items())),
            "quotes_inside": sorted(shape.quotes_inside),
            "business_day": source.business_day,
            **{name: True for name in ("per_file", "counts_copies") if getattr(source, name)},
        },
        indent=1,
    )


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset | set) else value


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:PART]

"""The contract of a table, read from its Pandera model: columns, key and rules for single rows.

The rules are expressions, so that one contract works on every engine. Nothing here reads data.
"""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.schema as sch
import ibis.expr.types as ir

from lakehouse.platform.tables.reason_codes import REASON_SEPARATOR
from lakehouse.platform.tables.without_pyspark import pandera_ibis as pa


class TableModel(pa.DataFrameModel):
    """Base of the contracts of tables; a column that is not declared is an error.

    Args:
        key: columns that identify a row; empty for a table of one row or with repeated rows.

    >>> class Guests(TableModel, key=("guest",)):
    ...     guest: int = pa.Field(description="Number of the guest")
    >>> contract_of(Guests).key
    ('guest',)
    """

    def __init_subclass__(cls, *, key: tuple[str, ...] = (), **options: Any) -> None:
        unique = {"unique": list(key)} if key else {}
        cls.Config = type("Config", (cls.Config,), {"strict": True, "name": cls.__name__, **unique})
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]


class ContractError(Exception):
    """A table contradicts its contract or its place; the message names table, column and a hint."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule for single rows; `code` is the reason code of a row that breaks it."""

    code: str
    column: str
    check: str
    statistics: Mapping[str, Any]

    @property
    def expected(self) -> str:
        """Return in words what a value must be."""
        given = self.statistics
        low, high = given.get("min_value"), given.get("max_value")
        ranges = {
            "greater_than": f"a value above {low}",
            "greater_than_or_equal_to": f"a value from {low}",
            "less_than": f"a value below {high}",
            "less_than_or_equal_to": f"a value up to {high}",
            "in_range": f"a value from {low} to {high}",
            "str_length": f"a text of {f'{low} to' if low else 'at most'} {high} characters",
        }
        if self.check == "not_null":
            return "a value"
        if self.check == "isin":
            return ", ".join(map(str, given["allowed_values"]))
        return ranges.get(self.check, "another value")

    def broken(self, table: ir.Table) -> ir.BooleanValue:
        """Return a condition that is true for rows that break the rule.

        Null values break ``not_null`` only.
        """
        column = table[self.column]
        if self.check == "not_null":
            return column.isnull()
        return (~_HOLDS[self.check](column, self.statistics)).fill_null(False)


def _holds_in_range(column: Any, statistics: Mapping[str, Any]) -> ir.BooleanValue:
    low = (
        column >= statistics["min_value"]
        if statistics.get("include_min", True)
        else (column > statistics["min_value"])
    )
    high = (
        column <= statistics["max_value"]
        if statistics.get("include_max", True)
        else (column < statistics["max_value"])
    )
    return low & high


def _holds_length(column: Any, statistics: Mapping[str, Any]) -> ir.BooleanValue:
    low, high = statistics.get("min_value"), statistics.get("max_value")
    longest = column.length() <= high if high is not None else ibis.literal(True)
    return longest if low is None else (column.length() >= low) & longest


_LISTS = ("allowed_values", "forbidden_values")
"""Statistics that list values; a tuple of one value reaches them as that value alone."""

_HOLDS = {
    "equal_to": lambda column, s: column == s["value"],
    "not_equal_to": lambda column, s: column != s["value"],
    "greater_than": lambda column, s: column > s["min_value"],
    "greater_than_or_equal_to": lambda column, s: column >= s["min_value"],
    "less_than": lambda column, s: column < s["max_value"],
    "less_than_or_equal_to": lambda column, s: column <= s["max_value"],
    "in_range": _holds_in_range,
    "isin": lambda column, s: column.isin(list(s["allowed_values"])),
    "notin": lambda column, s: column.notin(list(s["forbidden_values"])),
    "str_matches": lambda column, s: column.re_search("^(?:" + _pattern(s["pattern"]) + ")"),
    "str_contains": lambda column, s: column.re_search(_pattern(s["pattern"])),
    "str_startswith": lambda column, s: column.startswith(s["string"]),
    "str_endswith": lambda column, s: column.endswith(s["string"]),
    "str_length": _holds_length,
}


def _pattern(pattern: Any) -> str:
    return getattr(pattern, "pattern", pattern)


@dataclass(frozen=True, kw_only=True)
class ContractColumn:
    """One column of a contract: name, type, whether it may be null, and what it means."""

    name: str
    type: dt.DataType
    nullable: bool
    description: str
    tags: Mapping[str, Any]

    @property
    def earlier_names(self) -> tuple[str, ...]:
        """Return the names that the column had in older contracts, the newest first."""
        given = self.tags.get("renamed_from", ())
        return (given,) if isinstance(given, str) else tuple(given)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Columns, key and rules of one table."""

    name: str
    columns: tuple[ContractColumn, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    model: type[pa.DataFrameModel]

    @property
    def schema(self) -> sch.Schema:
        """Return the names and types of the columns."""
        return ibis.schema({column.name: column.type for column in self.columns})

    @functools.cached_property
    def version(self) -> str:
        """Return a short digest of columns, key and rules; descriptions do not count."""
        content = [[c.name, str(c.type), c.nullable, list(self.key)] for c in self.columns] + [
            [r.code, r.column, r.check, repr(sorted(r.statistics.items()))] for r in self.rules
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    def reasons(self, table: ir.Table) -> ir.StringValue:
        """Return the codes of the rules that a row breaks, joined; empty text for a valid row."""
        return join_reasons((rule.code, rule.broken(table)) for rule in self.rules)


def join_reasons(rejections: Iterable[tuple[str, ir.BooleanValue]]) -> ir.StringValue:
    """Return the codes whose condition is true, each followed by a comma; empty text for none."""
    by_code: dict[str, ir.BooleanValue] = {}
    for code, broken in rejections:
        by_code[code] = by_code[code] | broken if code in by_code else broken
    text: ir.StringValue = ibis.literal("")
    for code, broken in by_code.items():
        text = text + ibis.ifelse(broken.fill_null(False), code + REASON_SEPARATOR, "")
    return text


@functools.cache
def contract_of(model: type[pa.DataFrameModel]) -> Contract:
    """Return the contract of a Pandera model.

    Raises:
        ContractError: a column has no description, a check has no form as an expression, or the key
            names an unknown column.
    """
    schema = model.to_schema()
    columns, rules = [], []
    for name, column in schema.columns.items():
        if not column.description:
            raise ContractError(
                f"{model.__name__}.{name} has no description; hint: add pa.Field(description=…)"
                " with meaning and unit of the column, and when it is null"
            )
        given = dict(column.metadata or {})
        columns.append(
            ContractColumn(
                name=name,
                type=column.dtype.type(nullable=True),
                nullable=column.nullable,
                description=column.description,
                tags=given,
            )
        )
        if not column.nullable:
            rules.append(
                Rule(code="missing_required", column=name, check="not_null", statistics={})
            )
        for check in column.checks:
            if check.name not in _HOLDS:
                raise ContractError(
                    f"{model.__name__}.{name}: the check {check.name!r} has no form as an"
                    f" expression; hint: use one of {', '.join(sorted(_HOLDS))}, or reject the row"
                    " in the table's expression with expressions.rejected()"
                )
            if any(isinstance(check.statistics.get(each), str) for each in _LISTS):
                raise ContractError(
                    f"{model.__name__}.{name}: {check.name} has one text instead of a list; hint:"
                    " write a single value in brackets, as in isin=['a']"
                )
            code = given.get("reason", f"bad_{name.lstrip('_')}")
            rules.append(
                Rule(code=code, column=name, check=check.name, statistics=check.statistics or {})
            )
    key = tuple(schema.unique or ())
    for name in key:
        if name not in schema.columns:
            raise ContractError(
                f"{model.__name__}: the key names {name!r}, expected one of {list(schema.columns)}"
            )
    _require_no_exchange(model.__name__, columns)
    return Contract(
        name=model.__name__,
        columns=tuple(columns),
        key=key,
        rules=tuple(rules),
        model=model,
    )


def _require_no_exchange(model: str, columns: Sequence[ContractColumn]) -> None:
    """Check that no columns exchange their names: rows would not say which names they have."""
    earlier = {column.name: column.earlier_names for column in columns}
    for column in columns:
        reached: set[str] = set()
        names = [*column.earlier_names]
        while names:
            name = names.pop()
            if name not in reached:
                reached.add(name)
                names += earlier.get(name, ())
        if column.name in reached:
            raise ContractError(
                f"{model}.{column.name}: renamed_from leads back to the column itself, so stored"
                " rows do not say which name they have; hint: give the column a name that no"
                " other column had"
            )


def schema_differences(contract: Contract, given: sch.Schema) -> list[str]:
    """Return a message for each column that contradicts the contract.

    A type that fits into the contract's type without loss is accepted.
    """
    found = []
    for column in contract.columns:
        if column.name not in given:
            found.append(f"column {column.name!r} is missing")
        elif not _fits(given[column.name], column.type):
            found.append(
                f"column {column.name!r}: expected {column.type}, found {given[column.name]}"
            )
    expected = set(contract.schema.names)
    found += [f"column {name!r} is not in the contract" for name in given if name not in expected]
    return found


def _fits(given: dt.DataType, expected: dt.DataType) -> bool:
    given, expected = given(nullable=True), expected(nullable=True)
    if given == expected or given.is_null():
        return True
    if given.is_integer() and expected.is_integer():
        return given.nbytes <= expected.nbytes
    if given.is_integer() and expected.is_decimal():
        return True
    if given.is_decimal() and expected.is_decimal():
        return _digits(given) <= _digits(expected) and (given.scale or 0) <= (expected.scale or 0)
    if given.is_floating() and expected.is_floating():
        return given.nbytes <= expected.nbytes
    return given.is_timestamp() and expected.is_timestamp() and given.timezone == expected.timezone


def _digits(decimal: dt.Decimal) -> int:
    """Return the number of digits before the decimal point.

    The sum of decimals has the type with 38 digits whatever was added up, so it counts as 0 and
    fits into every contract.
    """
    if decimal.precision is None or decimal.precision >= 38:
        return 0
    return decimal.precision - (decimal.scale or 0)

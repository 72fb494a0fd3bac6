"""Declare an ops table once: its dataclass yields Arrow schema, SQL types, contract and text.

    @ops_row
    class Inputs:
        '''What the tables of one reference date were computed from.'''

        day: dt.date = column("Reference date")
        tables: int = column("Number of tables computed for the date", ge=0)

    MONTHS = OpsTable(name="months", row=Inputs, key=("day",))

`MONTHS.stored` is the Arrow schema of the files, `MONTHS.sql_types` the view in `lakehouse sql`,
`MONTHS.model` the Pandera model and `MONTHS.description` the sentence for people. The declarations
themselves are in `ops_tables`. Domain tables do not belong here; see `declare`.

This module imports neither Pandera nor Ibis, because `lakehouse sql` must start without them.
"""

import dataclasses
import datetime as dt
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    TypeVar,
    dataclass_transform,
    get_args,
    get_type_hints,
)

import pyarrow as pa

if TYPE_CHECKING:
    import pandera.ibis

Row = TypeVar("Row")

_ARROW: Mapping[Any, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    dt.date: pa.date32(),
    dt.datetime: pa.timestamp("us"),
    tuple[str, ...]: pa.list_(pa.string()),
}
_SQL: Mapping[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.string()): "VARCHAR[]",
}
SOURCE_TABLE: Mapping[str, str] = {
    "domain": "Domain of the table",
    "table": "Table or dataset within its layer and domain",
    "layer": "Layer of the table: raw, bronze, silver, gold or ops",
}
"""Columns that a view adds to say which stored table a row comes from."""


def column(description: str, *, default: Any = dataclasses.MISSING, **checks: Any) -> Any:
    """Declare one column of an ops row.

    Args:
        description: meaning, unit, and when the value is null.
        default: value of the field when it is not given; a field without one is required.
        checks: checks of `pandera.Field`, such as ``ge=0`` or ``isin=("a", "b")``.
    """
    return dataclasses.field(
        default=default, metadata={"description": description, "checks": checks}
    )


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(column,))
def ops_row(cls: type[Row]) -> type[Row]:
    """Make a class the row of an ops table: a frozen dataclass of `column` fields."""
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, kw_only=True)
class OpsColumn:
    """One column of an ops table."""

    name: str
    type: Any
    """Python type without ``None``."""
    nullable: bool
    description: str
    checks: Mapping[str, Any]

    @property
    def arrow_type(self) -> pa.DataType:
        """Type in the stored files."""
        return pa.string() if _is_enum(self.type) else _ARROW[self.type]

    @property
    def sql_type(self) -> str:
        """Type in DuckDB SQL."""
        return _SQL[self.arrow_type]

    def to_stored(self, value: Any) -> Any:
        """Return a value as the files hold it: moments as UTC without a zone, enums as text."""
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(dt.UTC).replace(tzinfo=None)
        return value.value if isinstance(value, StrEnum) else value

    def from_stored(self, value: Any) -> Any:
        """Return a stored value as its Python type: moments aware in UTC."""
        if value is None:
            return None
        if self.type is dt.datetime:
            return value.replace(tzinfo=dt.UTC)
        if self.type == tuple[str, ...]:
            return tuple(value)
        return self.type(value) if _is_enum(self.type) else value


@dataclass(frozen=True, kw_only=True)
class OpsTable(Generic[Row]):
    """One ops table, with everything that follows from its row.

    Args:
        name: name under ``ops`` in SQL, such as ``deliveries``.
        row: a class made by `ops_row`, with a column ``day``.
        key: columns that identify a row within a domain; empty when none do.
        view_columns: columns of `SOURCE_TABLE` that the SQL view adds in front, because its rows
            come from many stored tables.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...] = ()
    view_columns: tuple[str, ...] = ("domain",)

    @property
    def description(self) -> str:
        """What one row is, from the docstring of the row."""
        return inspect.cleandoc(self.row.__doc__ or "")

    @cached_property
    def columns(self) -> tuple[OpsColumn, ...]:
        """Columns in the order of their declaration."""
        hints = get_type_hints(self.row)
        return tuple(
            OpsColumn(
                name=field.name,
                type=_without_none(hints[field.name]),
                nullable=type(None) in get_args(hints[field.name]),
                **field.metadata,
            )
            for field in dataclasses.fields(self.row)  # type: ignore[arg-type]  # an ops_row
        )

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of rows in memory, ``day`` included."""
        return pa.schema([(each.name, each.arrow_type) for each in self.columns])

    @cached_property
    def stored(self) -> pa.Schema:
        """Arrow schema of the stored files: ``day`` is the partition and not in them."""
        return self.schema.remove(self.schema.get_field_index("day"))

    @cached_property
    def sql_types(self) -> Mapping[str, str]:
        """Columns and DuckDB types of the view ``ops.<name>`` over all domains."""
        return dict.fromkeys(self.view_columns, "VARCHAR") | {
            each.name: each.sql_type for each in self.columns
        }

    @cached_property
    def descriptions(self) -> Mapping[str, str]:
        """Meaning of each column of the view ``ops.<name>``."""
        return {name: SOURCE_TABLE[name] for name in self.view_columns} | {
            each.name: each.description for each in self.columns
        }

    @cached_property
    def model(self) -> "type[pandera.ibis.DataFrameModel]":
        """The Pandera model of the stored table; TypeError for a table with a list column."""
        import pandera.ibis
        from ibis.expr.datatypes import Timestamp

        def annotation(each: OpsColumn) -> Any:
            if each.type is dt.datetime:
                return Timestamp(scale=6)
            return str if _is_enum(each.type) else each.type

        fields = {
            each.name: pandera.ibis.Field(
                nullable=each.nullable, description=each.description, **_checks(each)
            )
            for each in self.columns
        }
        config = type("Config", (), {"strict": True, "unique": list(self.key) or None})
        body = {
            "__doc__": self.description,
            "__module__": self.row.__module__,
            "__annotations__": {each.name: annotation(each) for each in self.columns},
            "Config": config,
            **fields,
        }
        name = self.name.title().replace("_", "")
        return types.new_class(
            name, (pandera.ibis.DataFrameModel,), exec_body=lambda space: space.update(body)
        )

    def to_arrow(self, rows: Iterable[Row]) -> pa.Table:
        """Return rows as an Arrow table of `schema`."""
        return pa.Table.from_pylist(
            [
                {each.name: each.to_stored(getattr(row, each.name)) for each in self.columns}
                for row in rows
            ],
            schema=self.schema,
        )

    def from_arrow(self, table: pa.Table) -> list[Row]:
        """Return the rows of an Arrow table; nullable columns that it lacks are null."""
        read: Callable[..., Row] = self.row
        found = set(table.column_names)
        columns = [each for each in self.columns if each.name in found or not each.nullable]
        return [
            read(**{each.name: each.from_stored(row[each.name]) for each in columns})
            for row in table.select([each.name for each in columns]).to_pylist()
        ]


def _checks(each: OpsColumn) -> dict[str, Any]:
    """Return the checks of a column; the members of an enum are its allowed values."""
    values = {"isin": tuple(member.value for member in each.type)} if _is_enum(each.type) else {}
    return {**values, **each.checks}


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _without_none(hint: Any) -> Any:
    """Return the type of a hint such as ``int | None`` without ``None``."""
    if type(None) not in get_args(hint):
        return hint
    (kind,) = (each for each in get_args(hint) if each is not type(None))
    return kind

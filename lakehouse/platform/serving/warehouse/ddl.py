"""Write the SQL that creates the tables of a warehouse from the contracts of the lake."""

from collections.abc import Iterable
from enum import StrEnum

from ibis.expr.datatypes import DataType, Decimal

from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.serving.warehouse.declaration import ForeignKey, Warehouse, WarehouseTable

TEXT_LENGTH = 1_000
"""Bytes of a text column in Redshift, where TEXT has 256; a COPY fails on a longer value."""

_TYPES = {
    "is_timestamp": "TIMESTAMP",
    "is_date": "DATE",
    "is_time": "TIME",
    "is_boolean": "BOOLEAN",
    "is_uint64": "DECIMAL(20, 0)",
    "is_integer": "BIGINT",
    "is_floating": "DOUBLE PRECISION",
}
"""Test of an Ibis type → the type in both databases; the first that applies."""


class Dialect(StrEnum):
    """Databases that a warehouse can be created in."""

    POSTGRESQL = "postgresql"
    REDSHIFT = "redshift"


def ddl(warehouse: Warehouse, dialect: Dialect) -> str:
    """Return statements that drop all tables in reverse order and create them with their keys."""
    drops = [f"DROP TABLE IF EXISTS {quoted(each.name)}" for each in reversed(warehouse.tables)]
    creates = [create_table(each, dialect) for each in warehouse.tables]
    keys = [
        add_foreign_key(each, foreign)
        for each in warehouse.tables
        for foreign in each.foreign_keys
        if dialect is Dialect.POSTGRESQL
    ]
    return "".join(f"{statement};\n" for statement in [*drops, *creates, *keys])


def create_table(table: WarehouseTable, dialect: Dialect, schema: str = "") -> str:
    """Return the statement that creates a table, in Redshift with its foreign keys."""
    types = {column.name: column for column in table.table.contract.columns}
    lines = []
    for name, column in table.columns.items():
        length = table.text_lengths.get(column, TEXT_LENGTH)
        nullable = "" if types[column].nullable else " NOT NULL"
        lines.append(f"  {quoted(name)} {_type(types[column].type, dialect, length)}{nullable}")
    lines.append(f"  PRIMARY KEY ({_names(table.key)})")
    storage = ""
    if dialect is Dialect.REDSHIFT:
        lines += [
            f"  FOREIGN KEY ({_names(each.columns)})"
            f" REFERENCES {quoted(each.table)} ({_names(each.references)})"
            for each in table.foreign_keys
        ]
        style = f"KEY DISTKEY ({quoted(table.distribution)})" if table.distribution else "ALL"
        storage = f"\nDISTSTYLE {style}\nSORTKEY ({_names(table.sort)})"
    body = ",\n".join(lines)
    return f"CREATE TABLE {qualified(schema, table.name)} (\n{body}\n){storage}"


def add_foreign_key(table: WarehouseTable, foreign: ForeignKey, schema: str = "") -> str:
    """Return the statement that adds a foreign key which is not checked for existing rows.

    Orphans are loaded and reported; rows that are inserted later must have their parent.
    """
    return (
        f"ALTER TABLE {qualified(schema, table.name)}"
        f" ADD CONSTRAINT {quoted(f'{table.name}_{foreign.table}')}"
        f" FOREIGN KEY ({_names(foreign.columns)})"
        f" REFERENCES {qualified(schema, foreign.table)} ({_names(foreign.references)}) NOT VALID"
    )


def count_orphans(table: WarehouseTable, foreign: ForeignKey, schema: str) -> str:
    """Return the query that counts rows which refer to a row that does not exist."""
    child, parent = qualified(schema, table.name), qualified(schema, foreign.table)
    pairs = list(zip(foreign.columns, foreign.references, strict=True))
    equal = " AND ".join(f"p.{quoted(key)} = c.{quoted(column)}" for column, key in pairs)
    present = " AND ".join(f"c.{quoted(column)} IS NOT NULL" for column, _ in pairs)
    return (
        f"SELECT count(*) FROM {child} c WHERE {present}"  # noqa: S608  quoted
        f" AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {equal})"
    )


def qualified(schema: str, name: str) -> str:
    """Return the quoted name of a table, with its schema when one is given."""
    return f"{quoted(schema)}.{quoted(name)}" if schema else quoted(name)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def _type(kind: DataType, dialect: Dialect, length: int) -> str:
    if isinstance(kind, Decimal):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if kind.is_string():
        return "TEXT" if dialect is Dialect.POSTGRESQL else f"VARCHAR({length})"
    found = [name for test, name in _TYPES.items() if getattr(kind, test)()]
    if not found:
        raise ValueError(
            f"a column of type {kind} has no type in a warehouse; hint: leave it out of `columns`"
        )
    return found[0]

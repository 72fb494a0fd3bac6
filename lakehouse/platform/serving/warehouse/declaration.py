"""Declare the warehouse of a domain: its tables, their keys and the views over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.platform.tables.domains import declaration_of
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Columns that refer to the key of another table of the warehouse.

    Args:
        columns: columns of the referring table.
        table: name of the table they refer to.
        references: its key columns, in the same order.
    """

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


def references(table: str, *columns: str, key: tuple[str, ...] = ()) -> ForeignKey:
    """Declare a foreign key; `key` is needed where the other table's columns differ in name."""
    return ForeignKey(columns=columns, table=table, references=key or columns)


@dataclass(frozen=True, kw_only=True)
class WarehouseTable:
    """One table of a warehouse.

    Args:
        name: its name in the warehouse.
        table: the table of the lake whose rows it holds.
        key: columns of its primary key.
        columns: column of the warehouse → column of the lake.
        foreign_keys: columns that refer to other tables of the warehouse.
        distribution: the column by which Redshift distributes the rows; empty for a copy on
            every node.
        sort: columns by which Redshift sorts the rows.
        text_lengths: lake column → bytes of its text in Redshift, where the default is too short.
    """

    name: str
    table: Table
    key: tuple[str, ...]
    columns: Mapping[str, str] = field(hash=False)
    foreign_keys: tuple[ForeignKey, ...] = ()
    distribution: str = ""
    sort: tuple[str, ...] = ()
    text_lengths: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def source(self) -> Source | None:
        """The source of the files whose rows it holds; None for a table derived from others."""
        return self.table.reads[0].table.source if self.table.validates_rows else None

    @property
    def is_snapshot(self) -> bool:
        """Whether every day holds all rows, so that only the newest day is loaded."""
        return self.source is not None and self.source.snapshot

    @property
    def current_rows(self) -> str:
        """SQL of the rows to load: all days, or the newest day of a snapshot."""
        newest = " QUALIFY day = max(day) OVER ()" if self.is_snapshot else ""
        return f"SELECT * FROM {self.table.id.name}{newest}"  # noqa: S608  declared names


def warehouse_table(
    table: Table,
    *foreign_keys: ForeignKey,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    distribution: str = "",
    sort: tuple[str, ...] = (),
    text_lengths: Mapping[str, int] | None = None,
) -> WarehouseTable:
    """Declare a table of a warehouse: by default the lake's name, columns and key.

    The key follows from the contract, without the columns that are not in `columns`. The
    day of an as-of table is left out: the newest day is loaded. The
    rows are sorted by the key unless `sort` names other columns.
    """
    columns = columns or {
        each: each for each in table.contract.schema.names if not (table.as_of and each == "day")
    }
    renamed = {lake: warehouse for warehouse, lake in columns.items()}
    key = tuple(renamed[each] for each in table.contract.key if each in renamed)
    return WarehouseTable(
        name=name or table.id.table,
        table=table,
        key=key,
        columns=columns,
        foreign_keys=foreign_keys,
        distribution=distribution,
        sort=sort or key,
        text_lengths=text_lengths or {},
    )


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """The tables and views that a domain publishes in a relational database.

    Args:
        schema: default name of the schema.
        tables: in the order in which they are created: each after the tables it refers to.
        views: name → SQL, in the order in which they are created; ``{schema}`` stands for the
            quoted name of the schema.
    """

    schema: str
    tables: tuple[WarehouseTable, ...]
    views: Mapping[str, str] = field(default_factory=dict, hash=False)

    def waves(self) -> list[list[WarehouseTable]]:
        """Return the tables in groups; those of one group refer to earlier groups only."""
        level: dict[str, int] = {}
        for each in self.tables:
            level[each.name] = max((level[f.table] + 1 for f in each.foreign_keys), default=0)
        return [
            [each for each in self.tables if level[each.name] == n]
            for n in sorted(set(level.values()))
        ]


def warehouse_of(domain: str) -> Warehouse | None:
    """Return ``WAREHOUSE`` of the domain's module ``warehouse``; None when it has none."""
    found: Warehouse | None = declaration_of(domain, "warehouse", "WAREHOUSE")
    return found

"""Tables of the warehouse, made from the lake's contracts, in PostgreSQL and in Redshift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ibis.expr.datatypes import DataType, Decimal

from lakehouse.domains.bikes.exports import columns_of, current
from lakehouse.domains.bikes.gold.dim_customer import dim_customer
from lakehouse.domains.bikes.gold.dim_date import dim_date
from lakehouse.domains.bikes.gold.dim_product import dim_product
from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.domains.bikes.rules import LONGEST, snake
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.domains.bikes.silver.products import products
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.tables.declare import Table

SHORT_TEXT = 1_000
"""Bytes of a text in Redshift, where TEXT is 256; a COPY fails on a longer one and cuts none."""


class Dialect(StrEnum):
    """Databases that the tables can be made in."""

    POSTGRESQL = "postgresql"
    REDSHIFT = "redshift"


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """Columns that name a row of another table, which has them as its key."""

    columns: tuple[str, ...]
    table: str
    key: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Relation:
    """One table of the warehouse.

    Attributes:
        name: in the warehouse.
        table: the lake's table that it shows.
        key: columns of the primary key.
        foreign: what refers to other tables.
        distribution: the column that Redshift spreads rows by; empty for a copy on every node.
        sort: the columns that Redshift sorts by.
        columns: name in the warehouse → column of the lake.
    """

    name: str
    table: Table
    key: tuple[str, ...]
    columns: Mapping[str, str] = field(hash=False)
    foreign: tuple[Foreign, ...] = ()
    distribution: str = ""
    sort: tuple[str, ...] = ()

    @property
    def select(self) -> str:
        """The rows as DuckDB gives them, each value as text."""
        columns = ", ".join(
            f"CAST({quoted(column)} AS VARCHAR) AS {quoted(name)}"
            for name, column in self.columns.items()
        )
        return f"SELECT {columns} FROM ({self.rows})"  # noqa: S608  quoted

    @property
    def rows(self) -> str:
        """The lake's rows that hold now."""
        return current(self.table)

    def create(self, dialect: Dialect, schema: str = "") -> str:
        """The statement that makes the table."""
        types = {column.name: column for column in self.table.contract.columns}
        lines = [
            f"  {quoted(name)} {_type(types[column].type, column, dialect)}"
            + ("" if types[column].nullable else " NOT NULL")
            for name, column in self.columns.items()
        ]
        lines.append(f"  PRIMARY KEY ({_names(self.key)})")
        ends = ""
        if dialect is Dialect.REDSHIFT:
            lines += [
                f"  FOREIGN KEY ({_names(each.columns)})"
                f" REFERENCES {quoted(each.table)} ({_names(each.key)})"
                for each in self.foreign
            ]
            spread = f"KEY DISTKEY ({quoted(self.distribution)})" if self.distribution else "ALL"
            ends = f"\nDISTSTYLE {spread}\nSORTKEY ({_names(self.sort)})"
        place = f"{quoted(schema)}." if schema else ""
        return f"CREATE TABLE {place}{quoted(self.name)} (\n" + ",\n".join(lines) + f"\n){ends}"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def _type(kind: DataType, column: str, dialect: Dialect) -> str:
    if isinstance(kind, Decimal):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if kind.is_string():
        if dialect is Dialect.POSTGRESQL:
            return "TEXT"
        is_xml = column in ("additional_contact_info", "demographics")
        return f"VARCHAR({LONGEST if is_xml else SHORT_TEXT})"
    if kind.is_timestamp():
        return "TIMESTAMP"
    if kind.is_date():
        return "DATE"
    return "BOOLEAN" if kind.is_boolean() else "BIGINT"


def _dumped(
    name: str,
    table: Table,
    *foreign: Foreign,
    distribution: str = "",
    sort: tuple[str, ...] = (),
) -> Relation:
    """A table of the shop's own dump, its columns under the shop's names in lower case."""
    names = {each.lower(): snake(each) for each in columns_of(table)}
    own = {column: name for name, column in names.items()}
    key = tuple(own[column] for column in table.contract.key if column != "day")
    return Relation(
        name=name,
        table=table,
        key=key,
        columns=names,
        foreign=foreign,
        distribution=distribution,
        sort=sort or key,
    )


def _star(
    table: Table, *foreign: Foreign, distribution: str = "", sort: tuple[str, ...] = ()
) -> Relation:
    """A table of the star, as the lake has it."""
    key = table.contract.key
    return Relation(
        name=table.id.table,
        table=table,
        key=key,
        columns={name: name for name in table.contract.schema.names},
        foreign=foreign,
        distribution=distribution,
        sort=sort or key,
    )


def _to(table: str, *columns: str, key: tuple[str, ...] = ()) -> Foreign:
    return Foreign(columns=columns, table=table, key=key or columns)


RELATIONS = (
    _dumped("person", persons, distribution="businessentityid"),
    _dumped("product", products),
    _dumped(
        "customer",
        customers,
        _to("person", "personid", key=("businessentityid",)),
        distribution="customerid",
    ),
    _dumped(
        "salesorderheader",
        order_headers,
        _to("customer", "customerid"),
        distribution="salesorderid",
        sort=("orderdate", "salesorderid"),
    ),
    _dumped("specialofferproduct", special_offer_products, _to("product", "productid")),
    _dumped(
        "salesorderdetail",
        order_details,
        _to("salesorderheader", "salesorderid"),
        _to("specialofferproduct", "specialofferid", "productid"),
        _to("product", "productid"),
        distribution="salesorderid",
        sort=("modifieddate", "salesorderid"),
    ),
    _star(dim_product),
    _star(dim_customer, distribution="customer_id"),
    _star(dim_date),
    _star(
        fact_orders,
        _to("dim_customer", "customer_id"),
        _to("dim_date", "day"),
        distribution="sales_order_id",
        sort=("day", "sales_order_id"),
    ),
    _star(
        fact_order_lines,
        _to("fact_orders", "sales_order_id"),
        _to("dim_customer", "customer_id"),
        _to("dim_product", "product_id"),
        _to("dim_date", "day"),
        distribution="sales_order_id",
        sort=("day", "sales_order_id"),
    ),
)
"""In the order in which they are loaded: a table comes after those that it refers to."""


def waves() -> list[list[Relation]]:
    """The tables in groups; those of a group refer to earlier groups only."""
    level: dict[str, int] = {}
    for relation in RELATIONS:
        level[relation.name] = max((level[f.table] + 1 for f in relation.foreign), default=0)
    return [
        [relation for relation in RELATIONS if level[relation.name] == n]
        for n in sorted(set(level.values()))
    ]


def ddl(dialect: Dialect) -> str:
    """Statements that make all tables, and before them drop them in reverse."""
    drops = [f"DROP TABLE IF EXISTS {quoted(each.name)}" for each in reversed(RELATIONS)]
    creates = [each.create(dialect) for each in RELATIONS]
    keys = [
        foreign_key("", each, foreign)
        for each in RELATIONS
        for foreign in each.foreign
        if dialect is Dialect.POSTGRESQL
    ]
    return "".join(f"{statement};\n" for statement in [*drops, *creates, *keys])


def foreign_key(schema: str, relation: Relation, foreign: Foreign) -> str:
    """The statement that adds a foreign key which rows that are there need not keep.

    Orphans are reported and loaded; what is written later must have its parent.
    """
    place = f"{quoted(schema)}." if schema else ""
    return (
        f"ALTER TABLE {place}{quoted(relation.name)}"
        f" ADD CONSTRAINT {quoted(f'{relation.name}_{foreign.table}')}"
        f" FOREIGN KEY ({_names(foreign.columns)})"
        f" REFERENCES {place}{quoted(foreign.table)} ({_names(foreign.key)}) NOT VALID"
    )


def orphans(schema: str, relation: Relation, foreign: Foreign) -> str:
    """The statement that counts rows whose parent is missing."""
    child, parent = (f"{quoted(schema)}.{quoted(name)}" for name in (relation.name, foreign.table))
    pairs = list(zip(foreign.columns, foreign.key, strict=True))
    equal = " AND ".join(f"p.{quoted(key)} = c.{quoted(column)}" for column, key in pairs)
    named = " AND ".join(f"c.{quoted(column)} IS NOT NULL" for column, _ in pairs)
    return (
        f"SELECT count(*) FROM {child} c WHERE {named}"  # noqa: S608  quoted
        f" AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {equal})"
    )

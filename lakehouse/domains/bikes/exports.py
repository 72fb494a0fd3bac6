"""Exports of the shop's six files: in the shop's own dialect, and prepared for COPY."""

from ibis.expr.datatypes import DataType

from lakehouse.domains.bikes.rules import snake
from lakehouse.domains.bikes.silver.customers import customers
from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.domains.bikes.silver.persons import persons
from lakehouse.domains.bikes.silver.products import products
from lakehouse.domains.bikes.silver.special_offer_products import special_offer_products
from lakehouse.platform.serving.exports import Csv, Export
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table

FILES = {
    "Person.Person": persons,
    "Production.Product": products,
    "Sales.Customer": customers,
    "Sales.SalesOrderHeader": order_headers,
    "Sales.SpecialOfferProduct": special_offer_products,
    "Sales.SalesOrderDetail": order_details,
}
RAW = Csv(delimiter=";", bom=True, line_end="\r\n", null="NULL")
PREPARED = Csv(delimiter=";")
WIDTHS = {
    "SizeUnitMeasureCode": 3,
    "WeightUnitMeasureCode": 3,
    "ProductLine": 2,
    "Class": 2,
    "Style": 2,
}
"""Widths of the codes that the shop pads with blanks."""


def source_of(table: Table) -> Source | None:
    """Return the dataset of a silver table; None for other tables."""
    return table.reads[0].table.source


def columns_of(table: Table) -> tuple[str, ...]:
    """Return the columns in the files of a silver table."""
    source = source_of(table)
    return source.format.columns if source else ()


def is_snapshot(table: Table) -> bool:
    """Return whether each day of a table has all rows, so that only the newest day is current."""
    source = source_of(table)
    return source is not None and source.snapshot


def current(table: Table) -> str:
    """Return SQL of a table's current rows: of a snapshot table those of the newest day."""
    newest = " QUALIFY day = max(day) OVER ()" if is_snapshot(table) else ""
    return f"SELECT * FROM {table.id.name}{newest}"  # noqa: S608  names of our tables


def _selected(table: Table, *, raw: bool) -> str:
    types, source = table.contract.schema, source_of(table)
    money = source.format.decimal_comma if source else ()
    columns = ", ".join(
        f"{_written(name, types[snake(name)], raw=raw, money=name in money)} AS {quoted(name)}"
        for name in columns_of(table)
    )
    order = ", ".join(quoted(name) for name in table.contract.key if name != "day")
    return f"SELECT {columns} FROM ({current(table)}) ORDER BY {order}"  # noqa: S608  quoted


def _written(name: str, kind: DataType, *, raw: bool, money: bool) -> str:
    """Return SQL of a value as the shop writes it, or with a decimal point and without padding."""
    column = quoted(snake(name))
    if kind.is_boolean():
        return f"CAST({column} AS INTEGER)"
    if kind.is_timestamp():
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S.%g')"
    if money:
        text = f"regexp_replace(CAST({column} AS VARCHAR), '0{{1,2}}$', '')"
        return f"replace({text}, '.', ',')" if raw else text
    if raw and name in WIDTHS:
        return f"rpad({column}, {WIDTHS[name]}, ' ')"
    return column


EXPORTS = tuple(
    Export(
        name=f"{table.id.table}_{form}",
        path=f"{folder}/{file}.csv",
        sql=_selected(table, raw=form == "raw"),
        csv=csv,
    )
    for form, folder, csv in (("raw", "raw_data", RAW), ("prepared", "data", PREPARED))
    for file, table in FILES.items()
)

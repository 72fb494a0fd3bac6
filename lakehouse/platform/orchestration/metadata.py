"""What Dagster shows of a table: columns, where they come from, its SQL, its promises."""

import datetime as dt
import inspect
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pandera.ibis as pa

from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.privacy.persons import declared_tags
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import Contract, Rule, contract_of
from lakehouse.platform.tables.declare import Table
from lakehouse.platform.tables.lineage import column_lineage
from lakehouse.platform.tables.provenance import Landed

PREVIEW_ROWS = 10
HIDDEN = "•••"
WIDEST = 100
"""Columns of a table whose SQL and column lineage people can still read on a page."""
PREVIEW_COLUMNS = 30
SIGNS = {
    "equal_to": "=",
    "not_equal_to": "≠",
    "greater_than": ">",
    "greater_than_or_equal_to": "≥",
    "less_than": "<",
    "less_than_or_equal_to": "≤",
    "isin": "one of",
    "notin": "none of",
    "str_matches": "matches",
}
"""How checks are written for people; others are written as calls."""


def asset_key(table: TableId) -> dg.AssetKey:
    """The asset of a lake table."""
    return dg.AssetKey([table.layer, table.domain, table.table])


def column_schema(contract: Contract) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    rules: dict[str, list[str]] = {}
    for rule in contract.rules:
        if rule.check != "not_null":
            rules.setdefault(rule.column, []).append(_said(rule))
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=str(column.type),
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=contract.key == (column.name,),
                    other=rules.get(column.name, []),
                ),
                tags={"lakehouse/key": ""} if column.name in contract.key else {},
            )
            for column in contract.columns
        ]
    )


def _said(rule: Rule) -> str:
    """A rule in few characters.

    >>> _said(Rule(code="", column="n", check="greater_than", statistics={"min_value": 0}))
    '> 0'
    """
    values = ", ".join(
        ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
        for value in rule.statistics.values()
    )
    return f"{SIGNS[rule.check]} {values}" if rule.check in SIGNS else f"{rule.check}({values})"


def lineage(table: Table) -> dg.TableColumnLineage | None:
    """Where each column comes from; nothing for a table without an expression."""
    found = column_lineage(table)
    if not found:
        return None
    return dg.TableColumnLineage(
        deps_by_column={
            column: [
                dg.TableColumnDep(asset_key=asset_key(upstream), column_name=name)
                for upstream, name in origins
            ]
            for column, origins in found.items()
        }
    )


def _lineage_page(traced: dg.TableColumnLineage) -> dg.MetadataValue:
    """Column lineage as a page, because the Dagster UI without its cloud does not draw it."""
    lines = ["| column | comes from |", "| --- | --- |"]
    for column, origins in traced.deps_by_column.items():
        said = ", ".join(
            f"{TableId(*each.asset_key.path).name}.{each.column_name}" for each in origins
        )
        lines.append(f"| {column} | {said or '—'} |")
    return dg.MetadataValue.md("\n".join(lines))


def described(table: Table) -> str:
    """What the table is, then what one row of it is."""
    row = inspect.cleandoc(table.model.__doc__ or "") if table.transform else ""
    if not row:
        return table.description
    return f"{table.description}\n\nEach row is {row[0].lower()}{row[1:]}"


def book_metadata(table: TableId, model: type[pa.DataFrameModel]) -> dict[str, Any]:
    """Metadata of a table that the platform keeps beside those of the domains."""
    return {
        "dagster/column_schema": column_schema(contract_of(model)),
        "dagster/table_name": table.name,
    }


def definition_metadata(table: Table) -> dict[str, Any]:
    """Metadata that is known before any run."""
    about: dict[str, Any] = {
        "dagster/column_schema": column_schema(table.contract),
        "dagster/table_name": table.id.name,
        "lakehouse/contract_version": table.contract.version,
    }
    if table.contract.key:
        about["lakehouse/key"] = ", ".join(table.contract.key)
    if len(table.contract.columns) <= WIDEST and (traced := lineage(table)):
        about["dagster/column_lineage"] = traced
        about["lakehouse/columns_from"] = _lineage_page(traced)
    if table.transform is not None and not table.frames and len(table.contract.columns) <= WIDEST:
        sql = typed_sql(table.expression, "duckdb")
        about["lakehouse/sql"] = dg.MetadataValue.md(f"```sql\n{sql}\n```")
    if table.source is not None and issubclass(table.model, Landed):
        about["lakehouse/files"] = table.source.files
    return about


def preview(lake: Lake, table: TableId, days: Sequence[dt.date]) -> dg.MetadataValue:
    """The first rows of these days; personal values would stay in Dagster's records for good."""
    hidden = set(declared_tags(table).columns)
    rows = lake.table(table).read(days).slice(0, PREVIEW_ROWS)
    if not rows.num_rows:
        return dg.MetadataValue.md("no rows")
    names = rows.column_names[:PREVIEW_COLUMNS]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in rows.select(names).to_pylist():
        cells = (HIDDEN if name in hidden else _cell(value) for name, value in row.items())
        lines.append("| " + " | ".join(cells) + " |")
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:60]

"""Metadata that the Dagster UI shows for a table: columns, lineage, SQL, contract and preview."""

import datetime as dt
import functools
import hashlib
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pandera.ibis as pa
import pyarrow

from lakehouse.platform.engines.session import typed_sql
from lakehouse.platform.migration.older import older_days, spans
from lakehouse.platform.privacy.personal_columns import columns_to_show
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.contract import Contract, Rule, contract_of
from lakehouse.platform.tables.lineage import column_lineage
from lakehouse.platform.tables.provenance import Provenance
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of

CONTRACT_VERSION = "lakehouse/contract_version"
PREVIEW_ROWS = 10
PREVIEW_COLUMNS = 30
PREVIEW_CHARACTERS = 60
HIDDEN = "•••"
"""Shown in a preview instead of values that may be personal."""
WIDEST = 100
"""Columns up to which SQL and column lineage are shown; a wider table makes an unreadable page."""
SHOWN_PROBLEMS = 20
"""Files or days that a failed check names."""
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
"""Readable forms of Pandera checks; every other check is shown as a call."""


@functools.cache
def asset_key(table: TableId) -> dg.AssetKey:
    """Return the asset key of a lake table: layer, domain and table."""
    return dg.AssetKey([table.layer, table.domain, table.table])


def column_schema(contract: Contract) -> dg.TableSchema:
    """Return the columns of a contract with their types, descriptions and constraints."""
    return _column_schema(_columns(contract))


def _columns(contract: Contract) -> list[dict[str, Any]]:
    """Return what the Dagster UI shows about the columns of a contract, as JSON values."""
    rules: dict[str, list[str]] = {}
    for rule in contract.rules:
        if rule.check != "not_null":
            rules.setdefault(rule.column, []).append(_readable(rule))
    return [
        {
            "name": column.name,
            "type": str(column.type),
            "description": column.description,
            "nullable": column.nullable,
            "unique": contract.key == (column.name,),
            "other": rules.get(column.name, []),
            "is_key": column.name in contract.key,
        }
        for column in contract.columns
    ]


def _column_schema(columns: Sequence[Mapping[str, Any]]) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column["name"],
                type=column["type"],
                description=column["description"],
                constraints=dg.TableColumnConstraints(
                    nullable=column["nullable"], unique=column["unique"], other=column["other"]
                ),
                tags={"lakehouse/key": ""} if column["is_key"] else {},
            )
            for column in columns
        ]
    )


def _readable(rule: Rule) -> str:
    """Write a rule in few characters.

    >>> _readable(Rule(code="", column="n", check="greater_than", statistics={"min_value": 0}))
    '> 0'
    """
    values = ", ".join(
        ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
        for value in rule.statistics.values()
    )
    return f"{SIGNS[rule.check]} {values}" if rule.check in SIGNS else f"{rule.check}({values})"


def described(table: Table) -> str:
    """Return the description of a table, followed by what one row of a computed table is."""
    row = inspect.cleandoc(table.model.__doc__ or "") if table.transform else ""
    if not row:
        return table.description
    return f"{table.description}\n\nEach row is {row[0].lower()}{row[1:]}"


def ops_metadata(table: TableId, model: type[pa.DataFrameModel]) -> dict[str, Any]:
    """Return the metadata of a table that the platform itself writes, such as an ops table."""
    return {
        "dagster/column_schema": column_schema(contract_of(model)),
        "dagster/table_name": table.name,
    }


def definition_metadata(table: Table) -> dict[str, Any]:
    """Return the metadata of a table that is known before any run."""
    shown = json.loads(code_facts.of_table(table, "metadata", lambda: _shown(table)))
    metadata: dict[str, Any] = {
        "dagster/column_schema": _column_schema(shown["columns"]),
        "dagster/table_name": table.id.name,
        CONTRACT_VERSION: shown["version"],
    }
    if shown["key"]:
        metadata["lakehouse/key"] = ", ".join(shown["key"])
    if shown["lineage"]:
        metadata |= _lineage(shown["lineage"])
    if shown["sql"]:
        metadata["lakehouse/sql"] = dg.MetadataValue.md(f"```sql\n{shown['sql']}\n```")
    if table.source is not None and issubclass(table.model, Provenance):
        metadata["lakehouse/files"] = table.source.files
    return metadata


def _shown(table: Table) -> str:
    """Return as JSON what the Dagster UI shows about the code of a table."""
    is_narrow = len(table.contract.columns) <= WIDEST
    has_sql = is_narrow and table.has_expression
    lineage = column_lineage(table) if is_narrow else {}
    return json.dumps(
        {
            "columns": _columns(table.contract),
            "version": table.contract.version,
            "key": table.contract.key,
            "lineage": {
                column: [[[of.layer, of.domain, of.table], name] for of, name in origins]
                for column, origins in lineage.items()
            },
            "sql": typed_sql(table.contracted_expression, "duckdb") if has_sql else "",
        }
    )


def contract_metadata(table: Table, lake: Lake, shown: Snapshot | None = None) -> dict[str, Any]:
    """Return by which definition a run made its days, and which stored days are older.

    They are those of a version of the table, by default of the newest.
    """
    metadata: dict[str, Any] = {"lakehouse/definition": definition_of(table).version}
    if (older := older_days(table, lake, shown)) is not None:
        metadata["lakehouse/days_of_older_contract"] = (
            f"{spans(older.days)}: {'; '.join(older.changes)}. hint: lakehouse migrate"
        )
    return metadata


def _lineage(origins_by_column: Mapping[str, Any]) -> dict[str, Any]:
    """Return column lineage twice: for Dagster, and as a page, since the open UI does not draw it.

    A table without an Ibis expression has none.
    """
    found = {
        column: [(TableId(*table), name) for table, name in origins]
        for column, origins in origins_by_column.items()
    }
    lines = ["| column | comes from |", "| --- | --- |"]
    for column, origins in found.items():
        names = ", ".join(f"{upstream.name}.{name}" for upstream, name in origins)
        lines.append(f"| {column} | {names or '—'} |")
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            deps_by_column={
                column: [
                    dg.TableColumnDep(asset_key=asset_key(upstream), column_name=name)
                    for upstream, name in origins
                ]
                for column, origins in found.items()
            }
        ),
        "lakehouse/columns_from": dg.MetadataValue.md("\n".join(lines)),
    }


def preview(
    lake: Lake, table: TableId, days: Sequence[dt.date], snapshot: Snapshot | None = None
) -> dg.MetadataValue:
    """Return the first rows of these days, with everything hidden that may be personal.

    Dagster keeps metadata for as long as it keeps the run, so personal data must not get there.
    `columns_to_show` decides; `lakehouse sql` shows the rest. The rows are those of a version
    of the table, by default of the newest.
    """
    first = _first_rows(lake.table(table), days, snapshot)
    if not first:
        return dg.MetadataValue.md("no rows")
    rows = pyarrow.concat_tables(first)
    shown = columns_to_show(table, rows.schema)
    names = rows.column_names[:PREVIEW_COLUMNS]
    lines = ["| " + " | ".join(map(_cell, names)) + " |", "|" + " --- |" * len(names)]
    for row in rows.select(names).to_pylist():
        cells = (_cell(value) if name in shown else HIDDEN for name, value in row.items())
        lines.append("| " + " | ".join(cells) + " |")
    return dg.MetadataValue.md("\n".join(lines))


def _first_rows(
    table: LakeTable, days: Sequence[dt.date], shown: Snapshot | None
) -> list[pyarrow.Table]:
    """Return pieces with the first rows of these days; no more is read than they need."""
    pieces: list[pyarrow.Table] = []
    missing = PREVIEW_ROWS
    for piece in table.read_batches(days, snapshot=shown):
        pieces.append(piece.slice(0, missing))
        missing -= pieces[-1].num_rows
        if not missing:
            break
    return pieces


def _cell(value: Any) -> str:
    """Return a value in which nothing is a link, an image, markup or the end of a cell."""
    text = ("" if value is None else str(value))[:PREVIEW_CHARACTERS]
    printable = "".join(each if each.isprintable() else " " for each in text)
    return re.sub(r"[\\`*\[\]<>|&!~#]", r"\\\g<0>", printable)


def joint_version(versions: Mapping[dt.date, str]) -> str:
    """Return one data version for a range of days; for a single day, the version of that day."""
    if len(versions) == 1:
        return next(iter(versions.values()))
    text = "|".join(f"{day}={version}" for day, version in sorted(versions.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""What Dagster shows of a table: columns, where they come from, its SQL, its promises."""

from typing import Any

import dagster as dg

from lakehouse.platform.engine import typed_sql
from lakehouse.platform.landed import Landed
from lakehouse.platform.lineage import column_lineage
from lakehouse.platform.storage import Lake, Snapshot, TableId
from lakehouse.platform.table import Table

PREVIEW_ROWS = 10
PREVIEW_COLUMNS = 30


def asset_key(table: TableId) -> dg.AssetKey:
    """The asset of a lake table."""
    return dg.AssetKey([table.layer, table.system, table.table])


def column_schema(table: Table) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    contract = table.contract
    rules: dict[str, list[str]] = {}
    for rule in contract.rules:
        if rule.check != "not_null":
            said = ", ".join(f"{v}" for v in rule.statistics.values())
            rules.setdefault(rule.column, []).append(f"{rule.check}({said})")
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


def definition_metadata(table: Table) -> dict[str, Any]:
    """Metadata that is known before any run."""
    about: dict[str, Any] = {
        "dagster/column_schema": column_schema(table),
        "dagster/table_name": table.id.name,
        "lakehouse/contract_version": table.contract.version,
    }
    if table.contract.key:
        about["lakehouse/key"] = ", ".join(table.contract.key)
    if traced := lineage(table):
        about["dagster/column_lineage"] = traced
    if table.transform is not None and not table.frames:
        sql = typed_sql(table.expression, "duckdb")
        about["lakehouse/sql"] = dg.MetadataValue.md(f"```sql\n{sql}\n```")
    if table.source is not None and issubclass(table.model, Landed):
        about["lakehouse/files"] = table.source.files
    return about


def preview(lake: Lake, table: TableId, shown: Snapshot) -> dg.MetadataValue:
    """The first rows of the newest day that has any."""
    filled = [file.day for file in shown.files if file.rows]
    if not filled:
        return dg.MetadataValue.md("no rows")
    rows = lake.table(table).read(filled[-1:], snapshot=shown).slice(0, PREVIEW_ROWS)
    names = rows.column_names[:PREVIEW_COLUMNS]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in rows.select(names).to_pylist():
        cells = (_cell(value) for value in row.values())
        lines.append("| " + " | ".join(cells) + " |")
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:60]

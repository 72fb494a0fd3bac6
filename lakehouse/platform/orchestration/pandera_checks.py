"""Pandera itself reads what is stored and says whether it keeps its model.

Before storing, rows are judged by rules that are read from the same models (`contract.Rule`): one
query for a table, where Pandera asks one for every column and check. This is the second opinion, on
the newest day of every table.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pandera.errors

from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

NAME = "pandera"
SHOWN_FAILURES = 10


def validated(table: Table) -> bool:
    """Raw tables are written by the platform itself; all others have a model of their domain."""
    return not table.view and table.layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD)


def failures(table: Table, lake: Lake, settings: Settings) -> dict[str, Any]:
    """What Pandera finds wrong on the newest day that has rows, by column and check."""
    import ibis

    shown = lake.table(table.id).snapshot()
    filled = [file for file in shown.files if file.rows]
    if not filled:
        return {}
    embedded = DuckDBSession(settings, s3=settings.uses_s3)
    try:
        embedded.files("stored", [filled[-1].url], table.contract.schema)
        stored = ibis.duckdb.from_connection(embedded.connection).table("stored")
        table.model.to_schema().validate(stored, lazy=True)
    except pandera.errors.SchemaErrors as found:
        return dict(_said(error) for error in found.schema_errors[:SHOWN_FAILURES])
    finally:
        embedded.close()
    return {}


def _said(error: pandera.errors.SchemaError) -> tuple[str, str]:
    """Column and check, and the first line of what Pandera says."""
    check = getattr(error.check, "error", error.check)
    return f"{error.schema.name}.{check}", str(error).splitlines()[0][:300]


def pandera_checks(domain: Domain) -> dg.AssetChecksDefinition:
    """One Pandera check for every bronze, silver and gold table, in one step."""
    tables = {asset_key(table.id): table for table in domain.stored if validated(table)}

    @dg.multi_asset_check(
        name=f"{domain.name}_pandera",
        specs=[
            dg.AssetCheckSpec(
                NAME,
                asset=key,
                description=f"Pandera validates {table.contract.name} on the newest stored day.",
            )
            for key, table in tables.items()
        ],
        can_subset=True,
    )
    def checks(
        context: dg.AssetCheckExecutionContext, platform: Platform
    ) -> Iterator[dg.AssetCheckResult]:
        for key in sorted(context.selected_asset_check_keys, key=lambda k: k.asset_key.path):
            table = tables[key.asset_key]
            wrong = failures(table, platform.lake, platform.settings)
            yield dg.AssetCheckResult(
                asset_key=key.asset_key, check_name=NAME, passed=not wrong, metadata=wrong
            )

    return checks


def check_keys(domain: Domain) -> list[dg.AssetCheckKey]:
    """The Pandera checks of a domain."""
    return [
        dg.AssetCheckKey(asset_key(table.id), NAME) for table in domain.stored if validated(table)
    ]

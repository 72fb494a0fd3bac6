"""A second validation of stored tables, by Pandera itself, on the newest day of each table.

Before storing, rows are validated by rules that are read from the same models (`contract.Rule`):
one query per table, where Pandera needs one for every column and check.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
import pandera.errors

from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.older_days import error_of
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of
from lakehouse.platform.transform.inputs import bind_files
from lakehouse.settings import Settings

NAME = "pandera"
SHOWN_FAILURES = 10
MESSAGE_CHARACTERS = 300


def validated(table: Table) -> bool:
    """Return whether Pandera validates a table: all but raw and ops tables."""
    return table.layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD)


_VALUES = "failure case"
"""Where Pandera's message begins to quote stored values, which must not reach Dagster."""


def failures(table: Table, lake: Lake, settings: Settings) -> dict[str, Any]:
    """Return what Pandera finds on the newest day with rows: ``column.check`` → message.

    Days that an older contract made are left out: they satisfy that one, and are listed elsewhere.
    """
    import ibis

    current = definition_of(table).version
    stored = lake.table(table.id).snapshot().files
    filled = [file for file in stored if file.rows and file.made_with in ("", current)]
    if not filled:
        return {}
    session = DuckDBSession(settings, s3=settings.uses_s3)
    try:
        bind_files(session, "stored", table, [filled[-1].url])
        stored = ibis.duckdb.from_connection(session.connection).table("stored")
        table.model.to_schema().validate(stored, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return dict(_failure(error) for error in errors.schema_errors[:SHOWN_FAILURES])
    except duckdb.Error as error:
        if error_of(error) is None:
            raise
    finally:
        session.close()
    return {}


def _failure(error: pandera.errors.SchemaError) -> tuple[str, str]:
    check = getattr(error.check, "error", error.check)
    message = str(error).splitlines()[0].partition(_VALUES)[0].strip()
    return f"{error.schema.name}.{check}", message[:MESSAGE_CHARACTERS]


def pandera_checks(domain: Domain) -> dg.AssetChecksDefinition:
    """Return one check for each bronze, silver and gold table; one step evaluates them."""
    tables = {asset_key(table.id): table for table in domain.tables if validated(table)}

    @dg.multi_asset_check(
        name=f"{domain.name}_pandera",
        specs=[
            dg.AssetCheckSpec(
                NAME,
                asset=key,
                description=f"Pandera: the newest stored day satisfies {table.contract.name}.",
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
            found = failures(table, platform.lake, platform.settings)
            yield dg.AssetCheckResult(
                asset_key=key.asset_key, check_name=NAME, passed=not found, metadata=found
            )

    return checks


def check_keys(domain: Domain) -> list[dg.AssetCheckKey]:
    """Return the keys of the Pandera checks of a domain."""
    return [
        dg.AssetCheckKey(asset_key(table.id), NAME) for table in domain.tables if validated(table)
    ]

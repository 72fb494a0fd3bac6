"""A second validation of stored partitions, by Pandera itself, in the job of the quality checks.

In the step that makes a partition, its rows are compared with rules that are read from the same
models (``contract_checks``): one query for each table, where Pandera needs one for every column and
check. At night Pandera validates every row of the last days, all days of a table at once.
"""

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import duckdb
import pandera.errors
import pandera.ibis as pa

from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.older_days import error_of
from lakehouse.platform.ingestion.unrecognized_files import unrecognized_files_of
from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.partitions import daily, days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality.log import log_of
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles, urls_of
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import contract_of
from lakehouse.platform.tables.deliveries_model import DELIVERIES
from lakehouse.platform.tables.ops_tables import AS_OF_DAYS, DATA_QUALITY_LOG, RECONCILIATION
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.as_of import as_of_days_of, as_of_tables
from lakehouse.platform.transform.definition import definition_of, has_definition
from lakehouse.platform.transform.inputs import bind_files
from lakehouse.settings import Settings

NAME = "pandera"
SHOWN_FAILURES = 10
MESSAGE_CHARACTERS = 300
_VALUES = "failure case"
"""Where Pandera's message begins to quote stored values, which must not reach Dagster."""


@dataclass(frozen=True, kw_only=True)
class Validated:
    """A table that Pandera validates.

    Args:
        id: the table.
        model: its Pandera model.
        table: its declaration; None for an ops table.
    """

    id: TableId
    model: type[pa.DataFrameModel]
    table: Table | None = None

    @property
    def key(self) -> dg.AssetCheckKey:
        """Key of the check."""
        return dg.AssetCheckKey(asset_key(self.id), NAME)


def validated_tables(domain: Domain) -> list[Validated]:
    """Return every table of a domain, and the ops tables that its runs write."""
    found = [Validated(id=table.id, model=table.model, table=table) for table in domain.tables]
    found.append(Validated(id=unrecognized_files_of(domain.name), model=DELIVERIES.model))
    found.append(Validated(id=reconciliation_of(domain.name), model=RECONCILIATION.model))
    if domain.checks:
        found.append(Validated(id=log_of(domain.name), model=DATA_QUALITY_LOG.model))
    if as_of_tables(domain):
        found.append(Validated(id=as_of_days_of(domain.name), model=AS_OF_DAYS.model))
    return found


def failures_by_day(
    table: Validated, days: Sequence[dt.date], lake: Lake, settings: Settings
) -> dict[dt.date, dict[str, str]]:
    """Return what Pandera finds on each stored day, ``column.check`` → message; nothing if valid.

    All days are validated at once. Only if something is found, they are validated one by one. Days
    that an older contract made satisfy that one, and are listed elsewhere.
    """
    wanted = set(days)
    files = [file for file in lake.table(table.id).snapshot().files if file.day in wanted]
    filled = _of_current_contract(table, files)
    found: dict[dt.date, dict[str, str]] = {file.day: {} for file in files}
    if failures(table, filled, settings) != {}:
        for file in filled:
            found[file.day] = failures(table, [file], settings) or {}
    return found


def _of_current_contract(table: Validated, files: Sequence[DayFiles]) -> list[DayFiles]:
    """Return the files with rows that no older contract made, as far as they say so."""
    made = {""}
    if table.table is not None and has_definition(table.table):
        made.add(definition_of(table.table).version)
    return [file for file in files if file.rows and file.made_with in made]


def failures(
    table: Validated, files: Sequence[DayFiles], settings: Settings
) -> dict[str, str] | None:
    """Return what Pandera finds in the rows of these files: ``column.check`` → message.

    None if the columns of a file show that an older contract made it.
    """
    import ibis

    if not files:
        return {}
    session = DuckDBSession(settings, s3=settings.uses_s3)
    try:
        urls = urls_of(files)
        if table.table is not None:
            bind_files(session, "stored", table.table, urls)
        else:
            session.files("stored", urls, contract_of(table.model).schema)
        stored = ibis.duckdb.from_connection(session.connection).table("stored")
        _schema_over_days(table.model).validate(stored, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return dict(_failure(error) for error in errors.schema_errors[:SHOWN_FAILURES])
    except duckdb.Error as error:
        if error_of(error) is None:
            raise
        return None
    finally:
        session.close()
    return {}


def _schema_over_days(model: type[pa.DataFrameModel]) -> Any:
    """Return the schema of a model; its key identifies a row within a day."""
    schema = copy.copy(model.to_schema())
    if schema.unique and "day" in schema.columns:
        schema.unique = sorted({"day", *schema.unique})
    return schema


def _failure(error: pandera.errors.SchemaError) -> tuple[str, str]:
    check = getattr(error.check, "error", error.check)
    message = str(error).splitlines()[0].partition(_VALUES)[0].strip()
    return f"{error.schema.name}.{check}", message[:MESSAGE_CHARACTERS]


def pandera_checks(domain: Domain, settings: Settings) -> dg.AssetChecksDefinition:
    """Return one check for each table, with a result per day; one step evaluates them."""
    tables = {table.key: table for table in validated_tables(domain)}
    by_day = daily(domain.spec, settings)

    @dg.multi_asset_check(
        name=f"{domain.name}_pandera",
        specs=[
            partitioned_check(
                NAME,
                key.asset_key,
                by_day,
                f"Pandera: every stored row of the partition satisfies {table.model.__name__}.",
            )
            for key, table in tables.items()
        ],
        can_subset=True,
    )
    def checks(context: dg.AssetCheckExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        selected = sorted(context.selected_asset_check_keys, key=lambda key: key.asset_key.path)
        results = []
        for table in (tables[key] for key in selected):
            found = failures_by_day(table, days, platform.lake, platform.settings)
            results += [
                PartitionResult(check=table.key, day=day, passed=not problems, metadata=problems)
                for day, problems in found.items()
            ]
        yield from partition_results(context, results)

    return checks


def check_keys(domain: Domain) -> list[dg.AssetCheckKey]:
    """Return the keys of the Pandera checks of a domain."""
    return [table.key for table in validated_tables(domain)]

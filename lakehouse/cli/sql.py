"""`lakehouse sql`: one question to the lake, read-only."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform, suggestion
from lakehouse.cli.output import print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from lakehouse.platform.storage.lake import Lake

FETCHED = 10_000
"""Rows in memory at once on their hint."""

FORMATS = ["table", "csv", "json", "parquet"]


@click.command()
@click.argument("statement")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to give the rows; by the ending of --output, else a table.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write to this file; needed for parquet.",
)
def sql(statement: str, form: str | None, output: Path | None) -> None:
    """Answer one SQL STATEMENT, read-only; `-` reads it from stdin.

    The dialect is DuckDB's. Tables are named <layer>.<domain>_<table>; ops.deliveries,
    ops.reconciliation, ops.quarantine and ops.data_quality_log hold the books of all systems.

    Examples:
      lakehouse sql "select unit_name, sum(revenue) from gold.mrhealth_unit_day group by all"
      lakehouse sql "from ops.quarantine" --output rejected.csv
    """
    import duckdb

    from lakehouse.platform.serving import sql_catalog as catalog
    from lakehouse.platform.storage.lake import Lake

    chosen = _format(form, output)
    text = sys.stdin.read() if statement == "-" else statement
    settings = Settings.from_env()
    lake = Lake(settings.root)
    with catalog.connect(lake, settings, names=catalog.names_in(text)) as connection:
        try:
            answer = catalog.query(connection, text)
            rows = _write(answer, chosen, output)
        except duckdb.CatalogException as error:
            raise _unknown(text, lake, connection, error) from error
        except duckdb.Error as error:
            raise CommandError(str(error).split("\n\nLINE")[0].strip()) from error
    if output is not None:
        inform(f"{rows:,} rows in {output}")


def _format(form: str | None, output: Path | None) -> str:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    chosen = form or (ending if ending in FORMATS else "table")
    if chosen == "parquet" and output is None:
        raise click.UsageError("parquet goes to a file; add --output result.parquet")
    return chosen


def _write(answer: "duckdb.DuckDBPyConnection", form: str, output: Path | None) -> int:
    """Give the rows; a file is there whole or not at all."""
    columns = [column[0] for column in answer.description or []]
    if output is None:
        return print_rows(columns, _fetched(answer), form)
    unfinished = output.with_name(f".{output.name}.part")
    try:
        if form == "parquet":
            rows = _parquet(answer, unfinished)
        else:
            with unfinished.open("w", encoding="utf-8", newline="") as to:
                rows = print_rows(columns, _fetched(answer), form, to)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _fetched(answer: "duckdb.DuckDBPyConnection") -> Iterator[tuple[Any, ...]]:
    while rows := answer.fetchmany(FETCHED):
        yield from rows


def _parquet(answer: "duckdb.DuckDBPyConnection", output: Path) -> int:
    import pyarrow.parquet as pq

    rows = 0
    batches = answer.to_arrow_reader(FETCHED)
    with pq.ParquetWriter(output, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _unknown(
    text: str, lake: "Lake", connection: "duckdb.DuckDBPyConnection", error: Exception
) -> CommandError:
    """What is wrong with a name: the nearest table to a missing one, else DuckDB's word."""
    from lakehouse.platform.serving import sql_catalog as catalog
    from lakehouse.platform.tables.ops_tables import OPS_TABLES

    defined = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, view_name from duckdb_views() where not internal"
            " union all select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }
    missing = sorted((catalog.names_in(text) or set()) - defined)
    first = str(error).splitlines()[0].removeprefix("Catalog Error: ")
    if not missing:
        tables = "tables are named <layer>.<domain>_<table>, such as gold.mrhealth_unit_day"
        return CommandError(first, tables if "Table" in first else None)
    stored = {table.name for table in lake.tables() if table.companion is None}
    ops = {f"ops.{name}" for name in OPS_TABLES}
    return CommandError(f"no table {missing[0]}", suggestion(missing[0], stored | ops | _views()))


def _views() -> set[str]:
    from lakehouse.platform.tables.registry import load_domains

    return {table.id.name for domain in load_domains() for table in domain.tables}

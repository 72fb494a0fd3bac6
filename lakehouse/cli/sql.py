"""`lakehouse sql`: run one read-only SQL statement over the lake."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform, suggestion
from lakehouse.cli.options import Day
from lakehouse.cli.output import print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from lakehouse.platform.storage.lake import Lake

FETCHED = 10_000
"""Rows fetched at a time."""

FORMATS = ["table", "csv", "json", "parquet", "xlsx"]
ENDINGS = {".txt": "table", ".csv": "csv", ".json": "json", ".parquet": "parquet", ".xlsx": "xlsx"}
"""Ending of an output file → its format."""
FILE_FORMATS = ("parquet", "xlsx")
"""Formats that are written to a file only."""


@click.command()
@click.argument("statement")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Output format; default: by the ending of --output, else a table.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the rows to this file (.csv, .json, .parquet, .xlsx or, as a table, .txt).",
)
@click.option(
    "--latest",
    is_flag=True,
    help="Read the newest versions, also of a run that is not finished.",
)
@click.option(
    "--as-of",
    type=Day(),
    metavar="DAY",
    help="Show as-of tables as they were at the end of this day; default: the newest.",
)
def sql(
    statement: str, form: str | None, output: Path | None, latest: bool, as_of: dt.date | None
) -> None:
    """Run one read-only SQL STATEMENT over the lake.

    The SQL dialect is DuckDB's; the statement `-` is read from stdin. Tables are named
    <layer>.<domain>_<table>. The ops tables of all domains are ops.deliveries, ops.reconciliation,
    ops.quarantine, ops.data_quality_log and others (docs/data-dictionary.md). Dimensions, roll-ups
    and rankings show their newest day; history.<domain>_<table> has one copy for each day.

    All tables of a domain are read as the newest finished run left them, so that they belong
    together.

    Examples:
      lakehouse sql "select unit_name, sum(revenue) from gold.mrhealth_unit_day group by all"
      lakehouse sql "from ops.quarantine" --output rejected.csv
    """
    import duckdb

    from lakehouse.platform.serving import sql_catalog as catalog
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.published import ShownVersions

    chosen = _format(form, output)
    text = sys.stdin.read() if statement == "-" else statement
    settings = Settings.from_env()
    lake = Lake(settings.root)
    shown = ShownVersions(lake, latest=latest)
    names = catalog.names_in(text)
    with catalog.connect(lake, settings, names=names, shown=shown, as_of=as_of) as connection:
        try:
            answer = catalog.query(connection, text)
            rows = _write(answer, chosen, output)
        except duckdb.CatalogException as error:
            raise _unknown_name(text, lake, connection, error) from error
        except duckdb.Error as error:
            if damage := catalog.damage_of(connection, lake):
                raise damage from error
            raise CommandError(str(error).split("\n\nLINE")[0].strip()) from error
    if output is not None:
        inform(f"{rows:,} rows in {output}")


def _format(form: str | None, output: Path | None) -> str:
    """Return the format of the rows; a file's ending must agree with it."""
    if output is None:
        if form in FILE_FORMATS:
            raise click.UsageError(f"{form} is written to a file; add --output result.{form}")
        return form or "table"
    ending = output.suffix.lower()
    if form is None and ending not in ENDINGS:
        raise click.UsageError(
            f"{output.name}: the ending {ending or '(none)'} is not known; expected one of"
            f" {', '.join(ENDINGS)}, or add --format"
        )
    if form and ENDINGS.get(ending, form) != form:
        raise click.UsageError(f"{output.name} would hold {form}; change --format or the ending")
    return form or ENDINGS[ending]


def _write(answer: "duckdb.DuckDBPyConnection", form: str, output: Path | None) -> int:
    """Write the rows and return their number; a file appears only when it is complete."""
    columns = [column[0] for column in answer.description or []]
    if output is None:
        return print_rows(columns, _fetched(answer), form)
    partial = output.with_name(f".{output.name}.part")
    try:
        if form == "parquet":
            rows = _parquet(answer, partial)
        elif form == "xlsx":
            from lakehouse.cli.workbook import write_workbook

            rows = write_workbook(columns, _fetched(answer), partial)
        else:
            with partial.open("w", encoding="utf-8", newline="") as to:
                rows = print_rows(columns, _fetched(answer), form, to)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
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


def _unknown_name(
    text: str, lake: "Lake", connection: "duckdb.DuckDBPyConnection", error: Exception
) -> CommandError:
    """Return an error that suggests the most similar table, or shows the message of DuckDB."""
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
        tables = "tables are named <layer>.<domain>_<table>"
        return CommandError(first, tables if "Table" in first else None)
    stored = {table.name for table in lake.tables() if table.companion is None}
    ops = {f"ops.{name}" for name in OPS_TABLES}
    known = stored | ops | _declared_tables()
    return CommandError(f"table {missing[0]} does not exist", suggestion(missing[0], known))


def _declared_tables() -> set[str]:
    from lakehouse.platform.tables.registry import load_domains

    return {table.id.name for domain in load_domains() for table in domain.tables}

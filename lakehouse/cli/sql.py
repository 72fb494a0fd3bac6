"""`lakehouse sql`: run one read-only SQL statement over the lake."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.messages import CommandError, inform, suggestion, warn
from lakehouse.cli.options import Day
from lakehouse.cli.output import print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from lakehouse.platform.serving.sql_limits import Limits
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
@click.option(
    "--formulas",
    is_flag=True,
    help="In CSV, keep text that a spreadsheet would run as a formula; default: put ' in front.",
)
def sql(
    statement: str,
    form: str | None,
    output: Path | None,
    latest: bool,
    as_of: dt.date | None,
    formulas: bool,
) -> None:
    """Run one read-only SQL STATEMENT over the lake.

    The SQL dialect is DuckDB's; the statement `-` is read from stdin. Tables are named
    <layer>.<domain>_<table>. The ops tables of all domains are ops.deliveries, ops.reconciliation,
    ops.quarantine, ops.data_quality_log and others (docs/data-dictionary.md). Dimensions, roll-ups
    and rankings show their newest day; history.<domain>_<table> has one copy for each day.

    A query is stopped when it needs more time, memory, disk or rows than the settings
    LAKEHOUSE_SQL_SECONDS, LAKEHOUSE_MEMORY, LAKEHOUSE_SQL_SPILL and LAKEHOUSE_SQL_ROWS allow.

    All tables of a domain are read as the newest finished run left them, so that they belong
    together.

    Examples:
      lakehouse sql "select unit_name, sum(revenue) from gold.mrhealth_unit_day group by all"
      lakehouse sql "from ops.quarantine" --output rejected.csv
    """
    import duckdb

    from lakehouse.platform.serving import sql_catalog as catalog
    from lakehouse.platform.serving.sql_limits import Limits, limited
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.published import ShownVersions

    chosen = _format(form, output)
    text = sys.stdin.read() if statement == "-" else statement
    settings = Settings.from_env()
    lake = Lake(settings.root)
    shown = ShownVersions(lake, latest=latest)
    if output is None and catalog.lists_all_tables(text):
        print_rows(["name", "description"], catalog.described_names(lake), chosen)
        return
    names = catalog.names_in(text)
    limits = Limits.of(settings)
    with catalog.connect(
        lake,
        settings,
        names=names,
        shown=shown,
        as_of=as_of,
        spill_limit=limits.spill,
        on_older=warn,
    ) as connection:
        try:
            with limited(connection, limits):
                answer = _Answer(catalog.query(connection, text), limits)
                rows = _write(answer, chosen, output, formulas=formulas)
        except duckdb.CatalogException as error:
            raise _unknown_name(text, lake, connection, error) from error
        except duckdb.Error as error:
            if cause := catalog.cause_of(connection, lake, error):
                raise cause from error
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


class _Answer:
    """The result of a query, read in parts."""

    def __init__(self, result: "duckdb.DuckDBPyConnection", limits: "Limits"):
        self._result = result
        self._limits = limits
        self.columns = [column[0] for column in result.description or []]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield each row.

        Raises:
            CatalogError: there are more rows than the limit.
        """
        count = 0
        while rows := self._result.fetchmany(FETCHED):
            count += len(rows)
            yield from rows[: max(0, self._limits.rows - count + len(rows))]
            self._limits.require_rows(count)

    def write_parquet(self, output: Path) -> int:
        """Write all rows and return their number."""
        import pyarrow.parquet as pq

        rows = 0
        batches = self._result.to_arrow_reader(FETCHED)
        with pq.ParquetWriter(output, batches.schema, compression="zstd") as writer:
            for batch in batches:
                rows += batch.num_rows
                self._limits.require_rows(rows)
                writer.write_batch(batch)
        return rows


def _write(answer: _Answer, form: str, output: Path | None, *, formulas: bool) -> int:
    """Write the rows and return their number; a file appears only when it is complete."""
    if output is None:
        return print_rows(answer.columns, answer.rows(), form, formulas=formulas)
    partial = output.with_name(f".{output.name}.part")
    try:
        if form == "parquet":
            rows = answer.write_parquet(partial)
        elif form == "xlsx":
            from lakehouse.platform.serving.workbook import write_workbook

            rows = write_workbook(answer.columns, answer.rows(), partial)
        else:
            with partial.open("w", encoding="utf-8", newline="") as to:
                rows = print_rows(answer.columns, answer.rows(), form, to, formulas=formulas)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
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
    from lakehouse.platform.tables.catalogue import read_catalogue

    return {table.name for table in read_catalogue().tables}

"""`lakehouse maintain`: store days of many small files in few large ones."""

from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import inform
from lakehouse.cli.options import TableName, plural, require_stored
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.storage.table_id import TableId


@click.command()
@click.option("--table", type=TableName(), help="Only this table; default: all tables.")
@format_option
def maintain(table: "TableId | None", form: str) -> None:
    """Store days of many small files in few large ones.

    A day is written again when it has at least twice the files that it needs under
    LAKEHOUSE_FILE_MB. Its rows and their order stay, and earlier versions stay until
    `lakehouse vacuum`. A published table is published with its new files. The logs of the tables
    get a checkpoint. Tables of the raw layer are left alone, because the versions of their days
    stand for what was delivered.

    Examples:
      lakehouse maintain
      lakehouse maintain --table gold.mrhealth_unit_day
    """
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.storage.upkeep import maintain_tables

    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    tables = [require_stored(lake, table)] if table else lake.tables()
    done = maintain_tables(lake, tables, note={"by": "lakehouse maintain"})
    print_rows(
        ("table", "days", "files_before", "files_after"),
        ((each.name, len(found.days), found.before, found.after) for each, found in done.items()),
        form,
    )
    days = sum(len(found.days) for found in done.values())
    inform(f"{plural(days, 'day')} compacted in {plural(len(done), 'table')}")

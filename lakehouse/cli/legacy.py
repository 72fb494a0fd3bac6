"""`lakehouse legacy`: a legacy database to try the extraction with."""

from pathlib import Path

import click

from lakehouse.cli.messages import CommandError, inform
from lakehouse.cli.options import DomainName, plural
from lakehouse.settings import Settings

SPEC, ROWS, SEED = "sales", 500, 7


@click.group()
def legacy() -> None:
    """Legacy databases, for a try."""


@legacy.command()
@click.option(
    "--domain", "domain_name", type=DomainName(), default=SPEC, show_default=True, help="Whose."
)
@click.option("--rows", default=ROWS, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--seed", default=SEED, show_default=True, help="The same seed, the same rows.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rows of a CSV file instead of invented ones.",
)
@click.option("--dsn", help="PostgreSQL; without it LAKEHOUSE_<DOMAIN>_DSN.")
def seed(domain_name: str, rows: int, seed: int, file: Path | None, dsn: str | None) -> None:
    """Make the legacy database and its table, and fill the table if it is empty.

    A second call adds nothing. A DSN that names no database, or postgres, stands for the legacy
    database of that server.

    Examples:
      lakehouse legacy seed
      lakehouse legacy seed --rows 5000 --seed 11
    """
    from lakehouse.platform.connectors.postgres.declaration import extraction_of
    from lakehouse.platform.connectors.postgres.legacy import rows_of
    from lakehouse.platform.connectors.postgres.legacy import seed as seeded

    extraction = extraction_of(domain_name)
    if extraction is None:
        raise CommandError(f"{domain_name} has no legacy database")
    address = dsn or extraction.dsn(Settings.from_env())
    if not address:
        raise CommandError(
            f"{extraction.variable} is not set",
            "set it, or pass --dsn postgresql://user@host/database",
        )
    wanted = rows_of(extraction, file) if file else extraction.legacy.rows(rows, seed)
    database, count, filled = seeded(extraction, address, wanted)
    table = f"{database}, table {extraction.name}"
    if filled:
        inform(f"{plural(count, 'row')} in {table}")
    else:
        inform(f"{table} has {plural(count, 'row')} already; nothing was added")
    inform(f"  -> lakehouse extract {domain_name}")

"""`lakehouse legacy`: create a sample legacy database to try the extraction with."""

from pathlib import Path

import click

from lakehouse.cli.messages import CommandError, inform, next_step
from lakehouse.cli.options import DomainName, Renamed, domains_declaring, plural
from lakehouse.settings import Settings

ROWS, SEED = 500, 7


@click.group()
def legacy() -> None:
    """Create a sample legacy database to try the extraction with."""


@legacy.command()
@click.option(
    "--domain",
    "--system",
    "domain_name",
    cls=Renamed,
    type=DomainName(),
    help="Domain that extracts from it; default: the only one that does.",
)
@click.option(
    "--rows", default=ROWS, show_default=True, type=click.IntRange(1), help="Number of rows."
)
@click.option("--seed", default=SEED, show_default=True, help="Seed; equal seeds give equal rows.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Insert the rows of this CSV file instead of generated ones.",
)
@click.option("--dsn", help="Address of PostgreSQL; default: LAKEHOUSE_<DOMAIN>_DSN.")
def seed(domain_name: str | None, rows: int, seed: int, file: Path | None, dsn: str | None) -> None:
    """Create the legacy database and fill its table if empty.

    Running the command again adds nothing. If the DSN names no database, or the database
    `postgres`, the legacy database is created on that server.

    Examples:
      lakehouse legacy seed
      lakehouse legacy seed --rows 5000 --seed 11
    """
    from lakehouse.platform.connectors.postgres.declaration import extraction_of
    from lakehouse.platform.connectors.postgres.legacy import rows_of
    from lakehouse.platform.connectors.postgres.legacy import seed as fill

    name = domain_name or _only_domain()
    extraction = extraction_of(name)
    if extraction is None or extraction.legacy is None:
        raise CommandError(
            f"domain {name!r} declares no legacy database",
            f"domains that do: {', '.join(domains_declaring('extraction'))}",
        )
    address = dsn or extraction.dsn(Settings.from_env())
    if not address:
        raise CommandError(
            f"{extraction.variable} is not set",
            "set it, or pass --dsn postgresql://user@host/database",
        )
    wanted = rows_of(extraction, file) if file else extraction.legacy.rows(rows, seed)
    database, count, filled = fill(extraction, address, wanted)
    table = f"table {extraction.name} of database {database}"
    if filled:
        inform(f"inserted {plural(count, 'row')} into {table}")
    else:
        inform(f"{table} already has {plural(count, 'row')}; nothing was inserted")
    next_step(f"lakehouse extract {name}")


def _only_domain() -> str:
    """Return the only domain that declares an extraction; UsageError when there are several."""
    names = domains_declaring("extraction")
    if len(names) != 1:
        known = ", ".join(names) or "none"
        raise click.UsageError(f"pass --domain; domains with a legacy database: {known}")
    return names[0]

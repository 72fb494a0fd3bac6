"""`lakehouse warehouse`: publish the tables of a domain in PostgreSQL."""

from typing import TYPE_CHECKING

import click

from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import DomainName, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.platform.tables.domains import load_spec
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.serving.warehouse.declaration import Warehouse

COLUMNS = ("table", "delivered", "rejected", "repeated", "warehouse", "orphans")

domain_argument = click.argument("domain_name", metavar="DOMAIN", type=DomainName())
dsn_option = click.option(
    "--dsn",
    help="Address of the PostgreSQL database; default: LAKEHOUSE_<DOMAIN>_WAREHOUSE_DSN.",
)
schema_option = click.option(
    "--schema", help="Schema that holds the tables; default: the one the domain declares."
)


@click.group()
def warehouse() -> None:
    """Publish the tables of a domain in a PostgreSQL database."""


@warehouse.command()
@domain_argument
@dsn_option
@schema_option
@format_option
def load(domain_name: str, dsn: str | None, schema: str | None, form: str) -> None:
    """Fill the warehouse of DOMAIN and print the row counts.

    The new tables replace the old ones only after all of them are filled and their row counts
    match the lake and the delivered files; otherwise the old tables stay. Rows without their
    parent row are loaded too and counted as orphans. Roles keep their rights. Tables and views of
    an earlier load that are no longer declared are dropped.

    Example:
      lakehouse warehouse load bikes
    """
    from lakehouse.platform.serving.warehouse import loading
    from lakehouse.platform.storage.lake import Lake

    declared = _warehouse_of(domain_name)
    settings = Settings.from_env()
    lake = Lake(settings.root)
    address = _dsn(domain_name, dsn, settings)
    rows = []
    for table in loading.load(declared, address, lake, settings, schema, on_warning=warn):
        inform(f"{table.name}: {table.rows:,} rows")
        for parent, count in table.orphans.items():
            warn(f"{table.name}: {plural(count, 'row has', 'rows have')} no {parent}")
        source = table.source
        counts = (
            (source.delivered, source.rejected, source.repeated) if source else (None, None, None)
        )
        rows.append((table.name, *counts, table.rows, sum(table.orphans.values())))
    print_rows(COLUMNS, rows, form)


@warehouse.command()
@domain_argument
@dsn_option
@schema_option
@click.confirmation_option("--yes", prompt="Drop the tables and views of the warehouse?")
def drop(domain_name: str, dsn: str | None, schema: str | None) -> None:
    """Drop the tables and views of the warehouse of DOMAIN.

    Example:
      lakehouse warehouse drop bikes --yes
    """
    from lakehouse.platform.serving.warehouse import loading

    declared = _warehouse_of(domain_name)
    loading.drop(declared, _dsn(domain_name, dsn, Settings.from_env()), schema)


@warehouse.command()
@domain_argument
@click.option(
    "--dialect",
    type=click.Choice(["postgresql", "redshift"]),
    default="postgresql",
    show_default=True,
    help="Database that the statements are written for.",
)
def ddl(domain_name: str, dialect: str) -> None:
    """Print the SQL statements that create the tables of DOMAIN.

    Example:
      lakehouse warehouse ddl bikes --dialect redshift
    """
    from lakehouse.platform.serving.warehouse import ddl as statements

    declared = _warehouse_of(domain_name)
    click.echo(statements.ddl(declared, statements.Dialect(dialect)), nl=False)


def _warehouse_of(domain_name: str) -> "Warehouse":
    from lakehouse.platform.serving.warehouse.declaration import warehouse_of

    found = warehouse_of(domain_name)
    if found is None:
        raise CommandError(
            f"domain {domain_name!r} declares no warehouse",
            f"declare WAREHOUSE in lakehouse/domains/{domain_name}/warehouse.py",
        )
    return found


def _dsn(domain_name: str, given: str | None, settings: Settings) -> str:
    dsn = given or load_spec(domain_name).value("warehouse_dsn", settings)
    if not dsn:
        variable = f"LAKEHOUSE_{domain_name.upper()}_WAREHOUSE_DSN"
        raise CommandError("no database is configured", f"set {variable} or pass --dsn")
    return str(dsn)

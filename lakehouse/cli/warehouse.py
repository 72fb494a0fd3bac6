"""`lakehouse warehouse`: a domain's tables in the relational database that others ask."""

import importlib
from importlib.util import find_spec
from typing import Any

import click

from lakehouse.cli.options import DomainName
from lakehouse.cli.output import format_option, show
from lakehouse.cli.problems import Problem, note, warn
from lakehouse.settings import Settings

COLUMNS = ("table", "files", "rejected", "repeated", "warehouse", "orphans")
SCHEMA = "rox"


@click.group()
def warehouse() -> None:
    """Make, fill and remove the tables of a warehouse."""


@warehouse.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option("--dsn", help="PostgreSQL; better in LAKEHOUSE_<SPEC>_WAREHOUSE_DSN.")
@click.option("--schema", default=SCHEMA, show_default=True, help="Where the tables lie.")
@format_option
def load(domain_name: str, dsn: str | None, schema: str, form: str) -> None:
    """Fill the warehouse of SPEC from the lake and print the counts.

    The tables take the place of the old ones when all are filled and their rows are those of the
    lake and of the landed files; else the old ones stay. Orphans are loaded, and counted by the
    table that lacks their parent.

    Example:
      lakehouse warehouse load bikes
    """
    from lakehouse.platform.storage.lake import Lake

    library = _of(domain_name)
    settings = Settings.from_env()
    rows = []
    for each in library.load(
        _dsn(domain_name, dsn, settings), Lake(settings.root), settings, schema
    ):
        note(f"{each.name}: {each.rows:,} rows")
        for parent, count in each.orphans.items():
            warn(f"{each.name}: {count:,} rows have no {parent}")
        rows.append(
            (
                each.name,
                each.landed,
                each.rejected,
                each.repeated,
                each.rows,
                sum(each.orphans.values()),
            )
        )
    show(COLUMNS, rows, form)


@warehouse.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option("--dsn", help="PostgreSQL; better in LAKEHOUSE_<SPEC>_WAREHOUSE_DSN.")
@click.option("--schema", default=SCHEMA, show_default=True, help="Where the tables lie.")
@click.confirmation_option("--yes", prompt="Remove the tables of the warehouse?")
def drop(domain_name: str, dsn: str | None, schema: str) -> None:
    """Remove the tables and views of SPEC, each before those that it refers to.

    Example:
      lakehouse warehouse drop bikes --yes
    """
    _of(domain_name).drop(_dsn(domain_name, dsn, Settings.from_env()), schema)


@warehouse.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.option(
    "--dialect",
    type=click.Choice(["postgresql", "redshift"]),
    default="postgresql",
    show_default=True,
    help="Whose SQL.",
)
def ddl(domain_name: str, dialect: str) -> None:
    """Print the statements that make the tables of SPEC.

    Example:
      lakehouse warehouse ddl bikes --dialect redshift
    """
    library = _of(domain_name)
    click.echo(library.ddl(library.Dialect(dialect)), nl=False)


def _of(domain_name: str) -> Any:
    name = f"lakehouse.domains.{domain_name}.warehouse"
    if find_spec(name) is None:
        raise Problem(f"{domain_name} has no warehouse", "bikes has one: docs/domains/bikes.md")
    return importlib.import_module(name)


def _dsn(domain_name: str, given: str | None, settings: Settings) -> str:
    dsn = given or getattr(settings, f"{domain_name}_warehouse_dsn")
    if not dsn:
        variable = f"LAKEHOUSE_{domain_name.upper()}_WAREHOUSE_DSN"
        raise Problem("no database is named", f"set {variable}, or give --dsn")
    return str(dsn)

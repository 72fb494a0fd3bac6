"""`lakehouse export`: tables in the file layout that a domain's readers know."""

import click

from lakehouse.cli.messages import CommandError, inform, suggestion, warn
from lakehouse.cli.options import DomainName, joined
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

COLUMNS = ("export", "files", "rows", "removed")


@click.command()
@click.argument("domain_name", metavar="DOMAIN", type=DomainName())
@click.argument("out")
@click.option("--name", "names", multiple=True, help="Only this export; may be given repeatedly.")
@format_option
def export(domain_name: str, out: str, names: tuple[str, ...], form: str) -> None:
    """Write the tables of SPEC below OUT as its original files.

    OUT is a folder or s3://bucket/prefix. The same export again replaces its own files, and removes
    those of them that have no rows any more.

    Examples:
      lakehouse export mrhealth exported
      lakehouse export mrhealth s3://shop/exported --name original_lines_by_country
    """
    from lakehouse.platform.serving import exports as library
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    declared = {each.name: each for each in library.exports_of(domain_name, settings)}
    if not declared:
        raise CommandError(
            f"{domain_name} has no exports", f"declare some in its module exports ({GUIDE})"
        )
    for name in names:
        if name not in declared:
            raise click.BadParameter(f"no export {name!r}; {suggestion(name, declared)}")
    chosen = [declared[name] for name in dict.fromkeys(names)] or list(declared.values())
    done = []
    for each in library.write(domain_name, chosen, out, Lake(settings.root), settings):
        inform(f"{each.name}: {each.rows:,} rows")
        if each.kept:
            warn(f"{each.name}: changed since they were exported and left: {joined(each.kept)}")
        done.append((each.name, each.files, each.rows, len(each.removed)))
    print_rows(COLUMNS, done, form)


GUIDE = "docs/exports.md"

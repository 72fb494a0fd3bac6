"""`lakehouse export`: write tables in the file layout of a domain's original systems."""

import click

from lakehouse.cli.messages import CommandError, inform, suggestion, warn
from lakehouse.cli.options import domain_argument, joined
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

COLUMNS = ("export", "files", "rows", "removed")


@click.command()
@domain_argument
@click.argument("out")
@click.option("--name", "names", multiple=True, help="Only this export; can be repeated.")
@format_option
def export(domain_name: str, out: str, names: tuple[str, ...], form: str) -> None:
    """Write the exports of DOMAIN to the folder or S3 prefix OUT.

    OUT is a folder or s3://bucket/prefix. Running an export again replaces the files it wrote
    before and removes those that no longer have rows.

    Examples:
      lakehouse export mrhealth exported
      lakehouse export mrhealth s3://shop/exported --name original_lines_by_country
    """
    from lakehouse.platform.serving.export_writing import write_exports
    from lakehouse.platform.serving.exports import exports_of
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    declared = {each.name: each for each in exports_of(domain_name, settings)}
    if not declared:
        raise CommandError(
            f"domain {domain_name!r} declares no exports",
            f"declare EXPORTS in lakehouse/domains/{domain_name}/exports.py (docs/exports.md)",
        )
    for name in names:
        if name not in declared:
            raise click.BadParameter(f"unknown export {name!r}; {suggestion(name, declared)}")
    chosen = [declared[name] for name in dict.fromkeys(names)] or list(declared.values())
    done = []
    for each in write_exports(domain_name, chosen, out, Lake(settings.root), settings):
        inform(f"{each.name}: {each.rows:,} rows")
        for remark in each.older:
            warn(remark)
        if each.kept:
            warn(
                f"{each.name}: not removed, because they were changed after the export:"
                f" {joined(each.kept)}"
            )
        done.append((each.name, each.files, each.rows, len(each.removed)))
    print_rows(COLUMNS, done, form)

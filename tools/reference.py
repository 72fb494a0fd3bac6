"""Write the reference pages of ``docs/`` from the code: data dictionary, settings, command line.

python -m tools.reference write   write the pages
python -m tools.reference check   print how they differ from the code; exit code 1 if they do
"""

import difflib
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.settings import OTHER_VARIABLES, Setting, platform_settings

if TYPE_CHECKING:
    from lakehouse.platform.tables.domain_spec import DomainSpec
    from lakehouse.platform.tables.table import Table

FOLDER = Path("docs")
WIDTH = 100
"""Characters per line of help."""
GENERATED = "<!-- Generated from the code by `make docs`; change the code instead. -->"


def pages() -> dict[str, str]:
    """Return file name → text of each page."""
    return {
        "data-dictionary.md": data_dictionary(),
        "settings.md": settings(),
        "cli.md": command_line(),
    }


def data_dictionary() -> str:
    """Describe every table of every domain, from raw to gold, as its contract promises it."""
    from lakehouse.platform.forecasting.declaration import forecast_of
    from lakehouse.platform.tables.registry import load_domains

    lines = [
        "# Data dictionary",
        GENERATED,
        (
            "Tables are named `<layer>.<domain>_<table>` in SQL. Stored tables are partitioned by"
            " `day`: in raw and bronze the day of the delivery, in silver and gold the day the fact"
            " happened. A row that breaks the rule of a column is rejected with the reason code"
            " shown beside the column; [reasons.md](reasons.md) explains all codes."
        ),
    ]
    for domain in load_domains():
        forecast = forecast_of(domain.name)
        tables = sorted(
            [*domain.tables, *(forecast.tables if forecast else ())],
            key=lambda table: (table.layer.rank, table.id.name),
        )
        lines.append(f"## {domain.spec.title}")
        lines.append(
            f"Domain `{domain.name}`, since {domain.spec.since}, owned by"
            f" {', '.join(domain.spec.owners) or 'nobody'}."
        )
        lines.append(_overview(tables))
        lines += [part for table in tables for part in _table(table, tables)]
    lines += _ops_tables()
    return _joined(lines)


def _overview(tables: "Sequence[Table]") -> str:
    return _grid(
        ("table", "description"),
        (
            (f"[`{table.id.name}`](#{_anchor(table.id.name)})", _first_sentence(table.description))
            for table in tables
        ),
    )


def _table(table: "Table", tables: "Sequence[Table]") -> Iterator[str]:
    """Describe one table: key, inputs, columns and the reason codes of rejected rows."""
    contract = table.contract
    yield f"### {table.id.name}"
    yield inspect.cleandoc(table.description)
    about = [
        (
            f"{'As-of table' if table.as_of else 'Table'}, contract `{contract.name}`"
            f" version `{contract.version}`."
        )
    ]
    if contract.key:
        about.append(f"Key: {', '.join(f'`{name}`' for name in contract.key)}.")
    if table.reads:
        about.append(f"Reads: {', '.join(_link(read.table) for read in table.reads)}.")
    if table.source is not None:
        about.append(f"Files: `{table.source.files}`.")
    below = [each for each in tables if any(read.table.id == table.id for read in each.reads)]
    if below:
        about.append(f"Read by: {', '.join(_link(each) for each in below)}.")
    yield " ".join(about)
    rules: dict[str, list[str]] = {}
    for rule in contract.rules:
        rules.setdefault(rule.column, []).append(f"`{rule.code}`")
    yield _grid(
        ("column", "type", "null", "description", "rejected as"),
        (
            (
                f"`{column.name}`",
                f"`{column.type}`",
                "yes" if column.nullable else "",
                column.description,
                ", ".join(dict.fromkeys(rules.get(column.name, ())))
                if table.validates_rows
                else "",
            )
            for column in contract.columns
        ),
    )


def _link(table: "Table") -> str:
    return f"[`{table.id.name}`](#{_anchor(table.id.name)})"


def _ops_tables() -> Iterator[str]:
    """Describe the tables that `lakehouse sql` shows under ``ops``."""
    from lakehouse.platform.tables.ops_tables import OPS_TABLES

    yield "## Ops tables"
    yield "Records of all domains together, in `lakehouse sql` only."
    for table in OPS_TABLES.values():
        yield f"### ops.{table.name}"
        yield table.description
        yield _grid(
            ("column", "type", "meaning"),
            (
                (f"`{name}`", f"`{kind}`", table.descriptions[name])
                for name, kind in table.sql_types.items()
            ),
        )


def settings() -> str:
    """Describe every environment variable that the lakehouse reads."""
    from lakehouse.platform.tables.domains import domain_names, load_spec

    columns = ("variable", "default", "description")
    others = [
        (
            "`DAGSTER_HOME`",
            "`data/dagster`",
            "Folder of Dagster's run records, logs and configuration",
        ),
        *((f"`{variable}`", "not set", meaning) for variable, meaning in OTHER_VARIABLES.items()),
        (
            "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`",
            "not set",
            (
                "Credentials for `s3://`, found as boto3 finds them: variables, profile, role"
                " (secret: never shown)"
            ),
        ),
        ("`AWS_REGION`", "`us-east-1`", "Region of the buckets"),
        ("`AWS_ENDPOINT_URL`", "not set", "An S3 server other than Amazon's; http or https"),
        (
            "`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SNS`",
            "`AWS_ENDPOINT_URL`",
            "Servers of S3 and SNS, when they are not the same",
        ),
    ]
    return _joined(
        [
            "# Settings",
            GENERATED,
            (
                "Settings come from the environment. Each has a default that suits a laptop."
                " `lakehouse doctor` shows what is set, checks that it works and warns about"
                " variables that nothing reads."
            ),
            "## Platform",
            _grid(columns, [*map(_setting_row, platform_settings()), *others]),
            *(part for name in domain_names() for part in _domain_settings(load_spec(name))),
        ]
    )


def _domain_settings(spec: "DomainSpec") -> Iterator[str]:
    """Yield the section of a domain that declares settings."""
    if spec.settings:
        yield f"## {spec.title} (domain `{spec.name}`)"
        yield _grid(
            ("variable", "default", "description"),
            (_setting_row(setting, spec.name) for setting in spec.settings),
        )


def _setting_row(setting: Setting[Any], domain: str | None = None) -> tuple[str, str, str]:
    return (
        f"`{setting.variable(domain)}`",
        f"`{setting.default}`" if setting.default not in (None, "") else "not set",
        setting.meaning + (" (secret: never shown)" if setting.secret else ""),
    )


def command_line() -> str:
    """Show the help of every command."""
    from lakehouse.cli import main

    lines = [
        "# Command line",
        GENERATED,
        (
            "Data goes to stdout, messages and progress to stderr. Exit codes: 0 success, 1 the"
            " command failed or found a problem, 2 the command line is wrong. `--system` is an"
            " alias of `--domain`, and `lakehouse conservation` of `lakehouse reconcile`."
        ),
    ]
    root = click.Context(
        main,
        info_name="lakehouse",
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=list(main.context_settings["help_option_names"]),
    )
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        if command is not None:
            lines += _command(command, name, root)
    return _joined(lines)


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH
    )
    yield f"## {context.command_path}"
    yield f"```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _command(found, below, context)


def _grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in line) + " |"
        for line in lines
    )


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _first_sentence(text: str) -> str:
    return inspect.cleandoc(text).split("\n\n")[0].replace("\n", " ")


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return heading.lower().replace(".", "").replace(" ", "-")


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or print where they differ from the code."""
    if list(arguments) not in (["write"], ["check"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if list(arguments) == ["write"]:
        FOLDER.mkdir(exist_ok=True)
        for name, text in pages().items():
            (FOLDER / name).write_text(text, "utf-8")
        return 0
    differences = [line for name, text in pages().items() for line in _difference(name, text)]
    sys.stdout.writelines(differences)
    return 1 if differences else 0


def _difference(name: str, text: str) -> Iterator[str]:
    page = FOLDER / name
    there = page.read_text("utf-8") if page.exists() else ""
    yield from difflib.unified_diff(
        there.splitlines(keepends=True),
        text.splitlines(keepends=True),
        str(page),
        f"{page} from the code",
        n=1,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

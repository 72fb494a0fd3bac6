"""The command line ``lakehouse``.

Commands are imported when they are called, and import what they need when they run: ``--help``
answers at once, and ``sql`` loads no orchestrator. Data goes to stdout, notes go to stderr.
Exit codes: 0 fine, 1 what was asked failed or a problem was found, 2 the call itself is wrong.
"""

import errno
import importlib
from inspect import cleandoc
from typing import Any

import click

from lakehouse import __version__
from lakehouse.cli.messages import CommandError, one_line

COMMANDS = {
    "demo": "demo",
    "generate": "generate",
    "legacy": "legacy",
    "extract": "extract",
    "land": "land",
    "ingest": "runs",
    "materialize": "runs",
    "sql": "sql",
    "status": "status",
    "reconcile": "reconcile",
    "quarantine": "quarantine",
    "history": "versions",
    "rollback": "versions",
    "vacuum": "versions",
    "export": "export",
    "warehouse": "warehouse",
    "forecast": "forecast",
    "privacy": "privacy",
    "raw": "raw",
    "doctor": "doctor",
    "up": "services",
    "prune": "services",
}
"""Command → module of this package that has it under the same name; in the order of first use."""
RENAMED = {"conservation": "reconcile"}
"""Earlier name of a command → its name; scripts that use the earlier one go on."""


class Cli(click.Group):
    """Commands by name, imported when asked for; an error becomes one line with the hint."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = RENAMED.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        _keep_examples(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS | RENAMED and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params["debug"] or (isinstance(error, OSError) and error.errno == errno.EPIPE):
                raise
            raise CommandError(one_line(error)) from error


def _keep_examples(command: click.Command) -> None:
    """Tell click to leave paragraphs with indented lines, such as examples, as they are written."""
    paragraphs = cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(
        f"\b\n{text}" if "\n  " in text and not text.startswith("\b") else text
        for text in paragraphs
    )
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _keep_examples(below)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--debug", is_flag=True, envvar="LAKEHOUSE_DEBUG", help="Show the traceback of an error."
)
@click.version_option(__version__, prog_name="lakehouse")
def main(debug: bool) -> None:
    """Landed files become trusted Delta tables; every row is accounted for.

    Begin with `lakehouse demo`, then `lakehouse up`. Settings come from the environment
    (docs/settings.md); `lakehouse doctor` shows and checks them.

    Exit codes: 0 fine, 1 what was asked failed or a problem was found, 2 wrong call.
    """

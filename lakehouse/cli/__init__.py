"""The command line ``lakehouse``: one module per group of commands.

Commands are imported when they are called and import what they need when they run, so that
``--help`` answers at once and ``sql`` never loads Dagster. `options`, `messages`, `output` and
`progress` hold what the commands share. Data goes to stdout, messages go to stderr.

Exit codes: 0 success, 1 the command failed or found a problem, 2 the command line is wrong, 130
Ctrl-C was pressed, 143 SIGTERM was received.
"""

import errno
import importlib
import os
from inspect import cleandoc
from typing import Any

import click

from lakehouse import __version__
from lakehouse.cli.interrupts import INTERRUPTED
from lakehouse.cli.messages import CommandError, inform, one_line

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
    "repair": "repair",
    "migrate": "migrate",
    "quarantine": "quarantine",
    "history": "versions",
    "rollback": "versions",
    "vacuum": "versions",
    "maintain": "maintain",
    "published": "versions",
    "export": "export",
    "warehouse": "warehouse",
    "forecast": "forecast",
    "alerts": "alerts",
    "models": "models",
    "privacy": "privacy",
    "raw": "raw",
    "doctor": "doctor",
    "dashboard": "dashboard",
    "up": "services",
    "down": "services",
    "restart": "services",
    "services": "services",
    "prune": "services",
    "completion": "completion",
    "password": "password",  # pragma: allowlist secret
}
"""Command → module of this package that defines it under the same name, in the order of --help."""
PRIVATE = 0o077
"""The umask of every command and of what it starts: files are for this user alone."""
ALIASES = {"conservation": "reconcile"}
"""Earlier name of a command, which still works → its name."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called and prints every error in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[name]}")
        command: click.Command = getattr(module, name)
        _arrange_help(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS | ALIASES and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"commands: {', '.join(COMMANDS)}"
            raise click.UsageError(f"unknown command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        os.umask(PRIVATE)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            inform("interrupted")
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.params["debug"] or (isinstance(error, OSError) and error.errno == errno.EPIPE):
                raise
            message, _, hint = one_line(error).partition("hint: ")
            raise CommandError(message.rstrip("; "), hint or None) from error


def _arrange_help(command: click.Command) -> None:
    """Move the examples below the options, and keep the line breaks of indented paragraphs."""
    paragraphs = [
        f"\b\n{text}" if "\n  " in text and not text.startswith("\b") else text
        for text in cleandoc(command.help or "").split("\n\n")
    ]
    examples = [text for text in paragraphs if text.startswith("\b\nExample")]
    command.help = "\n\n".join(text for text in paragraphs if text not in examples)
    command.epilog = command.epilog or "\n\n".join(examples) or None
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _arrange_help(below)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--debug", is_flag=True, envvar="LAKEHOUSE_DEBUG", help="Show the traceback of an error."
)
@click.version_option(__version__, prog_name="lakehouse")
def main(debug: bool) -> None:
    """Turn delivered CSV files into checked Delta tables in which every row is accounted for.

    Start with `lakehouse demo`, then run `lakehouse up`. Settings come from environment variables
    (docs/settings.md); `lakehouse doctor` checks them.

    Exit codes: 0 success, 1 the command failed or found a problem, 2 the command line is wrong,
    130 Ctrl-C was pressed, 143 SIGTERM was received.
    """

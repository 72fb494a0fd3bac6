"""What goes wrong on the command line, said in one line with the hint."""

import sys
from collections.abc import Iterable

import click


class CommandError(click.ClickException):
    """What was asked cannot be done, or failed; exit code 1.

    Args:
        message: what is wrong.
        hint: what to do or to type next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: object = None) -> None:
        click.echo(f"{click.style('error:', fg='red')} {self.message}", err=True)
        if self.hint:
            click.echo(f"  -> {self.hint}", err=True)


def one_line(error: Exception) -> str:
    """An error as one line; one that the platform did not foresee also says its kind."""
    text = " ".join(str(error).split())
    if type(error).__module__.startswith("lakehouse."):
        return text
    kind = type(error).__name__
    said = f"{kind}: {text}" if text else kind
    return f"{said} (lakehouse --debug … shows where)"


def suggestion(wanted: str, known: Iterable[str]) -> str:
    """A hint for a name that does not exist: the most alike, then all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    alike = get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {alike[0]}? " if alike else ""
    return f"{hint}there are: {', '.join(names)}" if names else "there is none yet"


def warn(message: str) -> None:
    """A note on stderr that something needs a look."""
    click.echo(f"{click.style('warning:', fg='yellow')} {message}", err=True)


def inform(message: str) -> None:
    """A remark on stderr."""
    click.echo(message, err=True)


def interactive() -> bool:
    """Whether somebody watches stderr."""
    return sys.stderr.isatty()

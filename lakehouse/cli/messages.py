"""Print errors, warnings and remarks of the command line on stderr, each in one line."""

import sys
from collections.abc import Iterable

import click

from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.storage.outside_causes import is_outside_cause

DEBUG_REMARK = " (lakehouse --debug … shows the traceback)"
MOST_NAMES = 8
"""Known names that a hint about an unknown one lists."""


class CommandError(click.ClickException):
    """A command that failed or found a problem; ends with exit code 1.

    Args:
        message: what happened.
        hint: what to do or which command to run next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: object = None) -> None:
        click.echo(f"{click.style('error:', fg='red')} {_shown(self.message)}", err=True)
        if self.hint:
            click.echo(f"hint: {_shown(self.hint)}", err=True)


def escaped(text: str) -> str:
    r"""Return a text with its control characters as codes, so that a terminal does not obey them.

    >>> print(escaped("red \x1b[31m"))
    red \x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _code(each) for each in text)


def _code(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shown(message: str) -> str:
    return "\n".join(map(escaped, message.split("\n")))


def one_line(error: Exception) -> str:
    """Return an error as one line; errors of other libraries are shown with their type."""
    if isinstance(error, OSError) and error.filename and is_outside_cause(error):
        return (
            f"{error.filename} cannot be used ({error.strerror}); hint: give this user permission,"
            " or mount the disk and free space on it, then repeat the command"
        )
    text = " ".join(str(error).split())
    if plain := plain_cause(text):
        return plain
    if type(error).__module__.startswith("lakehouse."):
        return text
    kind = type(error).__name__
    message = f"{kind}: {text}" if text else kind
    return f"{message}{DEBUG_REMARK}"


def suggestion(wanted: str, known: Iterable[str]) -> str:
    """Return a hint for an unknown name: the most similar known name, then a few or all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    if not names:
        return "none exist yet"
    similar = get_close_matches(wanted, names, n=1, cutoff=0.5)
    question = f"did you mean {similar[0]}? " if similar else ""
    if len(names) <= MOST_NAMES:
        return f"{question}known names: {', '.join(names)}"
    near = sorted(get_close_matches(wanted, names, n=MOST_NAMES, cutoff=0.0))
    return f"{question}{len(names)} names are known, among them: {', '.join(near)}"


def warn(message: str) -> None:
    """Print a warning."""
    click.echo(f"{click.style('warning:', fg='yellow')} {_shown(message)}", err=True)


def inform(message: str) -> None:
    """Print a remark."""
    click.echo(_shown(message), err=True)


def next_step(command: str) -> None:
    """Print the command that usually follows."""
    inform(f"next: {command}")


def interactive() -> bool:
    """Return whether stderr is a terminal."""
    return sys.stderr.isatty()

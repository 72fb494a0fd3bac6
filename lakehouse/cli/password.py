"""`lakehouse password`: print the line of a person for the file of logins."""

import sys

import click

from lakehouse.cli.messages import CommandError, inform


@click.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["leitor", "operador", "privacidade"]),
    help="Role on the dashboard; without it, leitor.",
)
def password(name: str, role: str | None) -> None:
    """Print the line of NAME for the file LAKEHOUSE_LOGINS.

    Asks for the password twice without showing it, or reads one line from stdin when that is not a
    terminal. The line holds a salted scrypt hash; the password itself is not stored.

    Example:
      lakehouse password ana --role operador >> logins && chmod 600 logins
    """
    from lakehouse.platform.web.passwords import login_line
    from lakehouse.platform.web.roles import Role

    try:
        click.echo(login_line(name, _asked(), Role(role) if role else None))
    except ValueError as error:
        raise CommandError(str(error)) from error
    inform("add this line to the file LAKEHOUSE_LOGINS and start lakehouse up again")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))

"""`lakehouse completion`: print the script that completes commands, options and names in a shell.

The shell then runs `lakehouse` at each press of the tab key, so nothing here may import a domain,
an engine or Dagster.
"""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands in SHELL.

    Commands, options, domains and stored tables are completed.

    Examples:
      eval "$(lakehouse completion bash)"
      lakehouse completion zsh > ~/.zfunc/_lakehouse
    """
    from click.shell_completion import get_completion_class

    from lakehouse.cli import main

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  click knows these shells
    click.echo(kind(main, {}, "lakehouse", "_LAKEHOUSE_COMPLETE").source())

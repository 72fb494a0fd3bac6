"""`lakehouse dashboard`: serve the pages for managers."""

import click

from lakehouse.cli.messages import inform
from lakehouse.settings import Settings

PORT = 8050
"""Port when the setting leaves the dashboard out of `lakehouse up`."""


@click.command()
@click.option("--host", help="Address to listen on; default: LAKEHOUSE_HOST.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port; default: LAKEHOUSE_DASHBOARD_PORT or 8050."
)
def dashboard(host: str | None, port: int | None) -> None:
    """Serve the dashboard until Ctrl-C.

    `lakehouse up` serves it too. The pages show the published gold tables, in Portuguese or
    English; an operator corrects rejected rows there. Other machines reach them only with a login
    (docs/deploy.md).

    Example:
      lakehouse dashboard --port 8060
    """
    from lakehouse.dashboard.server import serve
    from lakehouse.platform.web.access import policy_of

    settings = Settings.from_env()
    address = host or settings.host
    policy_of(settings, address)
    port = port or settings.dashboard_port or PORT
    shown = f"[{address}]" if ":" in address else address
    inform(f"dashboard: http://{shown}:{port}/executivo")
    serve(settings, address, port)

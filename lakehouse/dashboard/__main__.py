"""Serve the dashboard as a process: ``python -m lakehouse.dashboard --host HOST --port PORT``."""

import argparse

from lakehouse.dashboard.server import serve
from lakehouse.settings import Settings


def main() -> None:
    """Serve until the process is interrupted."""
    words = argparse.ArgumentParser(prog="lakehouse.dashboard", description=__doc__)
    words.add_argument("--host", required=True, help="address to listen on")
    words.add_argument("--port", required=True, type=int, help="port to listen on")
    given = words.parse_args()
    serve(Settings.from_env(), given.host, given.port)


if __name__ == "__main__":
    main()

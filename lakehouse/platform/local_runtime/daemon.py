"""Dagster's daemon, with shorter loops where the local runtime is used.

``python -m lakehouse.platform.local_runtime.daemon`` takes the arguments of ``dagster-daemon run``.
The stock loop over sensors sleeps five seconds, whatever interval a sensor declares. Here it sleeps
one second, so that ``LAKEHOUSE_SENSOR_SECONDS`` takes effect. The stock loop over backfills sleeps
thirty seconds, here three, because a user is usually waiting for a backfill. Definitions are loaded
again when the code server is another one, not every minute. The sensors of landing zones are
evaluated when something changed, and else every 15 seconds.
"""

import os
import sys
from importlib.metadata import entry_points

from lakehouse.platform.local_runtime.instance import usable
from lakehouse.platform.local_runtime.quiet_sensors import wait_while_quiet
from lakehouse.platform.local_runtime.runtime import Runtime
from lakehouse.platform.local_runtime.workers import locks_every_run

LOOP_SECONDS = 1
BACKFILL_SECONDS = 3
WATCH_SECONDS = 3
"""Seconds between two looks at the id of the code server; the stock daemon looks every second."""


def main() -> None:
    """Run the daemon until it is interrupted."""
    os.umask(0o077)
    if usable() is Runtime.LOCAL:
        _run_with_short_loops(sys.argv[1:])
    else:
        _run_stock(sys.argv[1:])


def _run_with_short_loops(arguments: list[str]) -> None:
    from dagster import DagsterInstance
    from dagster._daemon import asset_daemon, controller, sensor
    from dagster._daemon.cli import run_command
    from dagster._grpc import server_watcher

    from lakehouse.platform.local_runtime.fork_server import start_fork_server
    from lakehouse.platform.local_runtime.workspace import load_when_changed

    sensor.MIN_INTERVAL_LOOP_TIME = LOOP_SECONDS
    asset_daemon.MIN_INTERVAL_LOOP_SECONDS = LOOP_SECONDS
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = BACKFILL_SECONDS
    server_watcher.WATCH_INTERVAL = WATCH_SECONDS
    load_when_changed()
    with DagsterInstance.get() as instance:
        if locks_every_run(instance):
            start_fork_server()
    wait_while_quiet()
    run_command(prog_name="lakehouse daemon", args=arguments)


def _run_stock(arguments: list[str]) -> None:
    (command,) = entry_points(group="console_scripts", name="dagster-daemon")
    sys.argv = ["dagster-daemon", "run", *arguments]
    command.load()()


if __name__ == "__main__":
    main()

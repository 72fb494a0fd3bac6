"""Dagster's daemon with a warm run server and a short breath.

``python -m lakehouse.platform.local_runtime.daemon`` takes the arguments of ``dagster-daemon run``. Stock, the
loops over sensors rest five seconds, whatever a sensor's own interval says; here they rest one, so
that ``LAKEHOUSE_SENSOR_SECONDS`` means what it says. The loop over backfills rests thirty; here it
rests three, because somebody sits in front of a backfill.
"""

import sys

LOOP_SECONDS = 1
BACKFILL_SECONDS = 3


def main() -> None:
    """Run the daemon until it is interrupted."""
    from dagster import DagsterInstance
    from dagster._daemon import asset_daemon, controller, sensor
    from dagster._daemon.cli import run_command

    from lakehouse.platform.local_runtime.launcher import launcher_of, warm

    sensor.MIN_INTERVAL_LOOP_TIME = LOOP_SECONDS
    asset_daemon.MIN_INTERVAL_LOOP_SECONDS = LOOP_SECONDS
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = BACKFILL_SECONDS
    with DagsterInstance.get() as instance:
        if launcher_of(instance):
            warm()
    run_command(prog_name="lakehouse daemon", args=sys.argv[1:])


if __name__ == "__main__":
    main()

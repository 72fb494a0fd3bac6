"""The sensor that compares stored data with what was stored, all the time and a little at a time.

Each tick compares files for `SECONDS` and continues where the tick before ended, so that it takes a
fixed small share of the machine. It also publishes what a killed run left unpublished.
"""

import dagster as dg

from lakehouse.platform.local_runtime.workers import fail_lost_runs
from lakehouse.platform.orchestration.exclusive_runs import IN_PROGRESS
from lakehouse.platform.orchestration.publishing import publish_finished
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG
from lakehouse.platform.reconciliation.open_work import open_work
from lakehouse.platform.reconciliation.rolling import compare_next
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

INTERVAL = 600
"""Seconds between two ticks."""
SECONDS = 2.0
"""How long a tick compares files: 0.3 % of the interval for each domain."""
SHOWN = 5


def stored_data_sensor(domain: Domain) -> dg.SensorDefinition:
    """Return the sensor of a domain; it requests no run."""

    @dg.sensor(
        name=f"{domain.name}_stored_data",
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Compares the stored files of {domain.spec.title} with what was stored, some"
        " at each tick, and names those that are missing or changed.",
    )
    def stored_data(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        in_progress = dg.RunsFilter(tags={DOMAIN_TAG: domain.name}, statuses=IN_PROGRESS)
        if fail_lost_runs(context.instance, context.instance.get_run_records(in_progress)):
            return dg.SkipReason("a run is in progress; the next tick compares files")
        lake = Lake(Settings.from_env().root)
        step = compare_next(domain, lake, context.cursor or "", seconds=SECONDS)
        context.update_cursor(step.position)
        for damage in step.damages:
            context.log.error(
                "%s, %s: %s. hint: %s", damage.table.name, damage.day, damage.problem, damage.hint
            )
        if not step.damages:
            _publish_what_is_left(domain, lake)
        found = f"{len(step.damages)} damaged" if step.damages else "none damaged"
        first = "; ".join(f"{each.table.name}: {each.problem}" for each in step.damages[:SHOWN])
        return dg.SkipReason(f"{step.compared} files compared, {found}. {first}".strip())

    return stored_data


def _publish_what_is_left(domain: Domain, lake: Lake) -> None:
    """Publish the newest versions when nothing is left to run."""
    try:
        work = open_work(domain, lake)
        if not work.unfinished and not work.waiting:
            publish_finished(lake, domain.name)
    except StorageError:
        return  # the next round names what is damaged

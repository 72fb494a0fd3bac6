"""One run per domain at a time: a local run waits for the runs of the daemon.

Two runs that write the same days could overwrite a newer result with an older one.
"""

import time

import dagster as dg

from lakehouse.platform.local_runtime.workers import EXECUTED, fail_lost_runs
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG

WAIT_SECONDS = 900.0
"""How long a local run waits for another run of its domain."""
POLL_SECONDS = 0.5

IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""Statuses of an unfinished run."""


class DomainBusy(RuntimeError):
    """Another run of the same domain does not finish; the message names it."""


def wait_for_other_runs(
    instance: dg.DagsterInstance, domain: str, *, seconds: float = WAIT_SECONDS
) -> None:
    """Wait until no run of a domain executes; mark a run whose process ended as failed.

    Raises:
        DomainBusy: a run still executes after this many seconds.
    """
    deadline = time.monotonic() + seconds
    executing = dg.RunsFilter(tags={DOMAIN_TAG: domain}, statuses=EXECUTED)
    while alive := fail_lost_runs(instance, instance.get_run_records(executing)):
        if time.monotonic() > deadline:
            raise DomainBusy(
                f"run {alive[0].dagster_run.run_id} of {domain} is still executing after"
                f" {seconds:.0f} seconds. hint: wait for it or terminate it in the Dagster UI,"
                " then repeat the command"
            )
        time.sleep(POLL_SECONDS)

"""Find the newest run of a domain that failed, for those who wait for its result."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.platform.plain_causes import plain_cause

if TYPE_CHECKING:
    from dagster import DagsterInstance

MOST_LOOKED_AT = 50
"""Failed runs of all jobs that are looked at, the newest first."""


@dataclass(frozen=True, kw_only=True)
class FailedRun:
    """A run that ended without success."""

    run_id: str
    job: str
    ended_at: dt.datetime
    error: str
    """The cause of its first failed step in plain words where it is a known one of disks or
    servers, else the first line of its error; empty when no step failed."""


def newest_failed_run(home: Path, jobs: str, since: dt.datetime) -> FailedRun | None:
    """Return the newest failed or cancelled run that ended after a moment; None without one.

    Args:
        home: Dagster home.
        jobs: beginning of the names of its jobs: the name of a domain and ``_``.
        since: only runs that ended later.
    """
    if not (home / "dagster.yaml").exists():
        return None
    import dagster as dg

    failed = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        wanted = dg.RunsFilter(statuses=failed, updated_after=since)
        for record in instance.get_run_records(wanted, limit=MOST_LOOKED_AT):
            run, ended = record.dagster_run, record.end_time
            if run.job_name.startswith(jobs) and ended and ended > since.timestamp():
                return FailedRun(
                    run_id=run.run_id,
                    job=run.job_name,
                    ended_at=dt.datetime.fromtimestamp(ended, dt.UTC),
                    error=_error(instance, run.run_id),
                )
    return None


def _error(instance: "DagsterInstance", run_id: str) -> str:
    import dagster as dg

    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        error = event.step_failure_data.error if event is not None else None
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            text = error.message.strip()
            return plain_cause(text) or text.partition("\n")[0]
    return ""

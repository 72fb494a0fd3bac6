"""Deletes Dagster's records of old runs; tables of the lake are not touched."""

import datetime as dt

from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter

FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def prune_runs(
    instance: DagsterInstance, older_than: dt.timedelta, dry_run: bool = False
) -> list[str]:
    """Delete runs that ended longer ago than `older_than` and return their ids, oldest first.

    The local runtime keeps the newest materialization of every asset and partition when it deletes
    a run. Other storages delete it with the run, so with them only runs without a materialization
    are deleted.

    Args:
        instance: where the runs are recorded.
        older_than: age of a run, counted from its last update.
        dry_run: return the ids without deleting anything.
    """
    before = dt.datetime.now(dt.UTC) - older_than
    keeps = getattr(instance.event_log_storage, "keeps_newest_materializations", False)
    pruned = [
        record.dagster_run.run_id
        for record in reversed(
            instance.get_run_records(RunsFilter(statuses=FINISHED, updated_before=before))
        )
        if keeps
        or not instance.all_logs(
            record.dagster_run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        )
    ]
    if not dry_run:
        for run_id in pruned:
            instance.delete_run(run_id)
    return pruned

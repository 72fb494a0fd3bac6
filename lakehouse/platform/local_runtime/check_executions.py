"""Rows of Dagster's table of check results, written many at a time.

The stock storage serializes an event again for each partition and sends two statements for each
result. A run over a year has thousands of results, one for each check and day.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from dagster import AssetCheckEvaluation
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy.engine import Connection

_PLACE = ("asset_key", "check_name", "run_id", "partition")
_executions = AssetCheckExecutionsTable.c
_update = (
    AssetCheckExecutionsTable.update()
    .where(*(_executions[name].is_not_distinct_from(sa.bindparam(f"_{name}")) for name in _PLACE))
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in _executions
            if column.name.startswith(("execution_", "evaluation_", "materialization_"))
        }
    )
)


def check_executions(event: EventLogEntry, event_id: int, text: str) -> list[dict[str, Any]]:
    """Return the rows of a check event: one for each planned partition, or one result.

    Args:
        event: a planned or finished evaluation.
        event_id: its place in the event log.
        text: its serialized form.
    """
    found: Any = event.get_dagster_event().event_specific_data
    row = {
        "asset_key": found.asset_key.to_string(),
        "check_name": found.check_name,
        "run_id": event.run_id,
        "evaluation_event": text,
        "evaluation_event_timestamp": dt.datetime.fromtimestamp(event.timestamp, dt.UTC).replace(
            tzinfo=None
        ),
        "evaluation_event_storage_id": event_id,
    }
    if isinstance(found, AssetCheckEvaluationPlanned):
        subset = found.partitions_subset
        planned = AssetCheckExecutionRecordStatus.PLANNED.value
        return [
            row | {"partition": partition, "execution_status": planned}
            for partition in (subset.get_partition_keys() if subset else [None])
        ]
    return [row | _result(found)]


def store_evaluations(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write results into the rows that were planned for them, or into rows of their own."""
    if not rows:
        return
    places = [row | {f"_{name}": row[name] for name in _PLACE} for row in rows]
    if connection.execute(_update, places).rowcount == len(rows):
        return
    for row, place in zip(rows, places, strict=True):
        if not connection.execute(_update, place).rowcount:
            connection.execute(AssetCheckExecutionsTable.insert(), row)


def delete_superseded_results(connection: Connection, run_id: str) -> None:
    """Delete the results of a run that are not the newest of their check and partition."""
    newer = AssetCheckExecutionsTable.alias()
    superseded = sa.exists().where(
        newer.c.asset_key == _executions.asset_key,
        newer.c.check_name == _executions.check_name,
        newer.c.partition.is_not_distinct_from(_executions.partition),
        newer.c.id > _executions.id,
    )
    connection.execute(
        AssetCheckExecutionsTable.delete().where(_executions.run_id == run_id, superseded)
    )


def _result(found: AssetCheckEvaluation) -> dict[str, Any]:
    status = AssetCheckExecutionRecordStatus
    target = found.target_materialization_data
    return {
        "partition": found.partition,
        "execution_status": (status.SUCCEEDED if found.passed else status.FAILED).value,
        "materialization_event_storage_id": target.storage_id if target else None,
    }

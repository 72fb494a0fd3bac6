"""The steps of a run, as the Dagster instance records them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration.run_tags import LAYER_TAG
from lakehouse.platform.storage.outside_causes import is_outside_text

CHECKS = "checks"
"""Layer of a step that writes no table."""
SUCCESS, FAILURE = "SUCCESS", "FAILURE"


@dataclass(frozen=True, kw_only=True)
class RunStep:
    """One step of a run; its status is empty until it starts."""

    name: str
    layer: str
    status: str
    seconds: float
    error: str = ""
    """Message of the error, without the class of the exception."""
    error_class: str = ""
    """Class of the exception; empty for a `dagster.Failure`, whose message says everything."""


def steps_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[RunStep]:
    """Return the steps of a run in the order of its plan."""
    if run.execution_plan_snapshot_id is None:
        return []
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    layers = {step.key: (step.tags or {}).get(LAYER_TAG, CHECKS) for step in plan.steps}
    stats = {each.step_key: each for each in instance.get_run_step_stats(run.run_id)}
    errors = _errors(instance, run.run_id)
    found = []
    for name in plan.step_keys_to_execute:
        stat = stats.get(name)
        message, error_class = errors.get(name, ("", ""))
        found.append(
            RunStep(
                name=name,
                layer=layers[name],
                status=stat.status.value if stat and stat.status else "",
                seconds=(stat.end_time or 0) - (stat.start_time or 0) if stat else 0.0,
                error=message,
                error_class=error_class,
            )
        )
    return found


def _errors(instance: dg.DagsterInstance, run_id: str) -> dict[str, tuple[str, str]]:
    """Return message and exception class of each failed step."""
    found = {}
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is not None and event.step_key is not None:
            found[event.step_key] = _message(event.step_failure_data)
    return found


def _message(failure: Any) -> tuple[str, str]:
    user = failure.user_failure_data
    if user is not None and user.description:
        return user.description, ""
    error = failure.error.cause or failure.error if failure.error else None
    if error is None:
        return "no cause was recorded", ""
    name = error.cls_name or ""
    return re.sub(rf"^[\w.]*\b{re.escape(name)}: ", "", error.message.strip()), name


def failed_outside(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return whether a run failed for a cause outside of the data, by its stored errors."""
    return any(
        is_outside_text(error.cls_name or "", error.message)
        for entry in instance.all_logs(run_id, of_type=_FAILURES)
        for error in _chain(entry)
    )


_FAILURES = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}


def _chain(entry: dg.EventLogEntry) -> Iterator[Any]:
    """Yield the stored error of an event and the errors behind it."""
    event = entry.dagster_event
    error = getattr(event.event_specific_data, "error", None) if event else None
    while error is not None:
        yield error
        error = error.cause or error.context

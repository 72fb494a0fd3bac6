"""The steps of a run are read from the records of the Dagster instance."""

import dagster as dg

from lakehouse.platform.orchestration.run_steps import CHECKS, steps_of
from lakehouse.platform.orchestration.run_tags import LAYER_TAG

GOLD = {LAYER_TAG: "gold"}


@dg.op(tags={LAYER_TAG: "silver"})
def orders() -> None:
    """Succeed."""


@dg.op(tags=GOLD)
def revenue() -> None:
    raise LookupError("no such unit")


@dg.op(tags=GOLD)
def forecast() -> None:
    raise dg.Failure("2 days break the contract", allow_retries=False)


@dg.op(ins={"start": dg.In(dg.Nothing)})
def check() -> None:
    """Do not start, because its input fails."""


@dg.job
def day() -> None:
    orders()
    check(revenue())
    forecast()


def test_steps_have_layer_status_and_an_error_without_the_name_of_its_class():
    instance = dg.DagsterInstance.ephemeral()
    result = day.execute_in_process(instance=instance, raise_on_error=False)
    steps = {step.name: step for step in steps_of(instance, result.dagster_run)}
    assert {step.name: (step.layer, step.status) for step in steps.values()} == {
        "orders": ("silver", "SUCCESS"),
        "revenue": ("gold", "FAILURE"),
        "forecast": ("gold", "FAILURE"),
        "check": (CHECKS, ""),
    }
    errors = {name: (step.error_class, step.error) for name, step in steps.items() if step.error}
    assert errors == {
        "revenue": ("LookupError", "no such unit"),
        "forecast": ("", "2 days break the contract"),
    }


def test_a_run_that_has_not_started_has_planned_steps_without_a_status():
    instance = dg.DagsterInstance.ephemeral()
    steps = steps_of(instance, instance.create_run_for_job(day))
    assert {step.name for step in steps} == {"orders", "revenue", "forecast", "check"}
    assert {(step.status, step.seconds) for step in steps} == {("", 0.0)}

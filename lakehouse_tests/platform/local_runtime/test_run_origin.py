"""A run of the command line belongs to the code location, as a run of the daemon does."""

import dagster as dg

from lakehouse.platform.local_runtime.run_origin import ORIGIN_TAGS, record_origin
from lakehouse_tests.platform.local_runtime.days import days_table, run_over


def test_a_run_has_the_code_location_that_the_timeline_groups_by(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run_over(instance, days_table).run_id
    record_origin(instance, run_id)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == "lakehouse"
    label = run.remote_job_origin.repository_origin.get_label()
    assert ORIGIN_TAGS[".dagster/repository"] == label == "__repository__@lakehouse"

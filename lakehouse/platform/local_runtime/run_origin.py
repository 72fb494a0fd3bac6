"""The code location of runs that the command line executes itself.

Dagster records it for runs that its daemon or web server start. Without it the Dagster UI leaves a
run out of its timeline and cannot start it again.
"""

from dagster import DagsterInstance
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import MAX_RETRIES_TAG, REPOSITORY_LABEL_TAG

LOCATION = "lakehouse"
"""Name of the code location in the workspace of the services."""

_REPOSITORY = RemoteRepositoryOrigin(
    RegisteredCodeLocationOrigin(LOCATION), SINGLETON_REPOSITORY_NAME
)
ORIGIN_TAGS = {REPOSITORY_LABEL_TAG: _REPOSITORY.get_label(), MAX_RETRIES_TAG: "0"}
"""Tags of these runs: their code location, and that the daemon does not start them again."""


def record_origin(instance: DagsterInstance, run_id: str) -> None:
    """Record the code location of a run that has started; do nothing if it has one."""
    run = instance.get_run_by_id(run_id)
    if run is not None and run.remote_job_origin is None:
        origin = RemoteJobOrigin(_REPOSITORY, run.job_name)
        instance.run_storage.replace_job_origin(run, origin)

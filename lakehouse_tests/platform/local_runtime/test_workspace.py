"""Definitions in the daemon follow the code server, and are loaded once for each code server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._grpc.client import DagsterGrpcClient

from lakehouse.platform.local_runtime import workspace

JOB = """
import dagster as dg

@dg.op
def nothing(): ...

@dg.job
def {name}(): nothing()
"""


@contextmanager
def code_server(folder: Path, job: str) -> Iterator[None]:
    """Serve a job on the socket of the folder, with Dagster's own code server."""
    code = folder / f"{job}.py"
    code.write_text(JOB.format(name=job))
    socket = folder / "code.sock"
    command = ["dagster", "api", "grpc", "-f", str(code), "--socket", str(socket)]
    server = subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.DEVNULL)
    try:
        while DagsterGrpcClient(socket=str(socket)).health_check_query() != "SERVING":
            assert server.poll() is None
        yield
    finally:
        server.kill()
        server.wait()
        socket.unlink(missing_ok=True)


def jobs_of(context: WorkspaceProcessContext) -> list[str]:
    (entry,) = context.get_current_workspace().code_location_entries.values()
    assert entry.code_location is not None, entry.load_error
    (repository,) = entry.code_location.get_repositories().values()
    return [job.name for job in repository.get_all_jobs()]


@pytest.fixture
def target(tmp_path: Path) -> GrpcServerTarget:
    socket = str(tmp_path / "code.sock")
    return GrpcServerTarget(host="localhost", port=None, socket=socket, location_name="shop")


def test_definitions_are_loaded_again_when_the_code_server_is_another_one(
    tmp_path: Path, target: GrpcServerTarget, monkeypatch: pytest.MonkeyPatch
):
    loaded: list[str] = []
    load = WorkspaceProcessContext._load_location

    def counted(
        self: WorkspaceProcessContext, origin: GrpcServerCodeLocationOrigin, *, reload: bool
    ):
        loaded.append(origin.location_name)
        return load(self, origin, reload=reload)

    monkeypatch.setattr(WorkspaceProcessContext, "refresh_workspace", workspace._load_changed)
    monkeypatch.setattr(WorkspaceProcessContext, "_load_location", counted)
    with dg.instance_for_test() as instance:
        with code_server(tmp_path, "first"):
            context = WorkspaceProcessContext(instance, target)
            assert jobs_of(context) == ["first"]
            context.refresh_workspace()
            assert loaded == ["shop"]
        with context, code_server(tmp_path, "second"):
            context.refresh_workspace()
            assert jobs_of(context) == ["second"]

"""The configuration for several machines, with a real PostgreSQL and a real S3 server."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.storage.object_store import ObjectStore

CONFIG = Path(__file__).parents[1] / "deploy" / "dagster-s3.yaml"


@dg.op
def greets(context: dg.OpExecutionContext) -> None:
    """Write to the log and to standard output."""
    context.log.info("hello")
    print("printed by the step")


@dg.job
def greeting() -> None:
    """Run the step."""
    greets()


@pytest.mark.s3
@pytest.mark.postgres
def test_records_go_to_postgresql_and_compute_logs_to_s3(tmp_path, monkeypatch, s3, postgres):
    shutil.copy(CONFIG, tmp_path / "dagster.yaml")
    dsn = postgres.replace("postgresql://", "postgresql+psycopg2://")
    monkeypatch.setenv("LAKEHOUSE_DAGSTER_DSN", dsn)
    monkeypatch.setenv("LAKEHOUSE_LOG_BUCKET", s3.bucket)

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        result = greeting.execute_in_process(instance=instance)
        assert result.success
        stored = instance.get_run_by_id(result.run_id)
        assert stored is not None
        assert stored.status is dg.DagsterRunStatus.SUCCESS
        logs = [e.path for e in ObjectStore.at(f"s3://{s3.bucket}").entries("dagster-logs")]
    assert any(result.run_id in path and path.endswith(".out") for path in logs), logs

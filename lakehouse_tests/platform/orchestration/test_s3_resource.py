"""Runs on S3 get their client and credentials from a resource of dagster-aws."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.s3_resource import LakeS3, S3Platform
from lakehouse.platform.storage import s3_access
from lakehouse.settings import Settings
from lakehouse_tests.platform.cafe import DOMAIN

GIVEN = LakeS3(
    region_name="sa-east-1",
    endpoint_url="http://127.0.0.1:9",
    aws_access_key_id="resource-key",
    aws_secret_access_key="resource-value",  # pragma: allowlist secret
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "environment-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "environment-value")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    yield
    s3_access.use_identity(s3_access.S3Identity())


def test_the_resource_carries_the_credentials_of_every_client() -> None:
    client = GIVEN.get_client()
    assert client.meta.region_name == "sa-east-1"
    options = s3_access.delta_storage_options()
    assert options["AWS_ACCESS_KEY_ID"] == "resource-key"
    assert options["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] == "false"
    identity = s3_access.S3Identity(secret="resource-value")  # pragma: allowlist secret
    assert "resource-value" not in repr(identity)


def test_what_the_resource_does_not_set_comes_from_the_environment() -> None:
    LakeS3().use()
    options = s3_access.delta_storage_options()
    assert options["AWS_ACCESS_KEY_ID"] == "environment-key"
    assert options["AWS_REGION"] == "us-east-2"


def test_a_lake_on_s3_has_the_resource_and_its_runs_can_still_be_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://bucket/lake")
    definitions = dg.Definitions.merge(shared_definitions(), definitions_of(DOMAIN, Settings()))
    resources = definitions.resources or {}
    assert isinstance(resources["s3"], S3Resource)
    assert isinstance(resources["platform"], S3Platform)
    job = definitions.resolve_job_def("cafe_arrivals")
    config = {"resources": {"platform": {"config": {"quiet_seconds": 0.0, "reread": True}}}}
    assert dg.validate_run_config(job, config)


def test_a_lake_on_disk_needs_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", "lake")
    monkeypatch.setenv("LAKEHOUSE_LANDING", "landing")
    resources = shared_definitions().resources or {}
    assert "s3" not in resources
    assert type(resources["platform"]) is Platform

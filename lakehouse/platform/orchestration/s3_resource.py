"""The resources of runs whose lake or landing zone is on S3, from dagster-aws.

The resource `s3` carries region, endpoint, credentials and the client. A field that is not set has
the value that boto3 finds in the environment, a profile or the role of the machine. All clients of
a run use it: boto3, delta-rs and DuckDB. This module imports boto3, so only a lake on S3 needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster_aws.s3 import S3Resource

from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.s3_access import S3Identity, s3_client, use_identity


class LakeS3(S3Resource):
    """The S3 client of a run, with the retries and the addressing of the lake."""

    def get_client(self) -> Any:
        """Return the boto3 client."""
        self.use()
        return s3_client()

    def use(self) -> None:
        """Let every client of this process use the region, endpoint and credentials."""
        use_identity(
            S3Identity(
                region=self.region_name,
                endpoint=self.endpoint_url,
                profile=self.profile_name,
                key=self.aws_access_key_id,
                secret=self.aws_secret_access_key,
                token=self.aws_session_token,
            )
        )


class S3Platform(Platform):
    """The lake, the landing zone and the settings of a run, on S3."""

    s3: LakeS3

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Platform"]:
        """Use the resource `s3` for every client of the run."""
        self.s3.use()
        with super().yield_for_execution(context) as platform:
            yield platform


def s3_resources() -> dict[str, Any]:
    """Return the resources ``s3`` and ``platform``."""
    s3 = LakeS3()
    return {"s3": s3, "platform": S3Platform(s3=s3)}

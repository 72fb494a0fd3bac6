"""Files on an S3 server that does not answer some of the requests that it executes."""

import uuid

import pytest

from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse_tests.faulty_s3 import Faults, faulty
from lakehouse_tests.servers import S3Server


@pytest.mark.s3
def test_a_file_whose_creation_was_not_answered_is_recognized_as_created(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
):
    store = ObjectStore.at(f"s3://{s3.bucket}/{uuid.uuid4().hex}")
    faults = Faults(rejected=0, delayed=0, lost=0.5, seed=1)
    with faulty(s3.endpoint, faults) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        created = [store.create(f"file-{number}", b"mine") for number in range(4)]
        again = [store.create(f"file-{number}", b"of another") for number in range(4)]
    assert faults.counts["lost"] > 0
    assert created == [True] * 4
    assert again == [False] * 4

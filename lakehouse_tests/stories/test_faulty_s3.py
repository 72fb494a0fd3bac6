"""A batch on an S3 server that rejects, delays and loses some of the answers."""

import uuid

import pytest

from lakehouse_tests.faulty_s3 import Faults, faulty
from lakehouse_tests.servers import S3Server
from lakehouse_tests.stories.conftest import Make
from lakehouse_tests.stories.world import MON, TUE, night

pytestmark = pytest.mark.as_of(False)


@pytest.mark.s3
def test_a_batch_ends_in_one_run_although_answers_are_rejected_delayed_and_lost(
    make_world: Make, s3: S3Server, monkeypatch: pytest.MonkeyPatch
):
    world = make_world(f"s3://{s3.bucket}/{uuid.uuid4().hex}")
    world.land_reference()
    world.land_all(night(MON, 1, "10.00") | night(TUE, 1, "7.00"))
    faults = Faults(seconds=0.2)
    with faulty(s3.endpoint, faults) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert len(world.ingest()) == 1
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    assert min(faults.counts[name] for name in ("503", "lost", "slow")) > 0
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 1): "7.00"}
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []

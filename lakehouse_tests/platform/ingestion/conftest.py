"""A landing zone on disk or S3."""

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse_tests.platform.ingestion.landed import AT, RULES, PutFile, change_at


@pytest.fixture
def store(lake_root: str) -> ObjectStore:
    if not lake_root.startswith("s3://"):
        Path(lake_root).mkdir()
    return ObjectStore.at(lake_root)


@pytest.fixture
def landing(store: ObjectStore) -> LandingZone:
    return LandingZone(store, RULES)


@pytest.fixture
def put_file(tmp_path: Path) -> PutFile:
    def put(path: str, data: bytes = b"Id\n", *, at: dt.datetime = AT) -> Path:
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        change_at(place, at)
        return place

    return put

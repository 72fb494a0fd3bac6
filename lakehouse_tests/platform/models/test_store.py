"""Models are kept by content on disk and S3, and read after a comparison of their digest."""

import uuid
from pathlib import Path
from threading import Thread

import pytest

from lakehouse.platform.models.artefact import ModelError
from lakehouse.platform.models.store import content_of, models_of
from lakehouse.platform.storage.lake import Lake
from lakehouse_tests.platform.models.trained import registered

CONTENT = b'{"bias": 0.5}'


@pytest.fixture(params=["disk", pytest.param("s3", marks=pytest.mark.s3)])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "disk":
        return Lake(str(tmp_path))
    server = request.getfixturevalue("s3")
    return Lake(f"s3://{server.bucket}/{uuid.uuid4().hex}")


def objects(lake: Lake) -> list[str]:
    return [entry.path for entry in lake.store.entries("_models")]


def test_a_registered_model_is_listed_and_read_back(lake: Lake):
    version = registered(lake, CONTENT)
    assert models_of(lake, "cards") == [version]
    assert content_of(lake, "cards", version) == CONTENT
    assert models_of(lake, "cards", "churn_risk") == models_of(lake, "sales") == []


def test_the_same_model_is_kept_once(lake: Lake):
    first = registered(lake, CONTENT)
    assert registered(lake, CONTENT, after=5) == first
    assert models_of(lake, "cards") == [first]
    assert len(objects(lake)) == 1


def test_bytes_that_two_versions_share_are_one_object(lake: Lake):
    one, other = registered(lake, CONTENT), registered(lake, CONTENT, after=1, seed=8)
    assert one.version != other.version
    assert models_of(lake, "cards") == [one, other]
    assert len(objects(lake)) == 1


@pytest.mark.parametrize("replaced", [b'{"bias": 0.9}', b"{}", CONTENT + b" " * 100])
def test_bytes_that_were_replaced_are_never_returned(lake: Lake, replaced: bytes):
    version = registered(lake, CONTENT)
    (path,) = objects(lake)
    lake.store.write(path, replaced)
    with pytest.raises(ModelError, match=r"is not what was registered\. hint: train again"):
        content_of(lake, "cards", version)
    registered(lake, CONTENT, after=1)
    assert content_of(lake, "cards", version) == CONTENT


def test_a_missing_object_is_an_error_with_a_hint(lake: Lake):
    version = registered(lake, CONTENT)
    lake.store.delete(objects(lake))
    with pytest.raises(ModelError, match=r"is missing\. hint: train again"):
        content_of(lake, "cards", version)


def test_models_that_are_registered_at_the_same_moment_are_all_kept(tmp_path: Path):
    lake = Lake(str(tmp_path))
    registered(lake, CONTENT)
    contents = [b"[%d]" % (n % 3) for n in range(6)]
    threads = [Thread(target=registered, args=(lake, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(models_of(lake, "cards")) == 4

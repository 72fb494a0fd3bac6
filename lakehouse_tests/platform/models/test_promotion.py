"""The version in use follows from decisions, which are added and never changed."""

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.platform.models.artefact import ModelError
from lakehouse.platform.models.promotion import (
    decisions,
    promote,
    promoted,
    promoted_content,
    roll_back,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import ModelDecision, ModelVersion
from lakehouse_tests.platform.models.trained import NOW, TODAY, registered


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


def use(lake: Lake, version: ModelVersion, after: int) -> ModelDecision | None:
    moment = NOW + dt.timedelta(minutes=after)
    return promote(lake, "cards", version, by="ana", now=moment, today=TODAY)


def back(lake: Lake, after: int) -> ModelDecision:
    moment = NOW + dt.timedelta(minutes=after)
    return roll_back(lake, "cards", "default_risk", by="bia", now=moment, today=TODAY)


def in_use(lake: Lake) -> str | None:
    found = promoted(lake, "cards", "default_risk")
    return found.version if found else None


def test_no_version_is_in_use_before_a_promotion(lake: Lake):
    registered(lake, b"[1]")
    assert in_use(lake) is None


def test_the_version_promoted_last_is_in_use_and_a_rollback_returns_to_the_one_before(lake: Lake):
    one, two, three = (registered(lake, b"[%d]" % n, after=n) for n in range(3))
    for after, version in enumerate((one, two, three)):
        use(lake, version, after)
    assert in_use(lake) == three.version
    assert back(lake, 10).version == two.version
    assert back(lake, 11).version == one.version == in_use(lake)
    use(lake, three, 12)
    assert back(lake, 13).version == one.version
    assert sum(each.step == "rolled_back" for each in decisions(lake, "cards")) == 3


def test_promoting_the_version_in_use_adds_nothing(lake: Lake):
    one = registered(lake, b"[1]")
    use(lake, one, 0)
    assert use(lake, one, 1) is None
    assert len(decisions(lake, "cards")) == 1
    with pytest.raises(ModelError, match="no version that was in use before"):
        back(lake, 2)


def test_the_content_in_use_is_one_row_and_none_before_a_promotion(lake: Lake):
    assert promoted_content(lake, "cards", "default_risk").num_rows == 0
    one = registered(lake, b"[1]")
    use(lake, one, 0)
    assert promoted_content(lake, "cards", "default_risk").to_pylist() == [
        {"version": one.version, "content": b"[1]"}
    ]


def test_models_of_other_names_do_not_count(lake: Lake):
    use(lake, registered(lake, b"[1]", name="churn_risk"), 0)
    assert in_use(lake) is None


def test_a_version_whose_bytes_are_damaged_is_not_promoted(lake: Lake):
    one, two = registered(lake, b"[1]"), registered(lake, b"[2]", after=1)
    use(lake, one, 0)
    for entry in list(lake.store.entries("_models")):
        lake.store.write(entry.path, b"[3]")
    with pytest.raises(ModelError, match="is not what was registered"):
        use(lake, two, 1)
    assert in_use(lake) == one.version

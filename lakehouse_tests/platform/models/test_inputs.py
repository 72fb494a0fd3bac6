"""What a model was trained with is recorded by content."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.platform.models import artefact, inputs
from lakehouse.platform.models.inputs import code_version, training_table
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId

TABLE = TableId("gold", "cards", "scores")
DAYS = [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]


def write(lake: Lake, *values: int) -> None:
    for day, value in zip(DAYS, values, strict=True):
        rows = pa.table({"value": pa.array([value], pa.int64())})
        lake.table(TABLE).write({day: rows}, schema=rows.schema, note={"by": "test"})


def test_equal_contents_have_one_digest_whatever_the_number_of_commits(tmp_path: Path):
    once, often = Lake(str(tmp_path / "a")), Lake(str(tmp_path / "b"))
    write(once, 1, 2)
    write(often, 5, 5)
    write(often, 1, 2)
    first, second = (training_table(TABLE, x.table(TABLE).snapshot()) for x in (once, often))
    assert first.digest == second.digest
    assert first.version != second.version
    assert (first.table, first.days, first.rows) == ("gold.cards_scores", 2, 2)
    write(often, 1, 3)
    assert training_table(TABLE, often.table(TABLE).snapshot()).digest != first.digest


def test_the_version_of_the_code_names_its_libraries_and_follows_the_source():
    made = code_version([inputs], ["pyarrow"])
    assert made == code_version([inputs], ["pyarrow"])
    assert made != code_version([artefact], ["pyarrow"])
    assert f"pyarrow {pa.__version__}" in made
    assert json.dumps(made)


def test_a_library_that_is_not_installed_is_an_error():
    with pytest.raises(ModuleNotFoundError):
        code_version([inputs], ["no-such-library"])

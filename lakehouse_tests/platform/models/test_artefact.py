"""The version of a model follows from what it was made of, and its format runs no code."""

import pickle
from dataclasses import replace
from typing import Any

import pytest

from lakehouse.platform.models.artefact import Form, ModelError, require_sound
from lakehouse_tests.platform.models.trained import BOOK, trained


def test_the_same_data_code_and_seed_give_the_same_version():
    assert trained().version == trained().version
    assert len(trained().version) == 16


def test_a_table_that_was_built_again_with_the_same_rows_gives_the_same_version():
    assert trained(data=(replace(BOOK, version=0),)).version == trained().version


@pytest.mark.parametrize(
    "changed",
    [
        {"content": b"{}"},
        {"seed": 8},
        {"code": "lakehouse 2"},
        {"parameters": {"depth": 4}},
        {"data": (replace(BOOK, digest="cd"),)},
        {"name": "churn_risk"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_anything_else_that_differs_gives_another_version(changed: dict[str, Any]):
    assert trained(**changed).version != trained().version


@pytest.mark.parametrize("form", Form)
def test_a_pickle_is_rejected_in_every_format(form: Form):
    with pytest.raises(ModelError, match="a pickle is never stored"):
        require_sound(trained(pickle.dumps({"a": 1}), form=form))


@pytest.mark.parametrize(
    ("form", "content"),
    [(Form.JSON, b"[1]"), (Form.LIGHTGBM, b"tree\nversion=v4\n"), (Form.PARQUET, b"PAR1..PAR1")],
)
def test_each_format_is_recognized(form: Form, content: bytes):
    require_sound(trained(content, form=form))


@pytest.mark.parametrize(
    "values",
    [{"metrics": {"brier": float("nan")}}, {"parameters": {"a": object()}}, {"name": "Risk!"}],
)
def test_numbers_that_are_not_finite_and_bad_names_are_rejected(values: dict[str, Any]):
    with pytest.raises(ModelError, match="hint: "):
        require_sound(trained(**values))

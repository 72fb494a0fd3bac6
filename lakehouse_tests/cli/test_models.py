"""`lakehouse models`: list, show, promote and roll back."""

import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import ModelVersion
from lakehouse.settings import Settings
from lakehouse_tests.cli.conftest import Call
from lakehouse_tests.platform.models.trained import registered

MODEL = "cards/default_risk"


@pytest.fixture
def versions(folder: Path) -> list[ModelVersion]:
    """Return two registered versions, the older first."""
    lake = Lake(Settings.from_env().root)
    return [registered(lake, b"[%d]" % n, after=n) for n in (1, 2)]


def listed(call: Call) -> dict[str, bool]:
    rows: list[dict[str, Any]] = json.loads(call("models", "list", "--format", "json").stdout)
    return {row["version"]: row["in_use"] for row in rows}


def shown(call: Call, *words: str) -> dict[str, Any]:
    rows = json.loads(call("models", "show", MODEL, *words, "--format", "json").stdout)
    return {row["what"]: row["value"] for row in rows}


def test_a_lake_without_models_lists_none(call: Call):
    assert "no model has been trained yet" in call("models", "list").stderr
    assert "none has been trained yet" in call("models", "show", MODEL, code=1).stderr


def test_versions_are_listed_promoted_and_rolled_back(call: Call, versions: list[ModelVersion]):
    older, newer = (each.version for each in versions)
    assert listed(call) == {newer: False, older: False}
    call("models", "promote", MODEL, "--version", older[:6])
    call("models", "promote", MODEL, "--note", "melhor")
    assert listed(call) == {newer: True, older: False}
    assert "in use already" in call("models", "promote", MODEL).stderr
    call("models", "rollback", MODEL, "--by", "ana")
    assert listed(call) == {newer: False, older: True}
    assert "no version that was in use" in call("models", "rollback", MODEL, code=1).stderr
    query = "select version, step, decided_by from ops.model_decisions order by decided_at desc"
    rows = json.loads(call("sql", query, "--format", "json").stdout)
    assert len(rows) == 3
    assert rows[0] == {"version": older, "step": "rolled_back", "decided_by": "ana"}


def test_a_version_is_shown_with_everything_that_it_follows_from(
    call: Call, versions: list[ModelVersion]
):
    call("models", "promote", MODEL, "--version", versions[0].version)
    facts = shown(call)
    assert facts["version"] == versions[0].version
    assert (facts["content"], facts["in_use"], facts["seed"]) == ("intact", True, 7)
    assert (facts["parameter depth"], facts["metric test_brier"]) == (3, 0.18)
    assert "digest ab12" in facts["data gold.cards_book_fatura"]
    other = shown(call, "--version", versions[1].version)
    assert (other["in_use"], other["version"]) == (False, versions[1].version)


def test_a_damaged_file_is_shown_as_damaged(call: Call, versions: list[ModelVersion]):
    store = Lake(Settings.from_env().root).store
    for entry in list(store.entries("_models")):
        store.write(entry.path, b"[9]")
    assert "is not what was registered" in shown(call)["content"]
    call("models", "promote", MODEL, code=1)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("promote", MODEL, "--version", "zz"), 1, "has no version 'zz'"),
        (("promote", "cards/other"), 1, "its models: default_risk"),
        (("train", "cards/other"), 1, "it trains default_risk, churn_risk"),
        (("train", "people/default_risk"), 1, "it trains none"),
        (("train", MODEL), 1, "no client has a label yet"),
        (("show", "default_risk"), 2, "write <domain>/<name>"),
        (("show", "cardz/default_risk"), 2, "did you mean cards?"),
    ],
)
def test_an_unknown_model_or_version_is_an_error(
    call: Call, versions: list[ModelVersion], words: tuple[str, ...], code: int, message: str
):
    assert message in " ".join(call("models", *words, code=code).stderr.split())

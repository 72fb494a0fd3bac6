"""Training on a lake: the same data give the same model, and its promotion makes the risk due."""

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.demo.cards import Plan, deliveries
from lakehouse.domains.cards.training import MODELS
from lakehouse.platform.models.artefact import ModelError
from lakehouse.platform.models.promotion import promote
from lakehouse.platform.models.store import models_of, register
from lakehouse.platform.models.training import Training
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG
from lakehouse.platform.orchestration.training import POOL, training_definitions
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import as_of
from lakehouse_tests.domains.business import Business

pytest.importorskip("xgboost", reason="pip install 'lakehouse[forecast]'")

NEEDED = {"stage_fatura", "book_fatura", "invoices", "clients", "default_labels"}
MADE = {"default_risk", "default_drift", "retention_offers"}
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


class Cards(Business):
    """Cards without the tables that the risk does not need."""

    @property
    def domain(self) -> Domain:
        whole = super().domain
        chosen = NEEDED | MADE
        tables = (t for t in whole.tables if t.layer != "gold" or t.id.table in chosen)
        return replace(whole, tables=tuple(tables))


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    """Return the lake of 600 clients who pay by their behavior."""
    made = Cards("cards", tmp_path_factory.mktemp("cards"))
    made.land_all(deliveries(Plan(scale=0.06, errors=0, behavior=True)))
    made.ingest()
    return made


@pytest.fixture(scope="module")
def trained(cards: Cards) -> Training:
    return MODELS["default_risk"](cards.lake)


def test_a_model_finds_the_behavior_and_names_its_data(trained: Training):
    assert trained.model.parameters["kind"] != "base_rate"
    assert trained.model.metrics["test_brier"] < trained.model.metrics["test_brier_base_rate"]
    assert {each.table for each in trained.model.data} == {
        "gold.cards_book_fatura",
        "gold.cards_stage_fatura",
        "gold.cards_default_labels",
    }
    assert "is published: Brier score" in trained.conclusion


def test_the_same_data_give_the_same_version(cards: Cards, trained: Training):
    again = MODELS["default_risk"](cards.lake).model
    assert again.content == trained.model.content
    assert again.version == trained.model.version


def test_a_promotion_makes_the_newest_day_due_and_its_clients_get_a_probability(
    cards: Cards, trained: Training
):
    count = "select situacao, count(*), count(probability), min(rank) from gold.cards_default_risk"
    assert cards.rows(f"{count} group by 1") == [("sem_modelo", 600, 0, None)]
    assert as_of.out_of_date(cards.domain, cards.lake, cards.settings) == {}
    version = register(cards.lake, "cards", trained.model, run_id=None, now=NOW, today=NOW.date())
    assert as_of.out_of_date(cards.domain, cards.lake, cards.settings) == {}
    promote(cards.lake, "cards", version, by="ana", now=NOW, today=NOW.date())
    assert as_of.out_of_date(cards.domain, cards.lake, cards.settings)
    cards.ingest()
    assert as_of.out_of_date(cards.domain, cards.lake, cards.settings) == {}
    assert cards.rows(f"{count} group by 1") == [("avaliado", 600, 600, 1)]
    assert cards.rows("select distinct model_version from gold.cards_default_risk") == [
        (version.version,)
    ]
    assert cards.rows("select count(*) from gold.cards_default_drift where is_used")[0][0] >= 1
    assert cards.rows("select min(vlr_esperado) > 0 from gold.cards_retention_offers") == [(True,)]
    assert models_of(cards.lake, "cards") == [version]


def run_job(folder: Path, root: str) -> int:
    """Run the entry point of a training job over folders like those of SageMaker."""
    config = folder / "input" / "config"
    config.mkdir(parents=True)
    given = {"model": "cards/default_risk", "promote": "false"}
    (config / "hyperparameters.json").write_text(json.dumps(given))
    script = Path(__file__).parents[4] / "deploy" / "sagemaker_train.py"
    command = [sys.executable, str(script), "--prefix", str(folder)]
    environment = os.environ | {"LAKEHOUSE_ROOT": root}
    return subprocess.run(command, env=environment, check=False).returncode


def test_a_training_job_writes_the_same_model_into_its_folder(
    cards: Cards, trained: Training, tmp_path: Path
):
    assert run_job(tmp_path, cards.settings.root) == 0
    assert (tmp_path / "model" / "default_risk.json").read_bytes() == trained.model.content
    facts = json.loads((tmp_path / "model" / "version.json").read_text())
    assert facts["version"] == trained.model.version


def test_a_training_job_that_fails_writes_the_reason(tmp_path: Path):
    assert run_job(tmp_path, str(tmp_path / "lake")) == 1
    assert "no client has a label yet" in (tmp_path / "output" / "failure").read_text()


def test_a_training_in_dagster_keeps_the_same_version_and_no_run_waits_for_it(
    cards: Cards, trained: Training, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_ROOT", cards.settings.root)
    definitions = training_definitions(cards.domain, cards.settings)
    jobs = {job.name: job for job in definitions.jobs or ()}
    assert set(jobs) == {"cards_default_risk_training", "cards_churn_risk_training"}
    job = jobs["cards_default_risk_training"]
    assert isinstance(job, dg.JobDefinition)
    config = {"ops": {"train_cards_default_risk": {"config": {"promote": False}}}}
    run = job.execute_in_process(resources={"platform": Platform()}, run_config=config)
    assert run.output_for_node("train_cards_default_risk") == trained.model.version
    assert DOMAIN_TAG not in run.dagster_run.tags
    (step,) = job.all_node_defs
    assert isinstance(step, dg.OpDefinition)
    assert step.pool == POOL
    started = {schedule.default_status for schedule in definitions.schedules or ()}
    assert started == {dg.DefaultScheduleStatus.STOPPED}


def test_clients_who_all_stay_are_not_a_label_for_churn(cards: Cards):
    with pytest.raises(ModelError, match="have the same outcome, so nothing can be learned"):
        MODELS["churn_risk"](cards.lake)


def test_an_empty_lake_says_what_is_missing(tmp_path: Path):
    with pytest.raises(ModelError, match="no client has a label yet"):
        MODELS["default_risk"](Lake(str(tmp_path)))

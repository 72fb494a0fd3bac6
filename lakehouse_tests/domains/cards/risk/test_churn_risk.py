"""Rows of the churn risk, and what its model may know."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.churn_drift import churn_drift
from lakehouse.domains.cards.gold.churn_risk import churn_risk
from lakehouse.domains.cards.gold.clients import clients
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import learning
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.contest import hold
from lakehouse.domains.cards.risk.examples import Examples, parts_of
from lakehouse.domains.cards.risk.scorecard import Reference, Scorecard, Steps
from lakehouse.domains.cards.risk.targets import CHURN
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.privacy.personal_columns import personal_columns
from lakehouse.platform.tables.table import Table
from lakehouse_tests.domains.cards.risk.test_default_risk import ON, computed, invoice

RULE = Scorecard(
    kind="rule",
    intercept=-2.0,
    terms=(Steps(variable=known.RECENCY, cuts=(45.0,), scores=(0.0, 3.0), missing=0.0),),
)
IN_USE = pa.table({"version": ["v1"], "content": pa.array([RULE.to_json()], pa.binary())})
EACH_MONTH, SKIPPED, LEFT = (0, 1, 2), (1, 2, 3), (3, 4, 5)
"""Months, before the month of the reference date, with an invoice."""


def risks(model: pa.Table) -> dict[int, dict[str, Any]]:
    given = known_clients() | {clients: [{"id_cliente": n} for n in range(1, 6)]}
    return {row["id_cliente"]: row for row in computed(churn_risk, model, given)}


def known_clients() -> dict[Table, list[dict[str, Any]]]:
    issued = {1: EACH_MONTH, 2: SKIPPED, 3: LEFT, 4: EACH_MONTH[:1]}
    return {
        book_fatura: [{"day": ON, "id_cliente": n} for n in issued],
        stage_fatura: [
            invoice(client, month, None) for client, months in issued.items() for month in months
        ],
    }


def test_a_client_who_skipped_a_month_is_at_risk_and_one_who_left_is_not_scored():
    found = risks(IN_USE)
    assert {n: row["situacao"] for n, row in found.items()} == {
        1: "avaliado",
        2: "avaliado",
        3: "evadido",
        4: "sem_historico",
        5: "sem_historico",
    }
    assert (found[2]["rank"], found[1]["rank"], found[3]["rank"]) == (1, 2, None)
    assert json.loads(found[2]["contributions"]) == {"base": -2.0, known.RECENCY: 3.0}
    assert float(found[2]["probability"]) == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-6)


def test_without_a_model_nobody_has_a_probability():
    found = risks(IN_USE.slice(1))
    assert {row["situacao"] for row in found.values()} == {"sem_modelo", "evadido", "sem_historico"}
    assert {row["probability"] for row in found.values()} == {None}


def test_activity_counts_what_was_issued_up_to_the_reference_date():
    rows = [invoice(1, month, None) for month in SKIPPED]
    schema = arrow_schema(stage_fatura.contract.schema)
    given = [dict.fromkeys(schema.names) | row for row in rows]
    connection = ibis.duckdb.connect()
    stage = connection.create_table("stage", pa.Table.from_pylist(given, schema=schema))
    (found,) = connection.to_pyarrow(known.activity(stage)).to_pylist()
    assert found[known.RECENCY] == (ON - dt.date(2023, 12, 1)).days
    assert (found["qtd_faturas_u1m"], found["qtd_faturas_u3m"]) == (0, 2)
    assert (found["perc_valor_u1m"], found["perc_valor_u3m"]) == (None, 1.0)


def test_the_drift_compares_clients_who_have_not_left_with_the_training():
    reference = Reference(variable=known.RECENCY, cuts=(20.0,), shares=(1.0, 0.0, 0.0))
    content = replace(RULE, references=(reference,)).to_json()
    in_use = pa.table({"version": ["v1"], "content": pa.array([content], pa.binary())})
    (row,) = computed(churn_drift, in_use, known_clients())
    assert (row["variable"], row["is_used"], row["clients"]) == (known.RECENCY, True, 2)
    assert (row["drift"], row["dt_referencia"]) == ("large", ON)
    assert computed(churn_drift, in_use.slice(1), known_clients()) == []


def test_no_personal_column_enters_the_model_of_churn():
    personal = {name for read in churn_risk.reads for name in personal_columns(read.table).names}
    assert personal == {"id_cliente"}
    assert personal.isdisjoint(CHURN.variables)


def drawn(signal: float, seed: int = 5) -> Examples:
    """Draw examples of clients whose churn follows from the days since their last invoice."""
    rng = np.random.default_rng(seed)
    count = 4_000
    values = np.full((count, len(CHURN.variables)), np.nan)
    for name in CHURN.ten:
        values[:, CHURN.place(name)] = rng.normal(size=count)
    recency = rng.integers(0, 91, count)
    values[:, CHURN.place(known.RECENCY)] = recency
    chance = 1 / (1 + np.exp(2.0 - signal * (recency - 45) / 30))
    return Examples(
        target=CHURN,
        values=values,
        outcome=(rng.random(count) < chance).astype(np.float64),
        client=rng.integers(1, 1_000, count),
        day=19_700 + 31 * rng.integers(0, 10, count),
        mean_value=rng.random(count) * 100,
    )


def test_a_better_model_of_churn_is_published_and_else_the_share_of_all():
    pytest.importorskip("xgboost", reason="pip install 'lakehouse[forecast]'")
    assert hold(parts_of(drawn(signal=2.0))).published.kind != learning.BASE_RATE
    assert hold(parts_of(drawn(signal=0.0))).published.kind == learning.BASE_RATE

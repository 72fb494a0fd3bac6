"""Rows of the risk, drift and offers: history, missing models, ranks and explanations."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.clients import clients
from lakehouse.domains.cards.gold.default_drift import default_drift
from lakehouse.domains.cards.gold.default_risk import default_risk
from lakehouse.domains.cards.gold.retention_offers import retention_offers
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.scorecard import Linear, Reference, Scorecard, Steps
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.privacy.personal_columns import personal_columns
from lakehouse.platform.tables.table import Table, months_after

ON = dt.date(2024, 2, 1)
EARLIER = dt.date(2024, 1, 1)
UNPAID = "sum_qtd_transacao_sem_pagamento_u3m"
MODEL = Scorecard(
    kind="logistic",
    intercept=-1.0,
    terms=(
        Steps(variable=known.RULE, cuts=(3.0,), scores=(0.0, 1.5), missing=0.0),
        Linear(variable=UNPAID, slope=0.5, center=1.0, missing=0.0),
        *(Linear(variable=name, slope=0.01, center=0.0, missing=0.02) for name in known.BOOK[:9]),
    ),
    references=(Reference(variable=UNPAID, cuts=(2.0,), shares=(0.9, 0.1, 0.0)),),
)
IN_USE = pa.table({"version": ["v1"], "content": pa.array([MODEL.to_json()], pa.binary())})
NONE = IN_USE.slice(1)


def invoice(client: int, number: int, late: int | None, day: dt.date = ON) -> dict[str, Any]:
    """Return an invoice of the stage; number 0 was issued on the first of the month before."""
    issued = months_after(day, -1 - number)
    paid = "PAGAMENTO_NO_PRAZO" if late is None else "SEM_PAGAMENTO"
    return {
        "day": day,
        "id_cliente": client,
        "id_fatura": number,
        "fbc_classif_pagto": paid,
        "fvl_numero_dias_atraso": late or 0,
        "dt_emissao": issued,
        **{f"flg_u{months}m": int(number < months) for months in (1, 3, 6, 9, 12)},
        "fvl_vlr_fatura": Decimal("10.00"),
    }


def of_client(client: int, *lates: int | None, unpaid: int | None = None) -> list[Any]:
    book = {"day": ON, "id_cliente": client, known.COLUMNS[UNPAID]: unpaid}
    return [book, [invoice(client, n, late) for n, late in enumerate(lates)]]


GIVEN = [
    of_client(1, 20, 50, 80, unpaid=3),
    of_client(2, None, None, None, unpaid=1),
    of_client(3, None, None, None, unpaid=1),
    of_client(4, None, 20, -9, unpaid=1),  # two known invoices: one is not due yet
]
OLDER = [{"day": EARLIER, "id_cliente": 5, known.COLUMNS[UNPAID]: 9}]


ROWS: dict[Table, list[dict[str, Any]]] = {
    book_fatura: [*OLDER, *(book for book, _ in GIVEN)],
    stage_fatura: [
        *(row for _, rows in GIVEN for row in rows),
        *(invoice(5, n, 10, EARLIER) for n in range(4)),
    ],
    clients: [{"id_cliente": n} for n in range(1, 7)],
}


def computed(
    table: Table, model: pa.Table, given: dict[Table, list[dict[str, Any]]] = ROWS
) -> list[dict[str, Any]]:
    connection = ibis.duckdb.connect()
    for read in table.reads:
        schema = arrow_schema(read.table.contract.schema)
        rows = [dict.fromkeys(schema.names) | row for row in given[read.table]]
        connection.create_table(read.name, pa.Table.from_pylist(rows, schema=schema))
    made = table.python_rows
    inputs = {name: connection.to_pyarrow(each) for name, each in made.inputs.items()}
    models = dict.fromkeys(table.options.models, model)
    return made.compute(ON, {**inputs, **models}).to_pylist()


@pytest.fixture(scope="module")
def risks() -> dict[int, dict[str, Any]]:
    return {row["id_cliente"]: row for row in computed(default_risk, IN_USE)}


def test_a_client_with_fewer_than_three_known_invoices_has_no_probability(
    risks: dict[int, dict[str, Any]],
):
    assert {n: row["situacao"] for n, row in risks.items()} == {
        1: "avaliado",
        2: "avaliado",
        3: "avaliado",
        4: "sem_historico",
        5: "sem_historico",  # only in an older book
        6: "sem_historico",  # in no book
    }
    for number in (4, 5, 6):
        row = risks[number]
        assert {row[name] for name in row if name not in ("id_cliente", "situacao")} == {None}


def test_equal_probabilities_have_equal_ranks(risks: dict[int, dict[str, Any]]):
    assert {n: risks[n]["rank"] for n in (1, 2, 3)} == {1: 1, 2: 2, 3: 2}
    assert risks[2]["probability"] == risks[3]["probability"] < risks[1]["probability"]
    assert (risks[1]["model"], risks[1]["model_version"]) == ("logistic", "v1")
    assert risks[1]["dt_referencia"] == ON


def test_the_contributions_of_a_client_add_up_to_its_probability(risks: dict[int, dict[str, Any]]):
    for number in (1, 2):
        found = json.loads(risks[number]["contributions"])
        share = 1 / (1 + np.exp(-sum(found.values())))
        assert float(risks[number]["probability"]) == pytest.approx(share, abs=1e-6)
        assert len(found) == 10
    explained = json.loads(risks[1]["contributions"])
    assert (explained[known.RULE], explained[UNPAID]) == (1.5, 1.0)


def test_without_a_model_in_use_no_client_has_a_probability():
    rows = computed(default_risk, NONE)
    assert {row["situacao"] for row in rows} == {"sem_modelo", "sem_historico"}
    assert {row["probability"] for row in rows} == {None}
    assert computed(default_drift, NONE) == []


def test_the_drift_compares_the_newest_book_with_the_training():
    (row,) = computed(default_drift, IN_USE)
    assert (row["variable"], row["clients"], row["is_used"]) == (UNPAID, 3, True)
    assert (row["drift"], row["dt_referencia"]) == ("large", ON)


def test_no_personal_column_is_a_variable():
    columns = set(known.COLUMNS.values())
    assert len(columns) == 462
    assert columns.isdisjoint(personal_columns(book_fatura).names)
    inputs = default_risk.python_rows.inputs
    personal = {"id_cliente"}
    assert personal == set(personal_columns(book_fatura).names)
    assert personal.isdisjoint(known.ALL)
    named = {*inputs["book"].columns, *inputs["history"].columns} - personal
    assert named - set(known.ALL) == {"dt_referencia", known.KNOWN, known.MEAN_VALUE}


def offers(*rows: tuple[int, str | None, str]) -> list[dict[str, Any]]:
    given: dict[Table, list[dict[str, Any]]] = {
        default_risk: [
            {"id_cliente": n, "probability": share and Decimal(share)} for n, share, _ in rows
        ],
        clients: [{"id_cliente": n, "vlr_aberto": Decimal(value)} for n, _, value in rows],
    }
    connection = ibis.duckdb.connect()
    for read in retention_offers.reads:
        schema = arrow_schema(read.table.contract.schema)
        filled = [dict.fromkeys(schema.names) | {"day": ON} | row for row in given[read.table]]
        connection.create_table(read.name, pa.Table.from_pylist(filled, schema=schema))
    connection.create_table("partitions", pa.table({"day": [ON], "is_due": [True]}))
    return connection.to_pyarrow(retention_offers.expression).to_pylist()


def test_a_client_gets_the_offer_with_the_highest_expected_value():
    found = offers((1, "0.100000", "1000.00"), (2, "0.900000", "10000.00"), (3, None, "9.00"))
    assert [(row["posicao"], row["id_cliente"], row["oferta"]) for row in found] == [
        (1, 2, "desconto"),
        (2, 1, "lembrete"),
    ]
    best = found[0]
    assert best["vlr_perda_esperada"] == Decimal("5400.00")  # 0.9 × 10,000 × 0.6
    assert best["vlr_custo"] == Decimal("1015.00")  # 15 + 10 %
    assert best["vlr_perda_evitada"] == Decimal("2430.00")  # 45 %
    assert best["vlr_esperado"] == Decimal("1415.00")


def test_an_offer_that_costs_more_than_it_prevents_is_not_made():
    assert offers((1, "0.010000", "100.00"), (2, "0.900000", "0.00")) == []

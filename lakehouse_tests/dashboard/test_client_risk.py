"""The page of cards says in words why a client may default, without a browser."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.dashboard.declare import Table as TableView
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.pages import tables
from lakehouse.dashboard.pages.client_risk import CHURN, DEFAULT, OWN_WORDS
from lakehouse.dashboard.snapshots import Snapshots
from lakehouse.domains.cards.gold.churn_risk import churn_risk
from lakehouse.domains.cards.gold.default_risk import default_risk
from lakehouse.domains.cards.risk.variables import ACTIVITY, RULE, SHARES
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

DAY = dt.date(2024, 3, 1)
PARTS = '{"base": -1.0, "perc_em_atraso_u12m": -0.7, "qtd_sem_pagamento_recente": 0.9, "outras": 2}'


@pytest.mark.parametrize(("view", "of"), [(DEFAULT, default_risk), (CHURN, churn_risk)])
def test_contributions_are_words_and_numbers_of_clients_are_masked(
    tmp_path: Path, view: TableView, of: Table
):
    lake = Lake(str(tmp_path))
    schema = arrow_schema(of.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    evaluated = {"situacao": "avaliado", "probability": Decimal("0.42"), "rank": 1}
    rows = [
        evaluated | {"id_cliente": 345, "contributions": PARTS, "model": "logistic"},
        {"id_cliente": 7, "situacao": "sem_historico"},
    ]
    given = [dict.fromkeys(schema.names) | row for row in rows]
    table = pa.Table.from_pylist(given, schema=schema)
    lake.table(of.id).write({DAY: table}, schema=schema, note={"by": "test"})
    settings = replace(Settings(root=str(tmp_path)), threads=1)
    snapshot = Snapshots(lake, settings, names=tables()).current()

    first, second = snapshot.rows(Selection().sql(view.query))
    assert (first["id_cliente"], second["id_cliente"]) == ("3•••", "•••")
    assert first["motivos"] == (
        "▲ faturas sem pagamento em 180 dias · ▼ parte das faturas pagas em atraso em 12 meses"
    )
    assert (second["motivos"], second["probability"]) == (None, None)
    (seen,) = snapshot.rows(Selection(sees_personal=True, search="345").sql(view.query))
    assert seen["id_cliente"] == 345


def test_every_variable_that_is_not_in_the_book_has_words():
    assert set(OWN_WORDS) == {*SHARES, RULE, *ACTIVITY}

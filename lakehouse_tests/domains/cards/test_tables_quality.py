"""The blocking checks of cards find rows that the contracts never store."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from lakehouse.domains.cards.quality import CHECKS
from lakehouse.platform.quality.checks import Assessment, CheckStatus, DayFacts

DAY = dt.date(2024, 1, 1)
INVOICE = {
    "id_cliente": 345,
    "id_fatura": 7,
    "dt_proc": "20240102000000",
    "ref": "202401",
    "dt_emissao": DAY,
    "dt_vencimento": dt.date(2024, 1, 10),
    "vlr_fatura": Decimal("100.00"),
    "vlr_pagto_min": Decimal("30.00"),
}
PAYMENT = {
    "id_cliente": 345,
    "id_pagamento": 7,
    "id_fatura": 7,
    "dt_proc": "20240102000000",
    "ref": "202401",
    "dt_pagamento": DAY,
    "vlr_pagamento": Decimal("1.00"),
}


def assessed(name: str, *rows: Mapping[str, Any]) -> Assessment:
    """Assess ``<table>.<check>`` on a day of these rows."""
    (check,) = [each for each in CHECKS if each.id == f"silver.cards_{name}"]
    schema = pa.schema([(c, kind.to_pyarrow()) for c, kind in check.inputs[0].schema.items()])
    table = pa.Table.from_pylist([{**row, "day": DAY} for row in rows], schema=schema)
    found = check.measure(ibis.memtable(table)).to_pyarrow().to_pylist()
    now = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    measured = found[0] if found else {}
    return check.assess(DayFacts(day=DAY, measured=measured, now=now, deadline_hours=30))


@pytest.mark.parametrize(
    ("name", "rows", "result", "details"),
    [
        ("tb_faturas.uniqueness", [INVOICE], "pass", ""),
        ("tb_faturas.uniqueness", [INVOICE, INVOICE], "fail", "345-7"),
        ("tb_pagamentos.uniqueness", [PAYMENT, PAYMENT | {"id_cliente": 1}], "pass", ""),
        ("tb_pagamentos.uniqueness", [PAYMENT, PAYMENT | {"id_fatura": 1}], "fail", "345-7"),
        ("tb_faturas.not_null", [INVOICE | {"vlr_pagto_min": None}], "pass", ""),
        ("tb_faturas.not_null", [INVOICE | {"vlr_fatura": None}], "fail", "345-7"),
        ("tb_pagamentos.not_null", [PAYMENT, PAYMENT | {"dt_pagamento": None}], "fail", "345-7"),
        ("tb_faturas.minimum", [INVOICE | {"vlr_pagto_min": Decimal("30.01")}], "pass", ""),
        ("tb_faturas.minimum", [INVOICE | {"vlr_pagto_min": None}], "pass", ""),
        ("tb_faturas.minimum", [INVOICE | {"vlr_pagto_min": Decimal("29.98")}], "warn", "345-7"),
        ("tb_faturas.issued_after_file", [INVOICE], "pass", ""),
        (
            "tb_faturas.issued_after_file",
            [INVOICE | {"dt_proc": "20231231235959"}],
            "warn",
            "345-7",
        ),
        ("tb_pagamentos.paid_after_file", [PAYMENT], "pass", ""),
        ("tb_pagamentos.paid_after_file", [PAYMENT | {"dt_proc": "20240101000000"}], "pass", ""),
        (
            "tb_pagamentos.paid_after_file",
            [PAYMENT | {"dt_proc": "20231231235959"}],
            "warn",
            "345-7",
        ),
    ],
)
def test_a_day_that_does_not_pass_is_reported_by_client_and_number(
    name: str, rows: Sequence[Mapping[str, Any]], result: str, details: str
):
    found = assessed(name, *rows)
    assert (found.status, found.details) == (CheckStatus(result), details)


def test_a_repeated_key_and_a_missing_value_stop_the_run():
    assert {check.id for check in CHECKS if check.blocking} == {
        f"silver.cards_{table}.{check}"
        for table in ("tb_faturas", "tb_pagamentos")
        for check in ("uniqueness", "not_null")
    }

"""The books beside the 462 variables: overpayments, and classes by minimum payment."""

from decimal import Decimal

import pytest

from lakehouse.domains.cards.book.declaration import (
    AMPLIADO,
    EXCEDENTES,
    FATURA,
)
from lakehouse_tests.domains.cards.test_book import book, invoice, load, payment


def test_overpayments_are_in_their_own_book_and_not_among_the_462():
    load([invoice()], [payment(value=Decimal("150.00"))])
    (row,) = book(declaration=EXCEDENTES)
    assert row["sum_vlr_fatura_valor_excedente_u3m"] == Decimal("100.00")
    assert row["avg_perc_vlr_fatura_valor_excedente"] == Decimal("150.0000")
    assert row["sum_qtd_transacao_valor_excedente_u1m"] is None
    by_amount = [
        each.column for each in FATURA.variables if each.of.column == "fbc_classif_vlr_pagto"
    ]
    (whole,) = book()
    assert {whole[column] for column in by_amount} == {None}


@pytest.mark.parametrize(
    ("paid", "least", "name"),
    [
        ("29.99", "30.00", "pagamento_insuficiente"),
        ("30.00", "30.00", "pagamento_minimo"),
        ("30.01", "30.00", "pagamento_parcial"),
        ("30.00", None, "pagamento_sem_minimo"),
        ("100.00", "100.00", "pagamento_total"),
        ("100.01", None, "pagamento_excedente"),
    ],
)
def test_the_wider_book_has_classes_by_minimum_payment(paid, least, name):
    known = Decimal(least) if least else None
    unpaid = invoice(2, least=Decimal("5.00"))
    load([invoice(least=known), unpaid], [payment(value=Decimal(paid))])
    (row,) = book(declaration=AMPLIADO)
    filled = {column for column, value in row.items() if value is not None}
    assert {column for column in filled if "pagto_pagamento" in column} == {
        f"{how}_vlr_pagto_{name}{window}"
        for how in ("sum", "avg", "min", "max")
        for window in ("", "_u3m", "_u6m", "_u9m", "_u12m")
    }
    assert row[f"sum_vlr_pagto_{name}"] == Decimal(paid)
    assert row[f"avg_vlr_pagto_min_{name}"] == known
    assert row[f"sum_qtd_transacao_{name}"] == 1

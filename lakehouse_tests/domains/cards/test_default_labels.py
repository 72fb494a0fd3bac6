"""Outcome of a client after the reference date."""

import datetime as dt
from typing import Any

import pytest

from lakehouse.domains.cards.book.stage import Mode
from lakehouse.domains.cards.gold.default_labels import default_labels
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.platform.engines.session import typed_sql
from lakehouse_tests.domains.cards.plain_book import Invoice, Payment
from lakehouse_tests.domains.cards.test_book import (
    ON,
    business,
    connection,
    invoice,
    load,
    payment,
    stage_sql,
)

KNOWN = invoice(99, client=9, issued=dt.date(2024, 6, 1))


def labels(invoices: list[Invoice], payments: list[Payment]) -> dict[int, dict[str, Any]]:
    load(invoices, payments)
    name = stage_fatura.unbound.get_name()
    connection().execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {stage_sql(Mode.NATIVE)}')
    connection().execute(
        "CREATE OR REPLACE TEMP TABLE partitions AS SELECT DATE '2024-06-01' AS day"
    )
    rows = connection().execute(typed_sql(default_labels.expression, "duckdb")).to_arrow_table()
    return {row["id_cliente"]: row for row in rows.to_pylist()}


@pytest.mark.parametrize(
    ("due", "paid", "counts"),
    [
        (ON, None, (0, 0)),
        (dt.date(2024, 2, 2), None, (1, 1)),
        (dt.date(2024, 2, 2), dt.date(2024, 3, 3), (1, 0)),
        (dt.date(2024, 2, 2), dt.date(2024, 3, 4), (1, 1)),
        (dt.date(2024, 4, 1), None, (1, 1)),
        (dt.date(2024, 4, 2), None, (0, 0)),
    ],
)
def test_a_client_defaults_by_what_came_due_after_the_reference_date(due, paid, counts):
    row = labels([invoice(due=due), KNOWN], [payment(paid=paid)] if paid else [])[1]
    assert (row["faturas_vencidas"], row["faturas_inadimplentes"]) == counts
    assert row["inadimplente"] is (counts[1] > 0)


@pytest.mark.parametrize(
    ("issued", "gone"),
    [
        (ON, True),
        (dt.date(2024, 2, 2), False),
        (dt.date(2024, 5, 1), False),
        (dt.date(2024, 5, 2), True),
    ],
)
def test_a_client_without_a_later_invoice_is_labeled_as_churned(issued, gone):
    assert labels([invoice(), invoice(2, issued=issued), KNOWN], [])[1]["evadido"] is gone


def test_labels_are_null_until_later_days_are_known():
    row = labels([invoice(), invoice(2, issued=dt.date(2024, 5, 1))], [])[1]
    assert (row["dt_observado"], row["inadimplente"], row["evadido"]) == (
        dt.date(2024, 5, 1),
        None,
        None,
    )


def test_labels_do_not_depend_on_data_before_the_reference_date():
    invoices, payments = business(seed=5, clients=12)
    invoices.append(KNOWN)
    later = [each for each in invoices if each.due > ON]
    whole = labels(invoices, payments)
    kept = {(each.client, each.number) for each in later}
    only = labels(later, [each for each in payments if (each.client, each.invoice) in kept])
    assert only
    assert {client: whole[client] for client in only} == only
    assert {row["inadimplente"] for row in whole.values()} == {True, False}

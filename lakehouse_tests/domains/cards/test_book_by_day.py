"""Books that are stored by reference date from received files."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.tables.registry import Domain
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.cards import plain_book
from lakehouse_tests.domains.cards.files import INVOICES, PAYMENTS, lines
from lakehouse_tests.domains.cards.plain_book import Invoice, Payment
from lakehouse_tests.domains.cards.test_book import ON, business
from lakehouse_tests.stories.driver import Driver

SINCE = dt.date(2023, 10, 1)
"""A short history, because every received day computes its reference dates again."""
BOOKS = ("stage_fatura", "book_fatura")
BOOK = "SELECT * FROM history.cards_book_fatura ORDER BY day, id_cliente"


class Books(Business):
    """Cards with the native book only; the other books are computed in the same way."""

    @property
    def domain(self) -> Domain:
        whole = super().domain
        kept = (t for t in whole.tables if t.options.reference_dates is None or t.id.table in BOOKS)
        return replace(whole, tables=tuple(kept))


def files(invoices: Iterable[Invoice], payments: Iterable[Payment]) -> list[tuple[str, str]]:
    """A file for every two months of issue or payment, older ones first."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for each in invoices:
        row = f"{each.client}-{each.number},{each.client},{each.issued},{each.due},{each.value},"
        found[_part(each.issued), "tb_faturas"].append(row + f"{each.least or ''}")
    for paid in payments:
        row = f"PG-{paid.client}-{paid.number},{paid.client}-{paid.invoice},{paid.client}"
        found[_part(paid.paid), "tb_pagamentos"].append(f"{row},{paid.paid},{paid.value}")
    header = {"tb_faturas": INVOICES, "tb_pagamentos": PAYMENTS}
    return [
        (f"2024-12-01/{dataset}_20241201_20241201{part:06}.csv", lines(header[dataset], *rows))
        for (part, dataset), rows in sorted(found.items())
    ]


def _part(day: dt.date) -> int:
    return day.year * 100 + (day.month + 1) // 2


def ingested(folder: Path, *deliveries: list[tuple[str, str]]) -> Books:
    found = Books("cards", folder)
    for delivery in deliveries:
        for path, data in delivery:
            found.land(path, data)
        found.ingest()
    return found


def test_a_book_computed_in_slices_equals_one_computed_at_once(tmp_path: Path):
    every_invoice, every_payment = business(seed=3, clients=6)
    invoices = [each for each in every_invoice if each.issued >= SINCE]
    billed = {(each.client, each.number) for each in invoices}
    payments = [each for each in every_payment if (each.client, each.invoice) in billed]
    landed = files(invoices, payments)
    assert len(landed) > 5
    at_once = ingested(tmp_path / "once", landed)
    in_pieces = ingested(tmp_path / "pieces", landed[-3:], landed[:2], landed[2:-3])
    rows = at_once.rows(BOOK)
    assert rows
    assert in_pieces.rows(BOOK) == rows

    expected = plain_book.book(ON, invoices, payments, native=True)
    numbered = ", ".join(f"var_{n}" for n in range(1, 463))
    found = at_once.rows(
        f"SELECT id_cliente, {numbered} FROM history.cards_book_fatura WHERE day = '{ON}'"
    )
    assert {client: tuple(values) for client, *values in found} == {
        client: tuple(row[f"var_{n}"] for n in range(1, 463)) for client, row in expected.items()
    }
    by_ref = "SELECT DISTINCT ref FROM history.cards_book_fatura WHERE day = '2024-02-01'"
    assert at_once.rows(by_ref) == [("202402",)]
    _require_any_day(at_once, invoices, payments)


def _require_any_day(books: Books, invoices: list[Invoice], payments: list[Payment]) -> None:
    """Any day is a reference date; the SQL name shows the newest date, `as_of` an earlier one."""
    on = dt.date(2024, 1, 18)
    Driver(domain=books.domain, settings=books.settings).materialize_reference_dates([on])
    expected = plain_book.book(on, invoices, payments, native=True)
    query = "SELECT day, id_cliente, var_1, var_462 FROM gold.cards_book_fatura ORDER BY 1, 2"
    names = catalog.names_in(query)
    with catalog.connect(books.lake, books.settings, names=names, as_of=on) as connection:
        shown = catalog.query(connection, query).fetchall()
    assert shown == [
        (on, client, row["var_1"], row["var_462"]) for client, row in sorted(expected.items())
    ]
    newest = books.rows("SELECT DISTINCT day FROM gold.cards_book_fatura")
    assert newest == books.rows("SELECT max(day) FROM history.cards_book_fatura")


def test_the_dictionary_describes_every_variable(tmp_path: Path):
    asked = Business("cards", tmp_path)
    Driver(domain=asked.domain, settings=asked.settings).materialize_as_of([SINCE])
    counts = "SELECT livro, count(*) FROM gold.cards_book_dictionary GROUP BY livro ORDER BY livro"
    assert asked.rows(counts) == [
        ("book_fatura", 462),
        ("book_fatura_ampliado", 324),
        ("book_fatura_excedente", 66),
    ]
    assert asked.rows(
        "SELECT * EXCLUDE (day) FROM gold.cards_book_dictionary WHERE variavel = 'VAR_388'"
    ) == [
        (
            "book_fatura",
            388,
            "VAR_388",
            "avg_perc_vlr_fatura_valor_parcial_u6m",
            "VALOR_PARCIAL",
            "FVL_PERC_VLR_FATURA",
            "U6M",
            "AVG",
            "Média: percentual pago da fatura; faturas pagas em parte; últimos 6 meses",
            "decimal(18, 4)",
        )
    ]

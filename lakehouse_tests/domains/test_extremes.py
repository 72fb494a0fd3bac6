"""Whatever a value is, its run succeeds: other rows are stored, it is rejected with a reason."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.domains.bikes import sources as bikes
from lakehouse.domains.cards import sources as cards
from lakehouse.domains.mrhealth import sources as mrhealth
from lakehouse.domains.people import sources as people
from lakehouse.domains.sales import sources as sales
from lakehouse.platform.connectors.postgres.declaration import CHANGE_COLUMNS
from lakehouse.platform.tables.source import Source, declared_in
from lakehouse.platform.transform.outcomes import quarantine_of
from lakehouse_tests.domains.bikes.files import NAMES, VALID
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.cards.files import Tables
from lakehouse_tests.domains.extremes import HOPELESS, ExtremeFile, extreme_files

FIRST = dt.date(2026, 1, 5)
MOST = "99999999.99"
"""The largest amount of every domain but bikes."""
Landed = tuple[str, dt.date, ExtremeFile]
"""Path, delivery day and content of a file."""

TEXTS = {
    "mrhealth": {"Tipo_Pedido", "Endereco_Entrega", "Observacao", "Nome_Produto", "Nome_Unidade"}
    | {"Nome_Estado", "Nome_Pais", "Id_Pais", "Id_Pedido", "Id_Item_Pedido", "Id_Movimento"},
    "people": {"First Name", "Last Name", "Phone", "Job Title"},
    "sales": set(CHANGE_COLUMNS) - {"operation"},
    "bikes": {"Title", "FirstName", "MiddleName", "LastName", "Suffix", "AdditionalContactInfo"}
    | {"Demographics", "rowguid", "Name", "ProductNumber", "Color", "Size", "SizeUnitMeasureCode"}
    | {"WeightUnitMeasureCode", "ProductLine", "Class", "Style", "AccountNumber", "Comment"}
    | {"SalesOrderNumber", "PurchaseOrderNumber", "CreditCardApprovalCode"}
    | {"CarrierTrackingNumber"},
    "cards": set(),
}
"""Columns of text: free text may hold any value, identifiers may hold letters."""


def mrhealth_files() -> Iterator[Landed]:
    day = FIRST
    reference = {
        "products": lambda n: {"Id_Produto": str(n * 1000 + 1), "Nome_Produto": f"P{n}"},
        "units": lambda n: {
            "Id_Unidade": str(n * 1000 + 1),
            "Nome_Unidade": f"U{n}",
            "Id_Estado": "1",
        },
        "states": lambda n: {
            "Id_Estado": str(n * 1000 + 1),
            "Id_Pais": "BR",
            "Nome_Estado": f"E{n}",
        },
        "countries": lambda n: {"Id_Pais": f"C{n}", "Nome_Pais": f"N{n}"},
    }
    names = {"products": "Tabela_Produto", "units": "Tabela_Unidade", "states": "Tabela_Estado"}
    for source in declared_in(mrhealth):
        name = f"{names.get(source.dataset, 'Tabela_Pais')}.csv"
        if source.dataset in reference:  # on days before those of the orders
            for place, column in enumerate(source.format.columns):
                (file,) = extreme_files(source, reference[source.dataset], (column,))
                at = FIRST - dt.timedelta(days=30 - place)
                yield f"{at}/reference/{name}", at, file
    for place, file in enumerate(extreme_files(mrhealth.STOCK_MOVEMENTS, _movement)):
        moved = FIRST + dt.timedelta(days=place)
        yield f"{moved}/unidade_001/MOVIMENTO_ESTOQUE.csv", moved, file
    for source in (mrhealth.ORDERS, mrhealth.ORDER_ITEMS):
        columns = source.format.columns
        for column in columns:
            order = _order_of(day)
            if source is mrhealth.ORDERS:
                (file,) = extreme_files(source, order, (column,))
                yield f"{day}/unidade_001/PEDIDO.csv", day, file
            else:
                (file,) = extreme_files(source, _item, (column,))
                (orders,) = extreme_files(mrhealth.ORDERS, order, ("Observacao",))
                yield f"{day}/unidade_001/PEDIDO.csv", day, orders
                yield f"{day}/unidade_001/ITEM_PEDIDO.csv", day, file
            day += dt.timedelta(days=1)

    folder = f"{day}/unidade_001"
    order, many = _order_of(day), range(20)
    yield (
        f"{folder}/PEDIDO.csv",
        day,
        _maximal(
            mrhealth.ORDERS, [{**order(n), "Vlr_Pedido": MOST, "Taxa_Entrega": MOST} for n in many]
        ),
    )
    prices = [("100000", "999.99"), ("1", MOST), ("100000", "0.00"), ("1", "0.01")]
    yield (
        f"{folder}/ITEM_PEDIDO.csv",
        day,
        _maximal(
            mrhealth.ORDER_ITEMS,
            [
                {**_item(n), "Id_Item_Pedido": str(place), "Qtd": pieces, "Vlr_Item": price}
                for n in many
                for place, (pieces, price) in enumerate(prices)
            ],
        ),
    )
    kinds = (("Contagem", "100000", MOST), ("Contagem", "0", ""), ("Entrada", "1", MOST))
    yield (
        f"{folder}/MOVIMENTO_ESTOQUE.csv",
        day,
        _maximal(
            mrhealth.STOCK_MOVEMENTS,
            [
                {
                    **_movement(place),
                    "Id_Movimento": f"MAX{place}",
                    "Data_Movimento": str(day),
                    "Tipo_Movimento": kind,
                    "Qtd": pieces,
                    "Custo_Unitario": cost if kind == "Entrada" else "",
                    "Data_Compra": str(FIRST) if kind == "Entrada" else "",
                }
                for place, (kind, pieces, cost) in enumerate(kinds)
            ],
        ),
    )


def _maximal(source: Source, rows: list[dict[str, str]]) -> ExtremeFile:
    """Return a file of valid rows with the greatest and least values, so that gold adds them up."""
    return ExtremeFile(source, "all", tuple(rows), ())


def _movement(number: int) -> dict[str, str]:
    return {
        "Id_Unidade": "1",
        "Id_Movimento": f"M{number}",
        "Data_Movimento": "2026-01-05",
        "Tipo_Movimento": "Entrada",
        "Id_Produto": "1",
        "Qtd": "2",
        "Custo_Unitario": "4.50",
        "Data_Compra": "2026-01-02",
    }


def _order_of(day: dt.date):
    def order(number: int) -> dict[str, str]:
        return {
            "Id_Unidade": "1",
            "Id_Pedido": f"A{number}",
            "Tipo_Pedido": "Loja Online",
            "Data_Pedido": str(day),
            "Vlr_Pedido": "10.00",
            "Endereco_Entrega": "--",
            "Taxa_Entrega": "1.00",
            "Status": "Finalizado",
        }

    return order


def _item(number: int) -> dict[str, str]:
    return {
        "Id_Pedido": f"A{number}",
        "Id_Item_Pedido": "1",
        "Id_Produto": "1",
        "Qtd": "2",
        "Vlr_Item": "4.50",
        "Observacao": "",
    }


def sales_files() -> Iterator[Landed]:
    def sale(number: int) -> dict[str, str]:
        return {
            "id": str(number * 1000 + 1),
            "sale_date": "2023-01-02",
            "product_id": "101",
            "customer_id": "1001",
            "quantity": "2",
            "unit_price": "10.00",
            "total_value": "20.00",
            "seller_id": "1",
            "region": "Norte",
        }

    for place, file in enumerate(extreme_files(sales.SALES, sale)):
        yield f"2023-01-03/sales_{place}.csv", dt.date(2023, 1, 3), file
    numbers = dict.fromkeys(("product_id", "customer_id", "seller_id"), "2147483647")
    amounts = (
        ("2023-01-03", "0.01", "1", "0.01"),
        ("2023-01-04", MOST, "1", MOST),
        ("2023-02-28", "0.01", "2147483647", "21474836.47"),
    )
    for place, (day, price, pieces, total) in enumerate(amounts):
        values = {"sale_date": day, "unit_price": price, "quantity": pieces, "total_value": total}
        first = 2_147_483_647 - 50 * place
        rows = [{**sale(0), **numbers, **values, "id": str(first - n)} for n in range(50)]
        yield f"{day}/sales_maximal.csv", dt.date.fromisoformat(day), _maximal(sales.SALES, rows)


def people_files() -> Iterator[Landed]:
    def person(number: int) -> dict[str, str]:
        return {
            "Index": str(number * 1000 + 1),
            "User Id": f"{number:015x}",
            "First Name": "Ana",
            "Last Name": "Sá",
            "Sex": "Female",
            "Email": "ana@example.org",
            "Phone": "1",
            "Date of birth": "1972-03-04",
            "Job Title": "Teacher",
        }

    for place, file in enumerate(extreme_files(people.PEOPLE, person)):
        yield f"2026-01-05/people_{place}.csv", FIRST, file


def cards_files() -> Iterator[Landed]:
    def invoice(number: int) -> dict[str, str]:
        return {
            "id_fatura": f"{number}-1",
            "id_cliente": str(number),
            "data_emissao": "2024-01-01",
            "data_vencimento": "2024-01-10",
            "valor_fatura": "100.0",
            "valor_pagamento_minimo": "30.0",
        }

    def payment(number: int) -> dict[str, str]:
        return {
            "id_pagamento": f"PG-{number}-1",
            "id_fatura": f"{number}-1",
            "id_cliente": str(number),
            "data_pagamento": "2024-01-09",
            "valor_pagamento": "40.0",
        }

    day = dt.date(2024, 2, 1)
    for place, file in enumerate(extreme_files(cards.INVOICES, invoice)):
        yield f"{day}/tb_faturas_20240131_202402010000{place:02}.csv", day, file
    (known,) = extreme_files(
        cards.INVOICES, lambda n: invoice(n + 100_000), ("valor_pagamento_minimo",)
    )
    yield f"{day}/tb_faturas_20240131_20240201000099.csv", day, known
    for place, file in enumerate(extreme_files(cards.PAYMENTS, payment)):
        yield f"{day}/tb_pagamentos_20240131_202402010000{place:02}.csv", day, file
    amounts = {"valor_fatura": MOST, "valor_pagamento_minimo": MOST}
    largest = [{**invoice(n + 200_000), **amounts} for n in range(20)]
    least = {**invoice(200_020), "valor_fatura": "0.01", "valor_pagamento_minimo": "0.00"}
    file = _maximal(cards.INVOICES, [*largest, least])
    yield f"{day}/tb_faturas_20240131_20240201000098.csv", day, file
    paid = [
        {
            **payment(n),
            "id_pagamento": f"PG-200020-{n}",
            "id_fatura": "200020-1",
            "id_cliente": "200020",
            "valor_pagamento": MOST,
        }
        for n in range(300_000, 300_020)
    ]
    file = _maximal(cards.PAYMENTS, paid)
    yield f"{day}/tb_pagamentos_20240131_20240201000098.csv", day, file


BIKES_KEYS = {
    "persons": ("BusinessEntityID",),
    "products": ("ProductID",),
    "customers": ("CustomerID",),
    "order_headers": ("SalesOrderID",),
    "special_offer_products": ("ProductID",),
    "order_details": ("SalesOrderID",),
}


BIKES_AMOUNTS = {
    "products": ("StandardCost", "ListPrice"),
    "order_headers": ("SubTotal", "TaxAmt", "Freight", "TotalDue"),
    "order_details": ("UnitPrice",),
}
"""Columns of money, whose largest value is that of the type MONEY."""


def bikes_files() -> Iterator[Landed]:
    for source in declared_in(bikes):
        columns = source.format.columns
        plain = dict(zip(columns, VALID[source.dataset].replace('"', "").split(";"), strict=True))

        def valid(
            number: int, plain: dict[str, str] = plain, source: Source = source
        ) -> dict[str, str]:
            return {**plain, **dict.fromkeys(BIKES_KEYS[source.dataset], str(number * 1000 + 1))}

        for place, file in enumerate(extreme_files(source, valid)):
            day = dt.date(2014, 10, 1) + dt.timedelta(days=place)
            yield f"{day}/{NAMES[source.dataset]}", day, file
        largest = dict.fromkeys(columns, "922337203685477,5807")
        amounts = {name: largest[name] for name in BIKES_AMOUNTS.get(source.dataset, ())}
        if amounts:
            day = dt.date(2014, 10, 1) + dt.timedelta(days=len(columns))
            rows = [{**valid(n), **amounts} for n in range(3_000, 3_005)]
            yield f"{day}/{NAMES[source.dataset]}", day, _maximal(source, rows)


FILES = {
    "bikes": bikes_files,
    "cards": cards_files,
    "mrhealth": mrhealth_files,
    "people": people_files,
    "sales": sales_files,
}


@pytest.mark.parametrize("domain", FILES)
def test_every_row_with_an_extreme_value_is_rejected_or_stored_and_all_others_are_stored(
    domain: str, tmp_path: Path
) -> None:
    business = Tables(domain, tmp_path) if domain == "cards" else Business(domain, tmp_path)
    files = list(FILES[domain]())
    for path, _, file in files:
        business.land(path, file.data(";" if domain == "bikes" else ","))
    business.ingest()
    assert set(business.balance()) == {"balanced"}
    rejected = _rejected_rows(business)
    accepted, unnamed, others = [], [], []
    for path, _, file in files:
        extremes = dict(file.extremes)
        for line, codes in rejected.get(f"{domain}/{path}", {}).items():
            if line not in extremes:
                others.append((path, line, codes))
            if not codes or "computation_failed" in codes:
                unnamed.append((path, file.column, extremes.get(line), codes))
        if file.column not in TEXTS[domain]:
            accepted += [
                (file.source.dataset, file.column, value[:60])
                for line, value in file.extremes
                if value in HOPELESS and line not in rejected.get(f"{domain}/{path}", {})
            ]
    assert others == []
    assert unnamed == []
    assert accepted == []


def _rejected_rows(business: Business) -> dict[str, dict[int, list[str]]]:
    """Return the reason codes of the rejected rows and lines by file and line."""
    found: dict[str, dict[int, list[str]]] = {}
    for table in business.domain.tables:
        if table.validates_rows or table.layer == "bronze":
            stored = business.lake.table(quarantine_of(table.id))
            rows = stored.read().to_pylist() if stored.snapshot().schema is not None else []
            for row in rows:
                found.setdefault(row["file"], {})[row["line"]] = row["reasons"]
    return found

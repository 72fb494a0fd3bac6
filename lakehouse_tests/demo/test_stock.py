"""The generator of stock movements: files of its own, consistent with the generated sales."""

import csv
import datetime as dt
import io
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from lakehouse.demo.mrhealth import Plan, deliveries
from lakehouse.demo.mrhealth.shipments import draw

PLAN = Plan(first=dt.date(2026, 1, 5), units=4, days=12, orders_per_unit=10, stock=True)


@pytest.fixture(scope="module")
def landed():
    return list(deliveries(PLAN))


def rows_of(files):
    for file in files:
        if file.path.endswith("MOVIMENTO_ESTOQUE.csv"):
            yield from csv.DictReader(io.StringIO(file.data.decode("utf-8-sig")))


def test_the_files_of_orders_do_not_depend_on_the_stock(landed):
    without = [file for file in landed if not file.path.endswith("MOVIMENTO_ESTOQUE.csv")]
    assert without == list(deliveries(replace(PLAN, stock=False)))
    assert len(landed) - len(without) == PLAN.days


def test_a_longer_plan_starts_with_the_files_of_a_shorter_one(landed):
    short = list(deliveries(replace(PLAN, days=3)))
    assert landed[: len(short)] == short


def sold_on(plan, day):
    """Pieces sold by unit and product, as the files write both."""
    sold: Counter[tuple[str, str]] = Counter()
    for unit in range(1, plan.units + 1):
        for order in draw(plan, dt.date.fromisoformat(day), unit, None).orders:
            for item in order.items:
                sold[str(unit), item.fields[2]] += int(item.fields[3])
    return sold


def test_counts_are_the_movements_minus_the_sales_and_some_losses():
    plan = replace(PLAN, errors=0)
    signs = {"Saldo Inicial": 1, "Entrada": 1, "Perda": -1, "Compra": 0, "Contagem": 0}
    stock: Counter[tuple[str, str]] = Counter()
    losses: Counter[int] = Counter()
    moved = defaultdict(list)
    for row in rows_of(deliveries(plan)):
        moved[row["Data_Movimento"]].append(row)
    for day, rows in sorted(moved.items()):
        counted = {}
        for row in rows:
            key, pieces = (row["Id_Unidade"], row["Id_Produto"]), int(row["Qtd"])
            stock[key] += signs[row["Tipo_Movimento"]] * pieces
            if row["Tipo_Movimento"] == "Contagem":
                counted[key] = pieces
        stock.subtract(sold_on(plan, day))
        assert min(stock.values()) >= 0
        for key, pieces in counted.items():
            losses[stock[key] - pieces] += 1
            stock[key] = pieces
    assert set(losses) == {0, 1}
    assert losses[0] > 5 * losses[1] > 0


def test_receipts_arrive_after_their_order_and_as_ordered(landed):
    rows = list(rows_of(landed))
    ordered = {
        (r["Id_Unidade"], r["Id_Produto"], r["Data_Movimento"]): r["Qtd"]
        for r in rows
        if r["Tipo_Movimento"] == "Compra"
    }
    received = [r for r in rows if r["Tipo_Movimento"] == "Entrada" and r["Data_Compra"]]
    assert len(received) > 50
    for row in received:
        assert row["Data_Compra"] < row["Data_Movimento"]
        assert ordered[row["Id_Unidade"], row["Id_Produto"], row["Data_Compra"]] == row["Qtd"]


def test_errors_are_planted_in_some_files(landed):
    kinds = Counter((row["Tipo_Movimento"], row["Qtd"]) for row in rows_of(landed))
    planted = kinds["Contagem", "-3"] + kinds["Devolução", "2"] + kinds["Entrada", "0"]
    unknown = [row for row in rows_of(landed) if row["Id_Produto"] == "999"]
    assert planted + len(unknown) == 3

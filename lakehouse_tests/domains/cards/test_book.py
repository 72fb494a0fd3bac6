"""The book: numbering, rules by example, properties, and comparison with a plain implementation."""

import csv
import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.domains.cards.book import aggregate
from lakehouse.domains.cards.book import stage as staging
from lakehouse.domains.cards.book.declaration import (
    AMPLIADO,
    AVG,
    EXCEDENTES,
    FATURA,
    MAX,
    MIN,
    SUM,
    Declaration,
)
from lakehouse.domains.cards.book.stage import Mode
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.engines.session import arrow_schema, typed_sql
from lakehouse_tests.domains.cards import plain_book
from lakehouse_tests.domains.cards.plain_book import Invoice, Payment

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "cards"
ON = dt.date(2024, 2, 1)
MODES = pytest.mark.parametrize("mode", Mode)
Rows = list[dict[str, Any]]


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 2})


@cache
def stage_sql(mode: Mode) -> str:
    months = ibis.table({"day": "date"}, name="months")
    return typed_sql(
        staging.stage(months, tb_faturas.unbound, tb_pagamentos.unbound, mode), "duckdb"
    )


@cache
def book_sql(mode: Mode, declaration: Declaration) -> str:
    months = ibis.table({"day": "date"}, name="months")
    staged = staging.stage(months, tb_faturas.unbound, tb_pagamentos.unbound, mode)
    book = aggregate.book(ibis.table(staged.schema(), name="staged"), declaration)
    return typed_sql(book, "duckdb")


def load(
    invoices: Sequence[Invoice], payments: Sequence[Payment], on: Sequence[dt.date] = (ON,)
) -> None:
    given = {
        tb_faturas: [
            {
                "day": each.issued,
                "id_cliente": each.client,
                "id_fatura": each.number,
                "dt_proc": each.made,
                "ref": f"{each.issued:%Y%m}",
                "dt_emissao": each.issued,
                "dt_vencimento": each.due,
                "vlr_fatura": each.value,
                "vlr_pagto_min": each.least,
            }
            for each in invoices
        ],
        tb_pagamentos: [
            {
                "day": each.paid,
                "id_pagamento": each.number,
                "id_fatura": each.invoice,
                "id_cliente": each.client,
                "dt_proc": each.made,
                "ref": f"{each.paid:%Y%m}",
                "dt_pagamento": each.paid,
                "vlr_pagamento": each.value,
            }
            for each in payments
        ],
    }
    for table, rows in given.items():
        schema = arrow_schema(table.contract.schema)
        connection().register(table.unbound.get_name(), pa.Table.from_pylist(rows, schema=schema))
    connection().register("months", pa.table({"day": pa.array(on, pa.date32())}))


def stage(mode: Mode = Mode.NATIVE) -> Rows:
    sql = f"{stage_sql(mode)} ORDER BY day, id_cliente, id_fatura"
    return connection().execute(sql).to_arrow_table().to_pylist()


def book(mode: Mode = Mode.NATIVE, declaration: Declaration = FATURA) -> Rows:
    connection().execute(f"CREATE OR REPLACE TEMP TABLE staged AS {stage_sql(mode)}")
    sql = f"{book_sql(mode, declaration)} ORDER BY day, id_cliente"
    return connection().execute(sql).to_arrow_table().to_pylist()


def invoice(number: int = 1, **values: Any) -> Invoice:
    issued = values.setdefault("issued", dt.date(2023, 12, 1))
    plain: dict[str, Any] = {
        "client": 1,
        "due": issued + dt.timedelta(9),
        "value": Decimal("100.00"),
    }
    return Invoice(number=number, **plain | values)


def payment(number: int = 1, **values: Any) -> Payment:
    plain: dict[str, Any] = {
        "client": 1,
        "invoice": 1,
        "paid": dt.date(2023, 12, 10),
        "value": Decimal("100.00"),
    }
    return Payment(number=number, **plain | values)


def variable(declaration: Declaration, name: str) -> str:
    (column,) = (each.column for each in declaration.variables if each.name == name)
    return column


def test_the_variables_are_numbered_as_in_the_specification():
    columns = [each.column for each in FATURA.variables]
    assert columns == [f"var_{n}" for n in range(1, 463)]
    found = [(each.of.name, each.value.column) for each in FATURA.variables]
    classes = {
        name: 66 * place for place, name in enumerate(plain_book.BY_DATE + plain_book.BY_AMOUNT)
    }
    parts = {
        "fvl_vlr_fatura": (0, 24),
        "fvl_qtd_transacao": (24, 6),
        "fvl_numero_dias_atraso": (30, 18),
        "fvl_perc_vlr_fatura": (48, 18),
    }
    for name, first in classes.items():
        for value, (start, count) in parts.items():
            assert set(found[first + start : first + start + count]) == {(name, value)}
    assert found[132][0] == "SEM_PAGAMENTO"
    assert found[461][0] == "SEM_VALOR"
    money = FATURA.variables[:24]
    assert [each.window.months for each in money[::4]] == [None, 1, 3, 6, 9, 12]
    assert [each.aggregate for each in money[:4]] == [SUM, AVG, MIN, MAX]
    assert FATURA.variables[387].name == "avg_perc_vlr_fatura_valor_parcial_u6m"


@pytest.mark.parametrize(
    ("declaration", "count"), [(FATURA, 462), (EXCEDENTES, 66), (AMPLIADO, 324)]
)
def test_every_variable_has_a_unique_name(declaration: Declaration, count: int):
    names = {each.name for each in declaration.variables}
    assert len(names) == len({each.column for each in declaration.variables}) == count


@pytest.mark.parametrize(
    ("paid", "days", "when", "late", "early"),
    [
        (None, 53, "SEM_PAGAMENTO", 53, None),
        (dt.date(2023, 12, 10), 0, "PAGAMENTO_NO_PRAZO", 0, None),
        (dt.date(2023, 12, 6), 0, "PAGAMENTO_ANTECIPADO", -1, 4),
        (dt.date(2024, 2, 1), 0, "PAGAMENTO_EM_ATRASO", 53, None),
        (dt.date(2024, 2, 2), 0, "SEM_PAGAMENTO", 53, None),
    ],
)
def test_class_and_days_of_an_invoice_follow_from_its_payment_date(paid, days, when, late, early):
    load([invoice()], [payment(paid=paid)] if paid else [])
    (row,) = stage()
    assert row["fbc_classif_pagto"] == when
    assert (row["fvl_numero_dias_atraso"], row["dias_antecipados"]) == (late, early)


def test_an_unpaid_invoice_before_its_due_date_has_negative_days_late():
    load([invoice(issued=dt.date(2024, 1, 30))], [])
    assert stage()[0]["fvl_numero_dias_atraso"] == -7


@pytest.mark.parametrize(
    ("paid", "native", "compatible", "percent", "compatible_percent"),
    [
        ("100.00", "VALOR_TOTAL", "VALOR_TOTAL", 100, 100),
        ("0.49", "VALOR_PARCIAL", "VALOR_PARCIAL", 0, 0),
        ("0.50", "VALOR_PARCIAL", "VALOR_PARCIAL", 1, 1),
        ("99.99", "VALOR_PARCIAL", "VALOR_PARCIAL", 100, 100),
        ("0.00", "VALOR_PARCIAL", "VALOR_PARCIAL", 0, 0),
        ("150.50", "VALOR_EXCEDENTE", "SEM_VALOR", 151, 0),
    ],
)
def test_class_and_percentage_of_an_invoice_follow_from_the_amount_paid(
    paid, native, compatible, percent, compatible_percent
):
    load([invoice()], [payment(value=Decimal(paid))])
    shown = ("fbc_classif_vlr_pagto", "fvl_perc_vlr_fatura")
    assert [stage()[0][name] for name in shown] == [native, percent]
    assert [stage(Mode.SEED_COMPATIBLE)[0][name] for name in shown] == [
        compatible,
        compatible_percent,
    ]


def test_a_paid_invoice_with_a_value_of_zero_has_a_percentage_of_zero():
    load([invoice(value=Decimal("0.00"))], [payment(value=Decimal("5.00"))])
    assert stage()[0]["fbc_classif_vlr_pagto"] == "VALOR_EXCEDENTE"
    assert stage()[0]["fvl_perc_vlr_fatura"] == 0


def test_several_payments_are_summed_in_the_native_book_and_separate_in_the_seed_compatible_one():
    twice = [
        payment(1, paid=dt.date(2023, 12, 5), value=Decimal("40.00")),
        payment(2, paid=dt.date(2023, 12, 20), value=Decimal("60.00"), made="20240309000000"),
    ]
    load([invoice()], twice)
    (row,) = stage()
    shown = ("fbc_classif_vlr_pagto", "fvl_vlr_pagto", "fvl_numero_dias_atraso", "qtd_pagamentos")
    assert [row[name] for name in shown] == ["VALOR_TOTAL", Decimal("100.00"), 10, 2]
    assert row["dt_proc"] == "20240309000000"
    shown = ("fvl_perc_vlr_fatura", "fvl_numero_dias_atraso", "qtd_pagamentos", "dt_proc")
    rows = sorted([row[name] for name in shown] for row in stage(Mode.SEED_COMPATIBLE))
    assert rows == [[40, -1, 1, "20240101000000"], [60, 10, 1, "20240309000000"]]


@pytest.mark.parametrize(
    ("issued", "native", "compatible"),
    [
        (dt.date(2023, 1, 31), None, None),
        (dt.date(2023, 2, 1), "00001", "00001"),
        (dt.date(2023, 4, 30), "00001", "00001"),
        (dt.date(2023, 5, 1), "00011", "00011"),
        (dt.date(2023, 10, 31), "00111", "00111"),
        (dt.date(2023, 11, 1), "01111", "01111"),
        (dt.date(2023, 12, 31), "01111", "01111"),
        (dt.date(2024, 1, 1), "11111", "11111"),
        (dt.date(2024, 2, 1), "11111", "11111"),
        (dt.date(2024, 2, 29), None, "11111"),
        (dt.date(2024, 3, 1), None, None),
    ],
)
def test_windows_cover_the_months_before_the_reference_date(issued, native, compatible):
    load([invoice(issued=issued)], [])
    for mode, expected in zip(Mode, (native, compatible), strict=True):
        flags = ["".join(str(row[f"flg_u{n}m"]) for n in (1, 3, 6, 9, 12)) for row in stage(mode)]
        assert flags == ([expected] if expected else [])


def test_months_between_equals_the_function_of_spark():
    days = [dt.date(2023, 1, 28) + dt.timedelta(n) for n in range(0, 430, 3)]
    days += [dt.date(2024, 2, 29), dt.date(2024, 1, 31), dt.date(2023, 2, 28)]
    pairs = [{"later": one, "earlier": other} for one in days for other in days]
    table = ibis.memtable(pairs, schema={"later": "date", "earlier": "date"})
    found = ibis.duckdb.connect().to_pyarrow(
        table.mutate(age=staging.thirty_firsts(table.later, table.earlier))
    )
    for row in found.to_pylist():
        expected = plain_book.months_between(row["later"], row["earlier"])
        assert round(row["age"] / 31, 8) == expected


def test_an_average_of_money_is_exact_and_rounded_half_up():
    values = [Decimal("0.01"), Decimal("0.02"), Decimal("0.02"), *[Decimal("0.00")] * 61]
    load([invoice(n, value=value) for n, value in enumerate(values)], [])
    (row,) = book()
    column = variable(FATURA, "avg_vlr_fatura_sem_pagamento")
    assert row[column] == Decimal("0.000781")  # 0.05 ÷ 64 = 0.00078125
    load([invoice(n, value=Decimal(f"0.0{n}")) for n in (0, 1)] + [invoice(n) for n in (2, 3)], [])
    assert book()[0][column] == Decimal("50.002500")
    most = [invoice(n, value=Decimal("999999999999.99")) for n in range(80)]
    load([*most, invoice(80, value=Decimal("0.00"))], [])
    total = Decimal("999999999999.99") * 80
    (row,) = book()
    assert row[column] == plain_book.half_up(total / 81, 6)
    assert row[variable(FATURA, "sum_vlr_fatura_sem_pagamento")] == total


def test_extremely_large_payments_still_give_a_book():
    most = Decimal("999999999999.99")
    load([invoice(value=Decimal("0.01"))], [payment(n, value=most) for n in range(9)])
    (row,) = book(declaration=AMPLIADO)
    assert row["avg_vlr_pagto_pagamento_excedente"] == most * 9
    load([invoice(value=Decimal("0.01"))], [payment(value=Decimal(10) ** 11)])
    (row,) = book(declaration=EXCEDENTES)
    assert row["max_perc_vlr_fatura_valor_excedente"] == 10**15
    assert row["avg_perc_vlr_fatura_valor_excedente"] == 10**15


def test_columns_have_the_types_of_the_specification():
    load([invoice(), invoice(2)], [payment(value=Decimal("50.50"))])
    (row,) = book()
    kinds = {name: str(row[variable(FATURA, name)]) for name in (
        "sum_vlr_fatura_valor_parcial",
        "avg_vlr_fatura_valor_parcial",
        "max_vlr_fatura_valor_parcial",
        "sum_qtd_transacao_valor_parcial",
        "avg_numero_dias_atraso_sem_valor",
        "min_numero_dias_atraso_sem_valor",
        "avg_perc_vlr_fatura_valor_parcial",
        "max_perc_vlr_fatura_valor_parcial",
    )}  # fmt: skip
    assert list(kinds.values()) == [
        *("100.00", "100.000000", "100.00", "1", "53.0", "53", "51.0000", "51")
    ]


def business(seed: int, clients: int = 40) -> tuple[list[Invoice], list[Payment]]:
    """Clients with every case of the rules, around the reference date."""
    rng = random.Random(seed)
    invoices: list[Invoice] = []
    payments: list[Payment] = []
    for client in range(1, clients + 1):
        for number in range(1, rng.randint(2, 18)):
            issued = dt.date(2022, 12, 15) + dt.timedelta(rng.randint(0, 460))
            if rng.random() < 0.5:
                issued = issued.replace(day=1)
            cents = rng.choice([0, 1, 3, 100, rng.randint(0, 7_000_000)])
            value = Decimal(cents) / 100
            made = f"2024{rng.randint(1, 12):02}01000000"
            common: dict[str, Any] = {
                "client": client,
                "issued": issued,
                "value": value,
                "made": made,
            }
            due = issued + dt.timedelta(rng.choice([0, 5, 9]))
            least = rng.choice([None, value * 3 // 10])
            invoices.append(Invoice(number=number, due=due, least=least, **common))
            for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 3])):
                paid = rng.choice([due, issued + dt.timedelta(rng.randint(0, 60))])
                part = rng.choice(
                    [value, value / 2, value * 2, Decimal(rng.randint(0, 9999)) / 100]
                )
                payments.append(
                    Payment(
                        client=client,
                        number=len(payments),
                        invoice=number,
                        paid=paid,
                        value=part.quantize(Decimal("0.01")),
                        made=f"2024{rng.randint(1, 12):02}02000000",
                    )
                )
    return invoices, payments


@MODES
@pytest.mark.parametrize(
    "on", [ON, dt.date(2023, 3, 1), dt.date(2024, 1, 17), dt.date(2024, 2, 29)]
)
def test_all_462_variables_equal_those_of_a_plain_book(mode: Mode, on: dt.date):
    invoices, payments = business(seed=11)
    load(invoices, payments, [on, dt.date(2023, 9, 1)])
    native = mode is Mode.NATIVE
    expected = plain_book.book(on, invoices, payments, native=native)
    found = {row["id_cliente"]: row for row in book(mode) if row["day"] == on}
    assert found.keys() == expected.keys()
    for client, row in found.items():
        assert {name: row[name] for name in expected[client]} == expected[client]
    filled = {name for row in expected.values() for name, value in row.items() if value is not None}
    assert len(filled) > 350


@MODES
def test_a_date_has_the_same_stage_together_with_others_and_alone(mode: Mode):
    """Alone, a date is given the days within its reach only; together, those of all dates."""
    invoices, payments = business(seed=5)
    early = [  # payments long before their invoices, within and outside of the reach of a date
        payment(900 + n, client=each.client, invoice=each.number, paid=day)
        for n, each in enumerate(invoices[::3])
        for day in [dt.date(2022, 2, 1) + dt.timedelta(days=11 * n % 700)]
    ]
    payments = [*payments, *early]
    days = [dt.date(2023, 6, 1), dt.date(2023, 11, 18), ON, dt.date(2024, 2, 29)]
    load(invoices, payments, days)
    together = stage(mode)
    for on in days:
        first, last = staging.REACH.reach(on)
        load(
            [each for each in invoices if first <= each.issued <= last],
            [each for each in payments if first <= each.paid <= last],
            [on],
        )
        expected = [row for row in together if row["day"] == on]
        assert sorted(map(repr, stage(mode))) == sorted(map(repr, expected)), on


def test_the_reference_client_has_the_values_of_the_specification():
    if not SAMPLES.is_dir():
        pytest.skip("no sample files at ../shared/data/cards")
    invoices, payments = sample(345)
    load(invoices, payments)
    for mode in Mode:
        (row,) = book(mode)
        assert str(row["var_388"]) == "50.5000"
        expected = plain_book.book(ON, invoices, payments, native=mode is Mode.NATIVE)[345]
        assert {name: row[name] for name in expected} == expected


def sample(client: int) -> tuple[list[Invoice], list[Payment]]:
    def rows(dataset: str) -> list[dict[str, str]]:
        (path,) = SAMPLES.glob(f"{dataset}_*.csv")
        with path.open(encoding="utf-8", newline="") as lines:
            return [row for row in csv.DictReader(lines) if row["id_cliente"] == str(client)]

    return [
        Invoice(
            client=client,
            number=int(row["id_fatura"].split("-")[1]),
            issued=dt.date.fromisoformat(row["data_emissao"]),
            due=dt.date.fromisoformat(row["data_vencimento"]),
            value=Decimal(row["valor_fatura"]),
        )
        for row in rows("tb_faturas")
    ], [
        Payment(
            client=client,
            number=int(row["id_pagamento"].split("-")[2]),
            invoice=int(row["id_fatura"].split("-")[1]),
            paid=dt.date.fromisoformat(row["data_pagamento"]),
            value=Decimal(row["valor_pagamento"]),
        )
        for row in rows("tb_pagamentos")
    ]


SEEDS = st.integers(0, 10_000)
few = settings(max_examples=8, deadline=None, derandomize=True)


@few
@given(SEEDS)
def test_a_native_book_does_not_change_when_later_data_arrives(seed: int):
    invoices, payments = business(seed, clients=4)
    load(invoices, payments)
    whole = book()
    load(
        [each for each in invoices if each.issued <= ON],
        [each for each in payments if each.paid <= ON],
    )
    assert book() == whole
    assert any(each.paid > ON for each in payments)


@few
@given(SEEDS, st.sampled_from(Mode))
def test_windows_are_nested_and_sums_of_classes_add_up(seed: int, mode: Mode):
    load(*business(seed, clients=4))
    staged = stage(mode)
    for row, wider in zip(book(mode), book(mode, EXCEDENTES), strict=True):
        _windows_nest(row)
        counted = [each for each in staged if each["id_cliente"] == row["id_cliente"]]
        for value in ("fvl_vlr_fatura", "fvl_qtd_transacao"):
            expected = sum(each[value] for each in counted)
            for column in ("fbc_classif_pagto", "fbc_classif_vlr_pagto"):
                sums = [
                    shown[each.column] or 0
                    for shown, declaration in ((row, FATURA), (wider, EXCEDENTES))
                    for each in declaration.variables
                    if (each.aggregate, each.value.column) == (SUM, value)
                    and (each.of.column, each.window.months) == (column, None)
                ]
                assert sum(sums) == expected


def _windows_nest(row: dict[str, Any]) -> None:
    by_name = {
        (v.of, v.value.column, v.aggregate, v.window.months): v.column for v in FATURA.variables
    }
    for (of, value, how, months), column in by_name.items():
        if how is AVG or months == 1:
            continue
        wider = row[column]
        inner = {None: 12, 3: 1, 6: 3, 9: 6, 12: 9}[months]
        narrower = row[by_name[of, value, how, inner]]
        if narrower is not None:
            assert narrower >= wider if how is MIN else narrower <= wider

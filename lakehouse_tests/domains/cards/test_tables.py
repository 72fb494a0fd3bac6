"""Invoices and payments of both layouts, and which of them are valid."""

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import ibis
import pytest

from lakehouse.domains.cards import positions
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse_tests.domains.cards.files import (
    INVOICES,
    PAYMENTS,
    SAMPLE,
    Tables,
    invoices_name,
    lines,
    payments_name,
)

VIEWS = ("invoices", "ageing", "clients", "clients_at_risk", "kpis")
FIRST, LATER = "2024-03-02", "2024-03-09"


@pytest.fixture
def cards(tmp_path: Path) -> Tables:
    return Tables("cards", tmp_path)


def invoice(number: int, value: str = "100.0", issued: str = "2023-01-01") -> str:
    return f"1-{number},1,{issued},2023-01-10,{value},30.0"


def payment(number: int) -> str:
    return f"PG-1-{number},1-{number},1,2023-01-05,40.0"


def values(cards: Tables) -> list[tuple[object, ...]]:
    return cards.rows(
        "select id_cliente, id_fatura, vlr_fatura, dt_proc from silver.cards_tb_faturas"
        " order by all"
    )


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample files at ../shared/data/cards")
def test_the_sample_has_32500_invoices_of_13_months_and_22666_payments_of_14(cards: Tables):
    paths = {path.name.split("_2")[0]: path for path in SAMPLE.glob("*.csv")}
    for path in paths.values():
        cards.land(f"2024-12-02/{path.name}", path.read_bytes())
    cards.ingest()
    for table, column, count, ref, last in (
        ("tb_faturas", "valor_fatura", 32_500, "data_emissao", "202401"),
        ("tb_pagamentos", "valor_pagamento", 22_666, "data_pagamento", "202402"),
    ):
        with paths[table].open() as stream:
            rows = list(csv.DictReader(stream))
        total = sum(Decimal(row[column]) for row in rows)
        months = Counter(row[ref][:7].replace("-", "") for row in rows)
        assert len(rows) == count
        assert cards.rows(
            f"select count(*), sum({column.replace('valor', 'vlr')}), max(ref),"
            f" count(distinct dt_proc) from silver.cards_{table}"
        ) == [(count, total, last, 1)]
        assert dict(cards.rows(f"select ref, count(*) from silver.cards_{table} group by 1")) == (
            months
        )
        assert cards.rejections(table) == []
    assert cards.balance() == ["balanced"] * 2
    assert cards.rows(
        "select dt_referencia, qtd_clientes, vlr_faturado, vlr_pago from gold.cards_kpis"
    ) == [(dt.date(2024, 2, 8), 2500, Decimal("1133570536.70"), Decimal("395508773.10"))]
    assert cards.rows(
        "select id_fatura, dt_proc, vlr_fatura, vlr_pagto_min, dt_vencimento"
        " from silver.cards_tb_faturas where id_cliente = 1 and ref = '202304'"
    ) == [(4, "20241202000000", Decimal("31796.21"), Decimal("9538.86"), dt.date(2023, 4, 10))]


def test_the_second_layout_has_plain_numbers_and_no_minimum(cards: Tables):
    cards.land(
        f"{FIRST}/{invoices_name(table='tb_fatura')}",
        lines(
            "id_cliente,id_fatura,dt_emissao_fatura,dt_vencimento_fatura,valor_fatura",
            "7,901,2023-01-01,2023-01-06,4393.7",
        ),
    )
    cards.land(
        f"{FIRST}/{payments_name()}",
        lines(
            "id_pagamento,id_fatura,id_cliente,dt_pagamento,valor_pagamento",
            "55,901,7,2023-02-06,500.0",
        ),
    )
    cards.ingest()
    assert cards.rows("select * exclude (day, dt_proc) from silver.cards_tb_faturas") == [
        (7, 901, "202301", dt.date(2023, 1, 1), dt.date(2023, 1, 6), Decimal("4393.70"), None)
    ]
    assert cards.rows("select * exclude (day, dt_proc) from silver.cards_tb_pagamentos") == [
        (55, 901, 7, "202302", dt.date(2023, 2, 6), Decimal("500.00"))
    ]
    assert cards.balance() == ["balanced"] * 2


def test_full_payments_overpayments_and_several_payments_are_all_kept(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1), invoice(2)))
    cards.land(
        f"{FIRST}/{payments_name()}",
        lines(
            PAYMENTS,
            "PG-1-1,1-1,1,2023-01-05,100.0",
            "PG-1-2,1-2,1,2023-01-10,70",
            "PG-1-3,1-2,1,2023-02-20,30.01",
            "PG-1-4,1-2,1,2022-12-31,0.0",
        ),
    )
    cards.ingest()
    assert cards.rows(
        "select id_fatura, qtd_pagamentos, vlr_pago, vlr_aberto, situacao, dias_vencidos,"
        " dt_ultimo_pagamento from gold.cards_invoices"
    ) == [
        (1, 1, Decimal("100.00"), Decimal("0.00"), "TOTAL", None, dt.date(2023, 1, 5)),
        (2, 3, Decimal("100.01"), Decimal("0.00"), "EXCEDENTE", None, dt.date(2023, 2, 20)),
    ]
    assert cards.rejections("tb_pagamentos") == []


def test_invalid_invoices_are_in_quarantine_with_reason_file_and_line(cards: Tables):
    bad = (
        ("bad_id", "x-1,1,2023-01-01,2023-01-10,100.0,30.0"),
        ("bad_id", "1-2,,2023-01-01,2023-01-10,100.0,30.0"),
        ("bad_id", "2-3,1,2023-01-01,2023-01-10,100.0,30.0"),
        ("bad_id", "01-4,01,2023-01-01,2023-01-10,100.0,30.0"),
        ("bad_date", "1-5,1,2023-02-30,2023-03-10,100.0,30.0"),
        ("bad_date", "1-6,1,2021-12-31,2022-01-10,100.0,30.0"),
        ("bad_date", "1-7,1,2024-03-04,2024-03-10,100.0,30.0"),
        ("bad_date", "1-8,1,2023-01-01,,100.0,30.0"),
        ("bad_amount", "1-9,1,2023-01-01,2023-01-10,,30.0"),
        ("bad_amount", "1-10,1,2023-01-01,2023-01-10,-0.01,30.0"),
        ("bad_amount", "1-11,1,2023-01-01,2023-01-10,1.005,30.0"),
        ("bad_amount", "1-12,1,2023-01-01,2023-01-10,100.0,-30.0"),
        ("due_before_issue", "1-13,1,2023-01-11,2023-01-10,100.0,30.0"),
        ("duplicate_key", "1-1,1,2023-01-01,2023-01-10,200.0,60.0"),
        ("column_count", "1-14,1,2023-01-01,2023-01-10,100.0"),
    )
    file = f"{FIRST}/{invoices_name()}"
    cards.land(file, lines(INVOICES, *(row for _, row in bad), invoice(1)))
    cards.ingest()
    assert cards.rejections("tb_faturas") == sorted(
        (reason, f"cards/{file}", line) for line, (reason, _) in enumerate(bad, start=2)
    )
    assert values(cards) == [(1, 1, Decimal("100.00"), "20240302000000")]
    assert cards.balance() == ["balanced"]


def test_invalid_payments_are_in_quarantine_with_reason_file_and_line(cards: Tables):
    bad = (
        ("bad_id", "PG-1,1-1,1,2023-01-05,40.0"),
        ("bad_id", "PG-2-2,1-1,1,2023-01-05,40.0"),
        ("bad_id", "2,1-1,,2023-01-05,40.0"),
        ("bad_date", "PG-1-3,1-1,1,05.01.2023,40.0"),
        ("bad_date", "PG-1-4,1-1,1,2024-03-04,40.0"),
        ("bad_amount", "PG-1-5,1-1,1,2023-01-05,"),
        ("bad_amount", "PG-1-6,1-1,1,2023-01-05,-1"),
        ("payment_without_invoice", "PG-1-7,1-2,1,2023-01-05,40.0"),
        ("payment_without_invoice", "PG-1-8,1-3,1,2023-01-05,40.0"),
        ("column_count", "PG-1-9,1-1,1,2023-01-05,40.0,1"),
    )
    rejected = "1-3,1,2023-01-01,2023-01-10,,30.0"
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1), rejected))
    file = f"{FIRST}/{payments_name()}"
    cards.land(file, lines(PAYMENTS, *(row for _, row in bad), payment(1)))
    cards.ingest()
    assert cards.rejections("tb_pagamentos") == sorted(
        (reason, f"cards/{file}", line) for line, (reason, _) in enumerate(bad, start=2)
    )
    assert cards.rows("select id_pagamento from silver.cards_tb_pagamentos") == [(1,)]
    assert cards.balance() == ["balanced"] * 2


def test_a_payment_of_the_invoice_of_another_client_has_both_reasons(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1)))
    cards.land(f"{FIRST}/{payments_name()}", lines(PAYMENTS, "PG-2-1,1-1,2,2023-01-05,40.0"))
    cards.ingest()
    assert [found[0] for found in cards.rejections("tb_pagamentos")] == [
        "bad_id",
        "payment_without_invoice",
    ]


def test_a_file_name_without_day_and_generation_time_belongs_to_no_dataset(cards: Tables):
    cards.land(f"{FIRST}/tb_faturas_20240302.csv", lines(INVOICES, invoice(1)))
    cards.ingest()
    (found,) = cards.lake.table(TableId("raw", "cards", "unrecognized_files")).read().to_pylist()
    assert found["reason"] == "unknown_file"
    assert "files are named like tb_faturas_20241201_20241202000000.csv" in found["detail"]


def test_the_latest_generated_file_of_an_invoice_wins_in_any_order_of_arrival(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name('20240302000001')}", lines(INVOICES, invoice(1, "200.0")))
    cards.land(f"{LATER}/{invoices_name('20240302000000')}", lines(INVOICES, invoice(1)))
    cards.ingest()
    assert values(cards) == [(1, 1, Decimal("200.00"), "20240302000001")]
    assert cards.rejections("tb_faturas") == []
    assert cards.balance() == ["balanced"] * 2


def test_a_corrected_date_of_issue_moves_the_invoice_to_its_day(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1)))
    cards.ingest()
    moved = invoice(1, issued="2022-12-30")
    cards.land(f"{LATER}/{invoices_name('20240309000000')}", lines(INVOICES, moved))
    cards.ingest()
    assert cards.rows("select day, ref, dt_proc from silver.cards_tb_faturas") == [
        (dt.date(2022, 12, 30), "202212", "20240309000000")
    ]


def test_an_invoice_has_one_key_in_both_layouts_and_on_all_days(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1)))
    cards.land(f"{FIRST}/{payments_name()}", lines(PAYMENTS, payment(1), payment(2)))
    cards.ingest()
    plain = ("1,1,2023-02-01,2023-02-06,50.0", "1,2,2022-12-01,2022-12-06,60.0")
    header = "id_cliente,id_fatura,dt_emissao_fatura,dt_vencimento_fatura,valor_fatura"
    cards.land(f"{LATER}/{invoices_name('20240309000000', 'tb_fatura')}", lines(header, *plain))
    header = "id_pagamento,id_fatura,id_cliente,dt_pagamento,valor_pagamento"
    cards.land(f"{LATER}/{payments_name('20240309000000')}", lines(header, "1,1,1,2023-02-06,30.0"))
    cards.ingest()
    assert values(cards) == [
        (1, 1, Decimal("50.00"), "20240309000000"),
        (1, 2, Decimal("60.00"), "20240309000000"),
    ]
    assert cards.rows(
        "select id_pagamento, vlr_pagamento from silver.cards_tb_pagamentos order by 1"
    ) == [(1, Decimal("30.00")), (2, Decimal("40.00"))]
    assert cards.rejections("tb_pagamentos") == []
    assert cards.balance() == ["balanced"] * 4


def test_every_file_of_a_day_is_loaded_and_equal_bytes_of_a_day_only_once(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name('20240302000000')}", lines(INVOICES, invoice(1)))
    other = lines(INVOICES, invoice(2))
    cards.land(f"{FIRST}/{invoices_name('20240302000001')}", other)
    cards.land(f"{FIRST}/{invoices_name('20240302000002')}", other)
    cards.land(f"{LATER}/{invoices_name('20240309000001')}", other)
    cards.ingest()
    assert [row[:2] for row in values(cards)] == [(1, 1), (1, 2)]
    assert cards.rows("select status, count(*) from ops.deliveries group by 1 order by 1") == [
        ("duplicate", 1),
        ("loaded", 3),
    ]


def test_a_payment_that_arrives_before_its_invoice_becomes_valid_with_it(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1)))
    cards.land(f"{FIRST}/{payments_name()}", lines(PAYMENTS, payment(1), payment(2)))
    cards.ingest()
    assert [found[0] for found in cards.rejections("tb_pagamentos")] == ["payment_without_invoice"]
    late = invoice(2, issued="2022-12-01")
    cards.land(f"{LATER}/{invoices_name('20240309000000')}", lines(INVOICES, late))
    cards.ingest()
    assert cards.rejections("tb_pagamentos") == []
    assert cards.rows("select id_fatura from silver.cards_tb_pagamentos order by 1") == [(1,), (2,)]
    assert cards.balance() == ["balanced"] * 3


def test_ingesting_the_same_files_again_changes_nothing(cards: Tables):
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, invoice(1)))
    cards.land(f"{FIRST}/{payments_name()}", lines(PAYMENTS, payment(1)))
    cards.ingest()

    def versions() -> dict[TableId, int]:
        return {t: cards.lake.table(t).snapshot().version for t in cards.lake.tables()}

    before = versions()
    cards.ingest()
    assert versions() == before


def test_the_ageing_uses_only_data_known_on_the_reference_day(cards: Tables):
    cards.land(
        f"{FIRST}/{invoices_name()}",
        lines(
            INVOICES,
            "1-1,1,2023-01-01,2023-01-10,100.0,30.0",
            "2-1,2,2023-01-01,2023-02-01,50.0,15.0",
            "2-2,2,2023-02-02,2023-02-11,70.0,21.0",
        ),
    )
    cards.land(
        f"{FIRST}/{payments_name()}",
        lines(PAYMENTS, "PG-1-1,1-1,1,2023-01-20,40.0", "PG-1-2,1-1,1,2023-03-15,60.0"),
    )
    cards.ingest()
    found = cards.rows(
        "select dt_referencia, faixa, situacao, qtd_faturas, qtd_clientes, vlr_fatura, vlr_pago,"
        " vlr_aberto from gold.cards_ageing"
    )
    january, february, march, last = (
        dt.date(2023, 1, 1),
        dt.date(2023, 2, 1),
        dt.date(2023, 3, 1),
        dt.date(2023, 3, 15),
    )
    money = [Decimal(f"{n}.00") for n in (0, 40, 50, 60, 100, 120, 150)]
    none, forty, fifty, sixty, hundred, both, two = money
    assert found == [
        (january, "A vencer", "SEM_PAGAMENTO", 2, 2, two, none, two),
        (february, "A vencer", "SEM_PAGAMENTO", 1, 1, fifty, none, fifty),
        (february, "1-30 dias", "PARCIAL", 1, 1, hundred, forty, sixty),
        (march, "1-30 dias", "SEM_PAGAMENTO", 2, 1, both, none, both),
        (march, "31-90 dias", "PARCIAL", 1, 1, hundred, forty, sixty),
        (last, "31-90 dias", "SEM_PAGAMENTO", 2, 1, both, none, both),
    ]


def test_a_filter_on_the_reference_day_computes_that_day_only():
    days = positions.months(tb_faturas.unbound, tb_pagamentos.unbound)
    with duckdb.connect() as connection:
        for table in (tb_faturas, tb_pagamentos):
            connection.execute(f"CREATE TABLE {table.unbound.get_name()} (day DATE)")
        shown = connection.sql(ibis.to_sql(days, dialect="duckdb"))
        assert dict(zip(shown.columns, map(str, shown.types), strict=True)) == {
            "dt_referencia": "DATE"
        }


def test_clients_with_three_recent_unpaid_invoices_are_at_risk_highest_risk_first(cards: Tables):
    months = [dt.date(2023, month, 1) for month in range(8, 12)]
    rows = [
        f"{client}-{n},{client},{month},{month.replace(day=10)},{10 * client}.0,3.0"
        for client in (1, 2, 3)
        for n, month in enumerate(months, start=1)
    ]
    cards.land(f"{FIRST}/{invoices_name()}", lines(INVOICES, *rows))
    paid = ["PG-1-1,1-1,1,2023-08-05,10.0", "PG-3-1,3-1,3,2023-08-05,1.0",
            "PG-3-2,3-2,3,2023-12-01,30.0"]  # fmt: skip
    cards.land(f"{FIRST}/{payments_name()}", lines(PAYMENTS, *paid))
    cards.ingest()
    assert cards.rows(
        "select posicao, id_cliente, qtd_sem_pagamento_recente, vlr_vencido, dias_vencidos_max"
        " from gold.cards_clients_at_risk"
    ) == [(1, 2, 4, Decimal("80.00"), 113), (2, 1, 3, Decimal("30.00"), 82)]
    assert cards.rows(
        "select dt_referencia, qtd_clientes, qtd_faturas, vlr_faturado, vlr_pago, perc_pago,"
        " qtd_sem_pagamento, perc_sem_pagamento, vlr_aberto, qtd_clientes_em_risco"
        " from gold.cards_kpis"
    ) == [
        (dt.date(2023, 12, 1), 3, 12, Decimal("240.00"), Decimal("41.00"), Decimal("17.08"), 9,
         Decimal("75.00"), Decimal("199.00"), 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [t for t in load_domain("cards").tables if t.validates_rows or t.id.table in VIEWS],
    ids=lambda table: table.id.table,
)
def test_every_table_compiles_to_the_sql_of_spark(table: Table):
    assert ibis.to_sql(table.expression, dialect="pyspark")

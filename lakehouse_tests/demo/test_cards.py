"""The generator of cards has the figures of the original files, and the tables equal plain SQL."""

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from lakehouse.demo.cards import Plan, deliveries, demo
from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse.platform.storage.disk import DiskStore
from lakehouse_tests.domains.cards.files import Tables

REFERENCE = dt.date(2024, 2, 1)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """All generated files at full size with planted errors, ingested."""
    cards = Tables("cards", tmp_path_factory.mktemp("cards"))
    cards.land_all(deliveries(Plan()))
    cards.ingest()
    return cards


@pytest.fixture(scope="module")
def plain(full: Tables) -> duckdb.DuckDBPyConnection:
    """The delivered files read by DuckDB and validated by SQL of this test alone."""
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    landing = full.folder / "landing" / "cards"
    read = (
        "select {columns}, regexp_extract(filename, '_([0-9]+)[.]csv$', 1) as dt_proc,"
        " row_number() over () as line from read_csv('{files}', header = true,"
        " all_varchar = true, filename = true, columns = {kinds}, ignore_errors = true,"
        " null_padding = false, strict_mode = true)"
    )

    def source(files: str, *columns: str) -> str:
        kinds = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in columns) + "}"
        return read.format(
            columns=", ".join(columns), files=landing / "*" / files, kinds=kinds
        ).replace("all_varchar = true, ", "")

    connection.execute(
        "create table landed_invoices as "
        + source("tb_faturas_*.csv", "id_fatura", "id_cliente", "e", "v", "valor", "minimo")
        + " union all by name "
        + source("tb_fatura_*.csv", "id_cliente", "id_fatura", "e", "v", "valor")
    )
    once = "tb_pagamentos_*[!1]0000.csv"  # not the repetition of 01:00:00
    connection.execute(
        "create table landed_payments as "
        + source(once, "id_pagamento", "id_fatura", "id_cliente", "p", "valor")
    )
    connection.execute(
        """
        create table invoices as
        select id_cliente::bigint as id_cliente,
               split_part(id_fatura, '-', -1)::bigint as id_fatura, dt_proc,
               strftime(e::date, '%Y%m') as ref, e::date as dt_emissao, v::date as dt_vencimento,
               valor::decimal(14, 2) as vlr_fatura, minimo::decimal(14, 2) as vlr_pagto_min
        from landed_invoices
        where regexp_full_match(id_cliente, '[0-9]+')
          and (regexp_full_match(id_fatura, '[0-9]+') or id_fatura like id_cliente || '-%')
          and try_cast(e as date) is not null and try_cast(v as date) >= try_cast(e as date)
          and try_cast(valor as double) >= 0
        qualify row_number() over (partition by id_cliente, split_part(id_fatura, '-', -1)
                                   order by dt_proc desc, line desc) = 1
        """
    )
    connection.execute(
        """
        create table payments as
        select split_part(id_pagamento, '-', -1)::bigint as id_pagamento,
               split_part(id_fatura, '-', -1)::bigint as id_fatura,
               id_cliente::bigint as id_cliente, dt_proc, strftime(p::date, '%Y%m') as ref,
               p::date as dt_pagamento, valor::decimal(14, 2) as vlr_pagamento
        from landed_payments
        where regexp_full_match(id_cliente, '[0-9]+')
          and (regexp_full_match(id_pagamento, '[0-9]+')
               or id_pagamento like 'PG-' || id_cliente || '-%')
          and try_cast(p as date) <= strptime(left(dt_proc, 8), '%Y%m%d')::date + 1
          and try_cast(valor as double) >= 0
          and (id_cliente, split_part(id_fatura, '-', -1)) in
              (select (id_cliente::varchar, id_fatura::varchar) from invoices)
        qualify row_number() over (partition by id_cliente, split_part(id_pagamento, '-', -1)
                                   order by dt_proc desc, line desc) = 1
        """
    )
    return connection


@pytest.mark.parametrize(
    ("table", "other"), [("tb_faturas", "invoices"), ("tb_pagamentos", "payments")]
)
def test_the_trusted_tables_at_full_size_equal_plain_sql_over_the_files(
    full: Tables, plain: duckdb.DuckDBPyConnection, table: str, other: str
):
    expected = plain.sql(f"from {other} order by all").fetchall()
    assert len(expected) > 100_000
    assert full.rows(f"select * exclude (day) from silver.cards_{table} order by all") == expected


def test_the_files_at_full_size_balance_and_every_planted_error_has_its_reason(full: Tables):
    lines_per_error = 65
    common = {"bad_id": 3, "bad_date": 2, "bad_amount": 2, "duplicate_key": 1, "column_count": 1}
    for dataset, reasons in (
        ("tb_faturas", common | {"due_before_issue": 1}),
        ("tb_pagamentos", common | {"payment_without_invoice": 1}),
    ):
        found = Counter(reason for reason, _, _ in full.rejections(dataset))
        assert found == {reason: n * lines_per_error for reason, n in reasons.items()}
    assert full.rows("select reasons from ops.quarantine where detail is null") == []
    assert full.balance() == ["balanced"] * 7


def test_the_ageing_at_full_size_equals_plain_sql(full: Tables, plain: duckdb.DuckDBPyConnection):
    expected = plain.execute(
        """
        select case when d <= 0 then 'A vencer' when d <= 30 then '1-30 dias'
               when d <= 90 then '31-90 dias' else 'Acima de 90 dias' end as faixa,
               paid is null as nothing, count(*), count(distinct id_cliente),
               sum(vlr_fatura - coalesce(paid, 0))
        from (select *, $on - dt_vencimento as d,
              (select sum(vlr_pagamento) from payments p where p.id_cliente = i.id_cliente
               and p.id_fatura = i.id_fatura and dt_pagamento <= $on) as paid
              from invoices i where dt_emissao <= $on)
        where vlr_fatura > coalesce(paid, 0) group by 1, 2 order by all
        """,
        {"on": REFERENCE},
    ).fetchall()
    assert len(expected) == 8
    assert (
        full.rows(
            "select faixa, situacao = 'SEM_PAGAMENTO', qtd_faturas, qtd_clientes, vlr_aberto"
            f" from gold.cards_ageing where dt_referencia = date '{REFERENCE}' order by all"
        )
        == expected
    )


def test_the_figures_of_all_clients_equal_plain_sql(full: Tables, plain: duckdb.DuckDBPyConnection):
    (expected,) = plain.sql(
        """
        with paid as (select id_cliente, id_fatura, sum(vlr_pagamento) as paid from payments
                      group by all),
             owed as (select i.*, paid.paid from invoices i left join paid using
                      (id_cliente, id_fatura)),
             last as (select max(d) as today from (select max(dt_emissao) as d from invoices
                      union all select max(dt_pagamento) from payments)),
             recent as (select id_cliente, count(*) as n from owed, last where paid is null
                        and vlr_fatura > 0 and dt_vencimento < today
                        and dt_vencimento >= today - 180 group by 1)
        select today, count(distinct id_cliente), count(*), sum(vlr_fatura),
               (select count(*) from payments), sum(paid), count(*) filter (paid is null),
               sum(greatest(vlr_fatura - coalesce(paid, 0), 0)),
               sum(greatest(vlr_fatura - coalesce(paid, 0), 0)) filter (dt_vencimento < today),
               (select count(*) from recent where n >= 3)
        from owed, last group by today
        """
    ).fetchall()
    assert full.rows(
        "select dt_referencia, qtd_clientes, qtd_faturas, vlr_faturado, qtd_pagamentos, vlr_pago,"
        " qtd_sem_pagamento, vlr_aberto, vlr_vencido, qtd_clientes_em_risco from gold.cards_kpis"
    ) == [expected]


def test_the_files_contain_every_case_of_the_book(plain: duckdb.DuckDBPyConnection):
    (cases,) = plain.execute(
        """
        select count(*) filter (vlr_pagamento = vlr_fatura),
               count(*) filter (vlr_pagamento > vlr_fatura),
               count(*) filter (dt_pagamento < dt_vencimento),
               count(*) filter (dt_pagamento = dt_vencimento),
               count(*) filter (dt_pagamento > dt_vencimento),
               count(*) filter (dt_pagamento > $on),
               (select count(*) from (select 1 from payments group by id_cliente, id_fatura
                                      having count(*) > 1)),
               (select count(*) from invoices where dt_emissao > $on),
               (select count(*) from invoices where dt_emissao < $on and dt_vencimento > $on)
        from payments join invoices using (id_cliente, id_fatura)
        """,
        {"on": REFERENCE},
    ).fetchall()
    assert min(cases) > 100


def test_files_without_errors_have_the_figures_of_the_original_files(tmp_path: Path):
    first, second = deliveries(Plan(errors=0))
    for file in (first, second):
        (tmp_path / Path(file.path).name).write_bytes(file.data)
    invoices, payments = (tmp_path / Path(file.path).name for file in (first, second))
    assert Path(first.path).name == "tb_faturas_20240301_20240302000000.csv"
    (facts,) = duckdb.execute(
        """
        select count(*), count(distinct id_cliente), min(data_emissao), max(data_emissao),
               max(day(data_emissao)), min(data_vencimento - data_emissao),
               max(data_vencimento - data_emissao), max(valor_fatura) <= 70000,
               max(abs(valor_pagamento_minimo - valor_fatura * 0.3)) <= 0.011,
               avg(valor_fatura) between 34500 and 35500,
               bool_and(id_fatura like id_cliente || '-%')
        from read_csv($file)
        """,
        {"file": str(invoices)},
    ).fetchall()
    assert facts == (
        130_000, 10_000, dt.date(2023, 1, 1), dt.date(2024, 1, 1), 1, 9, 9, True, True, True, True
    )  # fmt: skip
    (facts,) = duckdb.execute(
        """
        select count(*) between 90000 and 92000, count(*) = count(distinct id_fatura),
               bool_and(valor_pagamento < valor_fatura), bool_and(valor_pagamento > 0),
               min(data_pagamento - data_emissao), max(data_pagamento - data_emissao),
               bool_and(id_pagamento = 'PG-' || id_fatura)
        from read_csv($payments) p join read_csv($invoices) i using (id_fatura)
        """,
        {"invoices": str(invoices), "payments": str(payments)},
    ).fetchall()
    assert facts == (True, True, True, True, 0, 38, True)
    written = [line for file in (first, second) for line in file.data.decode().split("\n")[1:-1]]
    assert not [line for line in written if not line.endswith(".0") and line[-1] in "0."]


def test_equal_plans_give_equal_bytes_and_another_seed_others():
    assert list(deliveries(demo(3))) == list(deliveries(demo(3)))
    assert [f.data for f in deliveries(demo(3))] != [f.data for f in deliveries(demo(4))]
    names = [f.path for f in deliveries(replace(demo(3), first=dt.date(2024, 5, 1)))]
    assert names[0] == "cards/2025-07-02/tb_faturas_20250701_20250702000000.csv"


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"scale": 0}, {"errors": 1.1}, {"first": dt.date(2024, 5, 2)}]
)
def test_a_plan_outside_its_range_is_rejected(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(Plan(), **wrong)  # type: ignore[arg-type]


def test_the_export_equals_the_delivered_files_byte_for_byte(tmp_path: Path):
    cards = Tables("cards", tmp_path)
    files = list(deliveries(Plan(scale=0.01, errors=0)))
    cards.land_all(files)
    cards.ingest()
    out = tmp_path / "out"
    declared = exports_of("cards", cards.settings)
    list(write_exports("cards", declared, str(out), cards.lake, cards.settings))
    for file in files:
        name = Path(file.path).name
        dataset = name.split("_2")[0]
        assert (out / f"0001_raw/{dataset}/dados/{name}").read_bytes() == file.data
        control = out / f"0001_raw/{dataset}/controle/{name}".replace(".csv", ".ctl")
        assert control.read_bytes() == b""
    written = {entry.path for entry in DiskStore(out).entries()}
    assert "0002_trusted/tb_0001_fatura/ref=202301/part-0.parquet" in written
    assert "0002_trusted/tb_0002_pagamentos/ref=202302/part-0.parquet" in written
    register = out / "0000_control/ctl_processed_filenames/trusted"
    assert duckdb.sql(f"from '{register}/*/*.parquet' order by all").fetchall() == [
        ("tb_faturas", "20240302000000", 1300),
        ("tb_pagamentos", "20240302000000", files[1].data.count(b"\n") - 1),
    ]

"""The book of card clients through the platform, and by SQL written by hand on bare DuckDB.

    python -m bench.book prepare --clients 10000 --lake LAKE
    python -m bench.book platform --lake LAKE
    python -m bench.book bare --lake LAKE --out FOLDER [--slices 20]

Both read the same Parquet files of the trusted tables, make stage and book of one reference date,
and write both as Parquet. The SQL by hand is what one would write: 462 aggregates with FILTER in
one grouping, here made by a loop. It can be run over slices of the clients, one after the other,
because in one go its states would need more memory than there is.
"""

import argparse
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.measure import spent
from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform import compute as materialize
from lakehouse.settings import Settings

ON = dt.date(2024, 2, 1)
BARE_MEMORY = "8GB"
CHECKED = (
    "count(*), sum(var_7), sum(var_205), sum(var_265), sum(var_355)::bigint, max(var_391)::bigint,"
    " sum(var_400)"
)

INVOICES = """
    select issued as day, client as id_cliente, number as id_fatura, '20241202000000' as dt_proc,
        strftime(issued, '%Y%m') as ref, issued as dt_emissao, issued + 9 as dt_vencimento,
        cents::decimal(14, 2) / 100 as vlr_fatura, (cents * 3 // 10)::decimal(14, 2) / 100
        as vlr_pagto_min
    from (
        select (date '2023-01-01' + to_months(n::integer))::date as issued, n + 1 as number, client,
            hash(client, n, 1) % 7000000 + 1 as cents
        from range(1, {clients} + 1) of_client(client), range(13) of_month(n)
    )"""
PAYMENTS = """
    select day + (hash(id_cliente, id_fatura, 2) % 39)::integer as day,
        id_fatura as id_pagamento, id_fatura, id_cliente, dt_proc, strftime(day, '%Y%m') as ref,
        day as dt_pagamento,
        case hash(id_cliente, id_fatura, 3) % 10 when 0 then vlr_fatura when 1 then vlr_fatura + 1
        else ((vlr_fatura * 100)::bigint * (hash(id_cliente, id_fatura, 4) % 100)::bigint // 100)
        / 100 end::decimal(14, 2) as vlr_pagamento
    from ({invoices}) where hash(id_cliente, id_fatura, 5) % 10 < 7"""


def prepare(clients: int, lake: Lake) -> dict[str, int]:
    """Trusted tables with thirteen invoices for each client, seven in ten of them paid once."""
    db = duckdb.connect(config={"memory_limit": "2GB"})
    invoices = INVOICES.format(clients=clients)
    made = {tb_faturas: invoices, tb_pagamentos: PAYMENTS.format(invoices=invoices)}
    counts = {}
    for table, query in made.items():
        columns = ", ".join(table.contract.schema.names)
        db.execute(f"create or replace temp table made as select {columns} from ({query})")
        if table is tb_pagamentos:
            db.execute("update made set dt_pagamento = day, ref = strftime(day, '%Y%m')")
        key = ", ".join(table.contract.key)
        days = [day for (day,) in db.execute("select distinct day from made order by 1").fetchall()]
        schema = arrow_schema(table.contract.schema)
        stored = schema.remove(schema.names.index("day"))
        staged = lake.table(table.id).stage_many(_by_day(db, days, key, schema), stored)
        lake.table(table.id).commit(staged, schema=stored)
        counts[table.id.name] = sum(each.rows for each in staged)
    return counts


def _by_day(
    db: duckdb.DuckDBPyConnection, days: list[dt.date], key: str, schema: pa.Schema
) -> Iterator[tuple[dt.date, pa.Table]]:
    for day in days:
        rows = db.execute(f"from made where day = ? order by {key}", [day]).to_arrow_table()
        yield day, rows.cast(schema)


def by_platform(lake: Lake, settings: Settings) -> dict[str, Any]:
    """Stage and book of one reference date as the platform makes them; what each took."""
    found: dict[str, Any] = {}
    start = spent()
    for declared in (stage_fatura, book_fatura):
        table = replace(
            declared, options=replace(declared.options, before_compute=None)
        )  # no files have landed here
        before = spent()
        done = materialize.compute(table, [ON], lake, settings)
        if done.withheld:
            raise SystemExit(f"{table.id.name}: {done.withheld}")
        commit(done, lake, note={})
        found[table.id.table] = (spent() - before).as_json()
    took = spent() - start
    made = lake.table(book_fatura.id).snapshot().urls([ON])
    return found | {"run": took.as_json(), "peak_mb": took.peak_mb, "book": checked(made[0])}


def by_hand(lake: Lake, out: Path, slices: int) -> dict[str, Any]:
    """The same by SQL alone."""
    db = duckdb.connect(config={"memory_limit": BARE_MEMORY, "temp_directory": str(out / "spill")})
    start = spent()
    for name, table in (("faturas", tb_faturas), ("pagamentos", tb_pagamentos)):
        urls = lake.table(table.id).snapshot().urls()
        db.execute(f"create view {name} as from read_parquet({urls}, hive_partitioning = true)")
    stage = str(out / "stage.parquet")
    options = "(format parquet, compression zstd, compression_level 1)"
    db.execute(f"copy ({STAGE} order by id_cliente, id_fatura) to '{stage}' {options}")
    staged = spent() - start
    low, high = db.execute(f"select min(id_cliente), max(id_cliente) from '{stage}'").fetchall()[0]
    width = -(-(high - low + 1) // slices)
    book = out / "book"
    book.mkdir()
    for place, first in enumerate(range(low, high + 1, width)):
        query = book_sql(stage, first, first + width - 1)
        db.execute(f"copy ({query} order by id_cliente) to '{book}/{place:03}.parquet' {options}")
    took = spent() - start
    return {
        "stage_fatura": staged.as_json(),
        "run": took.as_json(),
        "peak_mb": took.peak_mb,
        "book": checked(f"{book}/*.parquet"),
    }


def checked(files: str) -> list[str]:
    """Rows and some sums of a book, to see that both made the same one."""
    return [str(each) for each in duckdb.sql(f"select {CHECKED} from '{files}'").fetchall()[0]]


STAGE = f"""
    select i.id_cliente, i.id_fatura, greatest(i.dt_proc, p.dt_proc) as dt_proc,
        case when n is null then 'SEM_PAGAMENTO' when paid_on = dt_vencimento
            then 'PAGAMENTO_NO_PRAZO' when paid_on < dt_vencimento then 'PAGAMENTO_ANTECIPADO'
            else 'PAGAMENTO_EM_ATRASO' end as fbc_classif_pagto,
        case when paid = vlr_fatura then 'VALOR_TOTAL' when paid < vlr_fatura then 'VALOR_PARCIAL'
            when paid > vlr_fatura then 'VALOR_EXCEDENTE' else 'SEM_VALOR' end
            as fbc_classif_vlr_pagto,
        vlr_fatura as fvl_vlr_fatura, 1 as fvl_qtd_transacao,
        case when paid = vlr_fatura then 100 when paid is null then 0
            else round(paid * 100 / vlr_fatura) end::bigint as fvl_perc_vlr_fatura,
        case when n is null then date '{ON}' - dt_vencimento when paid_on < dt_vencimento then -1
            else paid_on - dt_vencimento end as fvl_numero_dias_atraso,
        datediff('month', dt_emissao, date '{ON}') + (1 - day(dt_emissao)) / 31.0 as months
    from faturas i
    left join (
        select id_cliente, id_fatura, count(*) as n, sum(vlr_pagamento) as paid,
            max(dt_pagamento) as paid_on, max(dt_proc) as dt_proc
        from pagamentos where dt_pagamento <= date '{ON}' group by all
    ) p using (id_cliente, id_fatura)
    where dt_emissao between date '{ON}' - interval 12 months and date '{ON}'"""

CLASSES = {
    "fbc_classif_pagto": (
        "PAGAMENTO_NO_PRAZO",
        "PAGAMENTO_ANTECIPADO",
        "SEM_PAGAMENTO",
        "PAGAMENTO_EM_ATRASO",
    ),
    "fbc_classif_vlr_pagto": ("VALOR_TOTAL", "VALOR_PARCIAL", "SEM_VALOR"),
}
VALUES = {
    "fvl_vlr_fatura": ("sum", "avg", "min", "max"),
    "fvl_qtd_transacao": ("sum",),
    "fvl_numero_dias_atraso": ("avg", "min", "max"),
    "fvl_perc_vlr_fatura": ("avg", "min", "max"),
}
WINDOWS = ("", *(f" and months between 0 and {months}" for months in (1, 3, 6, 9, 12)))


def book_sql(stage: str, first: int, last: int) -> str:
    """462 aggregates over a stage, one for each variable."""
    variables = [
        f"{how}({value}) filter ({column} = '{name}'{window})"
        for column, names in CLASSES.items()
        for name in names
        for value, hows in VALUES.items()
        for window in WINDOWS
        for how in hows
    ]
    numbered = ", ".join(f"{made} as var_{n}" for n, made in enumerate(variables, start=1))
    return (
        f"select id_cliente, max(dt_proc) as dt_proc, {numbered} from '{stage}'"
        f" where id_cliente between {first} and {last} group by id_cliente"
    )


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.book", description=__doc__)
    words.add_argument("work", choices=("prepare", "platform", "bare"))
    words.add_argument("--lake", required=True)
    words.add_argument("--clients", type=int, default=10_000)
    words.add_argument("--out", type=Path)
    words.add_argument("--slices", type=int, default=1)
    given = words.parse_args()
    lake = Lake(given.lake)
    if given.work == "prepare":
        print(json.dumps(prepare(given.clients, lake)))
    elif given.work == "platform":
        print(json.dumps(by_platform(lake, Settings(root=given.lake))))
    else:
        given.out.mkdir(parents=True, exist_ok=True)
        print(json.dumps(by_hand(lake, given.out, given.slices)))


if __name__ == "__main__":
    main()

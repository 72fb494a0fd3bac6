"""Build the same tables from the same files with DuckDB alone: no orchestration, no deliveries.

    python -m bench.bare --landing LANDING --out FOLDER

One connection and hand-written SQL that shares nothing with the platform: files to bronze as text;
silver typed, valid and one row per key; rejected rows with their reasons; and gold. Every layer is
zstd Parquet by day. Each unit's dialect is detected; lines that DuckDB cannot read are dropped, and
compressed files are left out.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import duckdb

from bench.measure import spent

MONEY = r"^-?[0-9]{1,12}([.,][0-9]{1,2})?$"
WHOLE = r"^-?[0-9]{1,18}$"
DATASETS = {"orders": "pedido.csv", "order_items": "item_pedido.csv"}
COLUMNS = {
    "orders": (
        "Id_Unidade",
        "Id_Pedido",
        "Tipo_Pedido",
        "Data_Pedido",
        "Vlr_Pedido",
        "Endereco_Entrega",
        "Taxa_Entrega",
        "Status",
    ),
    "order_items": ("Id_Pedido", "Id_Item_Pedido", "Id_Produto", "Qtd", "Vlr_Item", "Observacao"),
}
REFERENCE = {
    "products": ("Produto", "product_id, product_name"),
    "units": ("Unidade", "unit_id, unit_name, state_id"),
    "states": ("Estado", "state_id, country_id, state_name"),
    "countries": ("Pais", "country_id, country_name"),
}
OF_PATH = (
    r"regexp_extract(filename, '([0-9]{4}-[0-9]{2}-[0-9]{2})', 1)::date as day,"
    r" regexp_extract(filename, 'unidade_([0-9]+)', 1)::bigint as unit"
)


def money(column: str) -> str:
    text = f"trim({column})"
    return (
        f"case when regexp_matches({text}, '{MONEY}')"
        f" then try_cast(replace({text}, ',', '.') as decimal(14, 2)) end"
    )


def integer(column: str) -> str:
    text = f"trim({column})"
    return f"case when regexp_matches({text}, '{WHOLE}') then try_cast({text} as bigint) end"


def folded(column: str) -> str:
    return f"lower(strip_accents(trim({column})))"


SILVER_ORDERS = f"""
create temp table orders_read as
select o.day, o.unit, o.filename,
    try_cast(trim(Data_Pedido) as date) as order_date,
    {integer("Id_Unidade")} as unit_id,
    nullif(trim(Id_Pedido), '') as order_id,
    case {folded("Tipo_Pedido")} when 'loja online' then 'ONLINE'
        when 'loja fisica' then 'PHYSICAL' else 'UNKNOWN' end as order_type,
    case {folded("Status")} when 'finalizado' then 'Finalizado'
        when 'pendente' then 'Pendente' when 'cancelado' then 'Cancelado' end as status,
    {money("Vlr_Pedido")} as order_value,
    {money("coalesce(Taxa_Entrega, '0')")} as delivery_fee,
    nullif(nullif(trim(Endereco_Entrega), ''), '--') as delivery_address,
    concat_ws(',',
        case when order_id is null or Id_Unidade is null or Data_Pedido is null
            or Vlr_Pedido is null or o.Status is null then 'missing_required' end,
        case when Data_Pedido is not null and order_date is null then 'bad_date' end,
        case when (Vlr_Pedido is not null and order_value is null) or delivery_fee is null
            or order_value < 0 or delivery_fee < 0 then 'bad_amount' end,
        case when o.Status is not null and (case {folded("o.Status")} when 'finalizado' then 1
            when 'pendente' then 1 when 'cancelado' then 1 end) is null then 'bad_status' end,
        case when unit_id is distinct from o.unit then 'unit_mismatch' end,
        case when u.unit_id is null then 'unknown_unit' end) as reasons
from bronze_orders o left join units u on {integer("o.Id_Unidade")} = u.unit_id
"""
SILVER_ITEMS = f"""
create temp table items_read as
with parents as (
    select day, unit, order_id, count(*) as orders, min(unit_id) as unit_id,
        min(order_date) as order_date
    from (select distinct day, unit, order_id, unit_id, order_date from orders_read)
    group by all
), typed as (
    select day, unit, filename, nullif(trim(Id_Pedido), '') as number,
        nullif(trim(Id_Item_Pedido), '') as item_id,
        {integer("Id_Produto")} as product_id, {integer("Qtd")} as quantity,
        {money("Vlr_Item")} as unit_price, Observacao as note
    from bronze_order_items
)
select coalesce(p.order_date, t.day) as day, p.unit_id, t.number as order_id, t.item_id,
    p.order_date, t.product_id, t.quantity, t.unit_price,
    (t.unit_price * t.quantity)::decimal(18, 2) as line_total, nullif(trim(t.note), '') as note,
    t.filename,
    concat_ws(',',
        case when t.number is null or t.item_id is null then 'missing_required' end,
        case when p.orders > 1 then 'ambiguous_parent' end,
        case when p.orders is null or (p.orders = 1 and o.order_id is null) then 'orphan_item' end,
        case when k.product_id is null then 'unknown_product' end,
        case when t.quantity is null or t.unit_price is null or t.quantity <= 0
            or t.unit_price < 0 then 'bad_amount' end) as reasons
from typed t
left join parents p on (t.day, t.unit, t.number) = (p.day, p.unit, p.order_id)
left join silver_orders o on (p.order_date, p.unit_id, t.number) = (o.day, o.unit_id, o.order_id)
left join products k on t.product_id = k.product_id
"""
NEWEST = """
create temp table {table} as select * exclude (reasons, filename) from {read}
where reasons = '' and day is not null
qualify row_number() over (partition by {key} order by filename desc) = 1
"""
GOLD = {
    "fact_order_items": """
        select i.*, o.status, o.order_type
        from silver_order_items i join silver_orders o using (day, unit_id, order_id)""",
    "fact_orders": """
        select o.* exclude (unit, delivery_address),
            (order_value - delivery_fee)::decimal(14, 2) as items_subtotal,
            coalesce(items, 0) as items, coalesce(quantity, 0)::bigint as quantity,
            coalesce(lines, 0)::decimal(18, 2) as line_total,
            (order_value - coalesce(lines, 0) - delivery_fee)::decimal(18, 2)
                as reconciliation_difference,
            case when status = 'Finalizado' then order_value else 0 end::decimal(14, 2) as revenue
        from silver_orders o left join (
            select day, unit_id, order_id, count(*) as items, sum(quantity) as quantity,
                sum(line_total) as lines
            from silver_order_items group by all) using (day, unit_id, order_id)""",
    "product_day": """
        select day, product_id, any_value(product_name) as product_name,
            count(distinct unit_id::varchar || '/' || order_id) as orders,
            sum(quantity)::bigint as quantity, sum(line_total)::decimal(18, 2) as line_revenue,
            count(distinct unit_id) as units_selling
        from fact_order_items join products using (product_id) group by day, product_id""",
    "unit_day": """
        select d.day, u.unit_id, any_value(u.unit_name) as unit_name, count(order_id) as orders,
            count_if(status = 'Finalizado') as completed_orders,
            count_if(status = 'Pendente') as pending_orders,
            count_if(status = 'Cancelado') as cancelled_orders,
            coalesce(sum(revenue), 0)::decimal(18, 2) as revenue,
            coalesce(sum(order_value) filter (status = 'Pendente'), 0)::decimal(18, 2)
                as pending_value,
            coalesce(sum(order_value) filter (status = 'Cancelado'), 0)::decimal(18, 2)
                as cancelled_value,
            coalesce(sum(delivery_fee) filter (status = 'Finalizado'), 0)::decimal(18, 2)
                as delivery_fees,
            coalesce(sum(quantity) filter (status = 'Finalizado'), 0)::bigint as items_sold,
            round(sum(revenue) / nullif(count_if(status = 'Finalizado'), 0), 2) as average_ticket,
            round(count_if(order_type = 'ONLINE') / nullif(count(order_id), 0), 4) as online_pct,
            round(count_if(status = 'Cancelado') / nullif(count(order_id), 0), 4)
                as cancellation_rate
        from (select distinct day from fact_orders) d cross join units u
        left join fact_orders f on (f.day, f.unit_id) = (d.day, u.unit_id)
        group by d.day, u.unit_id""",
    "dim_unit": """
        select day, u.*, state_name, country_id, country_name
        from (select distinct day from fact_orders) cross join units u
        left join states using (state_id) left join countries using (country_id)""",
    "dim_product": """
        select day, products.* from (select distinct day from fact_orders) cross join products""",
    "dim_geography": """
        select day, states.*, country_name from (select distinct day from fact_orders)
        cross join states left join countries using (country_id)""",
}


def dialects(landing: Path) -> dict[tuple[str, str, str], list[str]]:
    """Files by dataset, delimiter and encoding, as a human would find out: by looking at them."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for day in sorted(landing.joinpath("mrhealth").glob("????-??-??")):
        for path in sorted(day.rglob("*.csv")):
            dataset = next(s for s, name in DATASETS.items() if path.name.lower() == name)
            data = path.read_bytes()
            head = data[: data.find(b"\n") + 1]
            if not head:
                continue
            try:
                data.decode()
                encoding = "utf-8"
            except UnicodeDecodeError:
                encoding = "latin-1"
            found[dataset, ";" if b";" in head else ",", encoding].append(str(path))
    return found


def read_bronze(db: duckdb.DuckDBPyConnection, landing: Path) -> None:
    parts: dict[str, list[str]] = defaultdict(list)
    files = dialects(landing)
    for number, ((dataset, delimiter, encoding), paths) in enumerate(files.items()):
        name = f"files_{number}"
        columns = ", ".join(f"'{column}': 'varchar'" for column in COLUMNS[dataset])
        db.execute(f"set variable {name} = $1", [paths])
        parts[dataset].append(
            f"select *, {OF_PATH} from read_csv(getvariable('{name}'), delim = '{delimiter}',"
            f" encoding = '{encoding}', columns = {{{columns}}}, header = true, quote = '\"',"
            " escape = '\"', filename = true, null_padding = true, ignore_errors = true,"
            " strict_mode = false, auto_detect = false, parallel = false)"
        )
    for dataset, selects in parts.items():
        db.execute(f"create temp table bronze_{dataset} as {' union all '.join(selects)}")


def read_reference(db: duckdb.DuckDBPyConnection, landing: Path) -> None:
    for table, (word, columns) in REFERENCE.items():
        path = landing / "mrhealth" / "reference" / f"Tabela_{word}.csv"
        db.execute(f"create temp table {table} as select * from read_csv('{path}') t({columns})")


def write(db: duckdb.DuckDBPyConnection, table: str, out: Path, query: str = "") -> None:
    db.execute(
        f"copy ({query or f'from {table}'}) to '{out / table}'"
        " (format parquet, compression zstd, compression_level 1, partition_by (day))"
    )


def build(landing: Path, out: Path) -> dict[str, int]:
    """Build all layers; return the row counts of the main tables."""
    db = duckdb.connect(config={"memory_limit": "8GB", "temp_directory": str(out / "spill")})
    read_reference(db, landing)
    read_bronze(db, landing)
    write(db, "bronze_orders", out)
    write(db, "bronze_order_items", out)
    db.execute(SILVER_ORDERS)
    db.execute("drop table bronze_orders")
    db.execute(
        NEWEST.format(table="silver_orders", read="orders_read", key="day, unit_id, order_id")
    )
    write(db, "silver_orders", out)
    write(db, "orders_quarantine", out, "from orders_read where reasons <> ''")
    db.execute(SILVER_ITEMS)
    db.execute("drop table bronze_order_items; drop table orders_read")
    db.execute(
        NEWEST.format(
            table="silver_order_items", read="items_read", key="day, unit_id, order_id, item_id"
        )
    )
    write(db, "silver_order_items", out)
    write(db, "order_items_quarantine", out, "from items_read where reasons <> ''")
    db.execute("drop table items_read")
    for table, query in GOLD.items():
        db.execute(f"create temp table {table} as {query}")
        write(db, table, out)
    counted = ("silver_orders", "silver_order_items", "fact_orders", "fact_order_items", "unit_day")
    return {name: db.execute(f"select count(*) from {name}").fetchall()[0][0] for name in counted}


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.bare", description=__doc__)
    words.add_argument("--landing", type=Path, required=True)
    words.add_argument("--out", type=Path, required=True)
    given = words.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    start = spent()
    rows = build(given.landing, given.out)
    took = spent() - start
    print(json.dumps({"run": took.as_json(), "peak_mb": took.peak_mb, "rows": rows}))


if __name__ == "__main__":
    main()

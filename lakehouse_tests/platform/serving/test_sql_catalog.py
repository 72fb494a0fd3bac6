"""SQL reads the tables of the lake by name, on disk and on S3, and reaches nothing else."""

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.serving.sql_catalog import connect, names_in, query
from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Status
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.ops_tables import OPS_TABLES
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings
from lakehouse_tests import lakes

MONDAY = dt.date(2026, 1, 5)
PLAN = Plan(first=MONDAY, units=3, days=3, orders_per_unit=4, errors=10)
DAYS = [MONDAY + dt.timedelta(days=n) for n in range(-1, PLAN.days)]
EVENTS = TableId("gold", "mrhealth", "events")
SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Settings]:
    folder = tmp_path_factory.mktemp("built")
    settings = Settings(root=str(folder / "lake"), landing=str(folder / "landing"))
    unrecognized = LandedFile(
        "mrhealth/2026-01-05/unidade_001/notes.txt", b"no table", dt.datetime.now(dt.UTC)
    )
    lakes.land([*reference(PLAN), *deliveries(PLAN), unrecognized], settings)
    return lakes.build(DAYS, settings), settings


@pytest.fixture
def lake(lake_root: str) -> Lake:
    return Lake(lake_root)


def rows_of(lake: Lake, sql: str) -> list[Any]:
    settings = Settings(root=lake.root)
    return query(connect(lake, settings, names=names_in(sql)), sql).fetchall()


def days_of_numbers(*numbers: int) -> dict[dt.date, pa.Table]:
    return {
        MONDAY + dt.timedelta(days=n): pa.table({"n": [n], "text": [str(n)]}, schema=SCHEMA)
        for n in numbers
    }


def test_a_stored_table_shows_the_rows_of_its_newest_version_only(lake: Lake):
    table = lake.table(EVENTS)
    table.write(days_of_numbers(1, 2), schema=SCHEMA)
    replaced = pa.table({"n": [20], "text": ["new"]}, schema=SCHEMA)
    table.write({MONDAY + dt.timedelta(days=2): replaced}, schema=SCHEMA)
    assert rows_of(lake, "from gold.mrhealth_events order by day") == [
        (dt.date(2026, 1, 6), 1, "1"),
        (dt.date(2026, 1, 7), 20, "new"),
    ]


def test_max_day_of_a_table_with_one_day_is_that_day(lake: Lake):
    lake.table(EVENTS).write(days_of_numbers(0), schema=SCHEMA)
    assert rows_of(lake, "select max(day), min(n) from gold.mrhealth_events") == [(MONDAY, 0)]


def test_a_connection_keeps_reading_the_version_it_was_opened_with(lake: Lake):
    table = lake.table(EVENTS)
    table.write(days_of_numbers(1), schema=SCHEMA)
    connection = connect(lake, Settings(root=lake.root), names={EVENTS.name})
    table.write(days_of_numbers(2), schema=SCHEMA)
    assert query(connection, "select n from gold.mrhealth_events").fetchall() == [(1,)]


def test_a_column_added_later_is_null_on_older_days(lake: Lake):
    table = lake.table(EVENTS)
    table.write(days_of_numbers(1), schema=SCHEMA)
    wider = SCHEMA.append(pa.field("price", pa.decimal128(14, 2)))
    row = pa.table({"n": [2], "text": ["b"], "price": ["1.50"]}).cast(wider)
    table.write({MONDAY: row}, schema=wider)
    assert rows_of(lake, "select n, price::varchar from gold.mrhealth_events order by n") == [
        (1, None),
        (2, "1.50"),
    ]


def test_a_table_with_empty_days_has_its_columns_and_types(tmp_path: Path):
    lake = Lake(str(tmp_path))
    lake.table(EVENTS).write({MONDAY: SCHEMA.empty_table()}, schema=SCHEMA)
    described = rows_of(lake, "describe gold.mrhealth_events")
    assert [row[:2] for row in described] == [("day", "DATE"), ("n", "BIGINT"), ("text", "VARCHAR")]
    assert rows_of(lake, "from gold.mrhealth_events") == []


@pytest.mark.parametrize(
    "name", ["raw.mrhealth_orders", "silver.mrhealth_orders", "gold.mrhealth_unit_day"]
)
def test_a_declared_table_that_was_never_built_is_empty_and_typed(tmp_path: Path, name: str):
    described = rows_of(Lake(str(tmp_path)), f"describe {name}")
    table = load_domain("mrhealth").table(*name.replace("mrhealth_", "").split("."))
    assert {row[0] for row in described} == set(table.contract.schema.names)
    assert described[0][:2] == ("day", "DATE")
    assert rows_of(Lake(str(tmp_path)), f"from {name}") == []


@pytest.mark.parametrize("name", ["cards_stage_fatura", "mrhealth_sales_by_year"])
def test_the_history_of_a_table_that_was_never_built_is_empty_and_typed(tmp_path: Path, name: str):
    described = rows_of(Lake(str(tmp_path)), f"describe history.{name}")
    assert described == rows_of(Lake(str(tmp_path)), f"describe gold.{name}")
    assert described[0][:2] == ("day", "DATE")
    assert rows_of(Lake(str(tmp_path)), f"from history.{name}") == []


ON_REQUEST = [
    table
    for name in domain_names()
    for table in load_domain(name).tables
    if table.options.on_request
]


@pytest.mark.parametrize("view", ON_REQUEST, ids=lambda table: table.id.name)
def test_a_table_made_on_request_is_computed_before_any_table_exists(tmp_path: Path, view: Table):
    settings = Settings(root=str(tmp_path))
    connection = connect(Lake(settings.root), settings, names={view.id.name})
    shown = query(connection, f"from {view.id.name}").to_arrow_table().schema
    assert shown == arrow_schema(view.contract.schema)


def test_every_declared_table_has_the_columns_of_its_contract(built):
    lake, settings = built
    connection = connect(lake, settings)
    for table in load_domain("mrhealth").tables:
        columns = query(connection, f"describe {table.id.name}").fetchall()
        assert {row[0] for row in columns} == set(table.contract.schema.names), table.id


def test_table_names_can_be_quoted_and_in_any_case(built):
    lake, _ = built
    assert rows_of(lake, 'select count(*) from "gold"."mrhealth_fact_orders"') == rows_of(
        lake, "SELECT COUNT(*) FROM GOLD.MRHEALTH_FACT_ORDERS"
    )


def test_views_over_views_agree_with_the_fact_table(built):
    lake, _ = built
    ((orders, revenue),) = rows_of(
        lake,
        "select count(*), sum(order_value) from gold.mrhealth_fact_orders"
        " where status = 'Finalizado'",
    )
    assert orders
    for view in ("agg_daily_sales", "agg_unit_performance", "sales_by_country", "sales_by_year"):
        assert rows_of(
            lake, f"select sum(completed_orders), sum(revenue) from gold.mrhealth_{view}"
        ) == [(orders, revenue)], view


def test_the_status_of_rejected_files_in_older_lakes_is_shown_as_rejected(lake: Lake):
    delivery = Delivery(
        day=MONDAY,
        unit=1,
        file="mrhealth/PEDIDO.csv",
        digest="",
        size=1,
        landed_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
        status=Status.REJECTED,
    )
    rows = DELIVERIES.to_arrow([delivery])
    at = rows.schema.get_field_index("status")
    rows = rows.set_column(at, "status", pa.array(["refused"]))
    lake.table(TableId("raw", "mrhealth", "orders")).write({MONDAY: rows}, schema=DELIVERIES.stored)
    for table in ("raw.mrhealth_orders", "ops.deliveries"):
        assert rows_of(lake, f"select status from {table}") == [("rejected",)], table


def test_deliveries_has_the_files_of_all_datasets_and_the_unrecognized_files(built):
    lake, _ = built
    files = rows_of(lake, 'select domain, "table", file, reason from ops.deliveries')
    assert {row[1] for row in files} == {
        "countries",
        "order_items",
        "orders",
        "products",
        "states",
        "unrecognized_files",
        "units",
    }
    assert [row[2] for row in files if row[1] == "unrecognized_files"] == [
        "mrhealth/2026-01-05/unidade_001/notes.txt"
    ]
    landed = len([*reference(PLAN), *deliveries(PLAN)])
    assert len([row for row in files if row[1] != "unrecognized_files"]) == landed


def test_quarantine_has_one_row_per_rejected_line_with_a_list_of_reasons(built):
    lake, _ = built
    rejected = rows_of(
        lake,
        'select "table", layer, reasons, values, file, line from ops.quarantine',
    )
    ((counted,),) = rows_of(
        lake, "select sum(quarantined_rows + unparsable_lines) from ops.reconciliation"
    )
    assert len(rejected) == counted > 0
    assert all(isinstance(row[2], list) and row[3] and row[4] and row[5] for row in rejected)


def test_outcomes_has_every_bronze_row_once(built):
    lake, _ = built
    counted = rows_of(
        lake, 'select "table", count(*) from ops.outcomes where "table" = \'orders\' group by 1'
    )
    assert counted == [
        ("orders", rows_of(lake, "select count(*) from bronze.mrhealth_orders")[0][0])
    ]


@pytest.mark.parametrize("name", sorted(OPS_TABLES))
def test_an_ops_view_is_empty_and_typed_before_the_first_run(tmp_path: Path, name: str):
    lake = Lake(str(tmp_path))
    described = rows_of(lake, f"describe ops.{name}")
    assert {row[0]: row[1] for row in described} == dict(OPS_TABLES[name].sql_types)
    assert rows_of(lake, f"from ops.{name}") == []


def test_the_information_schema_lists_tables_views_and_ops_tables(built):
    lake, _ = built
    listed = rows_of(
        lake, "select table_schema || '.' || table_name from information_schema.tables"
    )
    names = {row[0] for row in listed}
    assert {t.id.name for t in load_domain("mrhealth").tables} <= names
    assert {f"ops.{name}" for name in OPS_TABLES} <= names
    assert not [name for name in names if "__" in name]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from glob('/*')",
        "select * from read_parquet('https://example.com/x.parquet')",
        "select * from read_parquet('{root}/gold/mrhealth/events/*/*.parquet')",
        "copy (select 1) to '{root}/out.csv'",
        "copy (select 1) to '{file}' (use_tmp_file false, format parquet)",
        "attach '{root}/other.db'",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '100GB'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "export database '{root}/all'",
        "create table gold.mine as select 1",
        "drop view gold.mrhealth_events",
        "explain analyze copy (select 1) to '{file}' (use_tmp_file false, format parquet)",
        "select 1; drop view gold.mrhealth_events",
        "",
    ],
)
def test_sql_cannot_reach_files_network_or_settings_and_changes_nothing(tmp_path: Path, sql: str):
    lake = Lake(str(tmp_path / "lake"))
    lake.table(EVENTS).write(days_of_numbers(1), schema=SCHEMA)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    file = lake.table(EVENTS).snapshot().urls()[0]
    connection = connect(lake, Settings(root=lake.root), names={EVENTS.name})
    with pytest.raises((duckdb.Error, CatalogError)):
        query(connection, sql.format(root=tmp_path, file=file)).fetchall()
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()} == before
    assert query(connection, "select n from gold.mrhealth_events").fetchall() == [(1,)]


def test_the_earlier_name_of_an_ops_table_is_answered_with_its_name(tmp_path: Path):
    with pytest.raises(CatalogError, match=r"hint: query ops\.reconciliation"):
        rows_of(Lake(str(tmp_path)), "select * from ops.conservation")


def test_explain_of_a_query_is_allowed(built):
    lake, _ = built
    assert "PARQUET" in str(rows_of(lake, "explain select * from gold.mrhealth_fact_orders"))


def test_a_variable_of_the_calling_process_cannot_be_queried(tmp_path: Path):
    secret = pa.table({"password": ["hidden"]})
    with pytest.raises(duckdb.CatalogException):
        rows_of(Lake(str(tmp_path)), "select * from secret")
    assert secret.num_rows == 1


def test_the_error_of_a_query_over_outdated_columns_names_the_table_and_a_hint(tmp_path: Path):
    lake = Lake(str(tmp_path))
    old = TableId("gold", "mrhealth", "fact_orders")
    lake.table(old).write(days_of_numbers(1), schema=SCHEMA)
    with pytest.raises(
        CatalogError, match=r"item_lines.*gold\.mrhealth_fact_orders.*lakehouse migrate"
    ):
        connect(lake, Settings(root=lake.root), names={"gold.mrhealth_original_item_lines"})


def test_the_memory_limit_of_the_settings_applies(built):
    lake, settings = built
    tight = replace(settings, memory="64MB")
    connection = connect(lake, tight, names=set())
    with pytest.raises(duckdb.OutOfMemoryException):
        query(connection, "select list(range::varchar) from range(100000000)").fetchall()


ASK = """
import sys
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

lake, sql = Lake(sys.argv[1]), "select count(*) from gold.mrhealth_fact_orders, ops.deliveries"
connection = catalog.connect(lake, Settings(root=lake.root), names=catalog.names_in(sql))
catalog.query(connection, sql)
print([m for m in ("ibis", "pandera", "pandas", "dagster", "boto3") if m in sys.modules])
"""


def test_a_stored_table_is_queried_without_importing_ibis_pandera_or_dagster(built):
    lake, _ = built
    done = subprocess.run(
        [sys.executable, "-c", ASK, lake.root], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

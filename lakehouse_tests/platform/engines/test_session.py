"""DuckDB and Spark compute the same rows for every table."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.engines.session import (
    EngineError,
    Session,
    arrow_schema,
    engine_version,
    named_relation,
    session,
)
from lakehouse.platform.engines.spark import SparkSession, spark_session
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.inputs import bind_partitions
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings
from lakehouse_tests import lakes
from lakehouse_tests.platform.engines.spark import spark_settings

MONDAY = dt.date(2026, 1, 5)
PLAN = Plan(first=MONDAY, units=6, days=4, orders_per_unit=4, errors=10, stock=True)
DAYS = [MONDAY + dt.timedelta(days=n) for n in range(-2, PLAN.days)]
ORDER_COLUMNS = "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco Entrega,"
ORDERS = f"""{ORDER_COLUMNS}Taxa_Entrega,Status
1,900,Loja Física,2026-01-05,10.01,--,0,Finalizado
2,900,loja fisica,05/01/2026,"20,02",Rua Á,"1,5", finalizado
3,901,Balcão,2026-01-05 23:59:59,33.33,--,,CANCELADO
3,902,Loja Online,2026-02-30,1.00,--,0,Pendente
1,903,Loja Online,2026-01-05,1e3,--,0,Pendente
1,904,Loja Online,2026-01-05,12.345,--,0,Pendente
1,,Loja Online,2026-01-05,-4,--,x,?
"""
ITEMS = """Id_Pedido,Id_Item_Pedido,Id_Produto,Qtd,Vlr_Item,Observacao
900,1,301,2,5.00,ç
901,1,302,3,11.11,
901,2,302,12.7,11.11,
901,3,999,1,1,
901,4, 303 ,"1","0,005",
999,1,301,1,1.00,
,1,301,0,-1,
"""
TABLES = load_domain("mrhealth").tables
NEED_WEEKS = {"forecast_accuracy", "forecast_leaks", "forecast_models"}
"""Tables about earlier forecasts, which these few days do not have; DuckDB alone computes them."""
Rows = dict[TableId, pa.Table]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("engines")
    settings = Settings(
        root=str(folder / "duckdb"), landing=str(folder / "landing"), engine="duckdb"
    )
    at = dt.datetime.now(dt.UTC)
    single_folder = [
        LandedFile("mrhealth/2026-01-06/PEDIDO.csv", ORDERS.encode(), at),
        LandedFile("mrhealth/2026-01-06/ITEM_PEDIDO.csv", ITEMS.encode(), at),
    ]
    lakes.land([*reference(PLAN), *deliveries(PLAN), *single_folder], settings)
    return settings


@pytest.fixture(scope="module")
def lake(settings: Settings) -> Lake:
    return lakes.build(DAYS, settings)


@pytest.fixture(scope="module")
def as_of_rows(settings: Settings, lake: Lake) -> Rows:
    """Rows of each as-of table, computed by DuckDB."""
    rows: Rows = {}
    for table in TABLES:
        if table.as_of:
            with session(settings) as opened:
                bind(opened, table, lake, rows)
                rows[table.id] = computed(opened, table)
    return rows


def computed(opened: Session, table: Table) -> pa.Table:
    """Rows of an as-of table by its expression or by its Python code."""
    if not table.options.python:
        return opened.table(table.expression)
    made = table.python_rows
    inputs = {name: opened.table(rows) for name, rows in made.inputs.items()}
    found = made.compute(DAYS[-1], inputs)
    day = pa.repeat(pa.scalar(DAYS[-1], pa.date32()), found.num_rows)
    schema = arrow_schema(table.contract.schema)
    return found.append_column("day", day).select(schema.names).cast(schema)


@pytest.fixture(scope="module")
def by_spark(settings: Settings, spark_home: Path) -> Settings:
    return spark_settings(settings)


def bind(opened: Session, table: Table, lake: Lake, as_of_rows: Rows) -> None:
    """Bind the upstream tables of a table."""
    bind_partitions(opened, DAYS[-1:], DAYS[-1:])
    for read in table.reads:
        if read.table.as_of:
            opened.arrow(read.name, as_of_rows[read.table.id])
        else:
            urls = lake.table(read.table.id).snapshot().urls()
            opened.files(read.name, urls, read.table.contract.schema)


def rows_of(settings: Settings, table: Table, lake: Lake, as_of_rows: Rows) -> list[str]:
    with session(settings) as opened:
        bind(opened, table, lake, as_of_rows)
        return sorted(map(repr, opened.table(table.expression).to_pylist()))


def test_the_data_has_the_values_on_which_engines_differ(lake: Lake, as_of_rows: Rows):
    reasons = set()
    for name in ("orders", "order_items"):
        rejected = lake.table(TableId("silver", "mrhealth", name, "quarantine")).read()
        reasons |= {code for codes in rejected["reasons"].to_pylist() for code in codes}
    assert {
        "ambiguous_parent", "bad_amount", "bad_date", "bad_status", "missing_required",
        "orphan_item", "unit_mismatch", "unknown_product",
    } <= reasons  # fmt: skip
    empty = {table.table for table, rows in as_of_rows.items() if not rows.num_rows}
    assert empty <= NEED_WEEKS
    for table in TABLES:
        if not table.as_of:
            assert any(f.rows for f in lake.table(table.id).snapshot().files), table.id


ON_CLUSTERS = [t for t in TABLES if t.transform and not t.options.embedded]


@pytest.mark.parametrize("table", ON_CLUSTERS, ids=str)
def test_both_engines_give_the_same_rows(
    table: Table, settings: Settings, by_spark: Settings, lake: Lake, as_of_rows: Rows
):
    on_duckdb, on_spark = (rows_of(each, table, lake, as_of_rows) for each in (settings, by_spark))
    assert on_duckdb
    assert sorted(set(on_spark) - set(on_duckdb)) == sorted(set(on_duckdb) - set(on_spark))
    assert on_spark == on_duckdb


def test_both_engines_store_the_same_bytes(settings: Settings, by_spark: Settings, lake: Lake):
    table = load_domain("mrhealth").table("silver", "orders")
    on_duckdb = stage_days(table, DAYS, lake, settings)
    on_spark = stage_days(table, DAYS, lake, by_spark)
    assert on_spark.outcomes == on_duckdb.outcomes
    assert on_spark.reasons == on_duckdb.reasons
    assert on_spark.staged
    assert versions(on_spark.staged) == versions(on_duckdb.staged)
    for companion, (_, staged) in on_duckdb.companions.items():
        assert any(each.rows for each in staged)
        assert versions(on_spark.companions[companion][1]) == versions(staged)


@pytest.mark.parametrize(("file_bytes", "files"), [(1 << 20, [1, 1, 1, 1]), (8, [3, 1, 2, 1])])
def test_executors_write_the_files_and_the_driver_reads_no_row(
    settings: Settings,
    by_spark: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_bytes: int,
    files: list[int],
):
    days = [MONDAY + dt.timedelta(days=n) for n in range(4)]
    given = pa.table(
        {
            "day": pa.array([days[2], days[0], days[0], days[2], days[0]], pa.date32()),
            "name": ["é", None, "B", "a", "a"],
            "n": [1, 2, 3, 4, 5],
        }
    )
    rows = ibis.table({"day": "date", "name": "string", "n": "int64"}, name="given")
    ordered = rows.order_by("day", ibis.desc("name"), -rows.n)
    written = []
    for name, each in (("duckdb", settings), ("spark", by_spark)):
        lake = Lake(str(tmp_path / name), file_bytes / (1 << 20))
        table = lake.table(TableId("gold", "shop", "names"))
        with session(each) as opened:
            opened.arrow("given", given)
            if name == "spark":
                monkeypatch.delattr(SparkSession, "batches")
            staged = opened.stage_days(ordered, days, table, given.schema)
        table.commit(staged, schema=given.schema)
        assert [len(each.files) for each in staged] == files
        written.append((versions(staged), table.read().to_pylist()))
    assert written[0] == written[1]
    assert [row["n"] for row in written[1][1]] == [5, 3, 2, 1, 4]
    assert [rows for _, rows, _ in written[1][0]] == [3, 0, 2, 0]


def test_many_rows_are_joined_by_more_tasks(by_spark: Settings):
    name = "spark.sql.shuffle.partitions"
    spark = spark_session(by_spark)
    before = spark.conf.get(name)
    for rows, tasks in ((0, before), (40_000_000, "80")):
        with session(by_spark, rows):
            assert spark.conf.get(name) == tasks
    assert spark.conf.get(name) == before


def test_a_small_file_of_many_rows_is_joined_without_the_driver(by_spark: Settings, tmp_path: Path):
    file = tmp_path / "day=2026-01-05" / "rows.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"n": range(100_000)}), file)
    assert file.stat().st_size < 1 << 20
    rows, days = ibis.table({"n": "int64"}, name="rows"), ibis.table({"n": "int64"}, name="few")
    with session(by_spark, 1_000_000) as opened:
        opened.files("rows", [str(file)], rows.schema())
        opened.arrow("few", pa.table({"n": [1, 2]}))
        assert isinstance(opened, SparkSession)
        for other, through_the_driver in ((rows.view(), False), (days, True)):
            sql = opened.sql(rows.inner_join(other, "n"))
            plan = opened.spark.sql(sql)._jdf.queryExecution().executedPlan().toString()
            assert ("BroadcastExchange" in plan) is through_the_driver


def versions(staged: list[Staged]) -> list[tuple[dt.date, int, str]]:
    return [(each.day, each.rows, each.data_version) for each in staged]


def test_results_have_the_types_of_the_schema_and_not_those_of_the_engine(settings: Settings):
    with session(settings) as opened:
        amounts = pa.table({"amount": [Decimal("1.00"), Decimal("1.01")], "n": [1, 2]})
        opened.arrow("amounts", amounts)
        rows = ibis.table({"amount": "decimal(14, 2)", "n": "int64"}, name="amounts")
        expression = rows.agg(total=rows.amount.sum(), count=rows.n.sum(), least=rows.amount.min())
        result = opened.table(expression)
        assert result.schema == arrow_schema(expression.schema())
        assert result.to_pylist() == [
            {"total": Decimal("2.01"), "count": 3, "least": Decimal("1.00")}
        ]


def test_spark_strips_blanks_but_not_letters(by_spark: Settings):
    with session(by_spark) as opened:
        opened.arrow("texts", pa.table({"text": [" \t\v\f\nfvtrn f\f "]}))
        stripped = ibis.table({"text": "string"}, name="texts").text.strip().name("text")
        assert opened.table(stripped.as_table())["text"].to_pylist() == ["fvtrn f"]


def test_a_relation_without_files_is_empty_and_has_the_types_of_its_schema(settings: Settings):
    with session(settings) as opened:
        schema = ibis.schema({"day": "date", "amount": "decimal(14, 2)"})
        opened.files("nothing", [], schema)
        assert (
            opened.table(ibis.table(schema, name="nothing")) == arrow_schema(schema).empty_table()
        )


def test_the_day_of_a_single_file_comes_from_its_folder(settings: Settings, tmp_path: Path):
    file = tmp_path / "day=2026-01-05" / "rows.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"n": [1]}), file)
    with session(settings) as opened:
        opened.files("rows", [str(file)], ibis.schema({"n": "int64", "day": "date"}))
        rows = ibis.table({"n": "int64", "day": "date"}, name="rows")
        assert opened.value(rows.day.max()) == dt.date(2026, 1, 5)


def test_a_kept_relation_is_computed_once(settings: Settings):
    with session(settings) as opened:
        drawn = opened.keep(
            "drawn", ibis.range(0, 3).unnest().name("n").as_table().mutate(r=ibis.random())
        )
        assert opened.table(drawn).to_pylist() == opened.table(drawn).to_pylist()


def test_missing_pyspark_is_an_error_with_a_hint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    import sys

    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    by_spark = replace(settings, engine="spark")
    with pytest.raises(EngineError, match=r"lakehouse\[spark\]"), session(by_spark):
        pass


def test_the_engines_name_and_version_are_known():
    assert engine_version(Settings(engine="duckdb")).startswith("duckdb 1.")


def test_an_expression_with_a_float_is_written_for_both_engines(
    settings: Settings, by_spark: Settings
):
    found = []
    for each in (settings, by_spark):
        with session(each) as opened:
            opened.arrow("numbers", pa.table({"n": pa.array([1, 2], pa.int64())}))
            numbers = named_relation("numbers", ibis.schema({"n": "int64"}))
            found.append(opened.table(numbers.select(half=numbers.n * 0.5)).to_pylist())
    assert found[0] == found[1] == [{"half": 0.5}, {"half": 1.0}]

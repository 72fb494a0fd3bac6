"""The warehouse of the bike shop in a real PostgreSQL gives the same answers as the lake."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner

from lakehouse.cli import main as lakehouse
from lakehouse.demo.bikes import Plan, deliveries
from lakehouse.domains.bikes.warehouse import WAREHOUSE
from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse.platform.serving.warehouse import loading
from lakehouse.platform.serving.warehouse.ddl import Dialect, ddl
from lakehouse.platform.serving.warehouse.loading import LoadedTable, LoadError
from lakehouse_tests.domains.bikes.files import NAMES, SAMPLE, file, path, row
from lakehouse_tests.domains.business import Business

pytestmark = pytest.mark.postgres

QUESTIONS = [name for name in WAREHOUSE.views if name.startswith("q")]
LOAD_ORDER = [table.name for wave in WAREHOUSE.waves() for table in wave]


def query(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Run a query in PostgreSQL and return its rows."""
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
    finally:
        connection.close()


def schema_exists(dsn: str, schema: str) -> bool:
    """Return whether the database has a schema of this name."""
    sql = f"SELECT 1 FROM information_schema.schemata WHERE schema_name = '{schema}'"
    return bool(query(dsn, sql))


def load(shop: Business, dsn: str, schema: str) -> dict[str, LoadedTable]:
    """Load the warehouse and return the tables by name, in the order in which they were filled."""
    tables = loading.load(WAREHOUSE, dsn, shop.lake, shop.settings, schema)
    return {table.name: table for table in tables}


@pytest.fixture(scope="module", params=["generated", "sample"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Business:
    """A generated dump with planted errors, and the real sample."""
    business = Business("bikes", tmp_path_factory.mktemp(request.param))
    if request.param == "generated":
        business.land_all(deliveries(Plan(scale=0.01)))
    elif SAMPLE.is_dir():
        for name in NAMES.values():
            business.land(name, (SAMPLE / name).read_bytes())
    else:
        pytest.skip("no sample at ../shared/data/bikes")
    business.ingest()
    return business


@pytest.fixture
def schema(shop: Business, postgres: str) -> Iterator[str]:
    name = f"rox_{shop.folder.name[:3]}"
    yield name
    loading.drop(WAREHOUSE, postgres, name)


def test_postgresql_and_the_lake_give_the_same_answers_and_counts(
    shop: Business, postgres: str, schema: str
):
    found = load(shop, postgres, schema)
    assert list(found) == LOAD_ORDER
    for name in QUESTIONS:
        theirs = query(postgres, f"SELECT * FROM {schema}.{name}")
        ours = shop.rows(f"select * exclude (day) from gold.bikes_{name}")
        if "_name" in name:  # the two databases sort letters differently
            theirs, ours = sorted(theirs), sorted(ours)
        assert theirs == ours, name
        assert ours, name
    for name, table in found.items():
        assert query(postgres, f"SELECT count(*) FROM {schema}.{name}") == [(table.rows,)]
        if source := table.source:
            assert source.delivered == table.rows + source.rejected + source.repeated
    for name, dataset in (("person", "persons"), ("salesorderdetail", "order_details")):
        (delivered,) = (shop.folder / "landing").rglob(NAMES[dataset])
        source = found[name].source
        assert source
        assert source.delivered == delivered.read_bytes().count(b"\r\n") - 1
    stars = query(
        postgres,
        f"SELECT sum(l.line_total), count(*) FROM {schema}.fact_order_lines l"
        f" JOIN {schema}.dim_date d ON d.day = l.day",
    )
    assert stars == query(
        postgres, f"SELECT sum(linetotal), count(*) FROM {schema}.salesorderdetail"
    )


def test_a_second_load_replaces_the_first(shop: Business, postgres: str, schema: str):
    first = load(shop, postgres, schema)
    assert load(shop, postgres, schema) == first
    assert not schema_exists(postgres, f"{schema}_loading")


def small_shop(tmp_path: Path) -> Business:
    """Return a shop in which every table has a row, and one customer refers to no person."""
    business = Business("bikes", tmp_path)
    for dataset in NAMES:
        business.land(path(dataset), file(dataset, row(dataset)))
    business.land(
        path("customers", "2014-10-02"),
        file("customers", row("customers"), row("customers", CustomerID=11_001, PersonID=77)),
    )
    business.ingest()
    return business


def test_orphans_are_loaded_and_reported_and_later_rows_need_their_parents(
    tmp_path: Path, postgres: str
):
    found = load(small_shop(tmp_path), postgres, "rox_small")
    assert {name: each.orphans for name, each in found.items() if each.orphans} == {
        "customer": {"person": 1}
    }
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        query(
            postgres,
            "INSERT INTO rox_small.customer VALUES (1, 88, NULL, 1, 'AW', 'g', now()) RETURNING 1",
        )
    loading.drop(WAREHOUSE, postgres, "rox_small")


def test_a_load_with_an_empty_table_fails_and_keeps_the_old_tables(tmp_path: Path, postgres: str):
    business = small_shop(tmp_path / "complete")
    load(business, postgres, "rox_left")
    incomplete = Business("bikes", tmp_path / "incomplete")
    for dataset in NAMES:
        lines = [] if dataset == "special_offer_products" else [row(dataset)]
        incomplete.land(path(dataset), file(dataset, *lines))
    incomplete.ingest()
    with pytest.raises(LoadError, match="specialofferproduct: 0 rows"):
        load(incomplete, postgres, "rox_left")
    assert query(postgres, "SELECT count(*) FROM rox_left.specialofferproduct") == [(1,)]
    assert query(postgres, "SELECT count(*) FROM rox_left.customer") == [(2,)]
    assert not schema_exists(postgres, "rox_left_loading")
    loading.drop(WAREHOUSE, postgres, "rox_left")


def test_a_load_is_rejected_while_another_one_fills_the_same_schema(tmp_path: Path, postgres: str):
    business = small_shop(tmp_path)
    first = loading.load(WAREHOUSE, postgres, business.lake, business.settings, "rox_twice")
    first_table = next(first)
    with pytest.raises(LoadError, match="another load"):
        load(business, postgres, "rox_twice")
    assert [first_table.name, *(each.name for each in first)] == LOAD_ORDER
    assert query(postgres, "SELECT count(*) FROM rox_twice.salesorderdetail") == [(1,)]
    loading.drop(WAREHOUSE, postgres, "rox_twice")


def test_an_interrupted_load_leaves_no_schema_behind(tmp_path: Path, postgres: str):
    business = small_shop(tmp_path)
    tables = loading.load(WAREHOUSE, postgres, business.lake, business.settings, "rox_off")
    next(tables)
    assert schema_exists(postgres, "rox_off_loading")
    tables.close()
    assert not schema_exists(postgres, "rox_off_loading")


def test_the_command_loads_prints_the_counts_and_drops(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
):
    business = small_shop(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_ROOT", business.settings.root)
    monkeypatch.setenv("LAKEHOUSE_BIKES_WAREHOUSE_DSN", postgres)
    runner = CliRunner()
    loaded = runner.invoke(
        lakehouse, ["warehouse", "load", "bikes", "--schema", "rox_cli", "--format", "csv"]
    )
    assert loaded.exit_code == 0, loaded.output
    assert "customer,2,0,0,2,1" in loaded.stdout
    assert "dim_date,,,," in loaded.stdout
    assert "1 row has no person" in loaded.stderr
    assert "HAVING" not in loaded.stdout
    drop = runner.invoke(lakehouse, ["warehouse", "drop", "bikes", "--schema", "rox_cli", "--yes"])
    assert drop.exit_code == 0, drop.output
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'rox_cli'"
    assert query(postgres, tables) == [(0,)]


@pytest.mark.parametrize("schema_name", ["Rox", 'a"; DROP SCHEMA public; --', "", "9a"])
def test_an_invalid_schema_name_is_rejected(schema_name: str, postgres: str):
    with pytest.raises(LoadError, match="lower-case"):
        loading.drop(WAREHOUSE, postgres, schema_name)


def test_postgresql_accepts_the_ddl(postgres: str):
    connection = psycopg2.connect(postgres)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA rox_ddl; SET LOCAL search_path = rox_ddl")
        cursor.execute(ddl(WAREHOUSE, Dialect.POSTGRESQL))
        cursor.execute(
            "SELECT numeric_precision, numeric_scale FROM information_schema.columns"
            " WHERE table_schema = 'rox_ddl' AND column_name IN ('linetotal', 'totaldue')"
            " ORDER BY 1"
        )
        assert cursor.fetchall() == [(19, 4), (38, 6)]
    connection.close()


def test_prepared_export_files_can_be_copied_into_the_tables(tmp_path: Path, postgres: str):
    business = small_shop(tmp_path)
    out = tmp_path / "out"
    for _ in write_exports(
        "bikes", exports_of("bikes", business.settings), str(out), business.lake, business.settings
    ):
        pass
    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA rox_copy; SET LOCAL search_path = rox_copy")
        cursor.execute(ddl(WAREHOUSE, Dialect.POSTGRESQL))
        for name in NAMES.values():
            table = name.split(".")[1].lower()
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # orphans are loaded
            copy = f"COPY {table} FROM STDIN WITH (FORMAT csv, DELIMITER ';', HEADER)"
            with (out / "data" / name).open() as prepared:
                cursor.copy_expert(copy, prepared)
            assert cursor.rowcount == (2 if table == "customer" else 1)
        cursor.execute("SELECT listprice, sizeunitmeasurecode, makeflag, sellenddate FROM product")
        assert cursor.fetchall() == [(Decimal("1431.5000"), "CM", True, None)]


def test_the_ddl_for_redshift_has_distribution_and_sort_keys():
    text = ddl(WAREHOUSE, Dialect.REDSHIFT)
    assert 'DISTSTYLE KEY DISTKEY ("salesorderid")\nSORTKEY ("orderdate", "salesorderid");' in text
    assert "DISTSTYLE ALL" in text
    assert '"demographics" VARCHAR(65535)' in text
    assert "TEXT" not in text
    dropped = text.index('DROP TABLE IF EXISTS "salesorderdetail"')
    assert dropped < text.index('DROP TABLE IF EXISTS "person"')

"""A real PostgreSQL holds the six tables and the star, and gives the lake's answers by itself."""

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
from lakehouse.domains.bikes import warehouse
from lakehouse.domains.bikes.warehouse.questions import VIEWS
from lakehouse.domains.bikes.warehouse.schema import RELATIONS, waves
from lakehouse.platform.serving.exports import exports_of, write
from lakehouse_tests.domains.bikes.files import NAMES, SAMPLE, file, path, row
from lakehouse_tests.domains.business import Business

pytestmark = pytest.mark.postgres

QUESTIONS = [name for name in VIEWS if name.startswith("q")]


def asked(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a question to PostgreSQL."""
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
    finally:
        connection.close()


def is_there(dsn: str, schema: str) -> bool:
    """Whether a schema is in the database."""
    found = f"SELECT 1 FROM information_schema.schemata WHERE schema_name = '{schema}'"
    return bool(asked(dsn, found))


def loaded(shop: Business, dsn: str, schema: str) -> dict[str, warehouse.Loaded]:
    """Load a warehouse; what it says of each table."""
    return {each.name: each for each in warehouse.load(dsn, shop.lake, shop.settings, schema)}


@pytest.fixture(scope="module", params=["generated", "sample"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Business:
    """An invented dump with its dirt, and the real sample."""
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
    warehouse.drop(postgres, name)


def test_postgresql_and_the_lake_give_the_same_answers_and_counts(
    shop: Business, postgres: str, schema: str
):
    found = loaded(shop, postgres, schema)
    assert list(found) == [relation.name for wave in waves() for relation in wave]
    for name in QUESTIONS:
        theirs = asked(postgres, f"SELECT * FROM {schema}.{name}")
        ours = shop.rows(f"from gold.bikes_{name}")
        if "_name" in name:  # the order of letters is the database's own
            theirs, ours = sorted(theirs), sorted(ours)
        assert theirs == ours, name
        assert ours, name
    for relation in RELATIONS:
        count = asked(postgres, f"SELECT count(*) FROM {schema}.{relation.name}")
        assert count == [(found[relation.name].rows,)]
        if found[relation.name].landed is not None:
            said = found[relation.name]
            assert said.landed == said.rows + said.rejected + said.repeated
    for name, dataset in (("person", "persons"), ("salesorderdetail", "order_details")):
        (landed,) = (shop.folder / "landing").rglob(NAMES[dataset])
        assert found[name].landed == landed.read_bytes().count(b"\r\n") - 1
    stars = asked(
        postgres,
        f"SELECT sum(l.line_total), count(*) FROM {schema}.fact_order_lines l"
        f" JOIN {schema}.dim_date d ON d.day = l.day",
    )
    assert stars == asked(
        postgres, f"SELECT sum(linetotal), count(*) FROM {schema}.salesorderdetail"
    )


def test_a_second_load_takes_the_place_of_the_first(shop: Business, postgres: str, schema: str):
    first = loaded(shop, postgres, schema)
    assert loaded(shop, postgres, schema) == first
    assert not is_there(postgres, f"{schema}_loading")


def small(tmp_path: Path) -> Business:
    """A shop in which every table has a row, an orphan among them."""
    business = Business("bikes", tmp_path)
    for dataset in NAMES:
        business.land(path(dataset), file(dataset, row(dataset)))
    business.land(
        path("customers", "2014-10-02"),
        file("customers", row("customers"), row("customers", CustomerID=11_001, PersonID=77)),
    )
    business.ingest()
    return business


def test_orphans_are_loaded_and_told_and_later_rows_need_their_parents(
    tmp_path: Path, postgres: str
):
    found = loaded(small(tmp_path), postgres, "rox_small")
    assert {name: each.orphans for name, each in found.items() if each.orphans} == {
        "customer": {"person": 1}
    }
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        asked(
            postgres,
            "INSERT INTO rox_small.customer VALUES (1, 88, NULL, 1, 'AW', 'g', now()) RETURNING 1",
        )
    warehouse.drop(postgres, "rox_small")


def test_a_load_with_an_empty_table_fails_and_leaves_what_stood(tmp_path: Path, postgres: str):
    business = small(tmp_path / "whole")
    loaded(business, postgres, "rox_left")
    lacking = Business("bikes", tmp_path / "lacking")
    for dataset in NAMES:
        lines = [] if dataset == "special_offer_products" else [row(dataset)]
        lacking.land(path(dataset), file(dataset, *lines))
    lacking.ingest()
    with pytest.raises(warehouse.LoadError, match="specialofferproduct: 0 rows"):
        loaded(lacking, postgres, "rox_left")
    assert asked(postgres, "SELECT count(*) FROM rox_left.specialofferproduct") == [(1,)]
    assert asked(postgres, "SELECT count(*) FROM rox_left.customer") == [(2,)]
    assert not is_there(postgres, "rox_left_loading")
    warehouse.drop(postgres, "rox_left")


def test_of_two_loads_at_once_the_second_is_told_and_the_first_goes_on(
    tmp_path: Path, postgres: str
):
    business = small(tmp_path)
    first = warehouse.load(postgres, business.lake, business.settings, "rox_twice")
    begun = next(first)
    with pytest.raises(warehouse.LoadError, match="another load"):
        loaded(business, postgres, "rox_twice")
    assert [begun.name, *(each.name for each in first)] == [
        relation.name for wave in waves() for relation in wave
    ]
    assert asked(postgres, "SELECT count(*) FROM rox_twice.salesorderdetail") == [(1,)]
    warehouse.drop(postgres, "rox_twice")


def test_a_load_that_is_broken_off_leaves_nothing_behind(tmp_path: Path, postgres: str):
    business = small(tmp_path)
    load = warehouse.load(postgres, business.lake, business.settings, "rox_off")
    next(load)
    assert is_there(postgres, "rox_off_loading")
    load.close()
    assert not is_there(postgres, "rox_off_loading")


def test_the_command_loads_prints_the_counts_and_drops(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
):
    business = small(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_ROOT", business.settings.root)
    monkeypatch.setenv("LAKEHOUSE_BIKES_WAREHOUSE_DSN", postgres)
    runner = CliRunner()
    load = ["warehouse", "load", "bikes", "--schema", "rox_cli", "--format", "csv"]
    said = runner.invoke(lakehouse, load)
    assert said.exit_code == 0, said.output
    assert "customer,2,0,0,2,1" in said.stdout
    assert "1 rows have no person" in said.stderr
    assert "HAVING" not in said.stdout
    drop = runner.invoke(lakehouse, ["warehouse", "drop", "bikes", "--schema", "rox_cli", "--yes"])
    assert drop.exit_code == 0, drop.output
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'rox_cli'"
    assert asked(postgres, tables) == [(0,)]


@pytest.mark.parametrize("schema_name", ["Rox", 'a"; DROP SCHEMA public; --', "", "9a"])
def test_a_schema_that_is_no_name_is_rejected(schema_name: str, postgres: str):
    with pytest.raises(warehouse.LoadError, match="lower-case"):
        warehouse.drop(postgres, schema_name)


def test_the_ddl_is_what_postgresql_takes(postgres: str):
    connection = psycopg2.connect(postgres)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA rox_ddl; SET LOCAL search_path = rox_ddl")
        cursor.execute(warehouse.ddl(warehouse.Dialect.POSTGRESQL))
        cursor.execute(
            "SELECT numeric_precision, numeric_scale FROM information_schema.columns"
            " WHERE table_schema = 'rox_ddl' AND column_name IN ('linetotal', 'totaldue')"
            " ORDER BY 1"
        )
        assert cursor.fetchall() == [(19, 4), (38, 6)]
    connection.close()


def test_prepared_files_are_what_a_copy_into_the_tables_takes(tmp_path: Path, postgres: str):
    business = small(tmp_path)
    out = tmp_path / "out"
    for _ in write("bikes", exports_of("bikes"), str(out), business.lake, business.settings):
        pass
    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA rox_copy; SET LOCAL search_path = rox_copy")
        cursor.execute(warehouse.ddl(warehouse.Dialect.POSTGRESQL))
        for name in NAMES.values():
            table = name.split(".")[1].lower()
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # orphans are loaded
            copy = f"COPY {table} FROM STDIN WITH (FORMAT csv, DELIMITER ';', HEADER)"
            with (out / "data" / name).open() as prepared:
                cursor.copy_expert(copy, prepared)
            assert cursor.rowcount == (2 if table == "customer" else 1)
        cursor.execute("SELECT listprice, sizeunitmeasurecode, makeflag, sellenddate FROM product")
        assert cursor.fetchall() == [(Decimal("1431.5000"), "CM", True, None)]


def test_redshift_gets_keys_to_distribute_and_sort_by():
    text = warehouse.ddl(warehouse.Dialect.REDSHIFT)
    assert 'DISTSTYLE KEY DISTKEY ("salesorderid")\nSORTKEY ("orderdate", "salesorderid");' in text
    assert "DISTSTYLE ALL" in text
    assert '"demographics" VARCHAR(65535)' in text
    assert "TEXT" not in text
    dropped = text.index('DROP TABLE IF EXISTS "salesorderdetail"')
    assert dropped < text.index('DROP TABLE IF EXISTS "person"')

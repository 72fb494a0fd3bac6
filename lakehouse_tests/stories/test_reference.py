"""Reference tables arrive late, change, and come as files or from a database."""

import datetime as dt
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import dagster as dg
import psycopg2
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse_tests.stories.conftest import Make
from lakehouse_tests.stories.world import MON, TUE, WED, World, items, night, orders

pytestmark = pytest.mark.as_of(False)


def test_orders_of_unknown_units_are_stored_when_the_reference_tables_arrive(world: World):
    world.land_all(night(MON, 1, "10.00") | night(TUE, 2, "5.00"))
    world.ingest()
    assert world.rejections() == ["unknown_unit", "unknown_unit"]
    assert world.revenue() == {}
    world.land_reference(WED)
    runs = world.ingest()
    assert {run.work for run in runs} == {"mrhealth_arrivals", "mrhealth_refresh"}
    assert world.rejections() == world.rejections("order_items") == []
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 2): "5.00"}
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []


def test_a_snapshot_applies_from_its_day_on_and_releases_rows_of_new_products(world: World):
    world.land_reference(MON, products={10: "Suco"})
    sold = {f"mrhealth/{TUE}/unidade_001/ITEM_PEDIDO.csv": items((1, 1, 11, 1, "9.00"))}
    world.land_all(night(MON, 1, "10.00") | night(TUE, 1, "10.00") | sold | night(WED, 1, "1.00"))
    world.ingest()
    assert world.rejections("order_items") == ["unknown_product"]
    world.land_reference(
        TUE, products={10: "Suco verde", 11: "Salada"}, units={1: "Centro", 2: "Orla"}
    )
    world.ingest()
    names = world.rows("gold.mrhealth_product_day", "day", "product_name")
    assert names == [(MON, "Suco"), (TUE, "Salada"), (WED, "Suco verde")]
    units = world.rows("gold.mrhealth_dim_unit", "day", "unit_id", "unit_name")
    assert [(day, name) for day, unit, name in units if unit == 2] == [
        (MON, "Praia"),
        (TUE, "Orla"),
        (WED, "Orla"),
    ]
    assert world.rejections("order_items") == []
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []


def test_a_unit_that_is_registered_after_its_first_orders_releases_them(world: World):
    world.land_reference(MON, units={1: "Centro"}, products={10: "Suco"})
    sold = {f"mrhealth/{TUE}/unidade_002/ITEM_PEDIDO.csv": items((1, 1, 11, 1, "4.00"))}
    world.land_all(night(MON, 1, "10.00") | night(TUE, 2, "5.00") | sold | night(WED, 1, "1.00"))
    world.ingest()
    assert world.rejections() == ["unknown_unit"]
    world.land_reference(WED, units={1: "Centro", 2: "Praia"}, products={10: "Suco", 11: "Salada"})
    world.ingest()
    assert world.rejections() == world.rejections("order_items") == []
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 2): "5.00", (WED, 1): "1.00"}
    units = world.rows("silver.mrhealth_units", "day", "unit_id", "snapshot_day")
    assert [row for row in units if row[1] == 2] == [(TUE, 2, WED), (WED, 2, WED)]
    shown = world.rows("gold.mrhealth_unit_day", "day", "unit_id", days=[MON, TUE])
    assert shown == [(MON, 1), (TUE, 1), (TUE, 2)]  # on Monday the unit is not silent
    assert world.rows("gold.mrhealth_product_day", "product_name", days=[TUE]) == ["Salada"]
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []

    corrected = "Id_Unidade,Nome_Unidade,Id_Estado\n1,Centro,7\n2,Orla,7\n"
    world.land(f"mrhealth/{WED}/reference/TABELA_UNIDADE.csv", corrected)
    world.ingest()
    names = world.rows("gold.mrhealth_unit_day", "day", "unit_id", "unit_name", days=[TUE])
    assert names == [(TUE, 1, "Centro"), (TUE, 2, "Orla")]
    assert list(audit_domain(world.lake, world.domain, world.settings)) == []


def test_a_state_and_its_country_that_are_registered_later_name_earlier_days(world: World):
    world.land_reference(MON)
    units = "Id_Unidade,Nome_Unidade,Id_Estado\n1,Centro,7\n2,Praia,8\n"
    world.land(f"mrhealth/{MON}/reference/TABELA_UNIDADE.csv", units)
    world.land_all(night(MON, 2, "10.00") | night(TUE, 2, "5.00") | night(WED, 1, "1.00"))
    world.ingest()

    def places() -> list[tuple[dt.date, str | None, str | None]]:
        names = ("unit_id", "day", "state_name", "country_name")
        return [row[1:] for row in world.rows("gold.mrhealth_unit_day", *names) if row[0] == 2]

    assert {row[1:] for row in places()} == {(None, None)}
    states = "Id_Estado,Id_Pais,Nome_Estado\n7,BR,Bahia\n8,AR,Salta\n"
    world.land(f"mrhealth/{WED}/reference/TABELA_ESTADO.csv", states)
    countries = "Id_Pais,Nome_Pais\nBR,Brasil\nAR,Argentina\n"
    world.land(f"mrhealth/{WED}/reference/TABELA_PAIS.csv", countries)
    world.ingest()
    assert places() == [(day, "Salta", "Argentina") for day in (MON, TUE, WED)]
    assert set(world.balance()) == {"balanced"}
    assert world.ingest() == []

    world.land(f"mrhealth/{WED}/reference/TABELA_ESTADO.csv", states.replace("Salta", "Jujuy"))
    world.ingest()
    assert [row[1] for row in places()] == ["Jujuy"] * 3
    world.land(f"mrhealth/{WED}/reference/TABELA_ESTADO.csv", states.replace("8,AR,Salta\n", ""))
    world.ingest()
    assert [row[1] for row in places()] == [None] * 3
    assert world.ingest() == []
    assert list(audit_domain(world.lake, world.domain, world.settings)) == []


def test_a_unit_that_a_snapshot_no_longer_has_stays_unknown_until_it_returns(world: World):
    world.land_reference(MON)
    world.land_reference(TUE, units={1: "Centro"})
    world.land_reference(WED)
    world.land_all(night(TUE, 2, "5.00") | night(WED, 2, "7.00"))
    world.ingest()
    assert world.rejections() == ["unknown_unit"]
    assert world.revenue() == {(WED, 2): "7.00"}
    assert world.ingest() == []


def test_reference_files_without_a_day_apply_from_the_day_of_their_delivery(world: World):
    at = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)
    world.land_reference(MON, units={1: "Centro"})
    world.land_all(night(MON, 1, "10.00") | night(WED, 1, "1.00"))
    world.land(
        "mrhealth/reference/TABELA_UNIDADE.csv",
        "Id_Unidade,Nome_Unidade,Id_Estado\n1,Centro Novo,7\n",
        at=at,
    )
    world.ingest()
    names = dict(world.rows("gold.mrhealth_dim_unit", "day", "unit_name"))
    assert (names[MON], names[TUE], names[WED]) == ("Centro", "Centro Novo", "Centro Novo")
    assert set(world.balance()) == {"balanced"}


@dataclass(frozen=True)
class Headquarters:
    """A database with the four tables and a user with read access only."""

    owner: str
    reader: str
    password: str

    def execute(self, *statements: str) -> None:
        connection = psycopg2.connect(self.owner)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()


@pytest.fixture
def headquarters(postgres: str) -> Iterator[Headquarters]:
    password = secrets.token_hex(12)
    name = "hq_" + secrets.token_hex(4)
    server = urlsplit(postgres)
    database = server._replace(path=f"/{name}")
    reader = database._replace(netloc=f"{name}:{password}@{server.hostname}:{server.port}")
    owner = Headquarters(owner=postgres, reader="", password="")
    headquarters = Headquarters(
        owner=urlunsplit(database), reader=urlunsplit(reader), password=password
    )
    owner.execute(f"create database {name}", f"create role {name} login password '{password}'")
    headquarters.execute(
        "create table tabela_unidade (id_unidade int, nome_unidade text, id_estado int)",
        "create table tabela_produto (id_produto int, nome_produto text)",
        "create table tabela_estado (id_estado int, id_pais text, nome_estado text)",
        "create table tabela_pais (id_pais text, nome_pais text)",
        "insert into tabela_unidade values (1, 'Centro', 7), (2, 'Praia', 7)",
        "insert into tabela_produto values (10, 'Suco'), (11, 'Salada \"da casa\", verde')",
        "insert into tabela_estado values (7, 'BR', 'Bahia')",
        "insert into tabela_pais values ('BR', 'Brasil')",
        f"grant select on all tables in schema public to {name}",
    )
    connection = psycopg2.connect(headquarters.reader)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute("delete from tabela_pais")
    connection.close()
    yield headquarters
    owner.execute(f"drop database {name} with (force)", f"drop role {name}")


@pytest.mark.postgres
def test_a_database_is_read_once_a_day_and_its_password_is_stored_nowhere(
    make_world: Make, headquarters: Headquarters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", "")
    world = make_world(str(tmp_path / "world"), MRHEALTH_DSN=headquarters.reader)
    today = dt.datetime.now(world.settings.zone).date()
    with prepare_instance(tmp_path / "home") as instance:
        world.instance = instance
        now = dt.datetime.now(dt.UTC)
        sold = f"mrhealth/{today}/unidade_001"
        world.land(f"{sold}/PEDIDO.csv", orders((1, 1, today, "10.00")), at=now)
        world.land(f"{sold}/ITEM_PEDIDO.csv", items((1, 1, 11, 1, "9.00")), at=now)
        world.ingest()
        assert world.revenue() == {(today, 1): "10.00"}
        products = world.rows("gold.mrhealth_product_day", "product_name")
        assert products == ['Salada "da casa", verde']
        before = world.files()

        assert world.materialize(today, today).succeeded
        assert world.files() == before
        assert world.statuses("products") == {"loaded": 1}

        headquarters.execute(
            "update tabela_produto set nome_produto = 'Salada' where id_produto = 11"
        )
        assert world.materialize(today, today).succeeded
        assert world.statuses("products") == {"loaded": 1, "superseded": 1}
        assert world.statuses("units") == {"loaded": 1}
        assert world.rows("gold.mrhealth_product_day", "product_name") == ["Salada"]

        renamed = 'Salada "da casa", verde'
        headquarters.execute(
            f"update tabela_produto set nome_produto = '{renamed}' where id_produto = 11"
        )
        for _ in range(2):
            assert world.materialize(today, today).succeeded
        assert world.rows("gold.mrhealth_product_day", "product_name") == [renamed]
        assert len(world.rows("raw.mrhealth_products", "file")) == 3
        assert set(world.balance()) == {"balanced"}

        wrong = headquarters.reader.replace(headquarters.password, headquarters.password + "x")
        monkeypatch.setenv("LAKEHOUSE_MRHEALTH_DSN", wrong)
        result = world.materialize(today, today)
        assert "cannot be read from PostgreSQL" in (result.problem or "")
        assert world.rows("gold.mrhealth_product_day", "product_name") == [renamed]
        assert runs_that_contain(instance, headquarters.password) == []
    assert files_that_contain(tmp_path, headquarters.password.encode()) == []
    assert files_that_contain(tmp_path, b"mrhealth_orders") != []


@pytest.mark.postgres
def test_history_is_loaded_with_a_snapshot_that_is_taken_when_there_is_none(
    make_world: Make, headquarters: Headquarters
) -> None:
    world = make_world(MRHEALTH_DSN=headquarters.reader)
    world.land_all(night(MON, 1, "10.00") | night(TUE, 2, "5.00"))
    world.ingest()
    assert world.rejections() == world.rejections("order_items") == []
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 2): "5.00"}
    today = dt.datetime.now(world.settings.zone).date()
    assert set(world.rows("gold.mrhealth_unit_day", "day")) <= {MON, TUE}
    assert world.rows("silver.mrhealth_units", "snapshot_day", days=[MON]) == [today, today]
    assert set(world.balance()) == {"balanced"}


def runs_that_contain(instance: dg.DagsterInstance, secret: str) -> list[str]:
    return [
        run.run_id
        for run in instance.get_runs()
        if secret in repr(run)
        or any(secret in repr(entry) for entry in instance.all_logs(run.run_id))
    ]


def files_that_contain(folder: Path, secret: bytes) -> list[str]:
    """Return the files that contain a secret in plain text."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and re.search(re.escape(secret), path.read_bytes())
    ]

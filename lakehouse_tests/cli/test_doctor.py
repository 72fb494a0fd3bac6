"""`lakehouse doctor` checks the settings and databases of every domain without showing secrets."""

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from lakehouse_tests.cli.conftest import Call


def diagnoses(call: Call, *, code: int = 0) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(call("doctor", "--format", "json", code=code).stdout)
    return rows


def of(rows: list[dict[str, str]], what: str) -> dict[str, str]:
    (row,) = (row for row in rows if row["what"] == what)
    return row


@pytest.mark.parametrize(
    ("variable", "found", "hint"),
    [
        (
            "LAKEHOUSE_SALES_DNS",
            "LAKEHOUSE_SALES_DNS is set, but domain sales declares no such setting",
            "did you mean LAKEHOUSE_SALES_DSN?",
        ),
        (
            "LAKEHOUSE_CARDS_DSN",
            "LAKEHOUSE_CARDS_DSN is set, but domain cards declares no such setting",
            "docs/settings.md lists every variable",
        ),
        (
            "LAKEHOUSE_QWXZ_9",
            "LAKEHOUSE_QWXZ_9 is set, but nothing reads it",
            "docs/settings.md lists every variable",
        ),
    ],
)
def test_a_variable_that_no_setting_declares_is_a_warning(
    variable: str, found: str, hint: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "x")
    (row,) = (row for row in diagnoses(call) if row["found"].startswith(variable))
    assert (row["verdict"], row["found"], row["hint"]) == ("warn", found, hint)


def test_a_setting_of_a_domain_that_cannot_be_used_fails(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SALES_EXTRACTION", "cdx")
    (row,) = diagnoses(call, code=1)
    assert row["verdict"] == "fail"
    assert row["found"] == "LAKEHOUSE_SALES_EXTRACTION is 'cdx'; expected incremental or cdc"


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Address of an empty database."""
    name = f"doctor_{secrets.token_hex(4)}"
    say(postgres, f"create database {name}")
    yield urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    say(postgres, f"drop database {name} with (force)")


def say(dsn: str, *statements: str) -> None:
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.mark.postgres
def test_every_query_and_table_that_a_domain_declares_is_tried(
    call: Call, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_MRHEALTH_DSN", database)
    monkeypatch.setenv("LAKEHOUSE_SALES_DSN", database)
    monkeypatch.setenv("LAKEHOUSE_BIKES_WAREHOUSE_DSN", database)
    say(database, "create table tabela_produto (id_produto int, nome_produto text)")
    rows = diagnoses(call, code=1)
    reference = of(rows, "PostgreSQL of mrhealth")
    assert reference["verdict"] == "fail"
    assert 'query of units: relation "tabela_unidade" does not exist' in reference["found"]
    assert "products" not in reference["found"]
    assert "table public.sales" in of(rows, "PostgreSQL of sales")["found"]
    assert of(rows, "PostgreSQL of bikes")["verdict"] == "ok"

    say(
        database,
        "create table tabela_unidade (id_unidade int, nome_unidade text, id_estado int)",
        "create table tabela_estado (id_estado int, id_pais text, nome_estado text)",
        "create table tabela_pais (id_pais text, nome_pais text)",
        "create table sales (id int, sale_date date, product_id int, customer_id int,"
        " quantity int, unit_price numeric, total_value numeric, seller_id int, region text)",
    )
    rows = diagnoses(call)
    for domain in ("mrhealth", "sales", "bikes"):
        assert of(rows, f"PostgreSQL of {domain}")["verdict"] == "ok"


def test_a_landing_zone_that_does_not_exist_fails_and_the_lake_is_created(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "landing").rmdir()
    rows = {row["what"]: row for row in diagnoses(call, code=1)}
    assert (rows["landing zone"]["verdict"], rows["lake"]["verdict"]) == ("fail", "ok")
    assert rows["landing zone"]["found"].endswith("landing does not exist")
    assert rows["landing zone"]["hint"].startswith("mkdir -p ")
    monkeypatch.delenv("LAKEHOUSE_LANDING")
    rows = {row["what"]: row for row in diagnoses(call)}
    assert rows["landing zone"]["verdict"] == "warn"


def test_the_disks_of_the_lake_and_of_the_dagster_home_are_measured(
    call: Call, folder: Path
) -> None:
    rows = {row["what"]: row for row in diagnoses(call)}
    for what, place in (("disk of the lake", folder), ("disk of Dagster home", folder)):
        assert rows[what]["found"].endswith(f"GB free at {place}")

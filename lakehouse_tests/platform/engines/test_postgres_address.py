"""Connections to PostgreSQL on another machine verify its certificate."""

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from lakehouse.platform.connectors.postgres.connection import error_text
from lakehouse.platform.engines.postgres_address import TLS_HINT, verified


@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        ("postgresql://reader@db.example.com/shop", {}),
        ("host=10.0.0.5 dbname=shop", {}),
        ("host=localhost hostaddr=10.0.0.5", {}),
        ("host=localhost,db.example.com", {}),
        ("dbname=shop", {"PGHOST": "db.example.com"}),
    ],
)
def test_another_machine_is_verified(dsn: str, environ: dict[str, str]):
    assert parse_dsn(verified(dsn, environ))["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        ("dbname=shop", {}),
        ("host=/run/postgresql", {}),
        ("host=127.0.0.2,::1,localhost", {}),
        ("postgresql://reader@localhost/shop", {}),
        ("host=db.example.com sslmode=disable", {}),
        ("host=db.example.com", {"PGSSLMODE": "require"}),
        ("service=shop", {}),
    ],
)
def test_this_machine_and_a_chosen_mode_stay_as_they_are(dsn: str, environ: dict[str, str]):
    assert verified(dsn, environ) == dsn


@pytest.mark.parametrize(
    "error",
    [
        "server does not support SSL, but SSL was required",
        "SSL error: certificate verify failed",
        'root certificate file "/home/ana/.postgresql/root.crt" does not exist',
    ],
)
def test_a_server_that_is_not_trusted_is_an_error_with_a_hint(error: str):
    shown = error_text(psycopg2.OperationalError(error), "host=db.example.com")
    assert shown == f"{error}; {TLS_HINT}"
    assert TLS_HINT not in error_text(psycopg2.OperationalError("no route"), "host=db")

"""Errors of PostgreSQL are told without the address and its password."""

import psycopg2
import pytest

from lakehouse.domains.mrhealth.sources import PRODUCTS
from lakehouse.platform.connectors.postgres.connection import NO_ADDRESS, words
from lakehouse.platform.connectors.postgres.snapshots import PostgresSnapshots
from lakehouse.platform.ingestion.snapshots import SnapshotError

TABLE = PRODUCTS


def said_of(dsn: str) -> str:
    """What is told of the real error that an address gives."""
    with pytest.raises(psycopg2.Error) as raised:
        psycopg2.connect(dsn, connect_timeout=5)
    return words(raised.value, dsn)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://reader:half/other@127.0.0.1:1/shop",
        "postgresql://reader:ha@lf/other@127.0.0.1:1/shop",  # pragma: allowlist secret
        "postgresql://reader:5/other@127.0.0.1:1/shop",
        "postgresql://127.0.0.1:99999/shop",
        "host=127.0.0.1 port=1 password=half other",
        "mysql://reader:half@127.0.0.1/shop",  # pragma: allowlist secret
        "shop",
    ],
)
def test_of_an_address_that_is_none_nothing_is_shown(dsn: str):
    assert said_of(dsn) == NO_ADDRESS


@pytest.mark.parametrize("password", ["", ":half", ":127", ":%2F"])
def test_an_address_that_does_not_answer_is_told_in_the_databases_words(password: str):
    said = said_of(f"postgresql://reader{password}@127.0.0.1:1/shop")
    assert said.endswith("port 1 failed: Connection refused")


def test_a_password_in_the_databases_words_is_taken_out():
    error = psycopg2.OperationalError("half is wrong, halfway\nhalf of it")
    assert words(error, "host=x password=half") == "… is wrong, halfway"


def test_a_reference_table_that_cannot_be_read_shows_no_password():
    with pytest.raises(SnapshotError, match="postgresql://user@host") as raised:
        PostgresSnapshots("postgresql://reader:half/other@127.0.0.1:1/shop").capture(TABLE)
    assert "half" not in str(raised.value)

"""Errors of PostgreSQL are shown without the address and its password."""

import psycopg2
import pytest

from lakehouse.domains.mrhealth.sources import PRODUCTS
from lakehouse.platform.connectors.postgres.connection import INVALID_ADDRESS, error_text
from lakehouse.platform.connectors.postgres.snapshots import PostgresSnapshots
from lakehouse.platform.ingestion.snapshots import SnapshotError

TABLE = PRODUCTS


def text_of(dsn: str) -> str:
    """Return the text of the real error that connecting to an address raises."""
    with pytest.raises(psycopg2.Error) as raised:
        psycopg2.connect(dsn, connect_timeout=5)
    return error_text(raised.value, dsn)


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
def test_nothing_of_a_malformed_address_is_shown(dsn: str):
    assert text_of(dsn) == INVALID_ADDRESS


@pytest.mark.parametrize("password", ["", ":half", ":127", ":%2F"])
def test_a_connection_error_shows_the_text_of_the_database(password: str):
    text = text_of(f"postgresql://reader{password}@127.0.0.1:1/shop")
    assert text.endswith("port 1 failed: Connection refused")


def test_a_password_in_the_text_of_the_database_is_masked():
    error = psycopg2.OperationalError("half is wrong, halfway\nhalf again")
    assert error_text(error, "host=x password=half") == "… is wrong, halfway"


def test_a_reference_table_that_cannot_be_read_shows_no_password():
    with pytest.raises(SnapshotError, match="postgresql://user@host") as raised:
        PostgresSnapshots("postgresql://reader:half/other@127.0.0.1:1/shop").capture(TABLE)
    assert "half" not in str(raised.value)

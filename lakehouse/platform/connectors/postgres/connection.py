"""What PostgreSQL says, without what is secret in the address that it was asked at."""

import re

import psycopg2
from psycopg2.extensions import parse_dsn

NO_ADDRESS = (
    "the DSN is no address of PostgreSQL; write postgresql://user@host:5432/database, and the"
    " letters / @ : ? # % of a password as %2F %40 %3A %3F %23 %25, or leave it to PGPASSWORD"
)
LARGEST_PORT = 65_535


def words(error: psycopg2.Error, dsn: str) -> str:
    """An error of the database on one line, without the address and its password.

    Of an address that is none nothing is shown: what PostgreSQL's library takes for a port or a
    name there may be a piece of the password.

    >>> dsn = "postgresql://reader:half/other@localhost/shop"
    >>> said = words(psycopg2.OperationalError('invalid integer value "half" for "port"'), dsn)
    >>> said.partition(";")[0]
    'the DSN is no address of PostgreSQL'
    """
    password = _password(dsn)
    if password is None:
        return NO_ADDRESS
    text = (str(error).strip().splitlines() or [""])[0].replace(dsn, "…")
    return re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "…", text) if password else text


def _password(dsn: str) -> str | None:
    """The password in an address, empty without one; None where the address is none."""
    try:
        parts = parse_dsn(dsn)
    except psycopg2.ProgrammingError:
        return None
    ports = filter(None, parts.get("port", "").split(","))
    if not all(port.isdecimal() and 0 < int(port) <= LARGEST_PORT for port in ports):
        return None
    if "@" in parts.get("host", "") + parts.get("dbname", ""):
        return None
    return str(parts.get("password", ""))

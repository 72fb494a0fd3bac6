"""Errors of PostgreSQL as text, without the secret parts of the address."""

import re

import psycopg2
from psycopg2.extensions import parse_dsn

from lakehouse.platform.engines.postgres_address import tls_hint

INVALID_ADDRESS = (
    "the DSN is not an address of PostgreSQL; expected postgresql://user@host:5432/database, with"
    " the letters / @ : ? # % of a password as %2F %40 %3A %3F %23 %25; hint: or set PGPASSWORD"
)
LARGEST_PORT = 65_535


def error_text(error: psycopg2.Error, dsn: str) -> str:
    """Return an error of the database on one line, without the address and its password.

    Nothing of a malformed address is shown: what PostgreSQL's library takes for its port or name
    may be a part of the password.

    >>> dsn = "postgresql://reader:half/other@localhost/shop"
    >>> error = psycopg2.OperationalError('invalid integer value "half" for "port"')
    >>> error_text(error, dsn).partition(";")[0]
    'the DSN is not an address of PostgreSQL'
    """
    password = _password(dsn)
    if password is None:
        return INVALID_ADDRESS
    text = (str(error).strip().splitlines() or [""])[0].replace(dsn, "…")
    if password:
        text = re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "…", text)
    hint = tls_hint(error) if isinstance(error, psycopg2.OperationalError) else ""
    return f"{text}; {hint}" if hint else text


def _password(dsn: str) -> str | None:
    """Return the password of an address, empty without one; None for a malformed address."""
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

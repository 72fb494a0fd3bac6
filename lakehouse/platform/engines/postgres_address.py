"""Addresses of PostgreSQL: connections to other machines are encrypted and verified."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

SYSTEM_CERTIFICATES = 160_000
"""First version of PostgreSQL's library that finds the certificates of the system."""
TLS_HINT = (
    "connections to other machines verify the server's certificate; hint: name the authority with"
    " sslrootcert=FILE in the DSN, or choose another sslmode there"
)


def verified(dsn: str, environ: Mapping[str, str] | None = None) -> str:
    """Return an address with ``sslmode=verify-full`` if it is on another machine.

    An ``sslmode`` of the address, of ``PGSSLMODE`` or of a service file is kept.

    >>> verified("host=localhost dbname=shop", {})
    'host=localhost dbname=shop'
    >>> parse_dsn(verified("postgresql://reader@db.example.com/shop", {}))["sslmode"]
    'verify-full'

    Raises:
        psycopg2.ProgrammingError: the text is not an address.
    """
    environ = os.environ if environ is None else environ
    parts = parse_dsn(dsn)
    if parts.get("sslmode") or environ.get("PGSSLMODE"):
        return dsn
    if parts.get("service") or environ.get("PGSERVICE"):
        return dsn
    hosts = parts.get("hostaddr") or parts.get("host") or environ.get("PGHOST") or ""
    if all(map(_is_this_machine, hosts.split(","))):
        return dsn
    more = {"sslmode": "verify-full"}
    own = Path.home() / ".postgresql" / "root.crt"
    named = parts.get("sslrootcert") or environ.get("PGSSLROOTCERT") or own.exists()
    if not named and psycopg2.__libpq_version__ >= SYSTEM_CERTIFICATES:
        more["sslrootcert"] = "system"
    return str(make_dsn(dsn, **more))


def tls_hint(error: object) -> str:
    """Return a hint for an error of a connection that TLS rejected; otherwise an empty text."""
    text = str(error).lower()
    return TLS_HINT if any(word in text for word in ("ssl", "certificate", "root.crt")) else ""


def _is_this_machine(host: str) -> bool:
    host = host.strip()
    if not host or host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

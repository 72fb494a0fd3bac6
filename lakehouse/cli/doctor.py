"""`lakehouse doctor`: check that this machine and these settings can run the lakehouse."""

import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from lakehouse.cli.messages import DEBUG_REMARK, CommandError, inform, one_line
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import (
    INTERNAL_VARIABLES,
    OTHER_VARIABLES,
    PREFIX,
    Setting,
    Settings,
    SettingsError,
    platform_settings,
)

if TYPE_CHECKING:
    from lakehouse.platform.tables.domain_spec import DomainSpec

LEAST_DISK, LEAST_MEMORY = 2.0, 2.0
"""Gigabytes that the lake of a laptop needs."""
OLDEST_JAVA = 17
GUIDE = "docs/settings.md"


class Level(StrEnum):
    """Result of one check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One check of the doctor with its result, as one row of the output."""

    verdict: Level
    what: str
    found: str
    hint: str | None = None


@click.command()
@format_option
def doctor(form: str) -> None:
    """Check the settings and this machine.

    Checks the settings of the platform and of every domain, the lake and the landing zone (disk or
    S3), the PostgreSQL databases of the domains, disk space, memory, Dagster's home, Java when the
    engine is Spark, and the port. Each row is ok, warn or fail, with a hint. Warns about
    LAKEHOUSE_ variables that nothing reads. Secrets are never printed. Exit code 1 when a check
    fails.

    Example:
      lakehouse doctor
    """
    rows = list(_diagnoses())
    columns = ("verdict", "what", "found", "hint")
    print_rows(columns, ([getattr(row, name) for name in columns] for row in rows), form)
    failed = [row for row in rows if row.verdict is Level.FAIL]
    if failed:
        raise CommandError(f"{len(failed)} of {len(rows)} checks failed", failed[0].hint)
    inform("ready")


def _diagnoses() -> Iterator[Diagnosis]:
    from lakehouse.platform.tables.domains import domain_names, load_spec

    specs = [load_spec(name) for name in domain_names()]
    try:
        settings = Settings.from_env()
        _ = settings.home
        for spec in specs:
            spec.require_usable(settings)
    except SettingsError as error:
        yield Diagnosis(verdict=Level.FAIL, what="settings", found=str(error), hint=GUIDE)
        return
    yield from _settings(specs)
    yield _store("lake", "LAKEHOUSE_ROOT", settings.root)
    yield _store("landing zone", "LAKEHOUSE_LANDING", settings.landing)
    for spec in specs:
        yield from _databases(spec, settings)
    for check in (_memory, _home, _java, _port, _access):
        found = check(settings)
        if found is not None:
            yield found
    yield from _disks(settings)


def _settings(specs: "list[DomainSpec]") -> Iterator[Diagnosis]:
    """Report the variables that are set, without secrets, and those that nothing reads."""
    declared: dict[str, Setting[Any]] = {each.variable(): each for each in platform_settings()}
    for spec in specs:
        declared |= {each.variable(spec.name): each for each in spec.settings}
    given = [
        f"{variable}={'(secret)' if setting.secret else os.environ[variable].strip()}"
        for variable, setting in declared.items()
        if os.environ.get(variable, "").strip()
    ]
    found = ", ".join(given) or "defaults only"
    yield Diagnosis(verdict=Level.OK, what="settings", found=found)
    known = [*declared, *OTHER_VARIABLES]
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable not in {*known, *INTERNAL_VARIABLES}:
            yield _undeclared(variable, known, specs)


def _undeclared(variable: str, known: list[str], specs: "list[DomainSpec]") -> Diagnosis:
    """Warn about a variable that no setting declares, perhaps a misspelled one."""
    owner = next((s for s in specs if variable.startswith(f"{PREFIX}{s.name.upper()}_")), None)
    nobody = f"domain {owner.name} declares no such setting" if owner else "nothing reads it"
    possible = [each.variable(owner.name) for each in owner.settings] if owner else known
    names = [each.removeprefix(PREFIX) for each in possible]
    near = get_close_matches(variable.removeprefix(PREFIX), names, n=1)
    return Diagnosis(
        verdict=Level.WARN,
        what="settings",
        found=f"{variable} is set, but {nobody}",
        hint=f"did you mean {PREFIX}{near[0]}?" if near else f"{GUIDE} lists every variable",
    )


def _store(what: str, variable: str, uri: str) -> Diagnosis:
    """Check that objects can be written, read, listed and deleted below a root."""
    from lakehouse.platform.storage.disk import DiskStore
    from lakehouse.platform.storage.object_store import ObjectStore

    probe = f"doctor-{uuid4().hex}/probe"
    try:
        store = ObjectStore.at(uri)
        if isinstance(store, DiskStore) and not Path(store.uri).is_dir():
            return _missing_store(what, variable, Path(store.uri))
        try:
            store.write(probe, b"lakehouse")
            if store.read(probe) != b"lakehouse" or not list(
                store.entries(probe.split("/", maxsplit=1)[0])
            ):
                raise OSError("the object that was written is not read or listed again")
        finally:
            store.delete([probe])
            if isinstance(store, DiskStore):
                _remove_folder(Path(store.uri) / probe.split("/", maxsplit=1)[0])
    except Exception as error:  # noqa: BLE001  boto3, disk: every cause becomes a row
        return Diagnosis(
            verdict=Level.FAIL,
            what=what,
            found=f"{uri}: {_without_secrets(one_line(error).removesuffix(DEBUG_REMARK))}",
            hint=_store_hint(uri, variable, str(error)),
        )
    return Diagnosis(verdict=Level.OK, what=what, found=f"{store.uri}: written, read, listed")


def _missing_store(what: str, variable: str, folder: Path) -> Diagnosis:
    """Report a root that is not a folder; only the lake is created by itself."""
    if folder.exists() or folder.is_symlink():
        return Diagnosis(
            verdict=Level.FAIL,
            what=what,
            found=f"{folder} is not a folder",
            hint=f"correct {variable}",
        )
    if variable != "LAKEHOUSE_LANDING":
        return _missing_folder(what, folder)
    is_default = not os.environ.get(variable, "").strip()
    return Diagnosis(
        verdict=Level.WARN if is_default else Level.FAIL,
        what=what,
        found=f"{folder} does not exist",
        hint="lakehouse land, lakehouse demo and lakehouse up create it"
        if is_default
        else f"mkdir -p {shlex.quote(str(folder))}, or correct {variable}",
    )


def _missing_folder(what: str, folder: Path) -> Diagnosis:
    above = next(each for each in folder.parents if each.exists())
    if os.access(above, os.W_OK | os.X_OK):
        return Diagnosis(verdict=Level.OK, what=what, found=f"{folder}: created at first use")
    return Diagnosis(
        verdict=Level.FAIL,
        what=what,
        found=f"{folder} does not exist and {above} cannot be written",
        hint=f"sudo install -d -o $USER {folder}, or choose another folder",
    )


def _remove_folder(folder: Path) -> None:
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _store_hint(uri: str, variable: str, error: str) -> str:
    if not uri.startswith("s3://"):
        return f"give this user write access to the folder, or set {variable} to another one"
    for sign, hint in (
        ("credentials", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
        ("NoSuchBucket", f"create the bucket, or set {variable} to one that exists"),
        ("InvalidAccessKeyId", "this endpoint does not know AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY does not belong to the key"),
        ("AccessDenied", "allow s3:ListBucket, GetObject, PutObject and DeleteObject here"),
        ("403", "allow s3:ListBucket, GetObject, PutObject and DeleteObject here"),
        ("connect", "check AWS_ENDPOINT_URL and that the server runs"),
    ):
        if sign.lower() in error.lower():
            return hint
    return f"check {variable}, AWS_ENDPOINT_URL and the credentials"


def _without_secrets(text: str) -> str:
    """Return a message without AWS secrets and without passwords in URLs or DSNs."""
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        secret = os.environ.get(name)
        if secret:
            text = text.replace(secret, "***")
    text = re.sub(r"(://[^:/@\s]*:)[^@\s]*@", r"\1***@", text)
    return re.sub(r"(password\s*=\s*)('[^']*'|\S+)", r"\1***", text, flags=re.IGNORECASE)


def _databases(spec: "DomainSpec", settings: Settings) -> Iterator[Diagnosis]:
    """Check every PostgreSQL address that a domain declares."""
    for setting in spec.settings:
        if not setting.is_database:
            continue
        variable, dsn = setting.variable(spec.name), spec.read(setting, settings)
        if not dsn:
            found = [f"{variable} is not set ({setting.meaning})"]
            level = Level.OK
        else:
            from lakehouse.platform.connectors.postgres.probe import problems

            found = list(problems(spec.name, dsn, reads=setting.name == "dsn"))
            level = Level.FAIL if found else Level.OK
        yield Diagnosis(
            verdict=level,
            what=f"PostgreSQL of {spec.name}",
            found="; ".join(found) or "connected; every declared table can be read",
            hint=f"check {variable}, that the server runs, the role's rights and its search_path"
            if level is Level.FAIL
            else None,
        )


def _disks(settings: Settings) -> Iterator[Diagnosis]:
    """Measure the disk of the lake, if it is local, and that of Dagster's home."""
    from lakehouse.platform.storage.disk import DiskStore
    from lakehouse.platform.storage.object_store import ObjectStore

    store = ObjectStore.at(settings.root)
    if isinstance(store, DiskStore):
        yield _disk("disk of the lake", Path(store.uri), "lakehouse vacuum")
    yield _disk("disk of Dagster home", settings.home, "lakehouse prune")


def _disk(what: str, folder: Path, command: str) -> Diagnosis:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    usage = shutil.disk_usage(place)
    free = usage.free / 1e9
    enough = free >= LEAST_DISK
    return Diagnosis(
        verdict=Level.OK if enough else Level.WARN,
        what=what,
        found=f"{free:.1f} of {usage.total / 1e9:.1f} GB free at {place}",
        hint=None if enough else f"free disk space: {command}",
    )


def _memory(settings: Settings) -> Diagnosis:
    """Check the memory of the machine or of the container, whichever is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else ""
    if text.isdecimal():
        total = min(total, int(text) / 1e9)
    enough = total >= LEAST_MEMORY
    return Diagnosis(
        verdict=Level.OK if enough else Level.WARN,
        what="memory",
        found=f"{total:.1f} GB; the engine uses up to {settings.memory}",
        hint=None if enough else "lower LAKEHOUSE_MEMORY, for example to 500MB",
    )


def _home(settings: Settings) -> Diagnosis:
    home = settings.home
    if not home.exists():
        return _missing_folder("Dagster home", home)
    if not os.access(home, os.W_OK | os.X_OK):
        return Diagnosis(
            verdict=Level.FAIL,
            what="Dagster home",
            found=f"{home} cannot be written",
            hint="set DAGSTER_HOME to a folder that this user can write",
        )
    configured = (home / "dagster.yaml").exists()
    found = f"{home}" if configured else f"{home}: dagster.yaml is created at first use"
    return Diagnosis(verdict=Level.OK, what="Dagster home", found=found)


def _java(settings: Settings) -> Diagnosis | None:
    if settings.engine != "spark":
        return None
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        return Diagnosis(
            verdict=Level.FAIL,
            what="Spark",
            found="pyspark is not installed",
            hint="pip install 'lakehouse[spark]', or LAKEHOUSE_ENGINE=duckdb",
        )
    program = Path(os.environ.get("JAVA_HOME", "")) / "bin" / "java"
    java = str(program) if os.environ.get("JAVA_HOME") else shutil.which("java")
    version = _java_version(java) if java else None
    if version is None or version < OLDEST_JAVA:
        return Diagnosis(
            verdict=Level.FAIL,
            what="Java",
            found=f"Java {version}" if version else "Java is not installed",
            hint=f"install Java {OLDEST_JAVA} or newer (apt install default-jre-headless)",
        )
    return Diagnosis(verdict=Level.OK, what="Java", found=f"Java {version} for Spark")


def _java_version(java: str) -> int | None:
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20)  # noqa: PLW1510
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found[1]) if found else None


def _port(settings: Settings) -> Diagnosis:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return Diagnosis(
                verdict=Level.WARN,
                what="port",
                found=f"{settings.host}:{settings.port}: {error.strerror}",
                hint="expected while lakehouse up runs; otherwise set LAKEHOUSE_PORT",
            )
    return Diagnosis(
        verdict=Level.OK, what="port", found=f"{settings.host}:{settings.port} is free"
    )


def _access(settings: Settings) -> Diagnosis:
    """Say who can use the web pages that `lakehouse up` serves."""
    from lakehouse.platform.web.access import is_loopback, policy_of

    try:
        login = policy_of(settings, settings.host).login
    except SettingsError as error:
        found, _, hint = str(error).partition(" hint: ")
        return Diagnosis(
            verdict=Level.FAIL, what="web pages", found=found, hint=hint or "docs/deploy.md"
        )
    reach = "this machine alone" if is_loopback(settings.host) else "other machines"
    asked = "with a login" if login else "without a login: every user of this machine"
    return Diagnosis(verdict=Level.OK, what="web pages", found=f"reached by {reach}, {asked}")

"""Fixtures for every test. A server starts when the first test asks for it, once per worker."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lakehouse.platform.tables import code_facts
from lakehouse.settings import Settings
from lakehouse_tests import servers

HERE = Path(__file__).parent


SERVERS = frozenset({"s3", "postgres", "by_spark", "cluster", "page", "services"})
"""Fixtures that start a server, a cluster or a browser."""
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of Java for processes that end before optimized code pays off."""

SLOW = ("stories", "dashboard", "e2e", "docs", "domains", "cli", "demo", "tools")
"""Folders whose tests load complete lakes or start processes; `make test-fast` leaves them out."""
SLOW_MODULES = frozenset(
    {
        "test_audit",
        "test_commit_concurrency",
        "test_erasure",
        "test_importing",
        "test_listing",
        "test_replay",
        "test_search",
        "test_session",
        "test_upgrade",
    }
)
"""Other modules of that kind."""


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("LAKEHOUSE_SILENCE_DAYS", "0")  # tests deliver days of past years
    os.environ.setdefault("JDK_JAVA_OPTIONS", QUICK_JAVA)
    if code_facts.SHARED not in os.environ:  # workers and child processes have that of the first
        kept = tempfile.TemporaryDirectory(prefix="lakehouse-facts-")
        config.add_cleanup(kept.cleanup)
        os.environ[code_facts.SHARED] = kept.name
    config.addinivalue_line("markers", "s3: runs against a real S3 server")
    config.addinivalue_line("markers", "postgres: runs against a real PostgreSQL server")
    config.addinivalue_line("markers", "as_of(wanted): whether the run of the as-of tables is made")
    config.addinivalue_line("markers", "server: needs a server, a cluster or a browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test-fast` leaves out: those with servers, and slow folders."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("s3"):
            item.add_marker(pytest.mark.server)
        if item.path.relative_to(HERE).parts[0] in SLOW or item.path.stem in SLOW_MODULES:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _same_dagster_home() -> Iterator[None]:
    """Give the next test the ``DAGSTER_HOME`` that this one began with."""
    home = os.environ.get("DAGSTER_HOME")
    yield
    if home is None:
        os.environ.pop("DAGSTER_HOME", None)
    else:
        os.environ["DAGSTER_HOME"] = home


@pytest.fixture(scope="session")
def s3() -> Iterator[servers.S3Server]:
    """An S3 server with a bucket; the AWS_* variables of this process point to it."""
    try:
        with servers.seaweedfs() as server, pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
            for name, value in server.environment.items():
                patch.setenv(name, value)
            yield server
    except servers.ServerMissing as missing:
        _without(missing)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """DSN of a PostgreSQL server."""
    try:
        with servers.postgres() as dsn:
            yield dsn
    except servers.ServerMissing as missing:
        _without(missing)


@pytest.fixture(scope="session")
def spark_home() -> Iterator[Path]:
    """Folder for the files of Spark's workers; the Spark session of this process ends with it."""
    from lakehouse_tests.platform.engines import spark

    spark.require_spark()
    with tempfile.TemporaryDirectory(prefix="spark-", ignore_cleanup_errors=True) as home:
        yield Path(home)
        spark.end_java()


@pytest.fixture(scope="session")
def by_spark(spark_home: Path) -> Settings:
    """Settings with which Spark computes every table, on this machine or on the cluster."""
    from lakehouse_tests.platform.engines.spark import spark_settings

    return spark_settings()


@pytest.fixture
def cluster(spark_home: Path) -> Settings:
    """Settings with which a cluster of two workers computes every table."""
    from lakehouse_tests.platform.engines.spark import spark_cluster

    return spark_cluster(spark_home)


@pytest.fixture(params=["disk", pytest.param("s3", marks=pytest.mark.s3)])
def lake_root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Root of an empty lake, once on disk and once on S3."""
    if request.param == "disk":
        return str(tmp_path / "lake")
    server: servers.S3Server = request.getfixturevalue("s3")
    return f"s3://{server.bucket}/{uuid.uuid4().hex}"


def _without(missing: servers.ServerMissing) -> NoReturn:
    """Skip on a machine that lacks a server; fail where CI promises to have it."""
    if os.environ.get("CI"):
        pytest.fail(str(missing))
    pytest.skip(str(missing))

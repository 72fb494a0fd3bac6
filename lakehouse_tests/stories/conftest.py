"""Fixtures that make worlds: a landing zone, a lake and a Dagster instance, on disk or S3."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.transform import as_of
from lakehouse.settings import Settings
from lakehouse_tests import servers
from lakehouse_tests.stories.world import World

Make = Callable[..., World]


BOTH_RUNTIMES = pytest.mark.parametrize("runtime", ["local", "stock"], indirect=True)
"""Runs a story with the SQLite storage of lakehouse and with that of Dagster."""


IN_MEMORY = pytest.mark.parametrize("runtime", ["memory"], indirect=True)
"""Runs a story with records in memory, where a run without a process does not count as dead."""


@pytest.fixture
def runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Runtime of Dagster's instances; None keeps their records in memory.

    ``LAKEHOUSE_RUNTIME=stock pytest lakehouse_tests/stories`` runs every story on the stock one.
    """
    chosen: str = getattr(request, "param", None) or os.environ.get("LAKEHOUSE_RUNTIME", "local")
    if chosen == "memory":
        return None
    monkeypatch.setenv("LAKEHOUSE_RUNTIME", chosen)
    return chosen


@pytest.fixture(autouse=True)
def _as_of_tables_only_where_looked_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave out the run of the as-of tables, half of the work, under ``@pytest.mark.as_of(False)``.

    The closest mark counts: a test of a module that is marked may want them.
    """
    mark = request.node.get_closest_marker("as_of")
    if mark is not None and not mark.args[0]:
        monkeypatch.setattr(as_of, "out_of_date", lambda *_: {})


@pytest.fixture
def make_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str | None
) -> Iterator[Make]:
    """Return a function that makes worlds; the environment is that of the newest world."""
    opened: list[dg.DagsterInstance] = []
    for name in [name for name in os.environ if name.startswith("LAKEHOUSE_")]:
        if name == code_facts.SHARED:
            continue
        monkeypatch.delenv(name, raising=False)
    if runtime:
        monkeypatch.setenv("LAKEHOUSE_RUNTIME", runtime)
        monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", ""))

    def new_instance() -> dg.DagsterInstance:
        if not runtime:
            return dg.DagsterInstance.ephemeral()
        home = os.environ["DAGSTER_HOME"]
        instance = prepare_instance(tmp_path / uuid.uuid4().hex, runtime)
        os.environ["DAGSTER_HOME"] = home  # a story may set its own
        return instance

    def make(root: str | None = None, *, domain: str = "mrhealth", **settings: str) -> World:
        place = root or str(tmp_path / uuid.uuid4().hex)
        defaults = {"ROOT": f"{place}/lake", "LANDING": f"{place}/landing", "QUIET_SECONDS": "0"}
        defaults["SILENCE_DAYS"] = "0"  # stories happen years ago
        for name, value in {**defaults, **settings}.items():
            monkeypatch.setenv(f"LAKEHOUSE_{name}", value)
        instance = new_instance()
        opened.append(instance)
        return World(domain=load_domain(domain), settings=Settings.from_env(), instance=instance)

    yield make
    for instance in opened:
        instance.dispose()


@pytest.fixture(params=["disk", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the root of a world, once on disk and once on S3."""
    if request.param == "disk":
        return str(tmp_path / "world")
    server: servers.S3Server = request.getfixturevalue("s3")
    return f"s3://{server.bucket}/{uuid.uuid4().hex}"


@pytest.fixture
def world(make_world: Make, tmp_path: Path) -> World:
    """Return an empty world on disk."""
    return make_world(str(tmp_path / "world"))


@pytest.fixture
def anywhere(make_world: Make, place: str) -> World:
    """Return an empty world, once on disk and once on S3."""
    return make_world(place)

"""A run that is killed at any step is finished by the next run, with the same result."""

import datetime as dt
import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.failpoints import RUN, STORAGE
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.orchestration import local_runs
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests import servers
from lakehouse_tests.stories.conftest import BOTH_RUNTIMES
from lakehouse_tests.stories.driver import Driver
from lakehouse_tests.stories.fork_server import ForkServer, fork_server
from lakehouse_tests.stories.test_histories import chain
from lakehouse_tests.stories.world import MON, TUE, items, night, orders, reference

IN_A_RUN = tuple(name for name in STORAGE if name not in ("storage.evolved", "storage.vacuuming"))
LATER_HITS = ("storage.staged:9", "storage.publishing:6", "storage.published:14")
EVERY = (*RUN, *IN_A_RUN, *LATER_HITS, "materialize.committed:3", "ingest.deliveries_committed:2")
SOME = ("ingest.bronze_committed", "materialize.companion_committed:2", "storage.published:9")


@dataclass(frozen=True)
class Place:
    """A landing zone, a lake with its first deliveries, and the expected lake with all of them."""

    root: str
    before: str
    finished: dict[str, dict[dt.date, str]]
    """The data version of each day of every table in the expected lake."""

    def settings(self, lake: str) -> Settings:
        return Settings(
            root=lake, landing=f"{self.root}/landing", threads=1, quiet_seconds=0, silence_days=0
        )

    def copied(self) -> Settings:
        """Copy the lake with the first deliveries; return its settings."""
        root = f"{self.root}/{uuid.uuid4().hex}"
        copy(self.before, root)
        return self.settings(root)


def versions(lake: Lake) -> dict[str, dict[dt.date, str]]:
    return {
        table.name: {f.day: f.data_version for f in lake.table(table).snapshot().files}
        for table in lake.tables()
        if table.table != "data_quality_log"  # has a row per run, killed ones included
    }


def copy(source: str, target: str) -> None:
    original, copied = ObjectStore.at(source), ObjectStore.at(target)
    for entry in original.entries():
        copied.write(entry.path, original.read(entry.path))


def land(root: str, files: dict[str, str], moment: dt.datetime) -> None:
    store = ObjectStore.at(f"{root}/landing")
    for path, content in files.items():
        store.write(path, content.encode())
        if isinstance(store, DiskStore):
            os.utime(Path(store.uri) / path, (moment.timestamp(), moment.timestamp()))


def prepared(root: str) -> Place:
    """Make a lake with one day; then deliver a correction, a new day and an order of that day."""
    moment = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)
    first = {f"mrhealth/{MON}/reference/{name}": content for name, content in reference().items()}
    first |= night(MON, 1, "10.00", "20.00") | night(MON, 2, "5.00")
    land(root, first, moment)
    ingested(
        Settings(
            root=f"{root}/before",
            landing=f"{root}/landing",
            threads=1,
            quiet_seconds=0,
            silence_days=0,
        )
    )
    later = {
        f"mrhealth/{MON}/unidade_001/reenvio/PEDIDO.csv": orders((1, 1, MON, "11.00")),
        f"mrhealth/{TUE}/unidade_001/PEDIDO.csv": orders((1, 7, TUE, "7.00"), (1, 8, MON, "8.00")),
        f"mrhealth/{TUE}/unidade_001/ITEM_PEDIDO.csv": items((7, 1, 10, 1, "6.00")),
    }
    land(root, later, moment + dt.timedelta(hours=1))
    copy(f"{root}/before", f"{root}/finished")
    place = Place(root=root, before=f"{root}/before", finished={})
    return replace(place, finished=ingested(place.settings(f"{root}/finished")))


def ingested(settings: Settings) -> dict[str, dict[dt.date, str]]:
    driver = Driver(domain=chain(), settings=settings)
    driver.run_pending()
    return versions(driver.lake)


def ingest_without_dagster(root: str, landing: str) -> None:
    """Run what is due without Dagster; called in a process of its own."""
    ingested(Settings(root=root, landing=landing, threads=1, quiet_seconds=0, silence_days=0))


def ingest_with_dagster(home: str) -> None:
    """Run what is due through Dagster; called in a process of its own."""
    with prepare_instance(Path(home)) as instance:
        ingested_with_dagster(Settings.from_env(), instance)


def ingested_with_dagster(
    settings: Settings, instance: dg.DagsterInstance
) -> dict[str, dict[dt.date, str]]:
    for result in local_runs.ingest(load_domain("mrhealth"), settings, instance):
        assert result.succeeded, result.problem
    return versions(Lake(settings.root))


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServer]:
    with fork_server() as started:
        yield started


@pytest.fixture(scope="module", params=["disk", pytest.param("s3", marks=pytest.mark.s3)])
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a prepared place, once on disk and once on S3."""
    if request.param == "disk":
        return prepared(str(tmp_path_factory.mktemp("killed")))
    server: servers.S3Server = request.getfixturevalue("s3")
    return prepared(f"s3://{server.bucket}/{uuid.uuid4().hex}")


def assert_finished_after_a_kill(place: Place, at: str, processes: ForkServer) -> None:
    killed = place.copied()
    status = processes.run(
        ingest_without_dagster, killed.root, killed.landing, LAKEHOUSE_FAILPOINT=at
    )
    assert status == -signal.SIGKILL
    assert versions(Lake(killed.root)) != place.finished
    assert ingested(killed) == place.finished


@pytest.mark.parametrize("at", EVERY)
@pytest.mark.parametrize("where", ["disk"], indirect=True)
def test_a_run_killed_at_any_step_is_finished_by_the_next_run(
    where: Place, at: str, processes: ForkServer
):
    assert_finished_after_a_kill(where, at, processes)


@pytest.mark.s3
@pytest.mark.parametrize("at", SOME)
@pytest.mark.parametrize("where", ["s3"], indirect=True)
def test_a_run_killed_on_s3_is_finished_by_the_next_run(
    where: Place, at: str, processes: ForkServer
):
    assert_finished_after_a_kill(where, at, processes)


@pytest.mark.chaos
@pytest.mark.s3
@pytest.mark.parametrize("at", sorted({*EVERY} - {*SOME}))
@pytest.mark.parametrize("where", ["s3"], indirect=True)
def test_a_run_killed_at_any_step_on_s3_is_finished_by_the_next_run(
    where: Place, at: str, processes: ForkServer
):
    assert_finished_after_a_kill(where, at, processes)


def assert_run_finished_after_a_kill(
    place: Place, at: str, processes: ForkServer, home: Path, patch: pytest.MonkeyPatch
) -> None:
    """Kill a run of Dagster together with its records in SQLite, and finish it."""
    killed, clean = place.settings(f"{place.root}/{uuid.uuid4().hex}"), place.copied()
    patch.setenv("LAKEHOUSE_LANDING", killed.landing)
    patch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    patch.setenv("DAGSTER_HOME", str(home))
    patch.setenv("LAKEHOUSE_ROOT", clean.root)
    with dg.DagsterInstance.ephemeral() as instance:
        finished = ingested_with_dagster(clean, instance)
    copy(place.before, killed.root)
    patch.setenv("LAKEHOUSE_ROOT", killed.root)
    status = processes.run(ingest_with_dagster, str(home), LAKEHOUSE_FAILPOINT=at)
    assert status == -signal.SIGKILL
    assert versions(Lake(killed.root)) != finished
    with prepare_instance(home) as instance:
        assert ingested_with_dagster(killed, instance) == finished


@BOTH_RUNTIMES
@pytest.mark.parametrize("at", ["materialize.committed:4"])
@pytest.mark.parametrize("where", ["disk"], indirect=True)
def test_a_dagster_run_killed_with_its_records_is_finished_by_the_next_run(
    where: Place,
    at: str,
    processes: ForkServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runtime: str,
):
    assert_run_finished_after_a_kill(where, at, processes, tmp_path / "home", monkeypatch)


@pytest.mark.chaos
@pytest.mark.parametrize("at", [*RUN, *IN_A_RUN])
def test_a_dagster_run_killed_at_any_step_is_finished_by_the_next_run(
    where: Place, at: str, processes: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert_run_finished_after_a_kill(where, at, processes, tmp_path / "home", monkeypatch)

"""A run that is killed at any step is finished by the next one, as if nothing had happened."""

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
from lakehouse_tests.stories.nursery import Nursery, nursery
from lakehouse_tests.stories.test_histories import chain
from lakehouse_tests.stories.world import MON, TUE, items, night, orders, reference

IN_A_RUN = tuple(name for name in STORAGE if name not in ("storage.evolved", "storage.vacuuming"))
LATER_HITS = ("storage.staged:9", "storage.publishing:6", "storage.published:14")
EVERY = (*RUN, *IN_A_RUN, *LATER_HITS, "materialize.committed:3", "ingest.deliveries_committed:2")
SOME = ("ingest.bronze_committed", "materialize.companion_committed:2", "storage.published:9")


@dataclass(frozen=True)
class Place:
    """One landing zone, a lake of its first deliveries, and that lake with the later ones."""

    root: str
    before: str
    finished: dict[str, dict[dt.date, str]]
    """Of every table what each day holds in the end, by digest."""

    def settings(self, lake: str) -> Settings:
        return Settings(root=lake, landing=f"{self.root}/landing", threads=1, quiet_seconds=0)

    def copied(self) -> Settings:
        """Settings of a lake like the one before."""
        root = f"{self.root}/{uuid.uuid4().hex}"
        copy(self.before, root)
        return self.settings(root)


def held(lake: Lake) -> dict[str, dict[dt.date, str]]:
    return {
        table.name: {f.day: f.data_version for f in lake.table(table).snapshot().files}
        for table in lake.tables()
        if table.table != "data_quality_log"  # tells of runs, and a killed one was one
    }


def copy(source: str, target: str) -> None:
    there, here = ObjectStore.at(source), ObjectStore.at(target)
    for entry in there.entries():
        here.write(entry.path, there.read(entry.path))


def land(root: str, files: dict[str, str], moment: dt.datetime) -> None:
    store = ObjectStore.at(f"{root}/landing")
    for path, content in files.items():
        store.write(path, content.encode())
        if isinstance(store, DiskStore):
            os.utime(Path(store.uri) / path, (moment.timestamp(), moment.timestamp()))


def prepared(root: str) -> Place:
    """A lake with one day in it; then a correction, a new day, and an order of the day before."""
    moment = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)
    first = {f"mrhealth/{MON}/reference/{name}": said for name, said in reference().items()}
    first |= night(MON, 1, "10.00", "20.00") | night(MON, 2, "5.00")
    land(root, first, moment)
    driven(Settings(root=f"{root}/before", landing=f"{root}/landing", threads=1, quiet_seconds=0))
    later = {
        f"mrhealth/{MON}/unidade_001/reenvio/PEDIDO.csv": orders((1, 1, MON, "11.00")),
        f"mrhealth/{TUE}/unidade_001/PEDIDO.csv": orders((1, 7, TUE, "7.00"), (1, 8, MON, "8.00")),
        f"mrhealth/{TUE}/unidade_001/ITEM_PEDIDO.csv": items((7, 1, 10, 1, "6.00")),
    }
    land(root, later, moment + dt.timedelta(hours=1))
    copy(f"{root}/before", f"{root}/finished")
    place = Place(root=root, before=f"{root}/before", finished={})
    return replace(place, finished=driven(place.settings(f"{root}/finished")))


def driven(settings: Settings) -> dict[str, dict[dt.date, str]]:
    driver = Driver(domain=chain(), settings=settings)
    driver.run_pending()
    return held(driver.lake)


def drive(root: str, landing: str) -> None:
    """In a process of its own: what has to run, runs, without Dagster."""
    driven(Settings(root=root, landing=landing, threads=1, quiet_seconds=0))


def ingest(home: str) -> None:
    """In a process of its own: one arrival cycle through Dagster."""
    with prepare_instance(Path(home)) as instance:
        whole(Settings.from_env(), instance)


def whole(settings: Settings, instance: dg.DagsterInstance) -> dict[str, dict[dt.date, str]]:
    for ran in local_runs.ingest(load_domain("mrhealth"), settings, instance):
        assert ran.succeeded, ran.problem
    return held(Lake(settings.root))


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as opened:
        yield opened


@pytest.fixture(scope="module", params=["disk", pytest.param("s3", marks=pytest.mark.s3)])
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A prepared place, once on disk and once on S3."""
    if request.param == "disk":
        return prepared(str(tmp_path_factory.mktemp("killed")))
    server: servers.S3Server = request.getfixturevalue("s3")
    return prepared(f"s3://{server.bucket}/{uuid.uuid4().hex}")


def killed_and_finished(place: Place, at: str, children: Nursery) -> None:
    mine = place.copied()
    status = children.run(drive, mine.root, mine.landing, LAKEHOUSE_FAILPOINT=at)
    assert status == -signal.SIGKILL
    assert held(Lake(mine.root)) != place.finished
    assert driven(mine) == place.finished


@pytest.mark.parametrize("at", EVERY)
@pytest.mark.parametrize("where", ["disk"], indirect=True)
def test_work_killed_at_any_step_is_finished_by_the_next(where: Place, at: str, children: Nursery):
    killed_and_finished(where, at, children)


@pytest.mark.s3
@pytest.mark.parametrize("at", SOME)
@pytest.mark.parametrize("where", ["s3"], indirect=True)
def test_work_killed_on_s3_is_finished_by_the_next(where: Place, at: str, children: Nursery):
    killed_and_finished(where, at, children)


@pytest.mark.chaos
@pytest.mark.s3
@pytest.mark.parametrize("at", sorted({*EVERY} - {*SOME}))
@pytest.mark.parametrize("where", ["s3"], indirect=True)
def test_work_killed_at_any_step_on_s3_is_finished_by_the_next(
    where: Place, at: str, children: Nursery
):
    killed_and_finished(where, at, children)


def run_killed_and_finished(
    place: Place, at: str, children: Nursery, home: Path, patch: pytest.MonkeyPatch
) -> None:
    """The same with whole runs of Dagster, their records in SQLite and killed with them."""
    mine, clean = place.settings(f"{place.root}/{uuid.uuid4().hex}"), place.copied()
    patch.setenv("LAKEHOUSE_LANDING", mine.landing)
    patch.setenv("LAKEHOUSE_QUIET_SECONDS", "0")
    patch.setenv("DAGSTER_HOME", str(home))
    patch.setenv("LAKEHOUSE_ROOT", clean.root)
    with dg.DagsterInstance.ephemeral() as instance:
        finished = whole(clean, instance)
    copy(place.before, mine.root)
    patch.setenv("LAKEHOUSE_ROOT", mine.root)
    status = children.run(ingest, str(home), LAKEHOUSE_FAILPOINT=at)
    assert status == -signal.SIGKILL
    assert held(Lake(mine.root)) != finished
    with prepare_instance(home) as instance:
        assert whole(mine, instance) == finished


@BOTH_RUNTIMES
@pytest.mark.parametrize("at", ["materialize.committed:4"])
@pytest.mark.parametrize("where", ["disk"], indirect=True)
def test_a_run_killed_with_its_records_is_finished_by_the_next(
    where: Place,
    at: str,
    children: Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runtime: str,
):
    run_killed_and_finished(where, at, children, tmp_path / "home", monkeypatch)


@pytest.mark.chaos
@pytest.mark.parametrize("at", [*RUN, *IN_A_RUN])
def test_a_run_killed_at_any_step_with_its_records_is_finished_by_the_next(
    where: Place, at: str, children: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_killed_and_finished(where, at, children, tmp_path / "home", monkeypatch)

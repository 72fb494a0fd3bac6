"""Executors ingest as one process does: the same tables and reports, also after faults."""

import contextlib
import datetime as dt
import functools
import gzip
import os
import random
import signal
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from lakehouse.platform.ingestion import workers
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.ingest import Ingested, ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.keep_files import Redact, as_delivered
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import PathRules
from lakehouse.platform.ingestion.read_day import DayReader, RejectedFile
from lakehouse.platform.ingestion.write_day import DayWriter, WrittenDay
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source
from lakehouse.settings import Settings
from lakehouse_tests import servers
from lakehouse_tests.platform.engines.spark import cluster_environment, executor_of, spark_cluster
from lakehouse_tests.platform.ingestion.landed import AT, ZONE, change_at

pytestmark = pytest.mark.server
SPEC = DomainSpec(name="shop", title="Shop", since=dt.date(2020, 1, 1))
SALES = Source(
    domain="shop",
    dataset="sales",
    description="Sales.",
    files=r"sales.*\.csv",
    columns={"id": "Number", "on": "Day", "amount": "Money"},
    business_day="on",
    per_file=True,
    key=("id",),
)
NOW = dt.datetime(2021, 6, 15, 12, tzinfo=ZONE)
DAYS = [dt.date(2021, 1, day) for day in (5, 6, 7, 8)]
HEADER = "id,on,amount\n"
TINY = 12 / (1 << 20)
"""MiB, so that a section of bronze has 32 rows."""


@pytest.fixture
def cluster(cluster: Settings) -> Settings:
    return replace(cluster, max_file_mb=1)


class Erased:
    """Persons who are removed by a function."""

    def __init__(self, redact: Redact) -> None:
        self.redact = redact

    def redaction(self, bronze: object, *, limit: int) -> Redact:
        return self.redact


@dataclass(frozen=True)
class Shop:
    """A landing zone with two lakes: one process and a cluster ingest the same files."""

    landing: str
    lakes: str
    cluster: Settings
    redact: Redact = as_delivered

    def put(self, path: str, data: bytes, at: dt.datetime = AT) -> None:
        store = ObjectStore.at(self.landing)
        store.write(f"shop/{path}", data)
        if not self.landing.startswith("s3://"):
            change_at(Path(self.landing, "shop", path), at)

    def intake(self, engine: str) -> Intake:
        root = f"{self.lakes}/{engine}"
        given = replace(self.cluster, engine=engine, root=root, landing=self.landing)
        rules = PathRules(spec=SPEC, sources=(SALES,), zone=ZONE)
        return Intake(
            spec=SPEC,
            landing=LandingZone(ObjectStore.at(self.landing), rules),
            lake=Lake(root, TINY),
            settings=replace(given, quiet_seconds=0),
            now=NOW,
            erased=lambda: Erased(self.redact),
        )

    def require_same(self, days: Sequence[dt.date] = DAYS, *, reread: bool = False) -> Ingested:
        """Ingest with both; everything that is stored and reported must be equal."""
        listing = self.intake("duckdb").listing(days)
        done: dict[str, Ingested] = {}
        for engine in ("duckdb", "spark"):
            intake = self.intake(engine)
            done[engine] = ingest(SALES.bronze, days, intake, listing, note={}, reread=reread)
        one, many = done.values()
        assert one.engine.startswith("this process")
        assert many.engine.startswith("spark")
        assert many.reports == one.reports
        assert (many.rows, many.unparsable) == (one.rows, one.unparsable)
        for table, expected in one.staged.tables.items():
            assert many.staged.tables[table].problems == expected.problems
            stored = [self.intake(engine).lake.table(table).snapshot() for engine in done]
            versions = [{f.day: (f.data_version, f.rows) for f in each.files} for each in stored]
            assert versions[0] == versions[1], table
        stores = [self.intake(engine).lake.store for engine in done]
        kept = [
            {each.path: store.read(each.path) for each in store.entries("raw/shop/objects")}
            for store in stores
        ]
        assert kept[0] == kept[1]
        return many


@pytest.fixture
def shop(tmp_path: Path, cluster: Settings) -> Shop:
    landing = tmp_path / "landing"
    landing.mkdir()
    return Shop(str(landing), str(tmp_path), cluster)


def rows(first: int, count: int, day: dt.date = DAYS[0]) -> str:
    return "".join(f"{n},{day},{n % 7}\n" for n in range(first, first + count))


def workbook() -> bytes:
    book = Workbook()
    assert book.active is not None
    for line in (["id", "on", "amount"], [901, "2021-01-05", 5], [902, "2021-01-06", 6]):
        book.active.append(line)
    to = BytesIO()
    book.save(to)
    return to.getvalue()


def zipped(text: str) -> bytes:
    to = BytesIO()
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr(zipfile.ZipInfo("sales.csv"), text)
    return to.getvalue()


ODD: dict[str, bytes] = {
    "plain.csv": (HEADER + rows(1, 70)).encode(),
    "two.csv": (HEADER + rows(500, 2)).encode(),
    "zipped.csv.gz": gzip.compress((HEADER + rows(100, 30)).encode(), mtime=0),
    "damaged.csv.gz": gzip.compress(HEADER.encode(), mtime=0)[:-6] + b"xx",
    "book.xlsx": workbook(),
    "archive.zip": zipped(HEADER + rows(200, 3)),
    "other_day.csv": (HEADER + rows(300, 3, DAYS[3])).encode(),
    "bad_lines.csv": (HEADER + rows(400, 3) + "1,2\n" * 40 + rows(410, 9)).encode(),
    "header.csv": HEADER.encode(),
    "empty.csv": b"",
    "no_column.csv": b"id,when\n1,2\n",
    "cut.csv": (HEADER + "1,2021-01-05,7").encode(),
    "latin.csv": (HEADER + "1,2021-01-05,r\xe9al\n").encode("latin-1"),
    "picture.csv": b"\x89PNG\r\n\x1a\n\0\0",
    "large.csv": b"x" * ((1 << 20) + 1),
    "bom.csv": "\ufeff".encode() + HEADER.encode() + b"7,2021-01-05,7\n",
}
"""File names, which follow ``sales_``, and their content."""


def put_odd_files(shop: Shop) -> None:
    for name, data in ODD.items():
        shop.put(f"{DAYS[0]}/sales_{name}", data)
    shop.put(f"{DAYS[0]}/sales_again.csv", ODD["two.csv"], AT + dt.timedelta(hours=1))
    shop.put(f"{DAYS[1]}/sales_copy.csv", ODD["two.csv"], AT + dt.timedelta(hours=2))
    shop.put(f"{DAYS[1]}/sales_future.csv", (HEADER + rows(600, 2)).encode(), NOW + 2 * (NOW - AT))
    shop.put(f"{DAYS[2]}/sales_only_a_header.csv", HEADER.encode())


@pytest.fixture(params=["whole days", "sections"])
def whole_day_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one task write a day, or several of them."""
    if request.param == "sections":
        monkeypatch.setattr(workers, "WHOLE_DAY_BYTES", -1)


@pytest.mark.usefixtures("whole_day_bytes")
def test_odd_files_become_the_same_tables_and_reports(shop: Shop):
    put_odd_files(shop)
    unreadable = Path(shop.landing, "shop", str(DAYS[0]), "sales_locked.csv")
    shop.put(f"{DAYS[0]}/sales_locked.csv", (HEADER + rows(700, 1)).encode())
    unreadable.chmod(0)
    done = shop.require_same()
    statuses = {"loaded", "superseded", "duplicate", "rejected", "held"}
    assert {"loaded", "duplicate", "rejected", "held"} <= {*done.files} <= statuses
    assert done.rows > 64
    assert done.unparsable > 32
    assert len(done.problems) >= 6
    unreadable.chmod(0o644)
    shop.put(f"{DAYS[0]}/sales_plain.csv", ODD["two.csv"], AT + dt.timedelta(hours=3))
    shop.put(f"{DAYS[0]}/sales_cut.csv", ODD["cut.csv"] + b"\n", AT + dt.timedelta(hours=3))
    shop.put(f"{DAYS[2]}/sales_back.csv", ODD["two.csv"], AT + dt.timedelta(hours=4))
    again = shop.require_same()
    assert again.files["superseded"] == 1
    lake = shop.intake("spark").lake
    before = read_deliveries(lake, "shop", "sales")
    assert shop.require_same(reread=True).files == again.files
    assert read_deliveries(lake, "shop", "sales") == before


@pytest.mark.usefixtures("whole_day_bytes")
@pytest.mark.parametrize("seed", [1, 2])
def test_random_deliveries_become_the_same_tables(shop: Shop, seed: int):
    chance = random.Random(seed)
    names = [f"{day}/sales_{n}.csv" for day in DAYS for n in range(12)]
    for delivery in range(2):
        for path in chance.sample(names, 30):
            name = chance.choice([*ODD])
            number = chance.randrange(3_000)
            random_rows = (HEADER + rows(number, chance.randrange(90))).encode()
            own = path + ".gz" if name.endswith(".gz") else path
            data = chance.choice([ODD[name], random_rows]) if own == path else ODD[name]
            shop.put(own, data, AT + dt.timedelta(hours=delivery, seconds=chance.randrange(9)))
        done = shop.require_same()
        assert done.rows > 100


def kill_once(marker: Path) -> None:
    """Kill the executor of this task, but only once."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(executor_of(os.getpid()), signal.SIGKILL)


def kill_while_keeping(data: bytes, name: str, *, marker: Path) -> bytes:
    if name.endswith("bad_lines.csv"):
        kill_once(marker)
    return data


@dataclass(frozen=True, kw_only=True)
class KillingWriter(DayWriter):
    """Its executor ends after the first task has written the files of its day."""

    marker: Path

    def write(self, day: dt.date, deliveries: Sequence[Delivery]) -> WrittenDay:
        written = super().write(day, deliveries)
        kill_once(self.marker)
        return written


@dataclass(frozen=True, kw_only=True)
class KillingReader(DayReader):
    """Its executor ends while a task reads the rows of a section."""

    marker: Path

    def read_file(self, delivery: Delivery) -> CsvFile | RejectedFile:
        if delivery.version:  # resolved, so this is not the first reading, which only counts
            kill_once(self.marker)
        return super().read_file(delivery)


@pytest.mark.parametrize("phase", ["keeping", "writing a day", "writing a section"])
def test_an_executor_that_is_killed_costs_a_retry_and_no_row(
    shop: Shop, tmp_path: Path, phase: str, monkeypatch: pytest.MonkeyPatch
):
    put_odd_files(shop)
    days = DAYS
    one = replace(shop, lakes=str(tmp_path / "expected"))
    expected = one.require_same().rows
    marker = tmp_path / "killed"
    intake = shop.intake("spark")
    if phase == "keeping":
        redact = functools.partial(kill_while_keeping, marker=marker)
        intake = replace(shop, redact=redact).intake("spark")
    elif phase == "writing a section":
        monkeypatch.setattr(workers, "WHOLE_DAY_BYTES", -1)
        reader = functools.partial(KillingReader, marker=marker)
        monkeypatch.setattr("lakehouse.platform.ingestion.ingest.DayReader", reader)
    else:
        writer = functools.partial(KillingWriter, marker=marker)
        monkeypatch.setattr("lakehouse.platform.ingestion.ingest.DayWriter", writer)
    done = ingest(SALES.bronze, days, intake, intake.listing(days), note={})
    assert marker.exists()
    assert done.rows == expected
    for table in done.staged.tables:
        found = [each.lake.table(table).snapshot() for each in (intake, one.intake("duckdb"))]
        versions = [{file.day: file.data_version for file in each.files} for each in found]
        assert versions[0] == versions[1]


@dataclass(frozen=True, kw_only=True)
class RunKillingWriter(DayWriter):
    """It kills the run after a task has written the files of a day."""

    run: int

    def write(self, day: dt.date, deliveries: Sequence[Delivery]) -> WrittenDay:
        written = super().write(day, deliveries)
        os.kill(self.run, signal.SIGKILL)
        return written


def ingest_until_killed(place: str, home: str) -> None:
    """Ingest with a cluster of its own; called in a process of its own."""
    shop = Shop(f"{place}/landing", place, replace(spark_cluster(Path(home)), max_file_mb=1))
    intake = shop.intake("spark")
    writer = functools.partial(RunKillingWriter, run=os.getpid())
    pytest.MonkeyPatch().setattr("lakehouse.platform.ingestion.ingest.DayWriter", writer)
    ingest(SALES.bronze, DAYS, intake, intake.listing(DAYS), note={})


def test_a_run_killed_while_executors_write_leaves_nothing_and_is_repeated(
    shop: Shop, tmp_path: Path, spark_home: Path
):
    put_odd_files(shop)
    call = f"{ingest_until_killed.__name__}({str(tmp_path)!r}, {str(spark_home)!r})"
    command = [sys.executable, "-c", f"from {__name__} import *; {call}"]
    given = os.environ | cluster_environment(spark_home)
    assert subprocess.run(command, env=given, check=False).returncode == -signal.SIGKILL
    lake = shop.intake("spark").lake
    bronze = lake.table(SALES.bronze.id)
    assert not bronze.exists()
    assert read_deliveries(lake, "shop", "sales") == []
    assert [*lake.store.entries(bronze.id.path)]
    shop.require_same()
    bronze.vacuum(retention=dt.timedelta(), dry_run=False)
    left = {entry.path for entry in lake.store.entries(bronze.id.path) if "/day=" in entry.path}
    assert left == {f"{bronze.id.path}/{path}" for path in bronze.snapshot().paths}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Fill a disk, as another program does."""
    with (disk / "full").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def fill_while_keeping(data: bytes, name: str, *, disk: Path) -> bytes:
    fill(disk)
    return data


@dataclass(frozen=True, kw_only=True)
class FillingWriter(DayWriter):
    """The disk is full before a task writes the files of a day."""

    disk: Path

    def write(self, day: dt.date, deliveries: Sequence[Delivery]) -> WrittenDay:
        fill(self.disk)
        return super().write(day, deliveries)


@pytest.mark.parametrize("phase", ["keeping", "writing a day"])
def test_a_full_disk_of_an_executor_is_named_and_the_next_run_goes_on(
    shop: Shop, small_disk: Path, phase: str, monkeypatch: pytest.MonkeyPatch
):
    put_odd_files(shop)
    shop = replace(shop, lakes=str(small_disk))
    redact: Redact = functools.partial(fill_while_keeping, disk=small_disk)
    with monkeypatch.context() as patch:
        if phase == "writing a day":
            writer = functools.partial(FillingWriter, disk=small_disk)
            patch.setattr("lakehouse.platform.ingestion.ingest.DayWriter", writer)
            redact = as_delivered
        intake = replace(shop, redact=redact).intake("spark")
        with pytest.raises(StorageError, match=r"a disk is full.* hint: free space on it"):
            ingest(SALES.bronze, DAYS, intake, intake.listing(DAYS), note={})
    assert not intake.lake.table(SALES.bronze.id).exists()
    (small_disk / "full").unlink()
    shop.require_same()


def test_damaged_kept_bytes_are_named_as_by_one_process(shop: Shop):
    shop.put(f"{DAYS[0]}/sales_1.csv", ODD["two.csv"])
    shop.require_same()
    message = r"kept file .* other bytes .* hint: `lakehouse repair"
    for engine in ("duckdb", "spark"):
        intake = shop.intake(engine)
        (kept,) = intake.lake.store.entries("raw/shop/objects")
        Path(intake.lake.root, kept.path).write_bytes(b"other")
        with pytest.raises(StorageError, match=message):
            ingest(SALES.bronze, DAYS, intake, intake.listing(DAYS), note={})


@pytest.mark.s3
@pytest.mark.usefixtures("whole_day_bytes")
def test_executors_ingest_from_s3_to_s3(cluster: Settings, s3: servers.S3Server):
    place = f"s3://{s3.bucket}/{uuid.uuid4().hex}"
    shop = Shop(f"{place}/landing", place, cluster)
    put_odd_files(shop)
    done = shop.require_same([*DAYS])
    assert done.files["rejected"] >= 5

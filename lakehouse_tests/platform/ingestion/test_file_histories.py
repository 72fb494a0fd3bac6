"""Random histories of landed files, against a simple oracle of ``docs/versions.md``."""

import datetime as dt
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.deliveries import DeliveredFiles, read_deliveries
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.keep_files import Redact, as_delivered
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import PathRules
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Status
from lakehouse.platform.tables.source import Source
from lakehouse.settings import Settings
from lakehouse_tests.platform.ingestion import landed
from lakehouse_tests.platform.ingestion.landed import FIFTH, NOW, ZONE, change_at, source

SPEC = replace(landed.SPEC, ignored_folders=("reenvio", "copia"))

BY_UNIT = source("orders", r"pedido\.csv")
BY_FILE = replace(BY_UNIT, per_file=True)
COUNTING_COPIES = replace(BY_FILE, counts_copies=True)
PATHS = tuple(
    f"mrhealth/{FIFTH}/unidade_{unit}/{folder}PEDIDO.csv"
    for unit in (1, 2)
    for folder in ("", "reenvio/", "copia/")
)
CONTENTS = ("Id\n1\n", "Id\n2\n", "Id\n3\n", "Id\n", "Id\n1\n2\n")
"""The first three have the same size; one has a header only."""
TIMES = tuple(NOW + dt.timedelta(hours=hours) for hours in (-72, -48, -24, -1, 24 * 365))

path = st.sampled_from(PATHS)
moment = st.sampled_from(TIMES)
keeps_time = st.booleans()


@dataclass(frozen=True)
class Put:
    """Write a file, new or over another one."""

    path: str
    content: str
    at: dt.datetime


@dataclass(frozen=True)
class Delete:
    path: str


@dataclass(frozen=True)
class Copy:
    """Copy or move a file to another path, which may exist."""

    path: str
    to: str
    at: dt.datetime | None
    """New modification time; None keeps it."""
    moved: bool


@dataclass(frozen=True)
class Touch:
    path: str
    at: dt.datetime


@dataclass(frozen=True)
class Restore:
    """Bring back what a path contained at some time before."""

    path: str
    which: int


@dataclass(frozen=True)
class Load:
    """Ingest; with ``checksum`` every file is read."""

    checksum: bool


Event = Put | Delete | Copy | Touch | Restore | Load
histories = st.lists(
    st.builds(Put, path, st.sampled_from(CONTENTS), moment)
    | st.builds(Put, path, st.sampled_from(CONTENTS), moment)
    | st.builds(Delete, path)
    | st.builds(Copy, path, path, st.none() | moment, st.booleans())
    | st.builds(Touch, path, moment)
    | st.builds(Restore, path, st.integers(0, 5))
    | st.builds(Load, st.booleans())
    | st.builds(Load, st.just(False)),
    min_size=4,
    max_size=16,
)

File = tuple[str, dt.datetime]
"""Content and modification time."""


@dataclass
class Landing:
    """The files of a landing zone, and all that each path contained before."""

    root: Path
    files: dict[str, File] = field(default_factory=dict)
    earlier: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))

    def play(self, event: Event) -> None:
        match event:
            case Put(path, content, at):
                self.write(path, (content, at))
            case Touch(path, at) if path in self.files:
                self.write(path, (self.files[path][0], at))
            case Restore(path, which) if self.earlier[path]:
                self.write(path, self.earlier[path][which % len(self.earlier[path])])
            case Copy(path, to, at, moved) if path in self.files and path != to:
                content, was = self.files[path]
                self.write(to, (content, at or was))
                if moved:
                    self.delete(path)
            case Delete(path) if path in self.files:
                self.delete(path)

    def write(self, path: str, file: File) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file[0])
        change_at(place, file[1])
        self.files[path] = file
        self.earlier[path].append(file)

    def delete(self, path: str) -> None:
        (self.root / path).unlink()
        del self.files[path]


@dataclass
class Oracle:
    """The rules of versions, without any moment: each path remembers what was seen there last."""

    source: Source
    seen: dict[str, File] = field(default_factory=dict)
    current: dict[object, str] = field(default_factory=dict)
    ever: dict[object, set[str]] = field(default_factory=lambda: defaultdict(set))

    def load(self, files: dict[str, File], *, checksum: bool) -> None:
        changed = [
            (at, path, content)
            for path, (content, at) in files.items()
            if not self.looks_known(path, (content, at), checksum=checksum)
        ]
        for at, path, content in sorted(changed):
            self.see(path, content)
            self.seen[path] = (content, at)

    def looks_known(self, path: str, file: File, *, checksum: bool) -> bool:
        if path not in self.seen:
            return False
        (content, at), (seen, seen_at) = file, self.seen[path]
        return (len(content), at) == (len(seen), seen_at) and (content == seen or not checksum)

    def see(self, path: str, content: str) -> None:
        unit = path.split("/")[2]
        delivery: object = path if self.source.per_file else unit
        identity: object = path if self.source.counts_copies else unit
        is_touched = path in self.seen and self.seen[path][0] == content
        is_copy = path not in self.seen and content in self.ever[identity]
        self.ever[identity].add(content)
        if not is_touched and not is_copy:
            self.current[delivery] = content


def load(source: Source, place: Path, *, checksum: bool) -> Lake:
    rules = PathRules(spec=SPEC, sources=(source,), zone=ZONE)
    lake = Lake(str(place / "lake"))
    intake = Intake(
        spec=SPEC,
        landing=LandingZone(ObjectStore.at(str(place / "landing")), rules),
        lake=lake,
        settings=Settings(root=lake.root, landing=str(place / "landing"), quiet_seconds=0),
        now=NOW,
        erased=Nobody,
    )
    listing = intake.listing([FIFTH])
    ingest(source.bronze, [FIFTH], intake, listing, note={}, reread=checksum)
    delivered = DeliveredFiles(lake, "mrhealth")
    assert [file.path for file in listing.files if not delivered.has(file)] == []
    return lake


class Nobody:
    def redaction(self, bronze: object, *, limit: int) -> Redact:
        return as_delivered


def compare(history: Sequence[Event], source: Source) -> None:
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        place = Path(folder)
        landing, oracle = Landing(place / "landing"), Oracle(source)
        landing.root.mkdir()
        for event in [*history, Load(checksum=False)]:
            if isinstance(event, Load):
                oracle.load(landing.files, checksum=event.checksum)
                lake = load(source, place, checksum=event.checksum)
                require_same(lake, source, oracle)
            else:
                landing.play(event)


def require_same(lake: Lake, source: Source, oracle: Oracle) -> None:
    deliveries = read_deliveries(lake, "mrhealth", "orders")
    loaded = [each for each in deliveries if each.status is Status.LOADED]
    assert len({each.key for each in deliveries}) == len(deliveries)
    assert len(loaded) == len(oracle.current)
    rows = lake.table(source.bronze.id).read([FIFTH]).to_pylist()
    found: dict[object, list[str]] = defaultdict(list)
    for row in rows:
        if not row["_superseded"]:
            unit = row["_file"].split("/")[2]
            found[row["_file"] if source.per_file else unit].append(row["Id"])
    expected = {delivery: content.split()[1:] for delivery, content in oracle.current.items()}
    assert found == {delivery: ids for delivery, ids in expected.items() if ids}


TOUCHED_BACK: list[Event] = [
    Put(PATHS[0], CONTENTS[0], TIMES[2]),
    Put(PATHS[1], CONTENTS[1], TIMES[1]),
    Load(checksum=False),
    Touch(PATHS[1], TIMES[2]),
    Load(checksum=False),
    Touch(PATHS[1], TIMES[1]),
]
"""Once, the file's first place in the order was lost, so an old version became current."""

FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.parametrize(
    "source", [BY_UNIT, BY_FILE, COUNTING_COPIES], ids=["by unit", "by file", "counting copies"]
)
@FEW
@example(TOUCHED_BACK)
@given(histories)
def test_after_any_history_the_current_versions_are_those_of_the_oracle(
    source: Source, history: list[Event]
):
    compare(history, source)


@pytest.mark.chaos
@settings(
    max_examples=2000 if os.environ.get("LAKEHOUSE_CHAOS") else 1,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(histories, st.sampled_from((BY_UNIT, BY_FILE, COUNTING_COPIES)))
def test_after_two_thousand_histories_the_current_versions_are_those_of_the_oracle(
    history: list[Event], source: Source
):
    compare(history, source)

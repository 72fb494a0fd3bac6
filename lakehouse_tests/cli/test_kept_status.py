"""A kept answer of `lakehouse status` is shown until one of its inputs changes, and not after."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.cli.domain_status import DomainStatus
from lakehouse.cli.kept_status import Answer, Places, keep, recall, upstream_of
from lakehouse.cli.status_fact import Fact
from lakehouse.platform.reconciliation.damage import DamageKind, StoredFile
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.storage.tree_state import TreeState
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.domains import load_spec
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings

PEOPLE = Domain(spec=load_spec("people"), sources=(), tables=())
FACTS = (
    Fact.of_days("people", "files loaded", [dt.date(2026, 1, 5)]),
    Fact(about="checks", what="checks warning", number=1, detail="x", problem=True),
)
LATER = dt.datetime(2099, 6, 1, 15, tzinfo=dt.UTC)
"""Long after the files of the tests were written: noon in São Paulo."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a lake and a landing zone with a file of two domains each."""
    monkeypatch.setattr(code_facts, "digest_of_code", lambda: "this code")
    monkeypatch.setenv(code_facts.SHARED, str(tmp_path))
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(tmp_path / "landing"))
    for place in ("lake/gold", "lake/_published", "landing"):
        for domain in ("people", "sales"):
            (tmp_path / place / domain).mkdir(parents=True)
            (tmp_path / place / domain / "file").write_text("1")
    return tmp_path


def answered(*, is_lasting: bool = True, compared: tuple[StoredFile, ...] = ()) -> DomainStatus:
    return DomainStatus(facts=FACTS, files=7, compared=compared, is_lasting=is_lasting)


def kept(found: DomainStatus, *, before: TreeState | None = None) -> Answer | None:
    """Keep an answer and return the one that is shown at the same moment."""
    settings = Settings.from_env()
    places = Places.of("people", settings)
    keep(places, PEOPLE, found, before or places.state(()), LATER, settings)
    return recall(places, LATER)


def shown(now: dt.datetime = LATER) -> Answer | None:
    return recall(Places.of("people", Settings.from_env()), now)


def test_the_answer_is_shown_as_it_was_found_out(folder: Path):
    assert shown() is None
    assert kept(answered()) == Answer(facts=FACTS, files=7, compared=0)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "lake/gold/people/file").write_text("2"),
        lambda folder: (folder / "lake/_published/people/2").write_text("2"),
        lambda folder: (folder / "lake/ops/people").mkdir(parents=True),
        lambda folder: (folder / "landing/people/file").unlink(),
        lambda folder: (folder / "landing/people/2026-01-05").mkdir(),
    ],
)
def test_an_answer_ends_with_a_change(folder: Path, change: Callable[[Path], object]):
    assert kept(answered())
    change(folder)
    assert shown() is None


def test_an_answer_ends_with_other_settings_or_code(folder: Path, monkeypatch: pytest.MonkeyPatch):
    assert kept(answered())
    with monkeypatch.context() as other:
        other.setenv("LAKEHOUSE_DEADLINE_HOURS", "12")
        assert shown() is None
    with monkeypatch.context() as other:
        other.setattr(code_facts, "digest_of_code", lambda: "other code")
        assert shown() is None
    assert shown()


def test_an_answer_stays_when_other_domains_change_or_files_are_compared(folder: Path):
    assert kept(answered())
    (folder / "lake/gold/sales/file").write_text("2")
    (folder / "landing/sales/file").unlink()
    (folder / "lake/raw/people").mkdir(parents=True)
    assert shown() is None
    assert kept(answered())
    (folder / "lake/raw/people/bytes_check.json").write_text("{}")
    assert shown()


def test_an_answer_ends_at_midnight_and_at_the_next_deadline(folder: Path):
    assert kept(answered())
    midnight = dt.datetime(2099, 6, 2, 3, tzinfo=dt.UTC)
    assert shown(midnight - dt.timedelta(seconds=1))
    assert shown(midnight) is None
    assert shown(LATER - dt.timedelta(seconds=1)) is None  # the clock was set back

    settings = replace(Settings.from_env(), deadline_hours=35.0)  # an hour before LATER
    places, hour = Places.of("people", settings), dt.timedelta(hours=1)
    keep(places, PEOPLE, answered(), places.state(()), LATER - 2 * hour, settings)
    assert shown(LATER - 1.5 * hour)
    assert shown(LATER - hour) is None


def test_damage_to_a_compared_file_is_noticed_although_no_time_shows_it(folder: Path):
    path = folder / "lake/gold/people/file"
    digest = "6b86b273ff34fce19d6b804eff5a3f57"  # of "1"
    table = TableId("gold", "people", "people")
    changed_at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    intact = StoredFile(
        table=table,
        kind=DamageKind.DATA_FILE,
        day=None,
        path="gold/people/file",
        digest=digest,
        size=1,
        changed_at=changed_at,
    )
    answer = kept(answered(compared=(intact,)))
    assert answer is not None
    assert answer.compared == 1
    assert kept(answered(compared=(replace(intact, digest="0" * 32),))) is None
    assert path.read_text() == "1"


def test_nothing_is_kept_that_may_change_without_a_sign(folder: Path):
    assert kept(answered(is_lasting=False)) is None
    just_changed = TreeState(digest="x", changed_ns=int(LATER.timestamp() * 1e9))
    assert kept(answered(), before=just_changed) is None
    of_other_code = replace(load_domain("people").tables[0])
    domain = replace(PEOPLE, tables=(of_other_code,))
    settings = Settings.from_env()
    places = Places.of("people", settings)
    keep(places, domain, answered(), places.state(()), LATER, settings)
    assert shown() is None


def test_a_change_while_the_answer_is_found_out_ends_it(folder: Path):
    places = Places.of("people", Settings.from_env())
    before = places.state(())
    (folder / "landing/people/file").write_text("3")
    assert kept(answered(), before=before) is None


def test_a_lake_on_s3_and_an_unreadable_folder_have_no_state(folder: Path):
    settings = Settings.from_env()
    on_s3 = Places.of("people", replace(settings, root="s3://bucket/lake"))
    assert on_s3.state(()) is None
    assert Places.of("people", replace(settings, root=str(folder / "none"))).state(()) is None


def test_a_domain_has_the_domains_that_its_tables_read_upstream():
    assert upstream_of(PEOPLE) == set()
    own = load_domain("sales")
    reads = own.tables[-1].reads
    elsewhere = replace(reads[0].table, id=TableId("gold", "cards", "clients"))
    other = replace(own.tables[-1], reads=(replace(reads[0], table=elsewhere),))
    assert upstream_of(replace(own, tables=(other,))) == {"cards"}

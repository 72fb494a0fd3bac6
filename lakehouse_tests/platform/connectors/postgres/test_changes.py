"""Changes from PostgreSQL's log: every one, in order, once; confirmed after the lake has them."""

import signal
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import dagster as dg
import pytest

from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres import changes
from lakehouse.platform.connectors.postgres.changes import place_of
from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.extract import drop_slot, extract, standing
from lakehouse.platform.connectors.postgres.pgoutput import Begin, Change, Kind, events
from lakehouse.platform.failpoints import EXTRACTION as STEPS
from lakehouse.platform.orchestration.extraction import extraction_definitions
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.children import child, ended
from lakehouse_tests.cli.conftest import Call, call, folder
from lakehouse_tests.domains.business import Business
from lakehouse_tests.platform.legacy_shop import Shop, added, moved, removed, shop
from lakehouse_tests.receiver import receiver

__all__ = ["call", "folder"]

pytestmark = pytest.mark.postgres

AT_THE_START = tuple(
    step for step in STEPS if step not in ("extraction.confirmed", "extraction.settled")
)
LATER = tuple(step for step in STEPS if step not in ("extraction.named", "extraction.slot_made"))


@pytest.fixture
def small(postgres: str, tmp_path: Path) -> Iterator[Shop]:
    with shop(postgres, str(tmp_path), rows=3) as made:
        yield made


@pytest.fixture
def followed(small: Shop) -> Shop:
    """Its first snapshot is in the lake, and its slot waits for changes."""
    small.extract("cdc")
    small.ingest()
    assert [change[:2] for change in small.landed()] == [(n, "snapshot") for n in "123"]
    return small


def landed_after(shop: Shop, files: int) -> list[tuple[str, str, str]]:
    """Changes of the files behind the first ones."""
    skipped = sum(shop.landing.read(path).count(b"\n") - 1 for path in shop.paths()[:files])
    return shop.landed()[skipped:]


def test_every_version_arrives_in_the_order_of_commits(followed: Shop):
    with closing(followed.session()) as slow:
        slow.cursor().execute(f"{added(20)}; {moved(20, 'Leste')}; {moved(3, 'Leste')}")
        followed.say(added(10), moved(10, "Oeste"), removed(10), added(10))
        undone = followed.session()
        undone.cursor().execute(added(66))
        undone.rollback()
        undone.close()
        slow.commit()
    followed.extract("cdc")
    assert landed_after(followed, 1) == [
        ("10", "insert", "Sul"),
        ("10", "update", "Oeste"),
        ("10", "delete", "Oeste"),
        ("10", "insert", "Sul"),
        ("20", "insert", "Sul"),
        ("20", "update", "Leste"),
        ("3", "update", "Leste"),
    ]
    assert followed.extract("cdc").files == ()


def test_a_changed_key_is_a_delete_and_an_insert_and_a_truncation_deletes_every_row(
    followed: Shop,
):
    followed.say(added(10), "update sales set id = 11 where id = 10", moved(1, "Oeste"))
    followed.extract("cdc")
    assert landed_after(followed, 1)[1:3] == [("10", "delete", "Sul"), ("11", "insert", "Sul")]
    there = followed.table()
    followed.say(
        f"begin; {added(12)}; {moved(2, 'Leste')}; truncate sales; {added(13)}; commit",
        "create table others (id int)",
        "insert into others values (1)",
    )
    followed.extract("cdc")
    ends = {**there, "2": "Leste", "12": "Sul"}
    changed = landed_after(followed, 2)
    assert changed[:2] == [("12", "insert", "Sul"), ("2", "update", "Leste")]
    assert sorted(changed[2:-1]) == sorted((k, "delete", region) for k, region in ends.items())
    assert changed[-1] == ("13", "insert", "Sul")
    assert followed.replayed() == followed.table() == {"13": "Sul"}


def test_deletes_carry_the_last_known_values_where_the_log_has_the_key_only(followed: Shop):
    followed.say("alter table sales replica identity default")
    region = followed.table()["1"]
    followed.say(added(10), removed(1), moved(10, "Oeste"), removed(10), moved(2, "Norte"))
    followed.extract("cdc")
    rows = followed.landed_rows()[3:]
    assert [(r["id"], r["operation"], r["region"]) for r in rows] == [
        ("10", "insert", "Sul"),
        ("1", "delete", region),
        ("10", "update", "Oeste"),
        ("10", "delete", "Oeste"),
        ("2", "update", "Norte"),
    ]
    assert all(all(r[name] for name in EXTRACTION.columns) for r in rows)


def test_a_large_value_that_an_update_left_alone_is_not_lost(small: Shop):
    notes = Extraction(
        spec=EXTRACTION.spec,
        dataset="notes",
        table="notes",
        columns=("id", "body", "mood"),
        key="id",
        legacy=EXTRACTION.legacy,
    )
    small.say(
        "create table notes (id int primary key, body text, mood text)",
        "alter table notes alter column body set storage external",
        "insert into notes values (1, repeat('é,\"\n', 3000), 'bom')",
    )
    for identity in ("default", "full"):
        small.say(f"alter table notes replica identity {identity}")
        of_notes = replace(small, extraction=notes)
        of_notes.extract("cdc", anew=identity == "full")
        small.say(f"update notes set mood = '{identity}'", "update notes set mood = null")
        of_notes.extract("cdc")
    body = 'é,"\n' * 3000
    rows = small.landed_rows()
    assert [(r["body"] == body, r["mood"]) for r in rows if r["operation"] == "update"] == [
        (True, "default"),
        (True, ""),
        (True, "full"),
        (True, ""),
    ]


def test_files_end_with_whole_transactions(followed: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(changes, "FILE_ROWS", 2)
    monkeypatch.setattr(changes, "STEP", 400)
    followed.say(f"{added(10)}; {added(11)}; {added(12)}", added(13), added(14), added(15))
    followed.extract("cdc")
    sizes = [followed.landing.read(path).count(b"\n") - 1 for path in followed.paths()[1:]]
    assert sum(sizes) == 6
    assert sizes[0] == 3
    assert max(sizes[1:]) <= 2
    assert [key for key, _, _ in landed_after(followed, 1)] == [str(n) for n in range(10, 16)]
    followed.ingest()
    assert followed.extract("cdc").files == ()


def test_the_slot_is_confirmed_after_the_lake_has_committed_and_not_before(followed: Shop):
    followed.extract("cdc")
    before = followed.confirmed()
    followed.say(added(10))
    followed.extract("cdc")
    followed.extract("cdc")
    assert followed.confirmed() == before
    assert standing(EXTRACTION, followed.settings).waiting == 1
    followed.ingest()
    assert followed.confirmed() == before
    followed.say(added(11))
    followed.extract("cdc")
    first, second = (p.rpartition("_")[2][:-4] for p in followed.paths()[1:])
    assert place_of(followed.confirmed() or "0/0") == int(first, 16) < int(second, 16)
    assert [key for key, _, _ in landed_after(followed, 1)] == ["10", "11"]


def test_log_of_other_tables_does_not_hold_the_slot_back(followed: Shop):
    followed.extract("cdc")
    before = place_of(followed.confirmed() or "0/0")
    followed.say("create table others (id int)", "insert into others select generate_series(1, 99)")
    assert followed.extract("cdc").files == ()
    assert place_of(followed.confirmed() or "0/0") > before


def test_a_slot_that_is_behind_raises_an_alert_once_and_exit_code_1(
    followed: Shop, call: Call, monkeypatch: pytest.MonkeyPatch
):
    followed.say(
        "insert into sales select id + 100, sale_date, product_id, customer_id, quantity,"
        " unit_price, total_value, seller_id, repeat('x', 40) from sales,"
        " generate_series(1, 1)"
    )
    monkeypatch.setenv("LAKEHOUSE_SALES_DSN", followed.dsn)
    monkeypatch.setenv("LAKEHOUSE_ROOT", followed.settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", followed.settings.landing)
    assert "problem" in call("extract", "sales", "--status").output
    with receiver() as told:
        monkeypatch.setenv("LAKEHOUSE_WEBHOOK", told.url)
        monkeypatch.setenv("LAKEHOUSE_CDC_LAG_MB", "0")
        said = [call("extract", "sales", "--status", code=1).output for _ in range(2)]
        assert all("MB behind (limit 0)" in each for each in said)
        assert len(told.texts) == 1
    assert "MB behind" in told.texts[0]
    assert all(followed.dsn not in each for each in [*said, *told.texts])


def test_a_slot_that_is_gone_is_named_and_a_comparison_mends_what_was_lost(followed: Shop):
    slot = standing(EXTRACTION, followed.settings).slot
    followed.say(f"select pg_drop_replication_slot('{slot}')", added(10), removed(1))
    with pytest.raises(ExtractionError, match=f"the slot {slot} is gone.*--anew"):
        followed.extract("cdc")
    assert "--cdc --anew" in (standing(EXTRACTION, followed.settings).problem or "")
    followed.extract("cdc", anew=True)
    assert sorted(c[:2] for c in landed_after(followed, 1)) == [
        ("1", "delete"),
        ("10", "snapshot"),
    ]
    assert followed.replayed() == followed.table()


def test_a_slot_that_begins_with_most_rows_gone_is_given_up_unless_told_so(
    postgres: str, tmp_path: Path
):
    with shop(postgres, str(tmp_path), rows=150) as made:
        made.extract()
        made.say("delete from sales where id > 20")
        with pytest.raises(ExtractionError, match="130 of 150 rows are gone"):
            made.extract("cdc")
        assert len(made.paths()) == 1
        assert standing(EXTRACTION, made.settings).slot is None
        assert made.ask("select * from pg_replication_slots where database = current_catalog") == []
        made.extract("cdc", accept_deletes=True)
        assert made.replayed() == made.table()
        made.say(added(200))
        made.extract("cdc")
        assert made.replayed() == made.table()


def test_a_role_that_may_not_replicate_leaves_no_slot_that_stands_in_the_way(small: Shop):
    reader = f"reader_{urlsplit(small.dsn).path[-8:]}"
    small.say(f"create role {reader} login password 'plain'", f"grant select on sales to {reader}")
    small.extract("cdc")
    small.ingest()
    assert drop_slot(EXTRACTION, small.settings)
    place = urlsplit(small.dsn)
    address = place._replace(netloc=f"{reader}:plain@{place.hostname}:{place.port}")
    by_reader = small.with_dsn(urlunsplit(address))
    with pytest.raises(ExtractionError, match="replication"):
        by_reader.extract("cdc")
    small.say(added(10))
    by_reader.extract("incremental")
    assert by_reader.replayed() == small.table()
    small.say(f"drop owned by {reader}", f"drop role {reader}")


def test_the_two_ways_take_turns_only_when_the_slot_is_given_up(followed: Shop):
    followed.say(added(10))
    with pytest.raises(ExtractionError, match="--drop-slot"):
        followed.extract()
    assert drop_slot(EXTRACTION, followed.settings)
    assert not drop_slot(EXTRACTION, followed.settings)
    assert (
        followed.ask("select 1 from pg_replication_slots where database = current_database()") == []
    )
    followed.extract()
    followed.say(moved(10, "Oeste"))
    followed.extract("cdc")
    assert landed_after(followed, 1) == [("10", "snapshot", "Sul"), ("10", "snapshot", "Oeste")]


def test_a_table_that_is_not_published_any_more_stops_the_extraction(followed: Shop):
    followed.say(f"drop publication {EXTRACTION.publication}")
    with pytest.raises(ExtractionError, match="not published any more"):
        followed.extract("cdc")


def step(settings: Settings) -> None:
    extract(EXTRACTION, settings, mode="cdc", said=print)


def kill(shop: Shop, at: str) -> None:
    assert ended(child(step, shop.settings, LAKEHOUSE_FAILPOINT=at)) == -signal.SIGKILL


@pytest.mark.parametrize("at", AT_THE_START)
def test_a_first_snapshot_killed_at_any_step_is_finished_and_joins_the_log(small: Shop, at: str):
    kill(small, at)
    small.say(added(10), moved(1, "Oeste"))
    for _ in range(2):
        small.extract("cdc")
        small.ingest()
    assert small.replayed() == small.table()
    assert set(small.statuses()) == {"loaded"}
    assert len(small.landed()) == len({(*change,) for change in small.landed()})
    slots = small.ask(
        "select slot_name from pg_replication_slots where database = current_database()"
    )
    assert len(slots) == 1


@pytest.mark.parametrize("at", LATER)
def test_a_run_killed_at_any_step_loses_and_repeats_no_version(followed: Shop, at: str):
    followed.say(moved(2, "Norte"))
    followed.extract("cdc")
    followed.ingest()
    region = followed.replayed()["1"]
    followed.say(added(10), moved(10, "Oeste"), removed(1))
    kill(followed, at)
    followed.say(moved(10, "Leste"))
    for _ in range(3):
        followed.extract("cdc")
        followed.ingest()
    assert landed_after(followed, 2) == [
        ("10", "insert", "Sul"),
        ("10", "update", "Oeste"),
        ("1", "delete", region),
        ("10", "update", "Leste"),
    ]
    assert set(followed.statuses()) == {"loaded"}
    assert followed.replayed() == followed.table()
    newest = max(int(p.rpartition("_")[2][:-4], 16) for p in followed.paths())
    assert place_of(followed.confirmed() or "0/0") >= newest


def test_the_lake_shows_the_legacy_table_as_it_is(small: Shop, tmp_path: Path):
    business = Business("sales", tmp_path)
    business_shop = replace(small, root=str(tmp_path))
    for statements in (
        [],
        [added(10), moved(1, "Oeste"), removed(2)],
        [moved(10, "Leste"), "update sales set sale_date = '2023-12-24' where id = 3", removed(1)],
    ):
        small.say(*statements)
        business_shop.extract("cdc")
        business.ingest()
        wanted = small.ask(
            "select id, sale_date, product_id, customer_id, quantity, unit_price, total_value,"
            " seller_id, region from sales order by id"
        )
        columns = ", ".join(EXTRACTION.columns)
        found = business.rows(
            f"select {columns} from silver.sales_sales where not deleted order by id"
        )
        assert found == wanted
    assert set(business.balance()) == {"balanced"}


def test_dagster_extracts_when_something_changed_and_rests_when_nothing_did(
    followed: Shop, monkeypatch: pytest.MonkeyPatch
):
    settings = replace(
        followed.settings,
        domain_variables={
            "LAKEHOUSE_SALES_DSN": followed.dsn,
            "LAKEHOUSE_SALES_EXTRACTION": "cdc",
        },
    )
    monkeypatch.setenv("LAKEHOUSE_SALES_DSN", followed.dsn)
    monkeypatch.setenv("LAKEHOUSE_SALES_EXTRACTION", "cdc")
    monkeypatch.setenv("LAKEHOUSE_ROOT", settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", settings.landing)
    nothing = extraction_definitions(load_domain("sales"), replace(settings, domain_variables={}))
    assert not nothing.sensors
    definitions = extraction_definitions(load_domain("sales"), settings).get_repository_def()
    sensor = definitions.get_sensor_def("sales_extraction")
    job = definitions.get_job("sales_extraction")

    def tick(instance: dg.DagsterInstance) -> bool:
        context = dg.build_sensor_context(instance=instance)
        return bool(sensor.evaluate_tick(context).run_requests)

    with dg.DagsterInstance.ephemeral() as instance:
        assert tick(instance)
        assert job.execute_in_process(instance=instance).success
        assert not tick(instance)
        followed.say(added(10))
        assert tick(instance)
        assert job.execute_in_process(instance=instance).success
        assert landed_after(followed, 1) == [("10", "insert", "Sul")]
        assert not tick(instance)
        followed.ingest()
        assert tick(instance)
        followed.say("alter table sales drop column region")
        failed = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not failed.success


BEGIN = b"B" + struct.pack(">qqi", 100, 0, 7)
RELATION = b"R" + struct.pack(">i", 1) + b"public\0sales\0f" + struct.pack(">h", 1)
RELATION += b"\1id\0" + struct.pack(">ii", 23, -1)
ROW = struct.pack(">h", 1) + b"t" + struct.pack(">i", 2) + b"42"
INSERT = b"I" + struct.pack(">i", 1) + b"N" + ROW


def test_messages_of_the_log_are_read_to_the_last_byte():
    assert list(events([BEGIN, RELATION, INSERT])) == [
        Begin(100),
        Change(kind=Kind.INSERT, relation="public.sales", new={"id": "42"}),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        [b"Z"],
        [INSERT],
        [RELATION, INSERT + b"x"],
        [RELATION, INSERT[:-1]],
        [RELATION, INSERT.replace(b"N", b"K")],
        [RELATION, b"D" + INSERT[1:]],
        [RELATION, INSERT.replace(b"t\0", b"b\0")],
        [RELATION, INSERT.replace(ROW[:2], struct.pack(">h", 2), 1)],
        [BEGIN[:-1]],
    ],
)
def test_a_message_that_is_not_as_the_protocol_says_is_rejected(messages: list[bytes]):
    with pytest.raises(ExtractionError, match="what protocol 1 of pgoutput does not"):
        list(events(messages))

"""Changes from PostgreSQL's log land in order and once; the slot waits for the lake's commit."""

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres import cdc
from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.extract import drop_slot, extract, extraction_status
from lakehouse.platform.connectors.postgres.slots import lsn_number
from lakehouse.platform.failpoints import EXTRACTION as STEPS
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
def captured(small: Shop) -> Shop:
    """The shop after its first snapshot is in the lake; its slot waits for changes."""
    small.extract("cdc")
    small.ingest()
    assert [change[:2] for change in small.landed()] == [(n, "snapshot") for n in "123"]
    return small


def landed_after(shop: Shop, files: int) -> list[tuple[str, str, str]]:
    """Return the changes in all files after the first ones."""
    skipped = sum(shop.landing.read(path).count(b"\n") - 1 for path in shop.paths()[:files])
    return shop.landed()[skipped:]


def test_every_version_lands_in_the_order_of_commits(captured: Shop):
    with closing(captured.session()) as slow:
        slow.cursor().execute(f"{added(20)}; {moved(20, 'Leste')}; {moved(3, 'Leste')}")
        captured.execute(added(10), moved(10, "Oeste"), removed(10), added(10))
        undone = captured.session()
        undone.cursor().execute(added(66))
        undone.rollback()
        undone.close()
        slow.commit()
    captured.extract("cdc")
    assert landed_after(captured, 1) == [
        ("10", "insert", "Sul"),
        ("10", "update", "Oeste"),
        ("10", "delete", "Oeste"),
        ("10", "insert", "Sul"),
        ("20", "insert", "Sul"),
        ("20", "update", "Leste"),
        ("3", "update", "Leste"),
    ]
    assert captured.extract("cdc").files == ()


def test_a_changed_key_is_a_delete_and_an_insert_and_truncate_deletes_every_row(
    captured: Shop,
):
    captured.execute(added(10), "update sales set id = 11 where id = 10", moved(1, "Oeste"))
    captured.extract("cdc")
    assert landed_after(captured, 1)[1:3] == [("10", "delete", "Sul"), ("11", "insert", "Sul")]
    there = captured.table()
    captured.execute(
        f"begin; {added(12)}; {moved(2, 'Leste')}; truncate sales; {added(13)}; commit",
        "create table others (id int)",
        "insert into others values (1)",
    )
    captured.extract("cdc")
    ends = {**there, "2": "Leste", "12": "Sul"}
    changed = landed_after(captured, 2)
    assert changed[:2] == [("12", "insert", "Sul"), ("2", "update", "Leste")]
    assert sorted(changed[2:-1]) == sorted((k, "delete", region) for k, region in ends.items())
    assert changed[-1] == ("13", "insert", "Sul")
    assert captured.replayed() == captured.table() == {"13": "Sul"}


def test_deletes_have_the_last_known_values_when_the_log_has_only_the_key(captured: Shop):
    captured.execute("alter table sales replica identity default")
    region = captured.table()["1"]
    captured.execute(added(10), removed(1), moved(10, "Oeste"), removed(10), moved(2, "Norte"))
    captured.extract("cdc")
    rows = captured.landed_rows()[3:]
    assert [(r["id"], r["operation"], r["region"]) for r in rows] == [
        ("10", "insert", "Sul"),
        ("1", "delete", region),
        ("10", "update", "Oeste"),
        ("10", "delete", "Oeste"),
        ("2", "update", "Norte"),
    ]
    assert all(all(r[name] for name in EXTRACTION.columns) for r in rows)


def test_a_large_value_that_an_update_did_not_touch_is_kept(small: Shop):
    notes = Extraction(
        spec=EXTRACTION.spec,
        dataset="notes",
        table="notes",
        columns=("id", "body", "mood"),
        key="id",
    )
    small.execute(
        "create table notes (id int primary key, body text, mood text)",
        "alter table notes alter column body set storage external",
        "insert into notes values (1, repeat('é,\"\n', 3000), 'bom')",
    )
    for identity in ("default", "full"):
        small.execute(f"alter table notes replica identity {identity}")
        of_notes = replace(small, extraction=notes)
        of_notes.extract("cdc", from_scratch=identity == "full")
        small.execute(f"update notes set mood = '{identity}'", "update notes set mood = null")
        of_notes.extract("cdc")
    body = 'é,"\n' * 3000
    rows = small.landed_rows()
    assert [(r["body"] == body, r["mood"]) for r in rows if r["operation"] == "update"] == [
        (True, "default"),
        (True, ""),
        (True, "full"),
        (True, ""),
    ]


def test_files_do_not_split_transactions(captured: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cdc, "FILE_ROWS", 2)
    monkeypatch.setattr(cdc, "STEP_BYTES", 400)
    captured.execute(f"{added(10)}; {added(11)}; {added(12)}", added(13), added(14), added(15))
    captured.extract("cdc")
    sizes = [captured.landing.read(path).count(b"\n") - 1 for path in captured.paths()[1:]]
    assert sum(sizes) == 6
    assert sizes[0] == 3
    assert max(sizes[1:]) <= 2
    assert [key for key, _, _ in landed_after(captured, 1)] == [str(n) for n in range(10, 16)]
    captured.ingest()
    assert captured.extract("cdc").files == ()


def test_the_slot_is_confirmed_only_after_the_lake_has_committed(captured: Shop):
    captured.extract("cdc")
    before = captured.confirmed()
    captured.execute(added(10))
    captured.extract("cdc")
    captured.extract("cdc")
    assert captured.confirmed() == before
    assert extraction_status(EXTRACTION, captured.settings).waiting == 1
    captured.ingest()
    assert captured.confirmed() == before
    captured.execute(added(11))
    captured.extract("cdc")
    first, second = (p.rpartition("_")[2][:-4] for p in captured.paths()[1:])
    assert lsn_number(captured.confirmed() or "0/0") == int(first, 16) < int(second, 16)
    assert [key for key, _, _ in landed_after(captured, 1)] == ["10", "11"]


def test_the_slot_advances_over_the_log_of_other_tables(captured: Shop):
    captured.extract("cdc")
    before = lsn_number(captured.confirmed() or "0/0")
    captured.execute(
        "create table others (id int)", "insert into others select generate_series(1, 99)"
    )
    assert captured.extract("cdc").files == ()
    assert lsn_number(captured.confirmed() or "0/0") > before


def test_a_lagging_slot_alerts_once_and_gives_exit_code_1(
    captured: Shop, call: Call, monkeypatch: pytest.MonkeyPatch
):
    captured.execute(
        "insert into sales select id + 100, sale_date, product_id, customer_id, quantity,"
        " unit_price, total_value, seller_id, repeat('x', 40) from sales,"
        " generate_series(1, 1)"
    )
    monkeypatch.setenv("LAKEHOUSE_SALES_DSN", captured.dsn)
    monkeypatch.setenv("LAKEHOUSE_ROOT", captured.settings.root)
    monkeypatch.setenv("LAKEHOUSE_LANDING", captured.settings.landing)
    assert "problem" in call("extract", "sales", "--status").output
    with receiver() as hook:
        monkeypatch.setenv("LAKEHOUSE_WEBHOOK", hook.url)
        monkeypatch.setenv("LAKEHOUSE_CDC_LAG_MB", "0")
        outputs = [call("extract", "sales", "--status", code=1).output for _ in range(2)]
        assert all("MB behind (limit 0)" in each for each in outputs)
        assert len(hook.texts) == 1
    assert "MB behind" in hook.texts[0]
    assert all(captured.dsn not in each for each in [*outputs, *hook.texts])


def test_a_lost_slot_is_reported_and_a_comparison_recovers_the_lost_changes(captured: Shop):
    slot = extraction_status(EXTRACTION, captured.settings).slot
    captured.execute(f"select pg_drop_replication_slot('{slot}')", added(10), removed(1))
    with pytest.raises(
        ExtractionError, match=f"the slot {slot} does not exist any more.*--from-scratch"
    ):
        captured.extract("cdc")
    assert "--cdc --from-scratch" in (
        extraction_status(EXTRACTION, captured.settings).problem or ""
    )
    captured.extract("cdc", from_scratch=True)
    assert sorted(c[:2] for c in landed_after(captured, 1)) == [
        ("1", "delete"),
        ("10", "snapshot"),
    ]
    assert captured.replayed() == captured.table()


def test_a_new_slot_with_most_rows_gone_is_dropped_unless_deletes_are_accepted(
    postgres: str, tmp_path: Path
):
    with shop(postgres, str(tmp_path), rows=150) as made:
        made.extract()
        made.execute("delete from sales where id > 20")
        with pytest.raises(ExtractionError, match="130 of 150 rows are gone"):
            made.extract("cdc")
        assert len(made.paths()) == 1
        assert extraction_status(EXTRACTION, made.settings).slot is None
        assert made.ask("select * from pg_replication_slots where database = current_catalog") == []
        made.extract("cdc", accept_deletes=True)
        assert made.replayed() == made.table()
        made.execute(added(200))
        made.extract("cdc")
        assert made.replayed() == made.table()


def test_a_role_without_replication_rights_leaves_no_slot_behind(small: Shop):
    reader = f"reader_{urlsplit(small.dsn).path[-8:]}"
    small.execute(
        f"create role {reader} login password 'plain'", f"grant select on sales to {reader}"
    )
    small.extract("cdc")
    small.ingest()
    assert drop_slot(EXTRACTION, small.settings)
    place = urlsplit(small.dsn)
    address = place._replace(netloc=f"{reader}:plain@{place.hostname}:{place.port}")
    by_reader = small.with_dsn(urlunsplit(address))
    with pytest.raises(ExtractionError, match="replication"):
        by_reader.extract("cdc")
    small.execute(added(10))
    by_reader.extract("incremental")
    assert by_reader.replayed() == small.table()
    small.execute(f"drop owned by {reader}", f"drop role {reader}")


def test_incremental_extraction_is_rejected_until_the_slot_is_dropped(captured: Shop):
    captured.execute(added(10))
    with pytest.raises(ExtractionError, match="--drop-slot"):
        captured.extract()
    assert drop_slot(EXTRACTION, captured.settings)
    assert not drop_slot(EXTRACTION, captured.settings)
    assert (
        captured.ask("select 1 from pg_replication_slots where database = current_database()") == []
    )
    captured.extract()
    captured.execute(moved(10, "Oeste"))
    captured.extract("cdc")
    assert landed_after(captured, 1) == [("10", "snapshot", "Sul"), ("10", "snapshot", "Oeste")]


def test_a_table_that_is_not_published_any_more_stops_the_extraction(captured: Shop):
    captured.execute(f"drop publication {EXTRACTION.publication}")
    with pytest.raises(ExtractionError, match="not published any more"):
        captured.extract("cdc")


def step(settings: Settings) -> None:
    extract(EXTRACTION, settings, mode="cdc", inform=print)


def kill(shop: Shop, at: str) -> None:
    assert ended(child(step, shop.settings, LAKEHOUSE_FAILPOINT=at)) == -signal.SIGKILL


@pytest.mark.parametrize("at", AT_THE_START)
def test_a_snapshot_killed_at_any_step_is_finished_and_continues_with_the_log(small: Shop, at: str):
    kill(small, at)
    small.execute(added(10), moved(1, "Oeste"))
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
def test_an_extraction_killed_at_any_step_loses_and_repeats_no_version(captured: Shop, at: str):
    captured.execute(moved(2, "Norte"))
    captured.extract("cdc")
    captured.ingest()
    region = captured.replayed()["1"]
    captured.execute(added(10), moved(10, "Oeste"), removed(1))
    kill(captured, at)
    captured.execute(moved(10, "Leste"))
    for _ in range(3):
        captured.extract("cdc")
        captured.ingest()
    assert landed_after(captured, 2) == [
        ("10", "insert", "Sul"),
        ("10", "update", "Oeste"),
        ("1", "delete", region),
        ("10", "update", "Leste"),
    ]
    assert set(captured.statuses()) == {"loaded"}
    assert captured.replayed() == captured.table()
    newest = max(int(p.rpartition("_")[2][:-4], 16) for p in captured.paths())
    assert lsn_number(captured.confirmed() or "0/0") >= newest


def test_the_silver_table_equals_the_legacy_table(small: Shop, tmp_path: Path):
    business = Business("sales", tmp_path)
    business_shop = replace(small, root=str(tmp_path))
    for statements in (
        [],
        [added(10), moved(1, "Oeste"), removed(2)],
        [moved(10, "Leste"), "update sales set sale_date = '2023-12-24' where id = 3", removed(1)],
    ):
        small.execute(*statements)
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

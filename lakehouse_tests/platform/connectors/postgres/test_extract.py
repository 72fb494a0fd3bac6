"""Changes of a legacy table land once, deletes included, whenever transactions commit."""

import csv
import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from lakehouse.domains.sales.extraction import EXTRACTION, LEGACY
from lakehouse.domains.sales.sources import REGIONS, SALES
from lakehouse.platform.connectors.postgres import legacy
from lakehouse.platform.connectors.postgres.declaration import ExtractionError
from lakehouse.platform.connectors.postgres.extract import drop_slot, extract, extraction_status
from lakehouse.platform.connectors.postgres.incremental import NUMBERS, WRITTEN_SINCE
from lakehouse.platform.connectors.postgres.legacy import rows_of, seed
from lakehouse.platform.failpoints import EXTRACTION as STEPS
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings
from lakehouse_tests.children import child, ended
from lakehouse_tests.platform.legacy_shop import Shop, added, moved, removed, shop

pytestmark = pytest.mark.postgres

SAMPLE = Path(__file__).parents[5] / "shared/data/sales/sales_raw.csv"
BAD = "1,2023-05-06,101,1001,many,10.50,21.00,3,Sul"
KILLED = tuple(
    step
    for step in STEPS
    if step not in ("extraction.named", "extraction.slot_made", "extraction.confirmed")
)


@pytest.fixture
def small(postgres: str, tmp_path: Path) -> Iterator[Shop]:
    with shop(postgres, str(tmp_path), rows=3) as made:
        yield made


def test_a_seed_fills_an_empty_table_once_and_sets_the_next_number(postgres: str, tmp_path: Path):
    with shop(postgres, str(tmp_path), rows=500) as made:
        database, count, filled = seed(EXTRACTION, made.dsn, LEGACY.rows(500, 8))
        assert (database, count, filled) == (urlsplit(made.dsn).path[1:], 500, False)
        found = made.ask("select * from sales order by id")
        assert len(found) == 500
        for number, (key, day, product, customer, units, price, total, seller, region) in enumerate(
            found, start=1
        ):
            assert (key, day.year) == (number, 2023)
            assert 101 <= product <= 110
            assert 1001 <= customer <= 2000
            assert 1 <= units <= 10
            assert Decimal(10) <= price <= Decimal(100)
            assert total == units * price
            assert 1 <= seller <= 20
            assert region in REGIONS
        made.execute(added(0).replace("(id, ", "(").replace("values (0, ", "values ("))
        assert made.ask("select max(id) from sales") == [(501,)]


def test_an_address_without_a_database_means_the_declared_legacy_database(
    postgres: str, tmp_path: Path
):
    name = LEGACY.database
    server = urlunsplit(urlsplit(postgres)._replace(path=""))
    try:
        assert seed(EXTRACTION, postgres, LEGACY.rows(2, 7)) == (name, 2, True)
        assert seed(EXTRACTION, server, LEGACY.rows(9, 7)) == (name, 2, False)
        made = Shop(dsn=server, root=str(tmp_path / "made"))
        made.extract("incremental")
        made.extract("cdc")
        assert [change[:2] for change in made.landed()] == [("1", "snapshot"), ("2", "snapshot")]
        assert drop_slot(EXTRACTION, made.settings)
        with pytest.raises(ExtractionError, match=r"postgres has no table public\.sales"):
            Shop(dsn=postgres, root=str(tmp_path)).extract()
    finally:
        with closing(psycopg2.connect(postgres)) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"drop database {name}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2,2023-01-05,101", "line 3: expected 9 values"),
        (BAD, "invalid input.*correct that value"),
        (f'{BAD},"x"y', "line 3: ',' expected"),
        (BAD.replace("Sul", "S\udcfcl"), r"bad\.csv is not UTF-8 text"),
        (BAD.replace("many", "3000000000"), "out of range.*correct that value"),
    ],
)
def test_a_failed_seed_inserts_no_row(
    small: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str
):
    monkeypatch.setattr(legacy, "CHUNK_ROWS", 1)
    small.execute("delete from sales")
    bad = tmp_path / "bad.csv"
    lines = [",".join(EXTRACTION.columns), BAD.replace("many", "2"), line]
    bad.write_text("\n".join(lines) + "\n", errors="surrogateescape")
    with pytest.raises(ExtractionError, match=message):
        seed(EXTRACTION, small.dsn, rows_of(EXTRACTION, bad))
    assert small.table() == {}


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "missing column id, sale_date, "), ("id,", "a column is repeated in id, id, sale_date")],
)
def test_a_seed_file_with_missing_or_repeated_columns_is_rejected(
    tmp_path: Path, header: str, message: str
):
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{header}{','.join(EXTRACTION.columns)}\n" if header else "")
    with pytest.raises(ExtractionError, match=message):
        list(rows_of(EXTRACTION, bad))


def test_a_seed_file_has_the_day_before_the_month(small: Shop, tmp_path: Path):
    small.execute("delete from sales")
    file = tmp_path / "sales.csv"
    line = BAD.replace("many", "2").replace("2023-05-06", "05/06/2023")
    file.write_text(f"{','.join(EXTRACTION.columns)}\n{line}\n")
    seed(EXTRACTION, small.dsn, rows_of(EXTRACTION, file))
    assert small.ask("select sale_date::text from sales") == [("2023-06-05",)]


@pytest.mark.skipif(not SAMPLE.exists(), reason="needs the shared sample data")
def test_the_shared_sample_is_unchanged_after_the_way_through_the_database(
    postgres: str, tmp_path: Path
):
    with shop(postgres, str(tmp_path), rows=1) as made:
        made.execute("delete from sales")
        assert seed(EXTRACTION, made.dsn, rows_of(EXTRACTION, SAMPLE))[1] == 500
        made.extract()
        with SAMPLE.open(newline="") as stream:
            sample = list(csv.DictReader(stream))
        assert [{name: row[name] for name in EXTRACTION.columns} for row in made.landed_rows()] == (
            sample
        )
        january = [r for r in made.landed_rows() if r["sale_date"].startswith("2023-01")]
        assert sum(Decimal(r["total_value"]) for r in january) == Decimal("14160.46")
        assert sum(int(r["quantity"]) for r in january) == 251


def test_inserts_updates_and_deletes_land_once_and_deletes_have_their_values(small: Shop):
    before = {row[0]: row for row in small.ask("select id, sale_date, region from sales")}
    small.extract()
    assert [change[:2] for change in small.landed()] == [(n, "snapshot") for n in "123"]
    assert small.extract().files == ()
    small.execute(added(10), moved(1, "Oeste"), removed(2))
    small.extract()
    assert small.landed()[3:] == [
        ("1", "update", "Oeste"),
        ("2", "delete", before[2][2]),
        ("10", "insert", "Sul"),
    ]
    assert small.landed_rows()[4]["sale_date"] == before[2][1].isoformat()
    assert small.extract().files == ()
    assert all(SALES.matches(path.rpartition("/")[2]) for path in small.paths())


def test_a_row_that_changes_back_is_not_a_duplicate(small: Shop):
    small.extract()
    for region in ("Oeste", "Leste", "Oeste", "Leste"):
        small.execute(moved(1, region))
        small.extract()
        small.ingest()
    assert small.statuses() == ["loaded"] * 5
    assert small.replayed() == small.table()


@pytest.mark.parametrize("region", ["a\rb", "a\r\nb", 'a"b', " a,b ", "lakehouse:erased"])
def test_any_text_lands_unchanged_and_is_known_before_and_after_ingestion(small: Shop, region: str):
    small.extract()
    with closing(small.session()) as session:
        session.cursor().execute("update sales set region = %s where id = 1", (region,))
        session.commit()
    for _ in range(2):
        small.extract(from_scratch=True)
        assert len(small.paths()) == 2
        small.ingest()
    assert small.replayed() == small.table()
    table = Lake(small.settings.root).table(TableId("bronze", "sales", "sales")).read()
    assert region in table.column("region").to_pylist()


def test_a_transaction_that_commits_late_lands_once(small: Shop):
    small.extract()
    with closing(small.session()) as early, closing(small.session()) as nested:
        early.cursor().execute(added(20))
        nested.cursor().execute(
            f"select 1; savepoint a; {added(21)}; release a; savepoint b; {added(22)}"
        )
        small.execute(added(30), moved(1, "Oeste"))
        small.extract()
        assert small.landed()[3:] == [("1", "update", "Oeste"), ("30", "insert", "Sul")]
        small.execute(added(31))
        small.extract()
        assert small.landed()[5:] == [("31", "insert", "Sul")]
        early.commit()
        small.extract()
        nested.commit()
        small.extract()
    small.extract()
    assert small.landed()[6:] == [(n, "insert", "Sul") for n in ("20", "21", "22")]
    assert small.replayed() == small.table()


def test_transactions_that_are_open_during_an_extraction_land_once(
    small: Shop,
):
    small.extract()
    open_ones = [small.session() for _ in range(4)]
    for number, session in enumerate(open_ones, start=40):
        session.cursor().execute(added(number))
    for session in reversed(open_ones):
        session.commit()
        small.extract()
        session.close()
    assert sorted(small.landed()[3:]) == [(str(n), "insert", "Sul") for n in range(40, 44)]


def test_rows_are_selected_correctly_when_transaction_numbers_wrap_around(small: Shop):
    horizon, span = 3 * NUMBERS - 10, 20
    numbers = {
        NUMBERS - 11: False,
        NUMBERS - 10: True,
        NUMBERS - 1: True,
        3: True,
        9: True,
        10: False,
    }
    written = ", ".join(f"('{number}')" for number in numbers)
    with closing(small.session()) as connection, connection.cursor() as cursor:
        query = f"with t (xmin) as (values {written}) select xmin from t {WRITTEN_SINCE}"
        cursor.execute(query, {"horizon": horizon, "span": span})
        found = {int(number) for (number,) in cursor.fetchall()}
    assert found == {number for number, inside in numbers.items() if inside}


def test_a_row_that_is_deleted_before_its_file_is_ingested_lands_as_a_delete(small: Shop):
    small.extract()
    small.execute(added(10))
    small.extract()
    small.execute(removed(10))
    small.extract()
    assert small.landed()[3:] == [("10", "insert", "Sul"), ("10", "delete", "Sul")]
    small.ingest()
    small.extract()
    assert len(small.paths()) == 3


def test_rows_that_landed_as_files_are_known_and_deleted_when_the_table_lacks_them(small: Shop):
    header = ",".join(EXTRACTION.columns)
    mine = [",".join(str(v) for v in row) for row in small.ask("select * from sales")]
    gone = "99,2023-05-06,101,1001,2,10.50,21.00,3,Sul"
    text = "\n".join([header, *mine, gone]) + "\n"
    small.landing.write("sales/2026-01-05/sales_raw.csv", text.encode())
    small.ingest()
    small.extract()
    changes = [row for row in small.landed_rows() if row.get("operation")]
    assert [(row["id"], row["operation"], row["region"]) for row in changes] == [
        ("99", "delete", "Sul")
    ]


def test_an_extraction_with_most_rows_gone_fails_unless_deletes_are_accepted(
    postgres: str, tmp_path: Path
):
    with shop(postgres, str(tmp_path), rows=150) as made:
        made.extract()
        made.execute("delete from sales where id > 20")
        with pytest.raises(ExtractionError, match="130 of 150 rows are gone"):
            made.extract()
        assert len(made.paths()) == 1
        made.extract(accept_deletes=True)
        assert made.replayed() == made.table()


def test_a_recreated_table_is_compared_completely(small: Shop):
    small.extract()
    small.execute("drop table sales")
    with pytest.raises(ExtractionError, match=r"no table public\.sales"):
        small.extract()
    seed(EXTRACTION, small.dsn, LEGACY.rows(2, 7))
    small.extract()
    assert [change[:2] for change in small.landed()[3:]] == [("3", "delete")]
    assert "all rows are compared" in small.remarks[-1]


def test_a_missing_column_is_reported_by_name(small: Shop):
    small.execute("alter table sales drop column region")
    with pytest.raises(ExtractionError, match=r"public\.sales has no column region"):
        small.extract()


def test_a_read_only_role_is_enough_to_extract(small: Shop, postgres: str):
    reader = f"reader_{urlsplit(small.dsn).path[-8:]}"
    small.execute(
        f"create role {reader} login password 'plain'", f"grant select on sales to {reader}"
    )
    place = urlsplit(small.dsn)
    address = place._replace(netloc=f"{reader}:plain@{place.hostname}:{place.port}")
    by_reader = small.with_dsn(urlunsplit(address))
    by_reader.extract()
    assert by_reader.replayed() == small.table()
    small.execute(f"drop owned by {reader}", f"drop role {reader}")


SECRETS = ["{0}x", "{0}@x:1", "b@d:{0}", "{0} ", "{0}/x", "{0}?x", "{0}%x", "x#{0}"]
IN_URLS = [f"postgresql://lakehouse:{secret}@127.0.0.1:{{1}}/x" for secret in SECRETS]
IN_WORDS = ["host=127.0.0.1 port={1} password=x {0}", "host=127.0.0.1 port={0} password=x"]


@pytest.mark.parametrize("template", [*IN_URLS, *IN_WORDS, "mysql://root:{0}@127.0.0.1:{1}/x"])
def test_no_error_shows_the_password(small: Shop, template: str):
    wrong = template.format("Geheim4711", urlsplit(small.dsn).port)
    with pytest.raises(ExtractionError) as raised:
        small.with_dsn(wrong).extract()
    assert "Geheim" not in str(raised.value)
    assert "Geheim" not in repr(small.with_dsn(wrong).settings)


def test_a_rejected_file_stops_the_extraction_until_it_is_corrected(small: Shop):
    small.extract()
    (path,) = small.paths()
    good = small.landing.read(path)
    small.landing.write(path, b"\x89PNG" + good)
    small.ingest()
    small.execute(added(10))
    with pytest.raises(ExtractionError, match=f"the lake rejected {path}"):
        small.extract()
    assert "rejected" in (extraction_status(EXTRACTION, small.settings).problem or "")
    small.landing.write(path, good)
    small.ingest()
    small.extract()
    assert small.replayed() == small.table()


def test_an_invalid_journal_is_not_treated_as_empty(small: Shop):
    small.extract()
    journal = Path(small.settings.root) / "ops/sales/extraction/sales.json"
    journal.write_text(json.dumps({"number": 1}))
    with pytest.raises(ExtractionError, match=r"sales\.json is not a valid journal"):
        small.extract()
    journal.unlink()
    small.ingest()
    small.execute(added(10))
    small.extract()
    assert small.landed()[3:] == [("10", "snapshot", "Sul")]


def step(settings: Settings, mode: str) -> None:
    extract(EXTRACTION, settings, mode=mode, inform=print)


@pytest.mark.parametrize("at", KILLED)
def test_an_extraction_killed_at_any_step_loses_and_repeats_nothing(small: Shop, at: str):
    small.extract()
    small.ingest()
    small.execute(added(10), moved(1, "Oeste"), removed(2))
    status = ended(child(step, small.settings, "incremental", LAKEHOUSE_FAILPOINT=at))
    assert status == -signal.SIGKILL
    small.execute(moved(10, "Leste"), added(11))
    small.extract()
    small.ingest()
    small.extract()
    small.ingest()
    assert small.replayed() == small.table()
    assert max(Counter(small.landed()).values()) == 1
    assert set(small.statuses()) == {"loaded"}
    assert small.extract().files == ()
    kept = Path(small.settings.root, "ops/sales/extraction/sales")
    assert list(kept.iterdir()) == []


@pytest.mark.s3
def test_extraction_to_s3_lands_the_same_as_to_disk(postgres: str, lake_root: str):
    with shop(postgres, lake_root, rows=3) as made:
        for mode in ("incremental", "cdc"):
            made.extract(mode)
            made.execute(added(10 + len(mode)), moved(1, mode.title()))
            made.extract(mode)
            made.ingest()
            made.extract(mode)
            assert made.replayed() == made.table()

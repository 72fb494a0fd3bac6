"""A person is found everywhere, taken out for good, and stays out; others stay as they are."""

import csv
import datetime as dt
import gzip
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.cli import main
from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres.extract import extraction_status
from lakehouse.platform.failpoints import PRIVACY
from lakehouse.platform.ingestion.csv.errors import ERASED, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.orchestration.metadata import preview
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.privacy import erasure, marks
from lakehouse.platform.privacy.marks import KeyMissing
from lakehouse.platform.privacy.persons import Person, Tags
from lakehouse.platform.privacy.records import Form, NotErasable, located, redacted
from lakehouse.platform.privacy.search import Finding, Search, What, known_as
from lakehouse.platform.quarantine import replay as quarantine
from lakehouse.platform.quarantine.replay import ReplayError
from lakehouse.platform.reconciliation import audit
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.platform.legacy_shop import added, moved, shop
from lakehouse_tests.servers import S3Server
from lakehouse_tests.stories.driver import Driver

HEADER = "Index,User Id,First Name,Last Name,Sex,Email,Phone,Date of birth,Job Title"
ZULEIKA = "8717bbf45cCDbEe"
ADDRESS = "zuleika.prado@example.org"
SECRETS = ("8717bbf45cCDbEe", "zuleika", "prado", "555-0199-zp")
"""What nobody may find any more, in any case."""
MONDAY, TUESDAY, FRIDAY = "2024-04-22", "2024-04-23", "2024-04-26"


def line(number: int, **other: str) -> str:
    """One record; the first is Zuleika's."""
    values = {
        "Index": str(number),
        "User Id": ZULEIKA if number == 1 else f"{number:04d}bbf45cCDbEe",
        "First Name": "Zuleika" if number == 1 else f"Ana{number}",
        "Last Name": "Prado" if number == 1 else "Lima",
        "Sex": "Female",
        "Email": ADDRESS if number == 1 else f"ana{number}@example.org",
        "Phone": "555-0199-ZP" if number == 1 else f"555-{number:04d}",
        "Date of birth": "1990-02-03",
        "Job Title": "Engineer, civil",
        **other,
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values.values())
    return text.getvalue()


def file(*lines: str) -> str:
    return f"{HEADER}\n{''.join(lines)}"


@dataclass
class People(Business):
    """The people's lake, with what an erasure needs."""

    root: str = ""

    @property
    def settings(self) -> Settings:
        folder = self.root or str(self.folder)
        return Settings(root=f"{folder}/lake", landing=f"{folder}/landing", quiet_seconds=0)

    def search(self, **known: Sequence[str]) -> Search:
        (person,) = known_as(["people"], self.lake, self.settings, **known).values()
        return Search(domain=self.domain, lake=self.lake, settings=self.settings, person=person)

    def found(self, **known: Sequence[str]) -> list[Finding]:
        return list(self.search(**known).findings())

    def erase(self, **known: Sequence[str]) -> erasure.Erased:
        persons = known_as(["people"], self.lake, self.settings, **known)
        return erasure.erase(persons, self.lake, self.settings, self.refreshed)

    def refreshed(self, of: Domain, days: Sequence[dt.date]) -> None:
        driver = Driver(domain=of, settings=self.settings)
        driver.run(Work.ARRIVALS, days)
        driver.take_in()

    def verified(self) -> list[str]:
        return [str(each) for each in audit.verify(self.lake, self.domain, self.settings)]

    def bytes_of(self, uri: str) -> Iterator[tuple[str, bytes]]:
        """Every file below a root as bytes, what is packed unpacked, Parquet as text."""
        store = ObjectStore.at(uri)
        for entry in store.entries():
            data = store.read(entry.path)
            if data.startswith(b"\x1f\x8b"):
                data = gzip.decompress(data)
            if entry.path.endswith(".parquet"):
                rows = pq.ParquetFile(pa.BufferReader(data))
                data += (
                    str(rows.read().to_pylist()).encode() + str(rows.metadata.to_dict()).encode()
                )
            yield entry.path, entry.path.encode() + b" " + data

    def traces(self) -> list[str]:
        """Files of the lake and the landing zone that still say something of Zuleika."""
        return [
            path
            for uri in (self.settings.root, self.settings.landing)
            for path, data in self.bytes_of(uri)
            if any(secret in data.lower() for secret in (s.lower().encode() for s in SECRETS))
        ]

    def others(self) -> dict[str, list[tuple[object, ...]]]:
        """What everybody else's rows say."""
        return {
            name: self.rows(
                f"select * exclude (day, row) from {name} where user_id <> '{ZULEIKA}' order by all"
            )
            for name in ("silver.people_people_all", "gold.people_people_without_duplicates")
        }


def landed(folder: Path) -> People:
    """Zuleika in every place where somebody can be."""
    people = People("people", folder)
    people.land(f"{MONDAY}/a.csv", file(line(1), line(2), line(3)))
    people.land(f"{TUESDAY}/b.csv.gz", gzip.compress(file(line(4), line(1)).encode(), mtime=0))
    people.ingest()
    titles = 'Says "hi"\nand more\nlines'
    broken = line(1).rstrip("\n") + ",one,too,many\n"
    mention = line(3, **{"Job Title": f"Assistant of {ADDRESS.upper()}."})
    people.land(
        f"{MONDAY}/a.csv",
        file(line(1, **{"Job Title": titles}), line(2), broken, mention, line(5)),
    )
    people.land(f"{MONDAY}/copy.csv", file(line(1), line(2), line(3)))
    people.land(f"{FRIDAY}/bad_row.csv", file(line(6), line(1, **{"Date of birth": "soon"})))
    people.land(
        f"{FRIDAY}/no_phone.csv", "Index,User Id,Email\n" + f"1,{ZULEIKA},{ADDRESS}\n2,x,y\n"
    )
    people.land(f"{FRIDAY}/cut.csv", file(line(7), line(1)).removesuffix('civil"\n'))
    people.land(f"{FRIDAY}/new_address.csv", file(line(1, Email="other@example.org"), line(8)))
    people.ingest()
    people.land(f"{FRIDAY}/pending.csv", file(line(9), line(1)))
    people.land("notes.txt", f"call {ADDRESS}\nbuy milk\n")
    return people


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> People:
    return landed(tmp_path_factory.mktemp("made"))


@pytest.fixture
def people(made: People, tmp_path: Path) -> People:
    """A copy of what was made once."""
    shutil.copytree(made.folder, tmp_path / "copy")
    return People("people", tmp_path / "copy", clock=made.clock + dt.timedelta(hours=2))


def test_somebody_is_found_by_their_address_in_every_layer_and_place(made: People) -> None:
    found = made.found(emails=[ADDRESS.upper()])
    rows: Counter[tuple[str, str]] = Counter()
    for each in found:
        rows[each.table, each.what.value] += each.rows
    assert rows == {
        ("landing", "record"): 6,
        ("landing", "line"): 4,
        ("landing", "mention"): 1,
        ("raw.people_people", "record"): 6,
        ("raw.people_people", "line"): 3,
        ("raw.people_people", "mention"): 1,
        ("bronze.people_people", "record"): 6,
        ("bronze.people_people", "mention"): 1,
        ("bronze.people_people__quarantine", "record"): 1,
        ("silver.people_people_all", "record"): 4,
        ("silver.people_people_all", "mention"): 1,
        ("silver.people_people_all__quarantine", "record"): 1,
        ("gold.people_people_without_duplicates", "record"): 1,
    } | {key: number for key, number in rows.items() if key[1] == "old version"}
    assert any(each.what is What.OLD for each in found)
    of_copy = {(e.table, e.day, e.line) for e in found if e.file == f"people/{MONDAY}/copy.csv"}
    day = dt.date.fromisoformat(MONDAY)
    assert of_copy == {
        (t, day, 2)
        for t in (
            "landing",
            "raw.people_people",
            "bronze.people_people",
            "silver.people_people_all",
        )
    }
    other_address = [e for e in found if e.file == f"people/{FRIDAY}/new_address.csv"]
    assert other_address, "the id beside the address is followed"
    said = repr(found).lower()
    assert not any(secret.lower() in said for secret in SECRETS)


def test_by_id_the_same_records_are_found_and_somebody_unknown_is_nowhere(made: People) -> None:
    records = {What.RECORD, What.LINE}
    by_id = {e for e in made.found(ids=[ZULEIKA]) if e.what in records and e.table != "landing"}
    by_email = {e for e in made.found(emails=[ADDRESS]) if e.what in records}
    assert by_id == {e for e in by_email if e.table != "landing"}
    assert made.found(ids=[ZULEIKA.upper()]) == [], "upper and lower case differ in this id"
    assert made.found(emails=["nobody@example.org"]) == []


def test_nothing_of_them_is_left_and_everybody_else_is_as_before(people: People) -> None:
    before = people.others()
    landing = people.folder / "landing/people"
    moments = {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert done.notes == []
    assert people.traces() == []
    assert people.found(emails=[ADDRESS]) == []
    after = people.others()
    unsaid = f"Assistant of {ADDRESS.upper()}."
    assert after["silver.people_people_all"] != []
    for name, rows in before.items():
        told = [tuple("Assistant of erased." if v == unsaid else v for v in row) for row in rows]
        new = [row for row in after[name] if "0009bbf45cCDbEe" not in row]
        assert Counter(new) == Counter(told), name
    assert {p: p.stat().st_mtime_ns for p in landing.rglob("*") if p.is_file()} == moments
    assert (landing / "notes.txt").read_text() == f"{ERASED}\nbuy milk\n"
    assert people.verified() == []
    assert set(people.balance()) == {"balanced"}
    said = repr(done).lower() + repr(marks.kept(people.lake)).lower()
    assert not any(secret.lower() in said for secret in SECRETS)
    reasons = Counter(reason for reason, _, _ in people.rejections("people"))
    assert reasons["erased"] > 0


def test_doing_it_again_changes_nothing(people: People) -> None:
    people.erase(emails=[ADDRESS])
    once = dict(people.bytes_of(people.settings.root))
    again = people.erase(emails=[ADDRESS])
    assert (again.found, again.left) == (Counter(), [])
    assert dict(people.bytes_of(people.settings.root)) == once


def test_what_is_delivered_or_replayed_later_does_not_bring_them_back(people: People) -> None:
    originals = {
        path: (people.folder / "landing/people" / path).read_bytes()
        for path in (f"{MONDAY}/copy.csv", f"{TUESDAY}/b.csv.gz", f"{FRIDAY}/no_phone.csv")
    }
    patch, whole = people.folder / "patch.csv", people.folder / "whole.csv"
    quarantine.export(people.lake, patch, domain="people", table="people")
    whole.write_text(file(line(3), line(1)))
    people.erase(emails=[ADDRESS])
    before = people.others()
    for path, data in originals.items():
        people.land(path.replace("/", "/again/"), data)
    people.land("2024-05-02/a.csv", file(line(10), line(1), line(1).rstrip("\n") + ",more\n"))
    landing = landing_zone_of(people.domain, people.settings)
    with pytest.raises(ReplayError, match="has the digest"):
        quarantine.replay(people.lake, landing, people.settings, patch=patch)
    rejected = f"people/{FRIDAY}/no_phone.csv"
    quarantine.replace(people.lake, landing, people.settings, rejected, whole)
    people.ingest()
    people.lake.store.delete([marks.KEY])
    people.land("2024-05-03/a.csv", file(line(11), line(1)))
    with pytest.raises(KeyMissing, match="LAKEHOUSE_PRIVACY_KEY"):
        people.ingest()
    (people.folder / "landing/people/2024-05-03/a.csv").unlink()
    in_lake = [path for path in people.traces() if not path.startswith("people/")]
    assert in_lake == []
    rows = people.rows("select user_id from silver.people_people_all where day = '2024-05-02'")
    assert rows == [("0010bbf45cCDbEe",)]
    known = {row[0] for row in before["gold.people_people_without_duplicates"]}
    assert known < {row[0] for row in people.others()["gold.people_people_without_duplicates"]}
    assert people.verified() == []


def test_a_file_that_is_put_back_with_its_moment_is_the_one_that_is_there(tmp_path: Path) -> None:
    people = People("people", tmp_path)
    at, text = people.clock, file(line(1), line(2))
    people.land(f"{MONDAY}/a.csv", text, at=at)
    people.ingest()
    people.erase(ids=[ZULEIKA])
    for _ in range(2):
        people.land(f"{MONDAY}/a.csv", text, at=at)
        people.land(f"{MONDAY}/b.csv", text, at=at)
        people.ingest()
    assert people.rows("select file, status, size from ops.deliveries order by file") == [
        (f"people/{MONDAY}/{name}.csv", "loaded", len(text)) for name in "ab"
    ]
    assert people.verified() == []
    assert people.erase(ids=[ZULEIKA]).left == []
    assert (people.traces(), people.verified()) == ([], [])


def test_an_address_keeps_out_everybody_who_comes_under_it(people: People) -> None:
    people.erase(emails=[ADDRESS])
    people.land("2024-05-02/a.csv", file(line(10), line(12, Email=ADDRESS.title())))
    people.ingest()
    rows = people.rows("select user_id from silver.people_people_all where day = '2024-05-02'")
    assert rows == [("0010bbf45cCDbEe",)]


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("point", PRIVACY)
def test_a_crash_anywhere_is_finished_by_the_same_request(
    people: People, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def dies(name: str) -> None:
        if name == point:
            raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "failpoint", dies)
        with pytest.raises(Crash):
            people.erase(emails=[ADDRESS])
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert people.traces() == []
    assert people.verified() == []
    assert set(people.balance()) == {"balanced"}


@pytest.mark.s3
def test_on_s3_nothing_is_left_either(s3: S3Server, tmp_path: Path) -> None:
    people = People("people", tmp_path, root=f"s3://{s3.bucket}/{tmp_path.name}")
    store = ObjectStore.at(people.settings.landing)
    store.write(f"people/{MONDAY}/a.csv", file(line(1), line(2)).encode())
    people.ingest()
    store.write(f"people/{MONDAY}/later.csv", file(line(3), line(1)).encode())
    done = people.erase(ids=[ZULEIKA])
    assert (done.left, people.traces()) == ([], [])
    assert people.rows("select user_id from silver.people_people_all order by all") == [
        ("0002bbf45cCDbEe",),
        ("0003bbf45cCDbEe",),
    ]
    assert people.verified() == []
    left = [entry.path for entry in store.entries("people")]
    assert left == [f"people/{MONDAY}/later.csv"], "what was taken in is gone, the rest is clean"


def test_a_customer_known_by_a_number_is_erased_in_their_system_only(tmp_path: Path) -> None:
    sales = Business("sales", tmp_path)
    head = "id,sale_date,product_id,customer_id,quantity,unit_price,total_value,seller_id,region\n"
    rows = [
        f"{n},2023-05-0{1 + n % 3},12,{12 if n % 4 == 0 else 100 + n},12,1.00,12.00,12,Sul\n"
        for n in range(1, 13)
    ]
    sales.land("2023-05-04/sales.csv", head + "".join(rows) + "13,2023-05-01,1,12,too,few\n")
    sales.ingest()
    counted = "select count(*), sum(total_value) from gold.sales_fact_sales"
    assert sales.rows(f"{counted} where customer_id = 12") == [(3, Decimal("36.00"))]
    persons = known_as(["bikes", "sales"], sales.lake, sales.settings, ids=["012"])
    search = Search(
        domain=sales.domain, lake=sales.lake, settings=sales.settings, person=persons["sales"]
    )
    assert Counter(each.table for each in search.findings() if each.line) == {
        "landing": 4,
        "raw.sales_sales": 4,
        "bronze.sales_sales": 3,
        "bronze.sales_sales__quarantine": 1,
    }

    def refresh(of: Domain, days: Sequence[dt.date]) -> None:
        driver = Driver(domain=of, settings=sales.settings)
        driver.run(Work.ARRIVALS, days)
        driver.take_in()

    only = {"sales": persons["sales"]}
    done = erasure.erase(only, sales.lake, sales.settings, refresh)
    assert done.left == []
    assert sales.rows(counted) == [(9, Decimal("108.00"))]
    assert sales.rows("select count(*) from bronze.sales_sales where customer_id = '12'") == [(0,)]
    assert [str(e) for e in audit.verify(sales.lake, sales.domain, sales.settings)] == []
    assert [mark.domain for mark in marks.kept(sales.lake)] == ["sales"]


@pytest.mark.postgres
def test_an_extraction_goes_on_behind_an_erasure_and_brings_nobody_back(
    postgres: str, tmp_path: Path
) -> None:
    with shop(postgres, str(tmp_path), rows=3) as made:
        made.execute(added(10), added(11).replace("1001", "77"))
        made.extract()
        lake, sales = Lake(made.settings.root), load_domain("sales")
        driver = Driver(domain=sales, settings=made.settings)

        def places() -> dict[str, int]:
            (person,) = known_as(["sales"], lake, made.settings, ids=["77"]).values()
            search = Search(domain=sales, lake=lake, settings=made.settings, person=person)
            return dict(Counter(each.table for each in search.findings()))

        assert places() == {"landing": 1, "staged": 1}
        persons = known_as(["sales"], lake, made.settings, ids=["77"])
        done = erasure.erase(persons, lake, made.settings, lambda *_: driver.take_in())
        assert (done.left, places()) == ([], {})
        driver.take_in()
        made.execute(moved(11, "Norte"))
        made.extract()
        driver.take_in()
        made.extract()
        assert places() == {"landing": 1}, "the source still has them; the lake has not"
        assert extraction_status(EXTRACTION, made.settings).problem is None
        journal = json.loads(lake.store.read("ops/sales/extraction/sales.json"))
        assert (journal["number"], journal["waiting"]) == (2, [])
        keys = lake.table(TableId("silver", "sales", "sales")).read(columns=["id"])["id"]
        assert sorted(keys.to_pylist()) == [1, 2, 3, 10]


def test_log_and_checkpoints_forget_the_bounds_of_old_files(people: People) -> None:
    table = people.lake.table(TableId("silver", "people", "people_all"))
    table.checkpoint()
    assert any("_delta_log" in path for path in people.traces())
    people.erase(emails=[ADDRESS])
    assert people.traces() == []
    assert table.snapshot().files
    assert [version.operation for version in table.history()]


def test_a_file_that_cannot_be_written_is_named_and_the_rest_is_erased(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.utime

    def rejects(path: Path, ns: tuple[int, int]) -> None:
        if path.parent.name == TUESDAY:
            raise PermissionError(13, "Permission denied")
        plain(path, ns=ns)

    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", rejects)
        done = people.erase(emails=[ADDRESS])
    name = f"people/{TUESDAY}/b.csv.gz"
    assert done.notes == [
        f"{name} in the landing zone cannot be written (Permission denied); remove it"
    ]
    assert {(each.table, each.file) for each in done.left} == {("landing", name)}
    people.ingest()
    assert people.traces() == [name]
    assert people.verified() == []
    assert people.erase(emails=[ADDRESS]).left == []
    assert people.traces() == []
    people.ingest()
    assert people.verified() == []


def test_the_page_of_a_partition_shows_nothing_personal(made: People) -> None:
    days = [dt.date.fromisoformat(MONDAY)]
    for layer, name in (("bronze", "people"), ("silver", "people_all")):
        shown = str(preview(made.lake, TableId(layer, "people", name), days).value)
        assert "Engineer" not in shown
        assert "example.org" not in shown
        assert f"people/{MONDAY}/" in shown


FORM = Form(
    format=CsvFormat(columns=("id", "mail", "note"), delimiters=";,"),
    tags=Tags(identifiers=("id",), emails=("mail",)),
)
TWELVE = Person(ids=frozenset({"12"}), numeric=True)
ANA = Person(ids=frozenset({"k-7788-ana"}), emails=frozenset({"ana@x.org"}))


@pytest.mark.parametrize(
    ("data", "person", "wanted"),
    [
        pytest.param(
            b"id;mail;note\r\n12;;12\r\n13;;12\r\n0012;;\r\n",
            TWELVE,
            f"id;mail;note\r\n{ERASED}\r\n13;;12\r\n{ERASED}\r\n".encode(),
            id="a number is an id in its column only, and leading zeros mean nothing",
        ),
        pytest.param(
            b"id;mail;note\n13;;\n12;two;few;much\n1;2;3;12\n12\n",
            TWELVE,
            f"id;mail;note\n13;;\n{ERASED}\n1;2;3;12\n{ERASED}\n".encode(),
            id="in a line that is no record a number counts at the place of the id",
        ),
        pytest.param(
            b'id,mail,note\n1,ANA@x.org,"a\nb\nc"\n2,b@x.org,"a\nb"\n',
            ANA,
            f'id,mail,note\n{ERASED}\n{ERASED}\n{ERASED}\n2,b@x.org,"a\nb"\n'.encode(),
            id="a record of several lines leaves as many",
        ),
        pytest.param(
            b"id,mail,note\n2,b@x.org,see ana@x.org and joana@x.org\n3,c@x.org,k-7788-anas\n",
            ANA,
            b"id,mail,note\n2,b@x.org,see erased and joana@x.org\n3,c@x.org,k-7788-anas\n",
            id="a mention is replaced by itself, as a whole word",
        ),
        pytest.param(
            "id,mail,note\n2,b@x.org,São ana@x.org\n1,ana@x.org,é\n".encode("latin-1"),
            ANA,
            f"id,mail,note\n2,b@x.org,São erased\n{ERASED}\n".encode("latin-1"),
            id="the encoding is kept",
        ),
        pytest.param(
            b'id,mail,note\n5,"oops,3\n1,ana@x.org,"ok"\n6,f@x.org,\n',
            ANA,
            f'id,mail,note\n5,"oops,3\n{ERASED}\n6,f@x.org,\n'.encode(),
            id="a bad quote that ended in their record ends before it",
        ),
        pytest.param(
            b'id,mail,note\n1,Ana <ANA@x.org>,"hers"\n2,b@x.org,\n',
            ANA,
            f"id,mail,note\n{ERASED}\n2,b@x.org,\n".encode(),
            id="an address among other words in its column says whose the record is",
        ),
        pytest.param(
            b"id,mail,note,ana@x.org\n2,b@x.org,,1\n3,c@x.org,,\n",
            ANA,
            b"id,mail,note,erased\n2,b@x.org,,1\n3,c@x.org,,\n",
            id="a column that is named after them gets another name",
        ),
        pytest.param(
            b"mail,id\nana@x.org,1\nb@x.org,2\n",
            ANA,
            f"mail,id\n{ERASED}\nb@x.org,2\n".encode(),
            id="a file that is rejected as a whole is cleaned line by line",
        ),
    ],
)
def test_a_persons_lines_say_that_they_were_erased(
    data: bytes, person: Person, wanted: bytes
) -> None:
    made = redacted(data, "a.csv", FORM, person, limit=10**6)
    assert made.data == wanted
    assert made.others == 0
    assert redacted(made.data, "a.csv", FORM, person, limit=10**6).data == wanted
    for name in ("a.csv.gz", "a.csv"):
        packed = redacted(gzip.compress(data), name, FORM, person, limit=10**6)
        assert gzip.decompress(packed.data) == wanted


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", gzip.compress(b"id,mail,note\n1,ana@x.org,\n" * 99, mtime=0)[:-9]),
        ("a.csv", "id,mail,note\n1,ana@x.org,\n".encode("utf-16")),
        ("a.csv", "id,mail,note\n1,ANA@x.org,\n".encode("utf-16-le")),
        ("a.csv", "id,mail,note\n1,ana@x.org,\n".encode("utf-16-be")),
    ],
)
def test_a_damaged_file_that_names_them_loses_its_content(name: str, data: bytes) -> None:
    made = redacted(data, name, FORM, ANA, limit=10**6)
    plain = gzip.decompress(made.data) if name.endswith(".gz") else made.data
    assert made.located.opaque
    assert plain == f"{ERASED}\n".encode()


values = st.text(st.sampled_from('ab1;,"\n\ré '), max_size=5)


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(st.tuples(st.sampled_from(["12", "012", "7", "8"]), values), max_size=8),
    stray=st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(['x"y,"', '"', "12;", "a;b;c;d", ""])),
        max_size=2,
    ),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_others_are_read_as_before_wherever_somebody_is_taken_out(
    records: list[tuple[str, str]], stray: list[tuple[int, str]], newline: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator=newline)
    bodies = []
    for number, note in records:
        text.seek(0)
        text.truncate()
        writer.writerow([number, "", note])
        bodies.append(text.getvalue())
    for place, odd in stray:
        bodies.insert(place, odd + newline)
    data = f"id;mail;note{newline}{''.join(bodies)}".encode()
    try:
        before = read_csv(data, FORM.format, name="a.csv")
        made = redacted(data, "a.csv", FORM, TWELVE, limit=10**6)
    except (FileRejected, NotErasable):
        return
    after = read_csv(made.data, FORM.format, name="a.csv")
    theirs = {r["_line"] for r in before.rows.to_pylist() if TWELVE.has_id(r["id"])}
    expected = [r for r in before.rows.to_pylist() if r["_line"] not in theirs]
    assert after.rows.to_pylist() == expected
    assert after.physical_lines == before.physical_lines
    assert after.balance == 0
    erased = [u.line for u in after.unparsable if u.reason is LineReason.ERASED]
    assert theirs <= set(erased)
    assert not located(made.data, "a.csv", FORM, TWELVE, limit=10**6)


def test_the_command_asks_finds_erases_and_says_nothing_of_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People("people", tmp_path)
    for name, value in {
        "LAKEHOUSE_ROOT": people.settings.root,
        "LAKEHOUSE_LANDING": people.settings.landing,
        "DAGSTER_HOME": str(tmp_path / "home"),
    }.items():
        monkeypatch.setenv(name, value)
    people.land(f"{MONDAY}/a.csv", file(line(1), line(2)))
    people.ingest()
    run = CliRunner().invoke
    found = run(main, ["privacy", "find", "--email", "-", "--format", "json"], input=ADDRESS)
    assert {row["table"] for row in json.loads(found.stdout)} == {
        "landing",
        "raw.people_people",
        "bronze.people_people",
        "silver.people_people_all",
        "gold.people_people_without_duplicates",
    }
    asked = run(main, ["privacy", "erase", "--id", ZULEIKA], input="n\n")
    assert (asked.exit_code, bool(people.traces())) == (1, True)
    erased = run(main, ["privacy", "erase", "--id", ZULEIKA, "--yes"])
    assert erased.exit_code == 0, erased.output
    assert people.traces() == []
    said = (found.output + asked.output + erased.output).lower()
    assert not any(secret.lower() in said for secret in SECRETS)
    assert run(main, ["reconcile", "--verify", "--domain", "people"]).exit_code == 0
    rejected = run(main, ["privacy", "erase", "--id", "nobody", "--yes"])
    assert rejected.exit_code == 2
    assert "the id was not found in any domain; pass --domain" in rejected.output
    nonsense = run(main, ["privacy", "find", "--id", "a", "--email", "b@c.de"])
    assert "pass either --id or --email" in nonsense.output
    for option, value, hint in (("email", ZULEIKA, "there is --id"), ("id", " ", "one line")):
        rejected = run(main, ["privacy", "find", f"--{option}", value])
        assert (rejected.exit_code, hint in rejected.output) == (2, True)


def test_a_mark_tells_nobody_and_depends_on_the_key(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    key = marks.key_of(lake, Settings())
    assert marks.key_of(lake, Settings()) == key
    assert repr(key) == "Key()"
    (made,) = key.marks("people", Person(ids=frozenset({ZULEIKA})))
    marks.keep(lake, [made, made])
    (path,) = (tmp_path / marks.MARKS).iterdir()
    assert json.loads(path.read_text()) == {
        "kind": "identifier",
        "domain": "people",
        "key": key.fingerprint,
    }
    elsewhere = marks.key_of(lake, Settings(privacy_key="of the environment"))
    (other,) = elsewhere.marks("people", Person(ids=frozenset({ZULEIKA})))
    assert other.digest != made.digest
    assert key.marks("bikes", Person(ids=frozenset({ZULEIKA})))[0].digest != made.digest

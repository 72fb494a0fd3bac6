"""A person is erased from every place and stays erased; all other data is unchanged."""

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.domains.sales.extraction import EXTRACTION
from lakehouse.platform.connectors.postgres.extract import extraction_status
from lakehouse.platform.failpoints import PRIVACY
from lakehouse.platform.ingestion.csv.errors import ERASED
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.privacy import erase_files, erase_kept_files, erasure, marks
from lakehouse.platform.privacy.known_ids import persons_in
from lakehouse.platform.privacy.marks import KeyMissing
from lakehouse.platform.quarantine.correct_row import Author, RowKey, Wish, correct
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.export import export_rejections
from lakehouse.platform.quarantine.listing import RejectionKind, list_rejections
from lakehouse.platform.quarantine.preview import Workplace
from lakehouse.platform.quarantine.replay import replace_file, replay_patch
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.quarantine.trail import read_trail
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse_tests.domains.business import Business
from lakehouse_tests.platform.legacy_shop import added, moved, shop
from lakehouse_tests.platform.privacy.people_lake import (
    ADDRESS,
    FRIDAY,
    MONDAY,
    SECRETS,
    TUESDAY,
    ZULEIKA,
    People,
    file,
    findings,
    lake_with_zuleika,
    line,
)
from lakehouse_tests.servers import S3Server
from lakehouse_tests.stories.driver import Driver


def test_an_erasure_reaches_the_trail_of_corrections(people: People) -> None:
    workplace = Workplace(
        lake=people.lake,
        domain=people.domain,
        settings=people.settings,
        erased=lambda: marks.MarkedPersons.load(people.lake, people.settings, "people"),
    )
    rows = list_rejections(people.lake, Selection(domain="people"))
    row = next(r for r in rows if r.kind is RejectionKind.ROW and ZULEIKA in (r.values or ""))
    key = RowKey(table=row.table, day=row.day, file=row.file, line=row.line or 0, digest=row.digest)
    author = Author(person="ana", role="privacidade", reason=f"{ADDRESS} called")
    correct(workplace, key, Wish(values={"Phone": "555-0100"}), author)
    (asked,) = read_trail(people.lake, "people")
    assert ZULEIKA in (asked.request.before or "")
    assert any("corrections" in place for place in map(str, people.found(emails=[ADDRESS])))
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert people.traces() == []
    (erased,) = read_trail(people.lake, "people")
    assert [e.step for e in erased.events] == [e.step for e in asked.events]
    assert (erased.request.before, erased.request.after) == (None, None)
    assert (erased.request.person, erased.request.reason) == ("ana", "erased called")


def test_an_erasure_leaves_nothing_of_the_person_and_all_other_rows_unchanged(
    people: People,
) -> None:
    before = people.others()
    landing = people.folder / "landing/people"
    moments = {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert done.notes == []
    assert people.traces() == []
    assert people.found(emails=[ADDRESS]) == []
    after = people.others()
    mention = f"Assistant of {ADDRESS.upper()}."
    assert after["silver.people_people_all"] != []
    for name, rows in before.items():
        expected = [
            tuple("Assistant of erased." if v == mention else v for v in row) for row in rows
        ]
        new = [row for row in after[name] if "0009bbf45cCDbEe" not in row]
        assert Counter(new) == Counter(expected), name
    assert {p: p.stat().st_mtime_ns for p in landing.rglob("*") if p.is_file()} == moments
    assert (landing / "notes.txt").read_text() == f"{ERASED}\nbuy milk\n"
    assert people.verified() == []
    assert set(people.balance()) == {"balanced"}
    text = repr(done).lower() + repr(marks.read_marks(people.lake)).lower()
    assert not any(secret.lower() in text for secret in SECRETS)
    reasons = Counter(reason for reason, _, _ in people.rejections("people"))
    assert reasons["erased"] > 0


def test_an_erasure_reaches_every_file_of_a_day(tmp_path: Path) -> None:
    people = lake_with_zuleika(tmp_path, file_mb=0.0001)
    for name in ("bronze.people_people", "silver.people_people_all"):
        days = people.lake.table(TableId.from_name(name)).snapshot().files
        assert any(len(day.parts) > 2 for day in days), name
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert people.traces() == []
    assert people.found(emails=[ADDRESS]) == []
    assert people.verified() == []


def test_a_second_erasure_changes_nothing(people: People) -> None:
    people.erase(emails=[ADDRESS])
    once = dict(people.bytes_of(people.settings.root))
    again = people.erase(emails=[ADDRESS])
    assert (again.found, again.left) == (Counter(), [])
    assert dict(people.bytes_of(people.settings.root)) == once


def test_later_deliveries_and_replays_do_not_restore_an_erased_person(people: People) -> None:
    originals = {
        path: (people.folder / "landing/people" / path).read_bytes()
        for path in (f"{MONDAY}/copy.csv", f"{TUESDAY}/b.csv.gz", f"{FRIDAY}/no_phone.csv")
    }
    patch, new_file = people.folder / "patch.csv", people.folder / "new.csv"
    export_rejections(people.lake, patch, Selection(domain="people", table="people"))
    new_file.write_text(file(line(3), line(1)))
    people.erase(emails=[ADDRESS])
    before = people.others()
    for path, data in originals.items():
        people.land(path.replace("/", "/again/"), data)
    people.land("2024-05-02/a.csv", file(line(10), line(1), line(1).rstrip("\n") + ",more\n"))
    landing = landing_zone_of(people.domain, people.settings)
    with pytest.raises(ReplayError, match="has the SHA-256"):
        replay_patch(people.lake, landing, people.settings, patch)
    rejected = f"people/{FRIDAY}/no_phone.csv"
    replace_file(people.lake, landing, people.settings, rejected, new_file)
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


def test_a_restored_file_with_its_old_time_is_a_known_delivery(tmp_path: Path) -> None:
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


def test_a_record_with_an_erased_address_and_a_new_id_is_kept_out(people: People) -> None:
    people.erase(emails=[ADDRESS])
    people.land("2024-05-02/a.csv", file(line(10), line(12, Email=ADDRESS.title())))
    people.ingest()
    rows = people.rows("select user_id from silver.people_people_all where day = '2024-05-02'")
    assert rows == [("0010bbf45cCDbEe",)]


class Crash(BaseException):
    """Stands for the death of the process."""


@pytest.mark.parametrize("point", PRIVACY)
def test_the_same_request_completes_an_erasure_after_a_crash(
    people: People, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def crash(name: str) -> None:
        if name == point:
            raise Crash

    with monkeypatch.context() as patch:
        for module in (erasure, erase_files, erase_kept_files):
            patch.setattr(module, "failpoint", crash)
        with pytest.raises(Crash):
            people.erase(emails=[ADDRESS])
    done = people.erase(emails=[ADDRESS])
    assert done.left == []
    assert people.traces() == []
    assert people.verified() == []
    assert set(people.balance()) == {"balanced"}


@pytest.mark.s3
def test_an_erasure_on_s3_leaves_nothing(s3: S3Server, tmp_path: Path) -> None:
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
    assert left == [f"people/{MONDAY}/later.csv"], (
        "the ingested file is deleted, the other one is clean"
    )


def test_a_numeric_id_is_erased_in_its_domain_only(tmp_path: Path) -> None:
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
    persons = persons_in(["bikes", "sales"], sales.lake, sales.settings, ids=["012"])
    found = findings(sales.domain, sales.settings, persons["sales"])
    assert Counter(each.table for each in found if each.line) == {
        "landing": 4,
        "raw.sales_sales": 4,
        "bronze.sales_sales": 3,
        "bronze.sales_sales__quarantine": 1,
    }

    def rebuild(domain: Domain, days: Sequence[dt.date]) -> None:
        driver = Driver(domain=domain, settings=sales.settings)
        driver.run(Work.ARRIVALS, days)
        driver.run_pending()

    only = {"sales": persons["sales"]}
    done = erasure.erase(only, sales.lake, sales.settings, rebuild)
    assert done.left == []
    assert sales.rows(counted) == [(9, Decimal("108.00"))]
    assert sales.rows("select count(*) from bronze.sales_sales where customer_id = '12'") == [(0,)]
    assert [str(e) for e in audit_domain(sales.lake, sales.domain, sales.settings)] == []
    assert [mark.domain for mark in marks.read_marks(sales.lake)] == ["sales"]


@pytest.mark.postgres
def test_an_extraction_continues_after_an_erasure_without_the_person(
    postgres: str, tmp_path: Path
) -> None:
    with shop(postgres, str(tmp_path), rows=3) as made:
        made.execute(added(10), added(11).replace("1001", "77"))
        made.extract()
        lake, sales = Lake(made.settings.root), load_domain("sales")
        driver = Driver(domain=sales, settings=made.settings)

        def places() -> dict[str, int]:
            (person,) = persons_in(["sales"], lake, made.settings, ids=["77"]).values()
            found = findings(sales, made.settings, person)
            return dict(Counter(each.table for each in found))

        assert places() == {"landing": 1, "staged": 1}
        persons = persons_in(["sales"], lake, made.settings, ids=["77"])
        done = erasure.erase(persons, lake, made.settings, lambda *_: driver.run_pending())
        assert (done.left, places()) == ([], {})
        driver.run_pending()
        made.execute(moved(11, "Norte"))
        made.extract()
        driver.run_pending()
        made.extract()
        assert places() == {"landing": 1}, "the source still has the person; the lake has not"
        assert extraction_status(EXTRACTION, made.settings).problem is None
        journal = json.loads(lake.store.read("ops/sales/extraction/sales.json"))
        assert (journal["number"], journal["waiting"]) == (2, [])
        keys = lake.table(TableId("silver", "sales", "sales")).read(columns=["id"])["id"]
        assert sorted(keys.to_pylist()) == [1, 2, 3, 10]


def test_the_delta_log_and_checkpoints_lose_the_bounds_of_deleted_files(people: People) -> None:
    table = people.lake.table(TableId("silver", "people", "people_all"))
    table.checkpoint()
    assert any("_delta_log" in path for path in people.traces())
    people.erase(emails=[ADDRESS])
    assert people.traces() == []
    assert table.snapshot().files
    assert [version.operation for version in table.history()]


def test_a_file_that_cannot_be_written_is_reported_and_the_rest_is_erased(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    utime = os.utime

    def reject(path: Path, ns: tuple[int, int]) -> None:
        if path.parent.name == TUESDAY:
            raise PermissionError(13, "Permission denied")
        utime(path, ns=ns)

    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", reject)
        done = people.erase(emails=[ADDRESS])
    name = f"people/{TUESDAY}/b.csv.gz"
    assert done.notes == [
        f"{name} in the landing zone cannot be written (Permission denied); hint: delete it"
    ]
    assert {(each.table, each.file) for each in done.left} == {("landing", name)}
    people.ingest()
    assert people.traces() == [name]
    assert people.verified() == []
    assert people.erase(emails=[ADDRESS]).left == []
    assert people.traces() == []
    people.ingest()
    assert people.verified() == []


def test_the_command_asks_erases_and_prints_nothing_about_the_person(
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
    text = (found.output + asked.output + erased.output).lower()
    assert not any(secret.lower() in text for secret in SECRETS)
    assert run(main, ["reconcile", "--verify", "--domain", "people"]).exit_code == 0
    rejected = run(main, ["privacy", "erase", "--id", "nobody", "--yes"])
    assert rejected.exit_code == 2
    assert "the id was not found in any domain; pass --domain" in rejected.output
    nonsense = run(main, ["privacy", "find", "--id", "a", "--email", "b@c.de"])
    assert "pass either --id or --email" in nonsense.output
    for option, value, hint in (
        ("email", ZULEIKA, "pass an id with --id"),
        ("id", " ", "one line"),
    ):
        rejected = run(main, ["privacy", "find", f"--{option}", value])
        assert (rejected.exit_code, hint in rejected.output) == (2, True)

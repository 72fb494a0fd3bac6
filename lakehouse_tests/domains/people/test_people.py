"""People files in every order of arrival give one row per person."""

import csv
import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.people import Plan, deliveries
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.serving.export_writing import write_exports
from lakehouse.platform.serving.exports import exports_of
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.domains.people.files import COLUMNS, HEADER, file, newest, person, row
from lakehouse_tests.servers import S3Server

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "people"
WITHOUT = "gold.people_people_without_duplicates"
MONDAY, TUESDAY = "2024-04-22", "2024-04-23"
MANY = 1_005


@dataclass
class OnS3(Business):
    """Lake and landing zone of People in a bucket."""

    root: str = ""

    @property
    def settings(self) -> Settings:
        return Settings(root=f"{self.root}/lake", landing=f"{self.root}/landing", quiet_seconds=0)


@pytest.fixture
def people(tmp_path: Path) -> Business:
    return Business("people", tmp_path)


def jobs(people: Business) -> dict[str, str]:
    return dict(people.rows(f"select user_id, job_title from {WITHOUT}"))


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample files at ../shared/data/people")
def test_the_two_sample_files_give_ten_thousand_removed_duplicates(people: Business):
    now = dt.datetime.now(dt.UTC)
    for path in SAMPLE.glob("*.csv"):
        people.land(path.name, path.read_bytes(), at=now)
    people.ingest()
    assert people.rows("select files, rows, people, removed from gold.people_duplicates") == [
        (2, 20_000, 10_000, 10_000)
    ]
    assert people.rows(f"select count(*), count(distinct user_id) from {WITHOUT}") == [
        (10_000, 10_000)
    ]
    assert people.rows("select file, kept, removed from gold.people_removed_duplicates") == [
        ("people/people-10000.csv", 0, 10_000),
        ("people/people-10000_v2.csv", 10_000, 0),
    ]
    assert people.rejections("people_all") == people.rejections("people") == []
    assert people.balance() == ["balanced"] * 2


@pytest.mark.s3
def test_on_s3_all_files_of_a_folder_are_read_over_all_listing_pages(s3: S3Server, tmp_path: Path):
    """S3 lists at most a thousand names per page."""
    people = OnS3("people", tmp_path, root=f"s3://{s3.bucket}/{tmp_path.name}")
    store = ObjectStore.at(people.settings.landing)

    def put(number: int) -> None:
        text = file(row(person(number)), row(person(0), Job_Title=f"{number}"))
        store.write(f"people/{MONDAY}/lote/people_{number:04}.csv", text.encode())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(1, MANY + 1)))
    people.ingest()
    assert people.rows("select * exclude (day) from gold.people_duplicates") == [
        (MANY, 2 * MANY, MANY + 1, MANY - 1)
    ]
    newest = max(store.entries("people"), key=lambda entry: (entry.modified_at, entry.path))
    assert f"_{jobs(people)[person(0)]:0>4}.csv" == newest.path[-9:]
    assert people.balance() == ["balanced"] * MANY


def test_the_file_delivered_last_wins_whatever_its_day_and_name(people: Business):
    late = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    people.land(f"{TUESDAY}/z.csv", file(row(person(1), Job_Title="older")))
    people.land(f"{MONDAY}/a.csv", file(row(person(1), Job_Title="newer")), at=late)
    people.ingest()
    assert people.rows(f"select job_title, day from {WITHOUT}") == [
        ("newer", dt.date.fromisoformat(MONDAY))
    ]


def test_of_files_delivered_at_once_the_greater_name_wins_and_within_a_file_the_first_row(
    people: Business,
):
    once = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    first, second = row(person(1), Job_Title="first"), row(person(1), Job_Title="second")
    people.land(f"{MONDAY}/z/people.csv", file(row(person(1), Job_Title="smaller name")), at=once)
    people.land(f"{MONDAY}/a/people_v2.csv", file(first, second), at=once)
    people.ingest()
    assert jobs(people) == {person(1): "first"}
    assert people.rows("select removed from gold.people_duplicates") == [(2,)]


def test_ids_that_differ_in_case_only_are_two_persons(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row("abcdef012345678"), row("ABCDEF012345678")))
    people.ingest()
    assert set(jobs(people)) == {"abcdef012345678", "ABCDEF012345678"}


def test_a_later_delivery_moves_its_persons_to_its_day_and_no_others(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row(person(1)), row(person(2))))
    people.ingest()
    people.land(f"{TUESDAY}/b.csv", file(row(person(1), Job_Title="Actor")))
    people.ingest()
    assert people.rows(f"select user_id, day::text, job_title from {WITHOUT} order by 1") == [
        (person(1), TUESDAY, "Actor"),
        (person(2), MONDAY, "Teacher, primary school"),
    ]
    assert set(people.balance()) == {"balanced"}


def test_a_person_removed_by_a_corrected_file_gets_the_values_of_the_file_before(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row(person(1), Job_Title="Actor")))
    people.land(f"{TUESDAY}/b.csv", file(row(person(1)), row(person(2))))
    people.ingest()
    people.land(f"{TUESDAY}/b.csv", file(row(person(2))))
    people.ingest()
    assert jobs(people) == {person(1): "Actor", person(2): "Teacher, primary school"}
    assert people.rows("select count(*) from silver.people_people_all") == [(2,)]


def test_a_file_that_returns_to_earlier_content_counts_with_that_content(people: Business):
    first, second = file(row(person(1))), file(row(person(2)))
    for text in (first, second, first):
        people.land(f"{MONDAY}/a.csv", text)
        people.ingest()
    assert set(jobs(people)) == {person(1)}
    assert set(people.balance()) == {"balanced"}
    assert [str(each) for each in audit_domain(people.lake, people.domain, people.settings)] == []
    people.land(f"{MONDAY}/replay/{MONDAY}/a.csv", second)
    people.ingest()
    people.land(f"{MONDAY}/a.csv", first)
    people.ingest()
    assert set(jobs(people)) == {person(2)}, "a file sent once more undoes no correction"


def test_a_corrected_row_is_as_old_as_the_file_it_corrects(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row(person(1)), row(person(2), Sex="?")))
    people.land(f"{TUESDAY}/b.csv", file(row(person(1), Job_Title="Actor")))
    people.ingest()
    corrected = file(row(person(1)), row(person(2)))
    people.land(f"{MONDAY}/replay/{MONDAY}/a.csv", corrected)
    people.ingest()
    assert people.rejections("people_all") == []
    assert jobs(people) == {person(1): "Actor", person(2): "Teacher, primary school"}


def test_values_are_typed_and_keep_accents_commas_and_forms_of_phones(people: Business):
    landed = row("00000000abcDEFa", First_Name=" Érica ", Sex="FEMALE", Phone="(111)222-3333x4455")
    people.land(f"{MONDAY}/a.csv", b"\xef\xbb\xbf" + file(landed).replace("\n", "\r\n").encode())
    people.ingest()
    ((*values, delivered_at),) = people.rows("select * from silver.people_people_all")
    assert values == [
        dt.date.fromisoformat(MONDAY),
        1,
        "00000000abcDEFa",
        "Érica",
        "Sá",
        "Female",
        "ana@example.org",
        "(111)222-3333x4455",
        dt.date(1972, 3, 4),
        "Teacher, primary school",
        f"people/{MONDAY}/a.csv",
        2,
    ]
    assert delivered_at == people.clock.replace(tzinfo=None)


def test_phone_and_occupation_of_a_person_may_be_missing(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row(person(1), Phone="", Job_Title="")))
    people.ingest()
    assert people.rows(f"select phone, job_title from {WITHOUT}") == [(None, None)]


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("bad_user_id", {"user_id": "00000000abcDEF"}),
        ("bad_user_id", {"user_id": "g0000000abcDEFa"}),
        ("bad_date", {"Date_of_birth": "1972-02-30"}),
        ("bad_date", {"Date_of_birth": "04/03/1972"}),
        ("bad_date", {"Date_of_birth": "2024-04-23"}),
        ("bad_date", {"Date_of_birth": "1899-12-31"}),
        ("bad_sex", {"Sex": "F"}),
        ("bad_email", {"Email": "ana.example.org"}),
        ("bad_email", {"Email": "ana@example"}),
        ("bad_index", {"Index": "one"}),
        *(("missing_required", {name.replace(" ", "_"): " "}) for name in COLUMNS[2:6]),
        ("missing_required", {"user_id": ""}),
        ("missing_required", {"Index": ""}),
        ("missing_required", {"Date_of_birth": ""}),
    ],
)
def test_a_row_is_rejected_with_its_reason_file_and_line(
    people: Business, reason: str, values: dict[str, str]
):
    bad = row(**values)
    people.land(f"{MONDAY}/a.csv", file(row(person(1)), bad, row(person(2))))
    people.ingest()
    assert people.rejections("people_all") == [(reason, f"people/{MONDAY}/a.csv", 3)]
    assert set(jobs(people)) == {person(1), person(2)}
    assert people.balance() == ["balanced"]


def test_a_line_with_too_many_values_is_rejected(people: Business):
    people.land(f"{MONDAY}/a.csv", file(row(person(1)), row(person(2)) + ",x"))
    people.ingest()
    assert people.rejections("people") == [("column_count", f"people/{MONDAY}/a.csv", 3)]
    assert set(jobs(people)) == {person(1)}


def test_a_file_without_a_column_is_rejected_and_the_other_files_are_loaded(people: Business):
    people.land(f"{MONDAY}/good.csv", file(row(person(1))))
    people.land(
        f"{MONDAY}/bad.csv", "\n".join([HEADER.replace(",Email", ""), "1,2,3,4,5,6,7,8", ""])
    )
    people.ingest()
    rejected = people.rows(
        "select file, reason, detail from ops.deliveries where reason is not null"
    )
    ((path, reason, detail),) = rejected
    assert (path, reason) == (f"people/{MONDAY}/bad.csv", "schema")
    assert "Email" in detail
    assert set(jobs(people)) == {person(1)}


def test_the_message_about_a_file_without_header_shows_no_value(people: Business):
    people.land(f"{MONDAY}/a.csv", f"{row(person(1), Sex='Ana')}\n")
    people.ingest()
    ((reason, detail),) = people.rows("select reason, detail from ops.deliveries")
    assert reason == "schema"
    assert "9 unknown values; is the header missing?" in detail
    assert not [value for value in (person(1), "Ana", "ana@example.org") if value in detail]


def test_an_undeclared_column_is_reported_and_the_rows_are_kept(people: Business):
    people.land(f"{MONDAY}/a.csv", f"{HEADER},City\n{row(person(1))},Sabará\n")
    people.ingest()
    ((drift,),) = people.rows("select drift from ops.deliveries")
    assert "City" in drift
    assert people.rows('select "_rescued" from bronze.people_people') == [('{"City": "Sabará"}',)]
    assert set(jobs(people)) == {person(1)}


def test_the_masked_view_shows_no_personal_value_unchanged(people: Business):
    people.land_all(deliveries(Plan(scale=0.002, errors=0, days=1)))
    people.ingest()
    columns = load_domain("people").table("gold", "people_without_duplicates").contract.columns
    personal = [column.name for column in columns if "personal" in column.tags]
    assert len(personal) == 8
    personal_values = {
        hashlib.sha256(row[0].encode()).hexdigest()[:16]: set(map(str, row))
        for row in people.rows(f"select {', '.join(personal)} from {WITHOUT}")
    }
    masked = people.rows("select person, * exclude (day, person) from gold.people_people_masked")
    assert {row[0] for row in masked} == personal_values.keys()
    assert [row for row in masked if personal_values[row[0]] & set(map(str, row))] == []


def test_a_masked_person_keeps_first_letters_mail_domain_and_year_of_birth(people: Business):
    phones = ("001-111-222-3333x4417", "4417", "")
    landed = [row(person(n), Last_Name="Tavares", Phone=p) for n, p in enumerate(phones)]
    people.land(f"{MONDAY}/a.csv", file(*landed))
    people.ingest()
    shown = people.rows("select * exclude (day, person) from gold.people_people_masked")
    masked = ("***17", "***", None)
    assert set(shown) == {("A***", "T***", "a***@example.org", p, 1972) for p in masked}


@pytest.mark.parametrize("layer", ["bronze", "silver", "gold"])
def test_every_personal_column_has_its_kind_of_data(layer: str):
    names = {"bronze": "people", "silver": "people_all", "gold": "people_without_duplicates"}
    columns = load_domain("people").table(layer, names[layer]).contract.columns
    kinds = [column.tags["personal"] for column in columns if "personal" in column.tags]
    assert kinds == [
        "identifier", "name", "name", "sex", "email", "phone", "birth_date", "occupation"
    ]  # fmt: skip


def test_valid_days_give_the_rows_of_plain_python_in_any_order_of_arrival(tmp_path: Path):
    files = list(deliveries(Plan(scale=0.002, errors=0, days=4)))
    expected = newest(files)
    for name, order in (("forward", files), ("backward", files[::-1])):
        people = Business("people", tmp_path / name)
        for each in order:
            people.land_all([each])
            people.ingest()
        found = people.rows(f"select user_id, file, phone, job_title from {WITHOUT}")
        assert {user_id: values for user_id, *values in found} == {
            user_id: list(values) for user_id, values in expected.items()
        }
        assert len(found) == len(expected) == 206


def test_large_files_with_errors_give_the_rows_of_plain_sql(people: Business):
    """All rules in plain SQL over the received files, without code of the platform."""
    files = list(deliveries(Plan()))
    people.land_all(files)
    people.ingest()
    sql = duckdb.connect()
    sql.execute(
        "create table landed as select *, split_part(filename, '/', -1) as name from read_csv("
        "?, all_varchar = true, filename = true, ignore_errors = true, union_by_name = true)",
        [str(people.folder / "landing" / "people" / "*" / "people-*.csv")],
    )
    sql.execute(
        """create table good as select *, case when name like 'people-100000%' then 0
             when name like '%cidade%' then 22.5
             else substr(split_part(filename, '/', -2), 9)::int end as place
           from landed where regexp_matches("User Id", '^[0-9a-fA-F]{15}$')
             and try_cast("Date of birth" as date) <= split_part(filename, '/', -2)::date
             and Sex in ('Male', 'Female') and Email like '%_@_%.%' and "Last Name" is not null
             and try_cast("Index" as int) is not null"""
    )
    counted = sql.execute('select count(*), count(distinct "User Id") from good').fetchone()
    assert people.rows("select rows, people from gold.people_duplicates") == [counted]
    assert counted is not None
    assert counted[0] > 205_000
    winners = sql.execute(
        """select "User Id", "First Name", Phone, "Job Title", name from good
           qualify row_number() over (partition by "User Id"
             order by place desc, name desc, "First Name" = 'Repetida') = 1"""
    ).fetchall()
    names = "user_id, first_name, phone, job_title, split_part(file, '/', -1)"
    assert set(people.rows(f"select {names} from {WITHOUT}")) == set(winners)
    assert set(people.balance()) == {"balanced"}
    rejected = {reason for reason, *_ in people.rejections("people_all")}
    assert rejected == {
        "bad_user_id", "bad_date", "bad_sex", "bad_email", "bad_index", "missing_required"
    }  # fmt: skip


def test_a_plan_always_gives_the_same_bytes_and_another_seed_gives_others():
    first, again, other = (list(deliveries(Plan(seed=s, scale=0.001))) for s in (7, 7, 8))
    assert first == again
    assert [each.path for each in first] == [each.path for each in other]
    assert first[0].data != other[0].data


@pytest.mark.parametrize(
    "table", [t for t in load_domain("people").tables if t.has_expression], ids=repr
)
def test_every_table_compiles_to_the_sql_of_spark(table):
    assert "SELECT" in ibis.to_sql(table.expression, dialect="pyspark")


def test_exported_files_have_the_names_of_the_settings(people: Business, tmp_path: Path):
    landed = row("00000000abcDEFa", First_Name="Érica")
    people.land(f"{MONDAY}/a.csv", file(landed))
    people.land(f"{MONDAY}/b.csv", file(landed))
    people.ingest()
    named = Settings.from_env({"LAKEHOUSE_PEOPLE_FILENAME_SILVER": "todas"})
    assert [export.path for export in exports_of("people", named)] == [
        "data/silver/todas.parquet",
        "data/gold/people_without_duplicates.parquet",
    ]
    exports = exports_of("people", people.settings)
    list(write_exports("people", exports, str(tmp_path / "out"), people.lake, people.settings))
    values = dict(zip(COLUMNS, next(csv.reader([landed])), strict=True)) | {"Index": 1}
    read = {
        path.name: pq.read_table(path).to_pylist() for path in (tmp_path / "out").rglob("*.parquet")
    }
    assert read == {
        "people_all.parquet": [
            {**values, "file": f"people/{MONDAY}/{name}.csv", "row": 2} for name in "ab"
        ],
        "people_without_duplicates.parquet": [values],
    }

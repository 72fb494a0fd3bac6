"""Contracts, expressions and names change on a lake with data, and nothing is silently wrong."""

import datetime as dt
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from lakehouse.platform.migration.older import older_tables
from lakehouse.platform.migration.plan import Action, Step, plan
from lakehouse.platform.migration.trial import try_rules
from lakehouse.platform.orchestration.metadata import contract_metadata
from lakehouse.platform.orchestration.migrating import drop_table, migrate
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.publishing import publish_migrated
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.serving import sql_catalog
from lakehouse.platform.serving.export_writing import Exported, write_exports
from lakehouse.platform.serving.exports import Export
from lakehouse.platform.storage.errors import OlderDays
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish, publish_again
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import domains, registry
from lakehouse.settings import Settings
from lakehouse_tests.servers import S3Server
from lakehouse_tests.stories import changing_cafe as cafe
from lakehouse_tests.stories.changing_cafe import BASE, Shape
from lakehouse_tests.stories.driver import Driver

MON, TUE, WED, THU = (dt.date(2024, 1, day) for day in range(1, 5))
SILVER = TableId("silver", "cafe", "visits")
GOLD = TableId("gold", "cafe", "visit_days")
SPENDERS = TableId("gold", "cafe", "spenders")
ALL = (SILVER, GOLD, SPENDERS)
Open = Callable[[Shape], None]


@dataclass(frozen=True)
class Done:
    """A finished run."""

    succeeded: bool = True


@dataclass
class House:
    """Landing zone and lake of a café, and the code that it has now."""

    landing: Path
    root: str
    shape: Shape

    @property
    def settings(self) -> Settings:
        return Settings(root=self.root, landing=str(self.landing), quiet_seconds=0)

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def send(self, day: dt.date, *lines: str) -> None:
        place = self.landing / "cafe" / str(day) / f"visits_{day}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(["number,on,spent,guest", *lines]) + "\n")
        moment = dt.datetime.combine(day, dt.time(12), dt.UTC).timestamp()
        os.utime(place, (moment, moment))

    def run(self) -> None:
        """Run what is due with the code of now, and publish it."""
        driver = Driver(domain=self.shape.domain(), settings=self.settings)
        driver.run_pending()
        publish(self.lake, "cafe")

    def plan(self) -> dict[TableId, Step]:
        steps = plan(self.shape.domain(), self.lake, self.settings)
        return {step.table: step for step in steps if step.action is not Action.NOTHING}

    def migrate(self, most_runs: int = 100) -> int:
        """Rebuild what is older, with so many runs; return how many there were."""
        driver = Driver(domain=self.shape.domain(), settings=self.settings)

        def run(work: Work, first: dt.date, last: dt.date, tables: object) -> Done:
            days = between(first, last)
            if work is Work.AS_OF:
                driver.materialize_as_of(days)
            else:
                driver.run(work, days)
            return Done()

        number = 0
        for _ in migrate(driver.domain, self.lake, self.settings, run):
            number += 1
            if number == most_runs:
                return number
        driver.run_pending()
        publish_migrated(self.lake, driver.domain)
        return number

    def sql(
        self, statement: str, as_of: dt.date | None = None
    ) -> tuple[list[tuple[object, ...]], str]:
        """Return the rows of a query, and what it warns about."""
        warnings: list[str] = []
        names = sql_catalog.names_in(statement)
        with sql_catalog.connect(
            self.lake, self.settings, names=names, as_of=as_of, on_older=warnings.append
        ) as connection:
            try:
                return sql_catalog.query(connection, statement).fetchall(), "; ".join(warnings)
            except duckdb.Error as error:
                cause = sql_catalog.cause_of(connection, self.lake, error)
                raise (cause or error) from error

    def files(self) -> dict[tuple[TableId, dt.date], tuple[str, str]]:
        """Return data version and definition of each day; of as-of tables of the newest one."""
        found: dict[tuple[TableId, dt.date], tuple[str, str]] = {}
        for table in self.lake.tables(domain="cafe"):
            if table.layer in ("silver", "gold", "bronze"):
                shown = self.lake.table(table).snapshot()
                files = shown.files[-1:] if shown.as_of else shown.files
                found |= {(table, f.day): (f.data_version, f.made_with) for f in files}
        return found


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that makes a shape the code of the café."""

    def load(shape: Shape) -> None:
        domain = shape.domain()
        monkeypatch.setattr(domains, "domain_names", lambda: ("cafe",))
        monkeypatch.setattr(registry, "load_domain", lambda _: domain)

    return load


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Three days with the base contracts, published."""
    return opened(House(landing=tmp_path / "landing", root=str(tmp_path / "lake"), shape=BASE))


def opened(house: House) -> House:
    """Return a café after its first three days."""
    house.send(MON, "1,2024-01-01,10,Ana", "2,2024-01-01,20,Bob")
    house.send(TUE, "3,2024-01-02,30,Ana")
    house.send(WED, "4,2024-01-03,40,Eva", "5,2024-01-03,50,Bob")
    house.run()
    return house


@dataclass(frozen=True, kw_only=True)
class Case:
    """A change, what it means, and what a query over older days gives."""

    shape: Shape
    what: str
    """Part of what `migrate` says about the visits."""
    older: tuple[TableId, ...] = ALL
    query: str = "select count(*) from silver.cafe_visits"
    rows: object = 6
    """Value of the query, or a part of its error."""


CASES = {
    "add nullable": Case(
        shape=cafe.NOTE,
        what="column note added (string, may be null)",
        query="select count(*) from silver.cafe_visits where note is null",
        rows=6,
    ),
    "add non-null": Case(
        shape=cafe.HALF,
        what="column half added (int64, never null)",
        query="select sum(half) from silver.cafe_visits",
        rows="3 days (2024-01-01 to 2024-01-03) made with an older contract, which has no column",
    ),
    "widen": Case(
        shape=cafe.WIDER,
        what="column spent was int32, is int64",
        query="select sum(spent) from silver.cafe_visits",
        rows=157,
    ),
    "narrow": Case(
        shape=cafe.NARROWER,
        what="column spent was int32, is int16",
        query="select sum(spent) from silver.cafe_visits",
        rows=157,
    ),
    "rename": Case(
        shape=cafe.RENAMED,
        what="column guest renamed to visitor",
        query="select string_agg(visitor, '' order by number) from silver.cafe_visits",
        rows="AnaBobAnaEvaBobAna",
    ),
    "drop": Case(shape=cafe.FEWER, what="column guest dropped"),
    "new rule": Case(shape=cafe.CHEAP, what="rule added: spent less_than_or_equal_to 20"),
    "changed key": Case(shape=cafe.OTHER_KEY, what="key was (number), is (number, guest)"),
    "changed expression": Case(shape=cafe.TENFOLD, what="expression changed"),
    "two at once": Case(
        shape=cafe.TWO_AT_ONCE, what="column guest renamed to visitor; expression changed"
    ),
    "column of files": Case(
        shape=cafe.MORE_COLUMNS,
        what="",
        older=(TableId("bronze", "cafe", "visits"),),
        query='select count(*) from bronze.cafe_visits where "table" is null',
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_change_is_listed_warned_about_and_applied(house: House, code: Open, name: str):
    case = CASES[name]
    before = house.files()
    shown_before, _ = house.sql("from gold.cafe_visit_days order by day")
    house.shape = case.shape
    code(case.shape)
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()

    older = {each.table.id: each for each in older_tables(case.shape.domain(), house.lake)}
    assert {*case.older} <= older.keys()
    by_day = [each for each in older.values() if not each.table.as_of]
    assert all({*each.days} <= {MON, TUE, WED} for each in by_day)
    listed = house.plan()
    assert {step.action for step in listed.values()} == {Action.REBUILD}
    assert case.what in listed.get(SILVER, listed[case.older[0]]).what
    if isinstance(case.rows, str) and "older" in case.rows:
        assert house.sql("select sum(spent) from silver.cafe_visits")[0] == [(157,)]
        with pytest.raises(Exception, match=case.rows.replace("(", r"\(").replace(")", r"\)")):
            house.sql(case.query)
    else:
        rows, warning = house.sql(case.query)
        assert rows[0][0] == case.rows
        assert "3 days (2024-01-01 to 2024-01-03) made with an older" in warning
        assert "hint: lakehouse migrate" in warning

    metadata = contract_metadata(older[case.older[0]].table, house.lake)
    assert "3 days (2024-01-01 to 2024-01-03)" in metadata["lakehouse/days_of_older_contract"]

    house.migrate(most_runs=1)
    house.migrate()
    assert house.plan() == {}
    assert list(older_tables(case.shape.domain(), house.lake)) == []
    assert house.migrate() == 0
    again = House(landing=house.landing, root=house.root + "_again", shape=case.shape)
    again.run()
    assert house.files() == again.files()
    assert house.sql("select count(*) from silver.cafe_visits")[1] == ""

    publish_again(house.lake, "cafe", 1, note={})
    assert house.sql("from gold.cafe_visit_days order by day") == (shown_before, "")
    if case.older == ALL:
        house.lake.table(SILVER).rollback(to=0, note={"by": "test"})
        assert house.plan()[SILVER].days == (MON, TUE, WED)
        assert {house.files()[SILVER, day] for day in (MON, TUE, WED)} <= {*before.values()}


@pytest.mark.s3
def test_changes_are_applied_to_a_lake_on_s3(s3: S3Server, tmp_path: Path):
    root = f"s3://{s3.bucket}/{uuid.uuid4().hex}"
    house = opened(House(landing=tmp_path / "landing", root=root, shape=BASE))
    for file in house.landing.rglob("*.csv"):
        file.unlink()
    house.shape = replace(cafe.TWO_AT_ONCE, dataset="guests", source={"renamed_from": "visits"})
    house.migrate()
    assert house.plan() == {}
    rows, warning = house.sql("select visitor, spent from silver.cafe_visits order by number")
    assert rows == [("Ana", 100), ("Bob", 200), ("Ana", 300), ("Eva", 400), ("Bob", 500)]
    assert warning == ""


def test_a_change_back_makes_the_days_of_before_current_again(house: House, code: Open):
    before = house.files()
    house.shape = cafe.TWO_AT_ONCE
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()
    house.shape = BASE
    assert {step.days for step in house.plan().values()} == {(THU,)}
    house.migrate()
    assert house.plan() == {}
    now = house.files()
    assert {key: now[key] for key in before if key in now and key[0] != SPENDERS} == {
        key: value for key, value in before.items() if key[0] != SPENDERS
    }


def test_an_export_says_that_days_are_older_or_fails_where_it_would_be_wrong(
    house: House, code: Open, tmp_path: Path
):
    house.shape = cafe.HALF
    code(cafe.HALF)
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()

    def export(columns: str) -> Exported:
        declared = Export(name="visits", path="visits.csv", sql=f"select {columns} from {SILVER}")
        (done,) = write_exports(
            "cafe", [declared], str(tmp_path / "out"), house.lake, house.settings
        )
        return done

    done = export("number, spent")
    assert (done.rows, len(done.older)) == (6, 1)
    assert "silver.cafe_visits: 3 days (2024-01-01 to 2024-01-03)" in done.older[0]
    with pytest.raises(OlderDays, match="has no column half"):
        export("number, half")
    house.migrate()
    assert export("number, half").older == ()


def test_every_day_of_an_as_of_table_is_rebuilt_and_shown_as_of_its_day(house: House, code: Open):
    house.shape = cafe.TENFOLD
    code(cafe.TENFOLD)
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()
    statement = "select max(spent) from gold.cafe_spenders"
    history = "select day, max(spent) from history.cafe_spenders group by 1 order by 1"
    rows, warning = house.sql(history)
    assert rows == [(WED, 50), (THU, 70)]
    assert "gold.cafe_spenders: 2 days (2024-01-03 to 2024-01-04) made with an older" in warning
    assert "computed from days of an older contract" in house.sql(statement)[1]
    house.migrate()
    assert house.sql(history) == ([(WED, 500), (THU, 500)], "")
    assert house.sql(statement) == ([(500,)], "")
    assert house.sql(statement, as_of=WED) == ([(500,)], "")


def test_rules_are_tried_on_stored_days_without_writing(house: House):
    before = {entry.path for entry in house.lake.store.entries("silver")}
    domain = cafe.CHEAP.domain()
    trial = try_rules(domain.table("silver", "visits"), [MON, TUE, WED], house.lake, house.settings)
    assert (dict(trial.rejected), trial.rejected_rows) == ({("expensive", ""): 3}, 3)
    assert not trial.released
    assert before == {entry.path for entry in house.lake.store.entries("silver")}

    house.shape = cafe.CHEAP
    house.migrate()
    domain = BASE.domain()
    trial = try_rules(domain.table("silver", "visits"), [MON, TUE, WED], house.lake, house.settings)
    assert dict(trial.released) == {("expensive", ""): 3}


def test_a_table_that_nothing_declares_stays_readable_until_it_is_dropped(house: House, code: Open):
    house.shape = cafe.NO_GOLD
    code(cafe.NO_GOLD)
    house.run()
    (step,) = house.plan().values()
    assert (step.table, step.action, step.days) == (GOLD, Action.REMOVED, (MON, TUE, WED))
    assert "lakehouse migrate --drop gold.cafe_visit_days" in (step.hint or "")
    assert house.migrate() == 0
    assert len(house.sql("from gold.cafe_visit_days")[0]) == 3
    assert drop_table(house.lake, GOLD) == 3
    publish_migrated(house.lake, cafe.NO_GOLD.domain())
    assert house.plan() == {}
    with pytest.raises(duckdb.CatalogException):
        house.sql("from gold.cafe_visit_days")


def test_a_renamed_table_has_the_days_of_its_earlier_name(house: House, code: Open):
    house.shape = cafe.GOLD_RENAMED
    code(cafe.GOLD_RENAMED)
    rows, _ = house.sql("from gold.cafe_visit_days order by day")
    new = TableId("gold", "cafe", "days")
    (step,) = house.plan().values()
    assert (step.table, step.action, step.days) == (new, Action.RENAME, (MON, TUE, WED))
    house.migrate()
    assert house.plan() == {}
    assert house.sql("from gold.cafe_days order by day")[0] == rows
    assert not house.lake.table(GOLD).exists()


def test_a_renamed_dataset_keeps_deliveries_whose_files_are_gone(house: House):
    for file in house.landing.rglob("*.csv"):
        file.unlink()
    before = house.files()
    house.shape = cafe.DATASET_RENAMED
    assert {step.action for step in house.plan().values()} == {Action.RENAME, Action.REBUILD}
    house.migrate()
    assert house.plan() == {}
    now = house.files()
    assert {key[1]: now[key][0] for key in now if key[0] == SILVER} == {
        key[1]: before[key][0] for key in before if key[0] == SILVER
    }
    assert not house.lake.table(TableId("raw", "cafe", "visits")).exists()


def test_a_column_that_kept_files_lack_is_a_conflict_and_nothing_is_rejected(house: House):
    house.shape = cafe.LACKING_COLUMN
    step = house.plan()[TableId("bronze", "cafe", "visits")]
    assert step.action is Action.CONFLICT
    assert "kept files of 2024-01-03 would be rejected" in step.what
    assert "optional=True" in (step.hint or "")

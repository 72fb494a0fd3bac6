"""What files, keys and days mean changes on a lake with data, and nothing is silently wrong."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import ibis.expr.types as ir
import pandera.ibis as pa
import pytest

from lakehouse.platform.migration.plan import Action
from lakehouse.platform.orchestration.migrating import drop_table
from lakehouse.platform.privacy import personal_columns
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.storage.errors import OlderDays, SchemaConflict
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.expressions import parse_int
from lakehouse.platform.tables.source import Column
from lakehouse.platform.tables.table import Table
from lakehouse_tests.stories.changing_cafe import (
    BASE,
    CHEAP,
    COLUMNS,
    RENAMED,
    Fewer,
    Shape,
    Visits,
)
from lakehouse_tests.stories.test_changed_contracts import (
    GOLD,
    MON,
    SILVER,
    THU,
    TUE,
    WED,
    House,
    Open,
    code,
    house,
    opened,
)

__all__ = ["code", "house"]

AMOUNT = replace(
    BASE,
    columns={
        "number": COLUMNS["number"],
        "on": COLUMNS["on"],
        "amount": Column("Money spent", aliases=("spent",)),
        "guest": COLUMNS["guest"],
    },
    values=lambda rows: {"spent": parse_int(rows.amount).cast("int32"), "guest": rows.guest},
)
"""The files have another header from now on; older files keep theirs."""


@dataclass(frozen=True, kw_only=True)
class AsOf(Shape):
    """The table of days holds all of them, as known at the end of a day."""

    def _days(self, visits: Table, name: str) -> Table:
        def days(known: ir.Table) -> ir.Table:
            """Money spent by day."""
            return known.group_by(on=known.day).agg(spent=known.spent.sum().cast("int64"))

        table = replace(GOLD, table=name)
        return declare_table(days, table=table, contract=Days, reads=[visits], as_of=True)


class Days(TableModel, key=("on",)):
    """One day."""

    on: dt.date = pa.Field(description="Day")
    spent: int = pa.Field(description="Money spent")


def send(house: House, header: str, *lines: str) -> None:
    """Land a file of Thursday with its own header."""
    place = house.landing / "cafe" / str(THU) / "visits_late.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join([header, *lines]) + "\n")


def test_a_late_row_keeps_the_rows_of_files_with_the_earlier_header(house: House, code: Open):
    house.shape = AMOUNT
    code(AMOUNT)
    assert "column spent renamed to amount" in house.plan()[replace(SILVER, layer="bronze")].what
    send(house, "number,on,amount,guest", "6,2024-01-01,7,Zoe")
    house.run()
    rows, warning = house.sql("from gold.cafe_visit_days order by day")
    assert rows == [(MON, 37), (TUE, 30), (WED, 90)]
    assert "older" in warning
    assert house.sql("select count(*) from ops.quarantine")[0] == [(0,)]
    amounts = "select sum(amount::int) from bronze.cafe_visits"
    assert house.sql(amounts)[0] == [(157,)]
    house.migrate()
    assert house.plan() == {}
    assert house.sql("from gold.cafe_visit_days order by day") == (rows, "")


def test_a_header_that_only_some_kept_files_have_is_a_conflict_when_it_is_forgotten(
    house: House, code: Open
):
    both = Column("Money spent", aliases=("valor",))
    house.shape = replace(BASE, columns={**COLUMNS, "spent": both})
    code(house.shape)
    house.migrate()
    send(house, "number,on,valor,guest", "6,2024-01-04,7,Zoe")
    house.run()
    friday = house.landing / "cafe" / "2024-01-05" / "visits_friday.csv"
    friday.parent.mkdir()
    friday.write_text("number,on,spent,guest\n7,2024-01-05,8,Zoe\n")
    house.run()
    house.shape = BASE
    step = house.plan()[replace(SILVER, layer="bronze")]
    assert step.action is Action.CONFLICT
    assert "kept files of 2024-01-04 would be rejected" in step.what


def test_a_column_that_files_had_before_it_was_declared_is_read_in_older_days(
    house: House, code: Open
):
    header = "number,on,spent,guest,tip"
    send(house, header, "6,2024-01-01,7,Zoe,2")
    house.run()
    shape = replace(
        BASE,
        columns={**COLUMNS, "tip": Column("Tip", optional=True)},
        values=lambda rows: {
            "spent": (parse_int(rows.spent) + parse_int(rows.tip).fill_null(0)).cast("int32"),
            "guest": rows.guest,
        },
    )
    house.shape = shape
    code(shape)
    house.send(WED, "4,2024-01-03,40,Eva", "5,2024-01-03,50,Bob", "7,2024-01-01,1,Ivo")
    house.run()
    assert house.sql("select spent from silver.cafe_visits where number = 6")[0] == [(9,)]


def test_a_query_of_a_column_that_no_stored_day_has_yet_names_the_table(house: House, code: Open):
    code(RENAMED)
    message = "silver.cafe_visits: every stored day was made with an older"
    with pytest.raises(OlderDays, match=message):
        house.sql("select visitor from silver.cafe_visits")


def test_the_audit_does_not_take_days_of_an_older_contract_for_damage(house: House, code: Open):
    house.shape = CHEAP
    code(CHEAP)
    skipped: Counter[str] = Counter()
    domain = house.shape.domain()
    found = list(audit_domain(house.lake, domain, house.settings, skipped=skipped))
    assert found == []
    text = "days of silver.cafe_visits of an older contract; hint: lakehouse migrate"
    assert skipped[text] == 3


@pytest.mark.parametrize("change", [{"change_log": True}, {"counts_copies": True}])
def test_another_order_of_rows_and_files_is_a_change(house: House, change: dict[str, bool]):
    house.shape = replace(BASE, source=change)
    assert {step.action for step in house.plan().values()} == {Action.REBUILD}


def test_a_table_of_days_that_becomes_an_as_of_table_shows_its_newest_day(house: House, code: Open):
    shape = AsOf()
    house.shape = shape
    code(shape)
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()
    total = "select sum(spent) from gold.cafe_visit_days"
    assert house.sql(total)[0] == [(157,)]
    house.migrate()
    assert house.plan() == {}
    assert house.sql(total) == ([(157,)], "")
    assert house.sql(total, as_of=TUE) == ([(60,)], "")


def test_an_as_of_table_that_becomes_a_table_of_days_is_a_conflict(house: House, code: Open):
    shape = AsOf(gold="totals")
    house.shape = shape
    code(shape)
    house.run()
    daily = replace(BASE, gold="totals")
    house.shape = daily
    code(daily)
    table = replace(GOLD, table="totals")
    step = house.plan()[table]
    assert (step.action, step.days) == (Action.CONFLICT, (WED,))
    assert "lakehouse migrate --drop gold.cafe_totals" in (step.hint or "")
    house.send(THU, "6,2024-01-04,7,Ana")
    with pytest.raises(SchemaConflict, match="holds the whole table"):
        house.run()
    drop_table(house.lake, table)
    house.run()
    rows = house.sql("from gold.cafe_totals order by day")[0]
    assert rows == [(MON, 30), (TUE, 30), (WED, 90), (THU, 7)]


class Known(Visits, key=("number",)):
    """With a guest who is identified by the name."""

    guest: str = pa.Field(metadata={"personal": "identifier"}, description="Name of the guest")


class KnownAs(Fewer, key=("number",)):
    """With another name of the guest's column."""

    visitor: str = pa.Field(
        metadata={"personal": "identifier", "renamed_from": "guest"}, description="Name"
    )


KNOWN = replace(
    BASE,
    contract=Known,
    columns={**COLUMNS, "guest": Column("Name of the guest", personal="identifier")},
)
LATER = {
    "renamed": replace(
        KNOWN,
        contract=KnownAs,
        values=lambda rows: {"spent": parse_int(rows.spent).cast("int32"), "visitor": rows.guest},
    ),
    "dropped": replace(
        KNOWN,
        contract=Fewer,
        values=lambda rows: {"spent": parse_int(rows.spent).cast("int32")},
    ),
    "no longer declared": replace(KNOWN, gold=None),
}


@pytest.mark.parametrize("name", list(LATER))
def test_personal_columns_of_older_contracts_are_known(
    tmp_path: Path, code: Open, monkeypatch: pytest.MonkeyPatch, name: str
):
    code(KNOWN)
    house = opened(House(landing=tmp_path / "landing", root=str(tmp_path / "lake"), shape=KNOWN))
    house.shape = LATER[name]
    domain = house.shape.domain()
    monkeypatch.setattr(personal_columns, "load_domain", lambda _: domain)
    personal_columns._kinds_of_domain.cache_clear()
    file = house.lake.table(SILVER).snapshot().files[0]
    names = house.lake.table(SILVER).file_schema(file).names
    found = personal_columns.stored_personal_columns(house.lake, SILVER, names)
    personal_columns._kinds_of_domain.cache_clear()
    assert found.identifiers == ("guest",)


def test_rejected_rows_of_older_files_have_personal_columns_under_earlier_names():
    columns = {**COLUMNS, "client": Column("Name", personal="identifier", aliases=("guest",))}
    del columns["guest"]
    shape = replace(
        BASE,
        columns=columns,
        values=lambda rows: {"spent": parse_int(rows.spent).cast("int32"), "guest": rows.client},
    )
    found = personal_columns.rejected_columns(shape.domain(), SILVER)
    assert found.identifiers == ("client", "guest")
